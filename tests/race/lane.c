/* SPDX-License-Identifier: MIT */
/* Lanes between two threads, to be run under ThreadSanitizer. */
#include <stdio.h>
#include <string.h>

#include "tests/support/exchange.h"
#include "tests/support/ipc_kit.h"

int main(void)
{
	uint64_t seed = kit_seed("threads/*");
	int r = exchange(seed, 0);

	printf("lane: %s\n", strerror(-r));
	if (r == 0) {
		r = exchange(seed, 300);
		printf("succession: %s\n", strerror(-r));
	}
	return r ? 1 : 0;
}
