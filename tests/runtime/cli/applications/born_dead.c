/* SPDX-License-Identifier: MIT */
/* An application whose constructor ends the process that loads it. */
#include <stdlib.h>
#include <troupe.h>

__attribute__((constructor)) static void leave(void)
{
	exit(7);
}

int troupe_main(int argc, char **argv)
{
	return 0;
}
