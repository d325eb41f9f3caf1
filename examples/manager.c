/* SPDX-License-Identifier: MIT */
/*
 * manager: a worker for each request.
 *
 * The manager factors nothing: it spawns a worker and forwards the call to it.
 * The worker answers the caller directly, and ends; the manager sees each end.
 * The requests run side by side, and a crash of one would affect no other.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <troupe.h>
#include "manager.pb-c.h"

/* ---- a worker ------------------------------------------------------------ */

static void worker_factor(Manager__Mathematician_Service *service,
			  const Manager__Number *number,
			  Manager__Factors_Closure reply, void *call)
{
	Manager__Factors factors = MANAGER__FACTORS__INIT;
	uint64_t rest = number->value;
	uint64_t primes[64]; /* 2^64 has no more */

	factors.prime = primes;
	factors.pid = getpid();
	for (uint64_t p = 2; p <= rest / p; p++) {
		for (; rest % p == 0; rest /= p)
			primes[factors.n_prime++] = p;
	}
	if (rest > 1)
		primes[factors.n_prime++] = rest;
	reply(&factors, call);
	troupe_finish(TROUPE_STOP); /* one request is its whole life */
}

static const Manager__Mathematician_Service worker_methods =
	MANAGER__MATHEMATICIAN__INIT(worker_);

static const struct troupe_class worker = {
	.name = "worker",
	.service = &worker_methods.base,
};

/* ---- the manager --------------------------------------------------------- */

static unsigned requests_left;

static int manager_init(const void *arguments)
{
	const Manager__Plan *plan = arguments;

	setlinebuf(stdout);
	requests_left = plan->requests;
	return 0;
}

static int one_done(void)
{
	return --requests_left == 0 ? TROUPE_STOP : 0;
}

static void manager_factor(Manager__Mathematician_Service *service,
			   const Manager__Number *number,
			   Manager__Factors_Closure reply, void *call)
{
	troupe_ref ref;
	int r;

	r = troupe_spawn(&worker, NULL, &ref);
	if (r < 0) {
		troupe_fail(call, r, "no worker");
		troupe_finish(one_done());
		return;
	}
	r = troupe_forward(call, ref);
	if (r < 0) {
		troupe_fail(call, r, "the worker took no request");
		troupe_stop(ref);
	}
}

static int worker_ended(const struct troupe_end *end)
{
	char text[TROUPE_TEXT_SIZE];

	printf("worker %d ended: %s\n", end->pid,
	       troupe_reason_text(&end->reason, text, sizeof(text)));
	return one_done();
}

static const Manager__Mathematician_Service manager_methods =
	MANAGER__MATHEMATICIAN__INIT(manager_);

static const struct troupe_class manager = {
	.name = "manager",
	.init = manager_init,
	.service = &manager_methods.base,
	.child_stopped = worker_ended,
};

/* ---- the root ------------------------------------------------------------ */

static struct troupe_proxy mathematician;
static unsigned unanswered;

static void print_factors(const Manager__Factors *factors, void *number)
{
	if (!factors) {
		fprintf(stderr, "manager: no answer for %s: %s\n",
			(const char *)number, strerror(-mathematician.error));
		unanswered++;
		return;
	}
	printf("%s =", (const char *)number);
	for (size_t i = 0; i < factors->n_prime; i++)
		printf("%s %" PRIu64, i > 0 ? " x" : "", factors->prime[i]);
	if (factors->n_prime == 0) /* 0 and 1 */
		printf(" %s", (const char *)number);
	printf(", says worker %d\n", factors->pid);
}

static int parse(const char *text, uint64_t *ret_value)
{
	char *end;

	errno = 0;
	*ret_value = strtoull(text, &end, 10);
	if (errno == 0 && *end == '\0' && strspn(text, "0123456789") > 0)
		return 0;
	fprintf(stderr, "manager: not a number below 2^64: \"%s\"\n", text);
	return -EINVAL;
}

int troupe_main(int argc, char **argv)
{
	static char *some[] = { "manager", "91", "97", "65536",
				"600851475143" };
	Manager__Number number = MANAGER__NUMBER__INIT;
	Manager__Plan plan = MANAGER__PLAN__INIT;
	struct troupe_end end;
	troupe_ref ref;
	int r;

	if (argc == 1) {
		argc = sizeof(some) / sizeof(some[0]);
		argv = some;
	}
	for (int i = 1; i < argc; i++) {
		r = parse(argv[i], &number.value);
		if (r < 0)
			return r;
	}

	setlinebuf(stdout);
	plan.requests = argc - 1;
	r = troupe_spawn(&manager, &plan.base, &ref);
	if (r < 0)
		return r;
	troupe_proxy_init(&mathematician, ref,
			  &manager__mathematician__descriptor);
	for (int i = 1; i < argc; i++) {
		parse(argv[i], &number.value);
		manager__mathematician__factor(&mathematician.base, &number,
					       print_factors, argv[i]);
	}
	r = troupe_await(&mathematician);
	if (r == 0 && unanswered > 0) /* r is only the last error */
		r = -EREMOTEIO;
	if (r < 0)
		return r;
	return troupe_wait(ref, TROUPE_NEVER, &end);
}
