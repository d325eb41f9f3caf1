/* SPDX-License-Identifier: MIT */
/* A lane between two threads, to be run under ThreadSanitizer. */
#include <stdio.h>
#include <string.h>

#include "tests/support/exchange.h"
#include "tests/support/ipc_kit.h"

int main(void)
{
	int r = exchange(kit_seed("threads/*"));

	printf("lane: %s\n", strerror(-r));
	return r ? 1 : 0;
}
