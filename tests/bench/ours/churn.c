/* SPDX-License-Identifier: MIT */
/*
 * Births and deaths among many that do nothing: one actor is spawned and has
 * ended before the next, among FEW alive and then among `alive`, in one run.
 * A ratio is that of the medians; the supervisor's time is its CPU time.
 *
 *	troupe-bench churn churn:alive=30000
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "runtime/troupe_restart.h"
#include "tests/bench/bench.h"

enum { ALIVE, COUNT, FEW = 10 };

/* Of one birth and death, ns; and of a request before it and after it. */
enum { CPU, WALL, BEFORE, AFTER, MEASURES };

struct medians {
	double us[MEASURES];
	double cpu_mean; /* what is done now and then counts here alone */
};

static int end_at_once(const void *arguments)
{
	return 0;
}

static int stay(const void *arguments)
{
	Bench__Go go = BENCH__GO__INIT;
	int r = bench_send(troupe_parent(), &go.base);

	if (r == 0)
		bench_receive(&bench__stop__descriptor, NULL);
	return r;
}

static struct troupe_class short_class = { .name = "short",
					   .run = end_at_once };
static struct troupe_class idle_class = { .name = "idle", .run = stay };

static int64_t cpu_of(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static int add_idle(long count, troupe_ref **ret_refs)
{
	int r = bench_spawn_each(&idle_class, count, ret_refs);

	for (long i = 0; i < count && r == 0; i++)
		if (!bench_receive(&bench__go__descriptor, NULL))
			r = -ECANCELED;
	return r;
}

static int64_t time_request(void)
{
	int64_t begin = troupe_now().ns;
	troupe_ref ref;

	bench_expect("whereis", troupe_whereis("nobody", &ref), -ENOENT);
	return troupe_now().ns - begin;
}

static int live_and_die(clockid_t supervisor, int64_t measure[MEASURES])
{
	int64_t begin, cpu;
	troupe_ref ref;
	int r;

	measure[BEFORE] = time_request();
	cpu = cpu_of(supervisor);
	begin = troupe_now().ns;
	r = troupe_spawn(&short_class, NULL, &ref);
	if (r == 0)
		r = troupe_wait(ref, TROUPE_NEVER, NULL);
	measure[WALL] = troupe_now().ns - begin;
	measure[AFTER] = time_request();
	measure[CPU] = cpu_of(supervisor) - cpu;
	return r;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static double median_us(int64_t *value, long count)
{
	qsort(value, (size_t)count, sizeof(*value), compare);
	return (double)value[count / 2] / 1e3;
}

static int measure_churn(long count, struct medians *ret_medians)
{
	int64_t *value = calloc((size_t)count * MEASURES, sizeof(*value));
	int64_t measure[MEASURES];
	clockid_t supervisor;
	int r = value ? -clock_getcpuclockid(getppid(), &supervisor) : -ENOMEM;
	int64_t cpu = r == 0 ? cpu_of(supervisor) : 0;

	for (long i = 0; i < count && r == 0; i++) {
		r = live_and_die(supervisor, measure);
		for (int of = 0; of < MEASURES; of++)
			value[of * count + i] = measure[of];
	}
	if (r == 0)
		ret_medians->cpu_mean = (double)(cpu_of(supervisor) - cpu) /
					1e3 / (double)count;
	for (int of = 0; of < MEASURES && r == 0; of++)
		ret_medians->us[of] = median_us(value + of * count, count);
	free(value);
	return r;
}

static int root(void)
{
	struct medians few, many;
	troupe_ref *refs;
	long count = bench_get(COUNT), alive = bench_get(ALIVE);
	int r = bench_expect_room(alive);

	if (r == 0)
		r = add_idle(FEW, &refs);
	if (r == 0)
		r = measure_churn(count, &few);
	if (r == 0)
		r = add_idle(alive - FEW, &refs);
	bench_start();
	if (r == 0)
		r = measure_churn(count, &many);
	bench_stop();
	bench_items(count);
	if (r < 0)
		return r;
	bench_figure("us wall among 10", few.us[WALL]);
	bench_figure("x wall", many.us[WALL] / few.us[WALL]);
	bench_figure("us cpu among 10", few.us[CPU]);
	bench_figure("x cpu", many.us[CPU] / few.us[CPU]);
	bench_figure("x cpu, mean", many.cpu_mean / few.cpu_mean);
	bench_figure("us request before", many.us[BEFORE]);
	bench_figure("us request after", many.us[AFTER]);
	bench_figure("the same among 10", few.us[AFTER]);
	return 0;
}

const struct bench bench_churn = {
	.name = "churn",
	.suite = "troupe",
	.item = "lives",
	.parameters = { [ALIVE] = { "alive",
				    { 100, 4000, 10000 },
				    FEW + 1,
				    BENCH_ACTORS_MOST },
			[COUNT] = { "n", { 20, 400, 1000 } } },
	.sweep = { 100, 1000, 4000, 10000 },
	.smoke_most = 100,
	.classes = { &short_class, &idle_class },
	.root = root,
};

/* ---- many at once -------------------------------------------------------- */

enum { MANY };

static clockid_t supervisor_clock(void)
{
	clockid_t clock = CLOCK_MONOTONIC;

	bench_expect("clock", clock_getcpuclockid(getppid(), &clock), 0);
	return clock;
}

static void tell_cost(const char *name, clockid_t clock, int64_t before)
{
	bench_figure(name, (double)(cpu_of(clock) - before) / 1e3 /
				   (double)bench_get(MANY));
}

static int wait_for_ends(const troupe_ref *refs, enum troupe_cause cause)
{
	struct troupe_end end;
	int r = 0;

	for (long i = 0; i < bench_get(MANY) && r == 0; i++) {
		r = troupe_wait(refs[i], TROUPE_NEVER, &end);
		bench_expect("cause", end.reason.cause, cause);
	}
	return r;
}

/* Ends each, by troupe_kill() or troupe_stop(), and tells what that cost. */
static int end_all(const troupe_ref *refs, int (*end)(troupe_ref),
		   enum troupe_cause cause, clockid_t clock)
{
	int64_t cpu = cpu_of(clock);
	int r = 0;

	for (long i = 0; i < bench_get(MANY) && r == 0; i++)
		r = end(refs[i]);
	if (r == 0)
		r = wait_for_ends(refs, cause);
	tell_cost("us cpu an end", clock, cpu);
	return r;
}

/* All of a group are killed, and started again when all have ended. */
static int storm(void)
{
	troupe_ref *refs;
	long count = bench_get(MANY);
	int r = bench_expect_room(count);
	clockid_t clock = supervisor_clock();
	int64_t cpu;

	if (r == 0)
		r = add_idle(count, &refs);
	bench_start();
	if (r == 0)
		r = end_all(refs, troupe_kill, TROUPE_KILLED, clock);
	cpu = cpu_of(clock);
	if (r == 0)
		r = add_idle(count, &refs);
	tell_cost("us cpu a start", clock, cpu);
	bench_stop();
	bench_items(count);
	return r;
}

const struct bench bench_storm = {
	.name = "storm",
	.suite = "troupe",
	.item = "restarts",
	.parameters = { [MANY] = { "n",
				   { 50, 2000, 10000 },
				   .most = BENCH_ACTORS_MOST } },
	.classes = { &idle_class },
	.root = storm,
};

/* Each is told to stop, and has ended. */
static int stop(void)
{
	troupe_ref *refs;
	long count = bench_get(MANY);
	int r = bench_expect_room(count);

	if (r == 0)
		r = add_idle(count, &refs);
	bench_start();
	if (r == 0)
		r = end_all(refs, troupe_stop, TROUPE_SHUTDOWN,
			    supervisor_clock());
	bench_stop();
	bench_items(count);
	return r;
}

const struct bench bench_stop_all = {
	.name = "stop_all",
	.suite = "troupe",
	.item = "stops",
	.parameters = { [MANY] = { "n",
				   { 50, 10000, 10000 },
				   .most = BENCH_ACTORS_MOST } },
	.classes = { &idle_class },
	.root = stop,
};

/* ---- restarts in place --------------------------------------------------- */

enum { TIMES };

static int is_up(const void *arguments)
{
	Bench__Go go = BENCH__GO__INIT;

	return bench_send(troupe_parent(), &go.base);
}

static struct troupe_class once_class = { .name = "once", .init = is_up };
static struct troupe_class again_class = { .name = "again",
					   .init = is_up,
					   .restart = TROUPE_RESTART_ALWAYS };

static int await_up(void)
{
	return bench_receive(&bench__go__descriptor, NULL) ? 0 : -ECANCELED;
}

static int live_once(void)
{
	troupe_ref ref;
	int r = troupe_spawn(&once_class, NULL, &ref);

	if (r == 0)
		r = await_up();
	if (r == 0)
		r = troupe_kill(ref);
	return r < 0 ? r : troupe_wait(ref, TROUPE_NEVER, NULL);
}

static int live_again(troupe_ref ref)
{
	struct troupe_end end = { 0 };
	int r = troupe_kill(ref);

	if (r == 0)
		r = troupe_wait_next(ref, TROUPE_NEVER, &end);
	bench_expect("restarts", end.will_restart, true);
	return r < 0 ? r : await_up();
}

/* Of one and the other in turn, so that both see the same machine. */
static int measure_revivals(troupe_ref ref, int64_t *once, int64_t *again)
{
	int r = 0;

	for (long i = 0; i < bench_get(TIMES) && r == 0; i++) {
		int64_t begin = troupe_now().ns, middle;

		r = live_once();
		middle = troupe_now().ns;
		if (r == 0)
			r = live_again(ref);
		once[i] = middle - begin;
		again[i] = troupe_now().ns - middle;
	}
	return r;
}

static int revive(void)
{
	long count = bench_get(TIMES);
	int64_t *once = calloc((size_t)count * 2, sizeof(*once));
	troupe_ref ref;
	int r = once ? troupe_spawn(&again_class, NULL, &ref) : -ENOMEM;

	if (r == 0)
		r = await_up();
	bench_start();
	if (r == 0)
		r = measure_revivals(ref, once, once + count);
	bench_stop();
	bench_items(count);
	if (r == 0) {
		double base = median_us(once, count);
		double us = median_us(once + count, count);

		bench_figure("us spawn and end", base);
		bench_figure("us restart", us);
		bench_figure("x restart", us / base);
	}
	free(once);
	return r;
}

const struct bench bench_revive = {
	.name = "revive",
	.suite = "troupe",
	.item = "restarts",
	.parameters = { [TIMES] = { "n", { 20, 1000, 5000 } } },
	.classes = { &once_class, &again_class },
	.root = revive,
};
