/* SPDX-License-Identifier: MIT */
#include "runtime/node/continued.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

static _Atomic int64_t continued_at;

/* By the kernel's clock: ours is not for handlers of signals. */
static void on_continued(int number)
{
	struct timespec now;
	int error = errno;

	clock_gettime(CLOCK_MONOTONIC, &now);
	atomic_store_explicit(&continued_at,
			      now.tv_sec * INT64_C(1000000000) + now.tv_nsec,
			      memory_order_relaxed);
	errno = error;
}

void trp_continued_begin(void)
{
	struct sigaction action = { .sa_handler = on_continued,
				    .sa_flags = SA_RESTART };

	sigaction(SIGCONT, &action, NULL);
}

int64_t trp_continued_until(int64_t from, int64_t until)
{
	int64_t at = atomic_load_explicit(&continued_at, memory_order_relaxed);
	int64_t again;

	if (at <= from || until == INT64_MAX ||
	    __builtin_add_overflow(until - from, at, &again))
		return until;
	return again;
}
