/* SPDX-License-Identifier: MIT */

/*
 * Stores before trp_doorbell_set() are visible in visit(): payloads without any
 * other protection go through the doorbell.  tests/support/races runs it under
 * ThreadSanitizer, which Criterion cannot, as a separate program.
 */

#include <pthread.h>
#include <sched.h>

#include "ipc/doorbell.h"

enum { HANDOVERS = 20000, SENDERS = 2 };

struct handover {
	uint64_t payload[SENDERS];
	_Atomic uint64_t read[SENDERS];
	int done;
};

static struct handover handover;
static struct trp_doorbell doorbell;

static void read_payload(uint32_t sender, void *data)
{
	struct handover *all = data;
	uint64_t value = all->payload[sender];

	if (value == HANDOVERS)
		all->done++;
	atomic_store_explicit(&all->read[sender], value, memory_order_release);
}

static void *hand_over(void *data)
{
	uint32_t self = *(uint32_t *)data;

	for (uint64_t i = 1; i <= HANDOVERS; i++) {
		while (atomic_load_explicit(&handover.read[self],
					    memory_order_acquire) != i - 1)
			sched_yield();
		handover.payload[self] = i;
		trp_doorbell_set(&doorbell, self);
	}
	return NULL;
}

static void hand_over_all(void)
{
	uint32_t ids[SENDERS] = { 0, 1 };
	pthread_t threads[SENDERS];

	for (int i = 0; i < SENDERS; i++)
		pthread_create(&threads[i], NULL, hand_over, &ids[i]);
	while (handover.done < SENDERS) {
		trp_doorbell_take(&doorbell, SENDERS, NULL, read_payload,
				  &handover);
		sched_yield();
	}
	for (int i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
}

#ifdef STANDALONE

int main(void)
{
	hand_over_all();
	return 0;
}

#else

#include <criterion/criterion.h>

Test(doorbell, what_was_written_before_is_seen_by_who_takes, .timeout = 600)
{
	hand_over_all();
}

#endif
