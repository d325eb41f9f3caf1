/* SPDX-License-Identifier: MIT */
/*
 * How late a message is.  In the open loop messages are sent at a given rate
 * whether or not the ones before have arrived, and each carries the time at
 * which it was *planned* to be sent: one that had to wait for a stalled sender
 * is as late as it was for its receiver (no coordinated omission,
 * G. Tene).  In the closed loop the next is sent when the last was answered.
 * A sender that stalls in the middle (stall_ms) shows the difference.
 * The timer benchmark measures the lateness of timers.
 */
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>
#include "tests/bench/bench.h"

enum { COUNT, RATE, STALL, CLOSED_STALL = 1 };

/* ---- the open loop ------------------------------------------------------- */

static long arrived;

static int record(const struct troupe_message *message)
{
	int64_t planned = ((const Bench__Ping *)message->body)->number;

	bench_latency(troupe_now().ns - planned);
	return ++arrived < bench_get(COUNT) ? 0 : TROUPE_STOP;
}

static int recorder_init(const void *arguments)
{
	Bench__Go go = BENCH__GO__INIT;

	bench_side(1);
	return bench_send(troupe_parent(), &go.base);
}

static const struct troupe_handler recorders[] = {
	{ &bench__ping__descriptor, record },
	{},
};
static struct troupe_class recorder_class = { .name = "recorder",
					      .init = recorder_init,
					      .handlers = recorders };

static void sleep_until(int64_t ns)
{
	struct timespec at = { ns / 1000000000, ns % 1000000000 };

	if (ns > troupe_now().ns)
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static int open_loop(void)
{
	Bench__Ping ping = BENCH__PING__INIT;
	int64_t begin, sent_all, period = 1000000000 / bench_get(RATE);
	double late = 0;
	troupe_ref ref;
	int r = troupe_spawn(&recorder_class, NULL, &ref);

	bench_side(0);
	if (r < 0 || !bench_receive(&bench__go__descriptor, NULL))
		return r < 0 ? r : -ECANCELED;
	prctl(PR_SET_TIMERSLACK, 1); /* ns; else each is sent 50 us late */
	bench_start();
	begin = troupe_now().ns + period;
	for (long i = 0; i < bench_get(COUNT) && r == 0; i++) {
		if (i == bench_get(COUNT) / 2)
			usleep((useconds_t)bench_get(STALL) * 1000);
		ping.number = begin + i * period;
		sleep_until(ping.number);
		late += (double)(troupe_now().ns - ping.number);
		r = bench_send(ref, &ping.base);
	}
	sent_all = troupe_now().ns;
	if (r == 0)
		r = bench_wait_each(&ref, 1);
	bench_stop();
	bench_figure("rate reached",
		     (double)bench_get(COUNT) * 1e9 /
			     (double)(sent_all - begin + period));
	bench_figure("us late sent, mean",
		     late / 1e3 / (double)bench_get(COUNT));
	bench_items(bench_get(COUNT));
	return r;
}

const struct bench bench_latency_open = {
	.name = "latency_open",
	.suite = "troupe",
	.item = "messages",
	.parameters = { [COUNT] = { "n", { 500, 20000, 200000 } },
			[RATE] = { "rate",
				   { 10000, 10000, 10000 },
				   .most = 1000000000 },
			[STALL] = { "stall_ms",
				    { 0, 0, 0 },
				    BENCH_FROM_0,
				    10000 } },
	.classes = { &recorder_class },
	.root = open_loop,
	.is_open_loop = true,
};

/* ---- the closed loop ----------------------------------------------------- */

static int record_and_answer(const struct troupe_message *message)
{
	Bench__Pong pong = BENCH__PONG__INIT;
	int r = record(message);

	return r < 0 ? r : bench_send(message->sender, &pong.base) ?: r;
}

static const struct troupe_handler answerers[] = {
	{ &bench__ping__descriptor, record_and_answer },
	{},
};
static struct troupe_class answerer_class = { .name = "answerer",
					      .init = recorder_init,
					      .handlers = answerers };

static int closed_loop(void)
{
	Bench__Ping ping = BENCH__PING__INIT;
	troupe_ref ref;
	int r = troupe_spawn(&answerer_class, NULL, &ref);

	bench_side(0);
	if (r < 0 || !bench_receive(&bench__go__descriptor, NULL))
		return r < 0 ? r : -ECANCELED;
	bench_start();
	for (long i = 0; i < bench_get(COUNT) && r == 0; i++) {
		if (i == bench_get(COUNT) / 2)
			usleep((useconds_t)bench_get(CLOSED_STALL) * 1000);
		ping.number = troupe_now().ns;
		r = bench_send(ref, &ping.base);
		if (r == 0 && !bench_receive(&bench__pong__descriptor, NULL))
			r = -ECANCELED;
	}
	bench_stop();
	bench_items(bench_get(COUNT));
	return r;
}

const struct bench bench_latency_closed = {
	.name = "latency_closed",
	.suite = "troupe",
	.item = "messages",
	.parameters = { [COUNT] = { "n", { 500, 100000, 500000 } },
			[CLOSED_STALL] = { "stall_ms",
					   { 0, 0, 0 },
					   BENCH_FROM_0,
					   10000 } },
	.classes = { &answerer_class },
	.root = closed_loop,
};

/* ---- timers -------------------------------------------------------------- */

static long fired_count;
static int64_t planned;

static int fired(struct troupe_timer *timer)
{
	bench_latency(troupe_now().ns - planned);
	if (++fired_count == bench_get(COUNT))
		return TROUPE_STOP;
	planned += 1000000;
	return troupe_timer_start(timer, (struct troupe_time) { planned }, 0);
}

static int timer_init(const void *arguments)
{
	static struct troupe_timer timer = { .fired = fired };

	planned = troupe_in_ms(1).ns;
	return troupe_timer_start(&timer, (struct troupe_time) { planned }, 0);
}

static struct troupe_class timer_class = { .name = "timer",
					   .init = timer_init };

static int timers(void)
{
	bench_items(bench_get(COUNT));
	return bench_run_actor(&timer_class, NULL);
}

const struct bench bench_timer = {
	.name = "timer",
	.suite = "troupe",
	.item = "timers of 1 ms",
	.parameters = { [COUNT] = { "n", { 50, 1000, 10000 } } },
	.classes = { &timer_class },
	.root = timers,
	.is_open_loop = true, /* the time that was asked for */
};
