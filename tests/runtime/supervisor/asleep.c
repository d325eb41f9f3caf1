/* SPDX-License-Identifier: MIT */
/* Actors that fall asleep, and are started by mail. */
#include <sys/wait.h>
#include "runtime/troupe_link.h"
#include "runtime/troupe_monitor.h"
#include "runtime/troupe_sleep.h"
#include "runtime/troupe_state.h"
#include "tests/runtime/supervisor/revival_kit.h"

TestSuite(asleep, .init = revival_hurry, .timeout = 120);

/*
 * Adds up numbers: those below 0 are orders.  Its sum is its state, and on the
 * board with the counts of what it did.
 */
enum order {
	DO_CRASH = -1,
	DO_TIMER = -2,
	DO_NO_TIMER = -3,
	DO_FAIL_SAVES = -4, /* from now on, in any life */
	DO_KILL_IN_SAVE = -5,
	DO_FAIL_LOADS = -6,
	DO_KILL_IN_LOAD = -7,
	DO_HELP = -8, /* no more of the four above */
	DO_END = -9,
};
enum { SUM = 1, HANDLED, STARTS, SAVES, LOADS, STOPS, FAULT };

static int64_t sum;
static struct troupe_timer timer;

static int never(struct troupe_timer *fired)
{
	CHECK(!fired);
	return 0;
}

static int add(const struct troupe_message *message)
{
	int64_t value = ((const Play__Number *)message->body)->value;

	switch (value) {
	case DO_CRASH:
		die();
		break;
	case DO_TIMER:
		timer.fired = never;
		CHECK(troupe_timer_start(&timer, troupe_in_ms(3600 * 1000),
					 0) == 0);
		break;
	case DO_NO_TIMER:
		troupe_timer_cancel(&timer);
		break;
	case DO_END:
		return TROUPE_STOP;
	default:
		if (value < 0)
			board->value[FAULT] = value;
		else
			sum += value;
	}
	board->value[SUM] = sum;
	board->value[HANDLED]++;
	return 0;
}

static const struct troupe_handler handlers[] = {
	{ &play__number__descriptor, add },
	{ &play__nobody__descriptor, answer_which },
	{ 0 }
};

static int start(const void *arguments)
{
	board->value[STARTS]++;
	return 0;
}

static int save(const ProtobufCMessage **ret_state)
{
	static Play__Number state;

	board->value[SAVES]++;
	if (board->value[FAULT] == DO_FAIL_SAVES)
		return -EIO;
	if (board->value[FAULT] == DO_KILL_IN_SAVE)
		die();
	play__number__init(&state);
	state.value = sum;
	*ret_state = &state.base;
	return 0;
}

static int load(const ProtobufCMessage *state)
{
	board->value[LOADS]++;
	if (board->value[FAULT] == DO_FAIL_LOADS)
		return -EIO;
	if (board->value[FAULT] == DO_KILL_IN_LOAD)
		die();
	sum = ((const Play__Number *)state)->value;
	return 0;
}

static void note_stop(void)
{
	board->value[STOPS]++;
	board->value[SUM] = sum;
}

static const struct troupe_class sleeper = {
	.name = "sleeper",
	.handlers = handlers,
	.init = start,
	.save = save,
	.load = load,
	.stop = note_stop,
	.idle_ms = 1,
};
static const struct troupe_class steady = {
	.name = "steady",
	.handlers = handlers,
	.init = start,
	.save = save,
	.load = load,
	.idle_ms = 1,
	.restart = TROUPE_RESTART_CRASHED,
};

static void await(int place, long value)
{
	while (board->value[place] < value)
		usleep(100);
}

static struct troupe_state await_sleep(troupe_ref ref)
{
	struct troupe_state state;

	do {
		usleep(100);
		CHECK(troupe_state_of(ref, &state) == 0);
	} while (!state.is_asleep);
	CHECK(!state.pid && !state.is_down && !state.has_begun);
	return state;
}

static troupe_ref begin(const struct troupe_class *klass)
{
	troupe_ref ref;

	CHECK(troupe_spawn_named("it", klass, NULL, &ref) == 0);
	return ref;
}

static int sum_root(int argc, char **argv)
{
	troupe_ref ref = begin(&sleeper), found;
	struct troupe_end end;
	uint64_t monitor;

	CHECK(troupe_monitor(ref, &monitor) == 0);
	for (int i = 1; i <= 20; i++) {
		await_sleep(ref);
		CHECK(stage_send(ref, i) == 0);
		await(HANDLED, i);
		CHECK(board->value[SUM] == i * (i + 1) / 2);
	}
	CHECK(await_sleep(ref).restarts >= 20);
	CHECK(board->value[LOADS] >= 20 && board->value[STOPS] == 0);
	CHECK(troupe_whereis("it", &found) == 0 && found == ref);
	/* Nobody was told of any end. */
	CHECK(troupe_wait_next(ref, troupe_in_ms(1), &end) == -ETIMEDOUT);
	CHECK(ask_which(ref) >= 20);
	return 0;
}

Test(asleep, its_state_goes_from_life_to_life)
{
	stage_pass(sum_root);
}

/* It falls asleep again and again, while mail never ends. */
static int flood_root(int argc, char **argv)
{
	enum { MESSAGES = 3000 };
	troupe_ref ref = begin(&sleeper);

	for (int i = 1; i <= MESSAGES; i++) {
		CHECK(stage_send(ref, i) == 0);
		if (i % 10 == 0)
			usleep((useconds_t)(i * 7 % 3000));
	}
	await(HANDLED, MESSAGES);
	CHECK(board->value[HANDLED] == MESSAGES);
	CHECK(board->value[SUM] == MESSAGES * (MESSAGES + 1) / 2);
	return 0;
}

Test(asleep, mail_that_comes_as_it_falls_asleep_is_neither_lost_nor_late)
{
	stage_pass(flood_root);
}

/* Each has met it in another life, or not at all. */
static int send_some(const void *arguments)
{
	troupe_ref ref;

	CHECK(troupe_whereis("it", &ref) == 0);
	for (int i = 0; i < 20; i++) {
		CHECK(stage_send(ref, 1) == 0);
		usleep(2000);
	}
	return 0;
}

static int many_root(int argc, char **argv)
{
	enum { SENDERS = 30 };
	troupe_ref ref = begin(&sleeper), sender[SENDERS];

	await_sleep(ref);
	for (int i = 0; i < SENDERS; i++)
		CHECK(troupe_spawn_function(send_some, NULL, &sender[i]) == 0);
	for (int i = 0; i < SENDERS; i++)
		CHECK(troupe_wait(sender[i], TROUPE_NEVER, NULL) == 0);
	await(HANDLED, 20 * SENDERS);
	await_sleep(ref);
	CHECK(board->value[SUM] == 20 * SENDERS);
	return 0;
}

Test(asleep, any_sender_wakes_it)
{
	stage_pass(many_root);
}

/* ---- awake --------------------------------------------------------------- */

static int needed_root(int argc, char **argv)
{
	troupe_ref ref = begin(&sleeper);
	long saves;

	await_sleep(ref);
	CHECK(stage_send(ref, DO_TIMER) == 0);
	await(HANDLED, 1);
	saves = board->value[SAVES];
	/* It has many idle times meanwhile. */
	usleep(20000);
	CHECK(board->value[SAVES] == saves);
	CHECK(stage_send(ref, DO_NO_TIMER) == 0);
	await(SAVES, saves + 1);
	await_sleep(ref);
	/* A link begins its next life, and lasts. */
	CHECK(troupe_link(ref) == 0);
	CHECK(stage_send(ref, DO_END) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	return 0;
}

Test(asleep, it_stays_awake_while_it_is_needed)
{
	stage_pass(needed_root);
}

static int save_fails_root(int argc, char **argv)
{
	troupe_ref ref = begin(&sleeper);
	struct troupe_state state;
	long saves;

	CHECK(stage_send(ref, 7) == 0);
	CHECK(stage_send(ref, DO_FAIL_SAVES) == 0);
	await(HANDLED, 2);
	saves = board->value[SAVES];
	await(SAVES, saves + 3);
	CHECK(troupe_state_of(ref, &state) == 0 && !state.is_asleep);
	CHECK(stage_send(ref, DO_HELP) == 0);
	await_sleep(ref);
	CHECK(stage_send(ref, 1) == 0);
	await(HANDLED, 4);
	CHECK(board->value[SUM] == 8);
	return 0;
}

Test(asleep, where_its_state_cannot_be_saved_it_goes_on)
{
	stage_pass(save_fails_root);
}

/* ---- deaths -------------------------------------------------------------- */

static int killed_in_save_root(int argc, char **argv)
{
	troupe_ref ref = begin(&steady);
	long saves;

	CHECK(stage_send(ref, 7) == 0);
	await(HANDLED, 1);
	await_sleep(ref);
	saves = board->value[SAVES];
	CHECK(stage_send(ref, DO_KILL_IN_SAVE) == 0);
	await(SAVES, saves + 1);
	CHECK(stage_send(ref, DO_HELP) == 0);
	CHECK(stage_send(ref, 1) == 0);
	await(HANDLED, 4);
	CHECK(board->value[SUM] == 8);
	return 0;
}

Test(asleep, one_that_dies_as_it_saves_has_its_latest_state)
{
	stage_pass(killed_in_save_root);
}

static int killed_in_load_root(int argc, char **argv)
{
	troupe_ref ref = begin(&steady);
	long loads;

	CHECK(stage_send(ref, 7) == 0);
	await(HANDLED, 1);
	await_sleep(ref);
	loads = board->value[LOADS];
	board->value[FAULT] = argc ? DO_KILL_IN_LOAD : DO_FAIL_LOADS;
	CHECK(stage_send(ref, 1) == 0);
	await(LOADS, loads + 2);
	CHECK(board->value[HANDLED] == 1);
	board->value[FAULT] = 0;
	await(HANDLED, 2);
	CHECK(board->value[SUM] == 8);
	return 0;
}

static int fails_in_load_root(int argc, char **argv)
{
	return killed_in_load_root(0, argv);
}

Test(asleep, one_that_dies_as_it_loads_is_restarted_with_state_and_mail)
{
	stage_pass(killed_in_load_root);
	stage_pass(fails_in_load_root);
}

/* A class without restarts ends as after init(). */
static int last_load_root(int argc, char **argv)
{
	troupe_ref ref = begin(&sleeper), found;
	struct troupe_end end;

	await_sleep(ref);
	board->value[FAULT] = DO_FAIL_LOADS;
	CHECK(stage_send(ref, 1) == 0);
	end = stage_end_of(ref);
	CHECK(end.reason.cause == TROUPE_ERROR && end.reason.code == -EIO);
	CHECK(troupe_whereis("it", &found) == -ENOENT);
	CHECK(board->value[STOPS] == 0);
	return 0;
}

Test(asleep, where_its_state_cannot_be_loaded_it_ends)
{
	stage_pass(last_load_root);
}

static int crash_root(int argc, char **argv)
{
	troupe_ref ref = begin(&steady);

	CHECK(stage_send(ref, 7) == 0);
	await(HANDLED, 1);
	await_sleep(ref);
	CHECK(stage_send(ref, DO_CRASH) == 0);
	CHECK(stage_send(ref, 1) == 0);
	await(HANDLED, 2);
	CHECK(board->value[SUM] == 8);
	return 0;
}

Test(asleep, a_crash_leaves_the_latest_state)
{
	stage_pass(crash_root);
}

/* At any moment: what was handled once may be lost with the sum, mail is not.
 */
static int kill_root(int argc, char **argv)
{
	enum { ROUNDS = 60 };
	troupe_ref ref = begin(&steady);
	struct troupe_end end;

	for (int i = 1; i <= ROUNDS; i++) {
		long handled = board->value[HANDLED];

		usleep((useconds_t)(i * 37 % 2500));
		/* It may have ended before the wait. */
		do
			CHECK(troupe_kill(ref) == 0);
		while (troupe_wait_next(ref, troupe_in_ms(5), &end) ==
		       -ETIMEDOUT);
		CHECK(end.will_restart && end.reason.cause == TROUPE_KILLED);
		CHECK(stage_send(ref, 1) == 0);
		await(HANDLED, handled + 1);
	}
	return 0;
}

Test(asleep, killed_at_any_moment_it_still_gets_its_mail)
{
	stage_pass(kill_root);
}

/* ---- ends ---------------------------------------------------------------- */

static int stop_root(int argc, char **argv)
{
	troupe_ref ref = begin(&sleeper);

	CHECK(stage_send(ref, 7) == 0);
	await(HANDLED, 1);
	await_sleep(ref);
	board->value[SUM] = 0;
	CHECK(troupe_stop(ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_SHUTDOWN);
	CHECK(board->value[STOPS] == 1 && board->value[SUM] == 7);
	ref = begin(&sleeper);
	await_sleep(ref);
	CHECK(troupe_kill(ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_KILLED);
	CHECK(board->value[STOPS] == 1);
	begin(&sleeper);
	return 0; /* and the node ends with one that sleeps, or is about to */
}

Test(asleep, orders_reach_one_that_sleeps)
{
	stage_pass(stop_root);
}

/* ---- a thousand ---------------------------------------------------------- */

static const struct troupe_class bare = {
	.name = "bare",
	.handlers = handlers,
	.save = save,
	.load = load,
	.idle_ms = 1,
};

static int thousand_root(int argc, char **argv)
{
	enum { ACTORS = 1000 };
	static troupe_ref ref[ACTORS];
	struct troupe_state state;

	for (int i = 0; i < ACTORS; i++)
		CHECK(troupe_spawn(&bare, NULL, &ref[i]) == 0);
	for (int round = 1; round <= 2; round++) {
		for (int i = 0; i < ACTORS; i++)
			await_sleep(ref[i]);
		for (int i = 0; i < ACTORS; i++)
			CHECK(stage_send(ref[i], 1) == 0);
		await(HANDLED, round * ACTORS);
	}
	for (int i = 0; i < ACTORS; i++) {
		await_sleep(ref[i]);
		CHECK(troupe_state_of(ref[i], &state) == 0);
		CHECK(state.is_asleep && state.restarts >= 2);
	}
	return 0;
}

Test(asleep, a_thousand_sleep_without_a_process)
{
	stage_pass(thousand_root);
}
