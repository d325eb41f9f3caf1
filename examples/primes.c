/* SPDX-License-Identifier: MIT */
/*
 * primes: a pool of workers that counts the primes below 100,000.
 *
 *	root -> router -> worker, worker, ... up to 4
 *
 * The root calls the pool as it would one actor.  A worker dies on the way:
 * what it had not begun goes to the others, and the root asks again for the
 * range that it was counting.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <troupe.h>
#include <troupe_router.h>
#include "primes.pb-c.h"

enum { RANGES = 50, WIDTH = 2000 };

/* ---- a worker ------------------------------------------------------------ */

static bool is_prime(uint32_t number)
{
	for (uint32_t i = 2; i * i <= number; i++)
		if (number % i == 0)
			return false;
	return number > 1;
}

static void worker_primes(Primes__Counter_Service *service,
			  const Primes__Range *range,
			  Primes__Count_Closure reply, void *call)
{
	Primes__Count count = PRIMES__COUNT__INIT;

	if (range->is_last_of_worker)
		abort();
	for (uint32_t i = range->first; i <= range->last; i++)
		count.primes += is_prime(i);
	reply(&count, call);
}

static const Primes__Counter_Service methods = PRIMES__COUNTER__INIT(worker_);

static const struct troupe_class worker = {
	.name = "worker",
	.service = &methods.base,
};

/* ---- the root ------------------------------------------------------------ */

static struct troupe_router pool = {
	.by = TROUPE_LEAST_UNREAD,
	.each = &worker,
	.least = 1,
	.most = 4,
};
static uint32_t primes, failures;

static void count_range(uint32_t number, bool is_last);

static void counted(const Primes__Count *count, void *number)
{
	if (count) {
		primes += count->primes;
		return;
	}
	failures++;
	count_range((uint32_t)(uintptr_t)number, false);
}

static void count_range(uint32_t number, bool is_last)
{
	Primes__Range range = PRIMES__RANGE__INIT;

	range.first = number * WIDTH;
	range.last = range.first + WIDTH - 1;
	range.is_last_of_worker = is_last;
	primes__counter__primes(&pool.proxy.base, &range, counted,
				(void *)(uintptr_t)number);
}

int troupe_main(int argc, char **argv)
{
	int r = troupe_router_open(&pool, &primes__counter__descriptor);

	if (r < 0)
		return r;
	pool.proxy.timeout_ms = -1;
	for (uint32_t i = 0; i < RANGES; i++)
		count_range(i, i == RANGES / 2);
	while (pool.proxy.pending > 0 && r != -ECANCELED)
		r = troupe_await(&pool.proxy);
	printf("%u primes, %u failed\n", primes, failures);
	troupe_router_close(&pool);
	return r == -ECANCELED ? r : 0;
}
