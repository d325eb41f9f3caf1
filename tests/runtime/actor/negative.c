/* SPDX-License-Identifier: MIT */
/* A negative time-out is an error, and not "for ever". */
#include "runtime/troupe_ask.h"
#include "runtime/troupe_io.h"
#include "runtime/troupe_restart.h"
#include "runtime/troupe_result.h"
#include "runtime/troupe_supervise.h"
#include "tests/support/stage.h"

static const Play__Number number = PLAY__NUMBER__INIT;

/* Each with a deadline, of an actor that is alive. */
static void check_deadlines(troupe_ref ref, struct troupe_time deadline)
{
	const struct troupe_child_spec spec = { 0 };
	struct troupe_handover handover = { 0 };
	struct troupe_message message;
	struct troupe_timer timer = { 0 };
	struct troupe_end end;
	int fd;

	CHECK(troupe_receive(NULL, 0, deadline, &message) == -EINVAL);
	CHECK(troupe_send_wait(ref, &number.base, deadline) == -EINVAL);
	CHECK(troupe_ask(ref, &number.base, deadline, &message) == -EINVAL);
	CHECK(troupe_wait(ref, deadline, &end) == -EINVAL);
	CHECK(troupe_wait_next(ref, deadline, &end) == -EINVAL);
	CHECK(troupe_wait_all(&ref, 1, deadline, &end) == -EINVAL);
	CHECK(troupe_handover_take(&handover, sizeof(handover), deadline,
				   &fd) == -EINVAL);
	CHECK(troupe_child_add(ref, &spec, deadline, NULL) == -EINVAL);
	timer.fired = (int (*)(struct troupe_timer *))stage_idle;
	CHECK(troupe_timer_start(&timer, deadline, 0) == -EINVAL);
	CHECK(troupe_timer_start(&timer, troupe_in_ms(1), -1) == -EINVAL);
}

static int deadlines_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn_function(stage_idle, NULL, &ref) == 0);
	check_deadlines(ref, TROUPE_TIME(-1));
	check_deadlines(ref, TROUPE_TIME(INT64_MIN));
	check_deadlines(ref, troupe_in_ms(-1));
	check_deadlines(ref, troupe_in_ms(INT64_MIN));
	CHECK(troupe_kill(ref) == 0);
	return 0;
}

Test(negative, deadlines_are_refused)
{
	stage_pass(deadlines_root);
}

/* ---- calls --------------------------------------------------------------- */

static unsigned closures;

static void count(const Play__Number *answer, void *data)
{
	CHECK(!answer);
	closures++;
}

static void take_none(const Play__Number *answer, void *data)
{
}

/* It answers nothing. */
static int run_unread(const void *arguments)
{
	for (;;)
		pause();
	return 0;
}

static int calls_root(int argc, char **argv)
{
	struct troupe_gather gather;
	struct troupe_proxy proxy;
	troupe_ref ref;

	CHECK(troupe_spawn_function(run_unread, NULL, &ref) == 0);
	troupe_proxy_init(&proxy, ref, &play__link__descriptor);
	proxy.timeout_ms = -2;
	play__link__ask(&proxy.base, &number, count, NULL);
	CHECK(closures == 0);
	CHECK(troupe_await(&proxy) == -EINVAL);
	CHECK(closures == 1 && proxy.error == -EINVAL);
	CHECK(troupe_gather_init(&gather, &ref, 1, &play__link__descriptor) ==
	      0);
	gather.timeout_ms = INT64_MIN;
	play__link__ask(&gather.base, &number, count, NULL);
	CHECK(closures == 1);
	CHECK(troupe_gather_await(&gather) == -EINVAL);
	CHECK(closures == 2 && gather.error == -EINVAL);
	/* -1 is for ever. */
	proxy.timeout_ms = gather.timeout_ms = -1;
	play__link__ask(&proxy.base, &number, take_none, NULL);
	play__link__ask(&gather.base, &number, take_none, NULL);
	CHECK(troupe_kill(ref) == 0);
	CHECK(troupe_await(&proxy) == -ESRCH);
	CHECK(troupe_gather_await(&gather) == -ESRCH);
	troupe_gather_fini(&gather);
	return 0;
}

Test(negative, time_outs_of_calls_fail_the_call)
{
	stage_pass(calls_root);
}

/* ---- classes ------------------------------------------------------------- */

static int idle(void)
{
	return 0;
}

static const struct troupe_class wrong[] = {
	{ .name = "grace", .grace_ms = -2 },
	{ .name = "idle", .idle = idle, .idle_ms = -1 },
};

static int classes_root(int argc, char **argv)
{
	troupe_ref ref;

	for (int i = 0; i < 2; i++)
		CHECK(troupe_spawn(&wrong[i], NULL, &ref) == -EINVAL);
	CHECK(troupe_stop_with(troupe_parent(), 0, NULL, -2) == -EINVAL);
	return 0;
}

Test(negative, times_of_classes_are_refused)
{
	stage_pass(classes_root);
}
