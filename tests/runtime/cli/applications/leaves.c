/* SPDX-License-Identifier: MIT */
/* leaves.so N: says why and leaves by exit(N); a negative one is returned. */
#include <stdio.h>
#include <stdlib.h>
#include <troupe.h>

static const struct troupe_class idle = { .name = "idle" };

int troupe_main(int argc, char **argv)
{
	int status = argc > 1 ? atoi(argv[1]) : 0;
	troupe_ref ref;
	int r = troupe_spawn(&idle, NULL, &ref);

	fputs("leaves: I leave\n", stderr);
	if (r < 0 || status < 0)
		return r < 0 ? r : status;
	exit(status);
}
