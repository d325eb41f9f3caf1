/* SPDX-License-Identifier: MIT */
/* An application whose constructor does not return. */
#include <troupe.h>
#include <unistd.h>

__attribute__((constructor)) static void stay(void)
{
	for (;;)
		pause();
}

int troupe_main(int argc, char **argv)
{
	return 0;
}
