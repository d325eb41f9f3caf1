/* SPDX-License-Identifier: MIT */
/*
 * An actor of a whole node is killed after any of a sample of instructions: as
 * it falls asleep, from its save() to its end; or as it begins again, from its
 * birth to its first handler.
 */
#include <sys/wait.h>
#include "runtime/troupe_sleep.h"
#include "runtime/troupe_state.h"
#include "tests/runtime/supervisor/revival_kit.h"
#include "tests/support/step.h"

enum mark { NOWHERE, AT_SAVE, AT_BIRTH };

/* Shared by the processes of the test. */
static struct shared {
	_Atomic int32_t tracee; /* see step_offer() */
	_Atomic enum mark mark;
	_Atomic int64_t saved, handled;
} * shared;

/* ---- the actor ----------------------------------------------------------- */

static int64_t sum;
static bool is_marked;

static void begin_at(enum mark mark)
{
	if (shared->mark != mark)
		return;
	shared->mark = NOWHERE;
	step_offer(&shared->tracee);
	step_mark();
	is_marked = true;
}

static void is_forked(void)
{
	begin_at(AT_BIRTH);
}

static int add(const struct troupe_message *message)
{
	if (is_marked)
		step_mark();
	is_marked = false;
	sum += ((const Play__Number *)message->body)->value;
	shared->handled++;
	return 0;
}

static int tell(const struct troupe_message *message)
{
	return stage_send(message->sender, sum);
}

static int save(const ProtobufCMessage **ret_state)
{
	static Play__Number state;

	begin_at(AT_SAVE);
	play__number__init(&state);
	state.value = sum;
	shared->saved = sum;
	*ret_state = &state.base;
	return 0;
}

static int load(const ProtobufCMessage *state)
{
	sum = ((const Play__Number *)state)->value;
	return 0;
}

static const struct troupe_handler handlers[] = {
	{ &play__number__descriptor, add },
	{ &play__nobody__descriptor, tell },
	{ 0 }
};
static const struct troupe_class sleeper = {
	.name = "sleeper",
	.handlers = handlers,
	.save = save,
	.load = load,
	.idle_ms = 1,
	.restart = TROUPE_RESTART_CRASHED,
	.at_crash = TROUPE_CRASH_AGAIN,
	.tries = 1000,
};

/* ---- the one that kills it ----------------------------------------------- */

static troupe_ref actor;

static void await_sleep(void)
{
	struct troupe_state state;

	do {
		usleep(100);
		CHECK(troupe_state_of(actor, &state) == 0);
	} while (!state.is_asleep);
}

static void kill_after(struct step_path *path, const unsigned *steps)
{
	pid_t pid = step_attach(&shared->tracee);

	CHECK(step_to_mark(pid));
	if (steps)
		step_along(pid, path, *steps);
	else
		step_record(pid, path);
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int64_t ask_sum(void)
{
	Play__Nobody nobody = PLAY__NOBODY__INIT;

	CHECK(troupe_send(actor, &nobody.base) == 0);
	return stage_receive(60000);
}

/* All that it had handled before it began to save is kept, or was not saved. */
static void kill_in_save(struct step_path *path, const unsigned *steps)
{
	int64_t before, after;

	await_sleep();
	before = shared->saved;
	shared->mark = AT_SAVE;
	CHECK(stage_send(actor, 1) == 0);
	kill_after(path, steps);
	after = ask_sum();
	CHECK(after == before || after == before + 1);
	await_sleep();
	CHECK(shared->saved == after);
}

/* Neither state nor mail is lost: what began it is handled by a successor. */
static void kill_at_birth(struct step_path *path, const unsigned *steps)
{
	int64_t before, handled;

	await_sleep();
	before = shared->saved;
	handled = shared->handled;
	shared->mark = AT_BIRTH;
	CHECK(stage_send(actor, 1) == 0);
	kill_after(path, steps);
	CHECK(ask_sum() == before + 1);
	CHECK(shared->handled == handled + 1);
	await_sleep();
	CHECK(shared->saved == before + 1);
}

static void (*attempt)(struct step_path *path, const unsigned *steps);

static int root(int argc, char **argv)
{
	enum { SAMPLE = 40 };
	static struct step_path path;
	unsigned each, seed = (unsigned)getpid();

	CHECK(troupe_spawn(&sleeper, NULL, &actor) == 0);
	/* The first finds cold caches. */
	for (int i = 0; i < 2; i++)
		attempt(&path, NULL);
	CHECK(path.count > 100);
	each = path.count / SAMPLE * STEP_STRIDE + 1;
	for (unsigned i = (unsigned)rand_r(&seed) % each;
	     i < path.count && !board->failures; i += each)
		attempt(&path, &i);
	return 0;
}

static void run_all(void (*what)(struct step_path *path, const unsigned *steps))
{
	attempt = what;
	revival_run_by_steps(&shared, sizeof(*shared), is_forked, root);
}

TestSuite(asleep_step, .timeout = 600);

Test(asleep_step, killed_anywhere_as_it_falls_asleep_it_has_one_of_two_states)
{
	run_all(kill_in_save);
}

Test(asleep_step,
     killed_anywhere_as_it_begins_again_it_loses_neither_state_nor_mail)
{
	run_all(kill_at_birth);
}
