/* SPDX-License-Identifier: MIT */
/* An application that loses memory: its root, or with an argument a child. */
#include <stdio.h>
#include <stdlib.h>
#include <troupe.h>

static int lose(const void *arguments)
{
	int i, written = 0;

	for (i = 0; i < 10; i++) {
		char *lost = malloc(100);

		if (lost)
			written += snprintf(lost, 100, "the number %d", i);
	}
	return written > 0 ? 0 : -1;
}

int troupe_main(int argc, char **argv)
{
	troupe_ref child;

	if (argc < 2)
		return lose(NULL);
	if (troupe_spawn_function(lose, NULL, &child) < 0)
		return -1;
	return troupe_wait(child, TROUPE_NEVER, NULL);
}
