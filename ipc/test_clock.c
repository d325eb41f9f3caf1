/* SPDX-License-Identifier: MIT */
#include "ipc/test_clock.h"

#include <stddef.h>

static struct trp_test_clock *used;
static int64_t alarm_at = INT64_MAX;

void trp_test_clock_use(struct trp_test_clock *clock)
{
	used = clock;
}

bool trp_test_clock_is_used(void)
{
	return used != NULL;
}

/* M1: pairs with M2 in the mover; who sees that it goes sees how far ahead. */
int64_t trp_test_clock_at(int64_t machine)
{
	int64_t stands_at =
		atomic_load_explicit(&used->stands_at, memory_order_acquire);

	return stands_at ? stands_at
			 : machine + atomic_load_explicit(&used->ahead,
							  memory_order_relaxed);
}

/* The caller publishes `until` with its `sleeping`. */
int64_t trp_test_clock_sleep(uint32_t slot, int64_t deadline)
{
	int64_t stands_at =
		atomic_load_explicit(&used->stands_at, memory_order_acquire);

	if (slot < used->slots)
		atomic_store_explicit(&used->until[slot], deadline,
				      memory_order_relaxed);
	if (stands_at || deadline == INT64_MAX)
		return alarm_at;
	deadline -= atomic_load_explicit(&used->ahead, memory_order_relaxed);
	return deadline < alarm_at ? deadline : alarm_at;
}

void trp_test_clock_alarm(int64_t machine)
{
	alarm_at = machine;
}
