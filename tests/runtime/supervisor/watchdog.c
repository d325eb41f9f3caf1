/* SPDX-License-Identifier: MIT */
/* The watchdog, in nodes: each of these waits for ends, not for times. */
#include "runtime/troupe_restart.h"
#include "runtime/troupe_state.h"
#include "tests/support/stage.h"

enum { GATE = 100, LIMIT_MS = 40 };

/* 1: computes; 2: sleeps; 3: the same, and ignores SIGABRT; 4: until the gate
 * opens; 5: ends; 6: stops as a job does. */
static int hangs(const struct troupe_message *message)
{
	const Play__Number *number = message->body;

	board->value[number->value]++;
	if (number->value == 3)
		signal(SIGABRT, SIG_IGN);
	while (number->value == 1)
		;
	if (number->value == 6)
		raise(SIGSTOP);
	while (number->value == 2 || number->value == 3)
		pause();
	while (number->value == 4 && !board->value[GATE])
		usleep(100);
	return number->value == 5 ? TROUPE_STOP : 0;
}
static const struct troupe_handler handlers[] = {
	{ &play__number__descriptor, hangs }, { 0 }
};
static const struct troupe_class watched = { .name = "watched",
					     .handlers = handlers,
					     .hang_ms = LIMIT_MS };

static struct troupe_end end_with(const struct troupe_class *klass,
				  int64_t what)
{
	troupe_ref ref = 0;

	CHECK(troupe_spawn(klass, NULL, &ref) == 0);
	CHECK(stage_send(ref, what) == 0);
	return stage_end_of(ref);
}

static int signal_root(int argc, char **argv)
{
	for (int what = 1; what <= 2; what++) {
		struct troupe_end end = end_with(&watched, what);

		CHECK(end.reason.cause == TROUPE_SIGNAL);
		CHECK(end.reason.code == SIGABRT);
		CHECK(strstr(end.reason.text, "Aborted, hung for "));
		CHECK(strstr(end.reason.text, "ms: handles play.Number from"));
	}
	return 0;
}

Test(watchdog, a_handler_that_does_not_end_gets_a_signal_and_the_reason_says_so)
{
	stage_pass(signal_root);
}

static const struct troupe_class stubborn = { .name = "stubborn",
					      .handlers = handlers,
					      .hang_ms = LIMIT_MS,
					      .grace_ms = LIMIT_MS };
static const struct troupe_class polite = { .name = "polite",
					    .handlers = handlers,
					    .hang_ms = LIMIT_MS,
					    .hang_signal = SIGUSR1 };

static int kill_root(int argc, char **argv)
{
	struct troupe_end end = end_with(&stubborn, 3);

	CHECK(end.reason.cause == TROUPE_KILLED);
	CHECK(strstr(end.reason.text, "hung for "));
	end = end_with(&polite, 1);
	CHECK(end.reason.cause == TROUPE_SIGNAL);
	CHECK(end.reason.code == SIGUSR1);
	return 0;
}

Test(watchdog, the_signal_is_that_of_the_class_and_then_it_is_killed)
{
	stage_pass(kill_root);
}

static const struct troupe_class lasting = { .name = "lasting",
					     .handlers = handlers,
					     .hang_ms = LIMIT_MS,
					     .restart =
						     TROUPE_RESTART_CRASHED };

static int restart_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn(&lasting, NULL, &ref) == 0);
	CHECK(stage_send(ref, 1) == 0);
	CHECK(stage_send(ref, 5) == 0);
	CHECK(troupe_wait_next(ref, TROUPE_NEVER, &end) == 0);
	CHECK(end.will_restart && strstr(end.reason.text, "hung"));
	end = stage_end_of(ref);
	CHECK(end.reason.cause == TROUPE_NORMAL && end.incarnation == 1);
	CHECK(board->value[1] == 1 && board->value[5] == 1);
	return 0;
}

Test(watchdog, one_that_hung_is_restarted_by_its_class)
{
	stage_pass(restart_root);
}

static const struct troupe_class soft = { .name = "soft",
					  .handlers = handlers,
					  .hang_ms = LIMIT_MS,
					  .hang_signal = TROUPE_HANG_REPORT };

/* So often another one hangs and dies: a clock that runs as slowly as this
 * machine. */
static void let_time_pass(int times)
{
	while (times--)
		CHECK(end_with(&watched, 1).reason.cause == TROUPE_SIGNAL);
}

static int report_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn(&soft, NULL, &ref) == 0);
	CHECK(stage_send(ref, 4) == 0);
	let_time_pass(3);
	board->value[GATE] = 1;
	CHECK(stage_send(ref, 5) == 0);
	end = stage_end_of(ref);
	CHECK(end.reason.cause == TROUPE_NORMAL && !end.reason.text[0]);
	return 0;
}

Test(watchdog, where_it_only_reports_the_actor_goes_on)
{
	stage_pass(report_root);
}

/* ---- what is no hang ----------------------------------------------------- */

static void link_ask(Play__Link_Service *service, const Play__Number *input,
		     Play__Number_Closure reply, void *call)
{
	stage_keep(call);
}
static const Play__Link_Service methods = PLAY__LINK__INIT(link_);
static const struct troupe_class silent = { .name = "silent",
					    .service = &methods.base };

/* Within a handler: waits for an answer that never comes. */
static int awaits(const struct troupe_message *message)
{
	const Play__Who *who = message->body;
	Play__Number number = PLAY__NUMBER__INIT;
	static struct troupe_proxy proxy;

	troupe_proxy_init(&proxy, who->ref, &play__link__descriptor);
	proxy.timeout_ms = -1;
	play__link__ask(&proxy.base, &number, (Play__Number_Closure)abort,
			NULL);
	CHECK(troupe_await(&proxy) == -ECANCELED);
	return 0;
}
static const struct troupe_handler awaiting_handlers[] = {
	{ &play__who__descriptor, awaits }, { 0 }
};
static const struct troupe_class awaiting = { .name = "awaiting",
					      .handlers = awaiting_handlers,
					      .hang_ms = LIMIT_MS };

static int receives(const void *arguments)
{
	struct troupe_message message;
	int r;

	do
		r = troupe_receive(NULL, 0, TROUPE_NEVER, &message);
	while (r >= 0);
	return r;
}
static const struct troupe_class receiving = { .name = "receiving",
					       .run = receives,
					       .hang_ms = LIMIT_MS };

static int waiting_root(int argc, char **argv)
{
	const struct troupe_class *const classes[] = { &watched, &receiving,
						       &awaiting };
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref[3];

	CHECK(troupe_spawn(&silent, NULL, &who.ref) == 0);
	for (int i = 0; i < 3; i++)
		CHECK(troupe_spawn(classes[i], NULL, &ref[i]) == 0);
	CHECK(troupe_send(ref[2], &who.base) == 0);
	let_time_pass(3);
	for (int i = 0; i < 3; i++) {
		CHECK(troupe_stop(ref[i]) == 0);
		CHECK(stage_end_of(ref[i]).reason.cause == TROUPE_SHUTDOWN);
	}
	return 0;
}

Test(watchdog, one_that_sleeps_awaits_or_receives_does_not_hang)
{
	stage_pass(waiting_root);
}

static int stopped_root(int argc, char **argv)
{
	struct troupe_state state = { 0 };
	troupe_ref ref;

	CHECK(troupe_spawn(&watched, NULL, &ref) == 0);
	CHECK(stage_send(ref, 6) == 0);
	while (state.doing != TROUPE_DOING_MESSAGE)
		CHECK(troupe_state_of(ref, &state) == 0);
	let_time_pass(3);
	CHECK(troupe_state_of(ref, &state) == 0);
	CHECK(state.doing == TROUPE_DOING_MESSAGE);
	CHECK(stage_send(ref, 5) == 0);
	CHECK(kill(state.pid, SIGCONT) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	return 0;
}

Test(watchdog, one_that_is_stopped_in_its_handler_does_not_hang)
{
	stage_pass(stopped_root);
}

static const struct troupe_class impossible = { .name = "impossible",
						.hang_ms = -1 };
static const struct troupe_class no_signal = { .name = "no-signal",
					       .hang_ms = 1,
					       .hang_signal = 100 };

static int refused_root(int argc, char **argv)
{
	CHECK(troupe_spawn(&impossible, NULL, NULL) == -EINVAL);
	CHECK(troupe_spawn(&no_signal, NULL, NULL) == -EINVAL);
	return 0;
}

Test(watchdog, a_limit_or_a_signal_that_cannot_be_is_refused)
{
	stage_pass(refused_root);
}
