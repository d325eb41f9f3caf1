/* SPDX-License-Identifier: MIT */
/*
 * Ends that the supervisor sees together: it is stopped meanwhile, and sees
 * them in the order in which they came.
 */
#include <sched.h>
#include "runtime/supervision/module.h"
#include "runtime/troupe_restart.h"
#include "tests/runtime/supervision/staff.h"
#include "tests/support/program.h"

static const struct trp_module *const modules[] = { &trp_supervision_module,
						    NULL };

static void init(void)
{
	stage_modules = modules;
}

TestSuite(odd_moments, .init = init);

/* Of an actor: on the board at `at`. */
static pid_t pid_at(int at)
{
	while (!board->value[at])
		stage_receive(1);
	return (pid_t)board->value[at];
}

static void await_state(pid_t pid, char state)
{
	struct troupe_time until = troupe_in_ms(30000);

	while (program_state_of(pid) != state && troupe_now().ns < until.ns)
		sched_yield();
	CHECK(program_state_of(pid) == state);
}

/* It is dead, and is reaped later. */
static void end(pid_t pid, int number)
{
	kill(pid, number);
	await_state(pid, 'Z');
}

enum { INNER, CHILD, STARTS };

static int inner_init(const void *arguments)
{
	board->value[INNER] = getpid();
	return 0;
}

/* ---- the last start, and the end of its supervisor ----------------------- */

static int half_init(const void *arguments)
{
	if (board->value[STARTS]++ != 1)
		return 0;
	board->value[CHILD] = getpid();
	kill(getpid(), SIGSTOP);
	_exit(0);
}

static const struct troupe_class half = { .name = "half", .init = half_init };
static const struct troupe_child_spec halves[] = {
	{ .id = "x", .klass = &half },
	{ 0 },
};
static const struct troupe_supervisor half_rules = { .children = halves };
static const struct troupe_class over_half = { .name = "inner",
					       .init = inner_init,
					       .supervises = &half_rules };
static const struct troupe_child_spec over_halves[] = {
	{ .id = "c", .klass = &over_half },
	{ 0 },
};
static const struct troupe_supervisor above_half = { .children = over_halves,
						     .first_ms = 1 };
static const struct troupe_class above = { .name = "above",
					   .supervises = &above_half };

static int ready_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&above);

	CHECK(troupe_kill(staff_child_of(boss, "c").ref) == 0);
	await_state(pid_at(CHILD), 'T');
	kill(getppid(), SIGSTOP);
	end((pid_t)board->value[CHILD], SIGCONT);
	end((pid_t)board->value[INNER], SIGKILL);
	kill(getppid(), SIGCONT);
	staff_await(boss, "c", TROUPE_CHILD_UP, 2);
	return 0;
}

Test(odd_moments, a_supervisor_dies_as_the_last_of_its_children_has_started)
{
	stage_pass(ready_root);
}

/* ---- too many failures, and the end of the supervisor -------------------- */

static int child_init(const void *arguments)
{
	board->value[CHILD] = getpid();
	return 0;
}

/* The first of these stops only when it is killed. */
static void never_stops(void)
{
	if (board->value[STARTS])
		return;
	board->value[STARTS] = getpid();
	pause();
}

static const struct troupe_class frail = { .name = "frail",
					   .init = child_init };
static const struct troupe_class slow = { .name = "slow",
					  .stop = never_stops,
					  .grace_ms = -1 };
static const struct troupe_child_spec frail_one[] = {
	{ .id = "x", .klass = &frail },
	{ 0 },
};
static const struct troupe_child_spec frail_and_slow[] = {
	{ .id = "s", .klass = &slow },
	{ .id = "x", .klass = &frail },
	{ 0 },
};
static const struct troupe_supervisor frail_rules = {
	.children = frail_one,
	.intensity = TROUPE_INTENSITY_NONE,
};
static const struct troupe_supervisor slow_rules = {
	.children = frail_and_slow,
	.intensity = TROUPE_INTENSITY_NONE,
};
static const struct troupe_class over_frail = { .name = "inner",
						.init = inner_init,
						.supervises = &frail_rules };
static const struct troupe_class over_slow = { .name = "inner",
					       .init = inner_init,
					       .supervises = &slow_rules };
static const struct troupe_child_spec over_frail_one[] = {
	{ .id = "c", .klass = &over_frail },
	{ 0 },
};
static const struct troupe_child_spec over_slow_one[] = {
	{ .id = "c", .klass = &over_slow },
	{ 0 },
};
static const struct troupe_supervisor above_frail = {
	.children = over_frail_one,
	.first_ms = 1,
};
static const struct troupe_supervisor above_slow = { .children = over_slow_one,
						     .first_ms = 60000 };
static const struct troupe_class quick = { .name = "above",
					   .supervises = &above_frail };
static const struct troupe_class patient = { .name = "above",
					     .supervises = &above_slow };

static int too_many_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&quick),
		   inner = staff_child_of(boss, "c").ref;

	kill(getppid(), SIGSTOP);
	end((pid_t)board->value[CHILD], SIGKILL);
	end((pid_t)board->value[INNER], SIGKILL);
	kill(getppid(), SIGCONT);
	CHECK(staff_await(boss, "c", TROUPE_CHILD_UP, 1).ref == inner);
	return 0;
}

Test(odd_moments, a_supervisor_that_dies_before_it_is_told_to_keeps_its_place)
{
	stage_pass(too_many_root);
}

static int slow_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&patient),
		   inner = staff_child_of(boss, "c").ref;

	kill((pid_t)board->value[CHILD], SIGKILL);
	pid_at(STARTS); /* its sibling is told to stop */
	kill((pid_t)board->value[INNER], SIGKILL);
	staff_await(boss, "c", TROUPE_CHILD_WAITING, 0);
	kill((pid_t)board->value[STARTS], SIGKILL);
	/* All of its children are down. */
	while (troupe_child_start(boss, "c") != -EALREADY)
		staff_child_of(inner, "s");
	CHECK(staff_await(boss, "c", TROUPE_CHILD_UP, 1).ref == inner);
	return 0;
}

Test(odd_moments,
     a_supervisor_that_dies_while_its_children_stop_keeps_its_place)
{
	stage_pass(slow_root);
}

/* ---- stopped by hand while it waits for its children ----------------------
 */

static int has_slow_child(const void *arguments)
{
	return troupe_spawn(&slow, NULL, NULL);
}

static const struct troupe_class parent = { .name = "parent",
					    .init = has_slow_child };
static const struct troupe_child_spec parents[] = {
	{ .id = "c", .klass = &parent },
	{ 0 },
};
static const struct troupe_supervisor parent_rules = { .children = parents,
						       .first_ms = 1 };
static const struct troupe_class lasting = {
	.name = "lasting",
	.supervises = &parent_rules,
	.restart = TROUPE_RESTART_ALWAYS,
};

static int parked_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&lasting),
		   child = staff_child_of(boss, "c").ref;
	struct troupe_end told;

	CHECK(troupe_kill(child) == 0);
	staff_await(boss, "c", TROUPE_CHILD_STARTING, 1);
	CHECK(troupe_child_stop(boss, "c") == 0);
	staff_await(boss, "c", TROUPE_CHILD_STOPPED, 1);
	CHECK(troupe_kill(boss) == 0);
	CHECK(troupe_wait_next(boss, troupe_in_ms(30000), &told) == 0);
	staff_start(boss, "c");
	CHECK(staff_child_of(boss, "c").ref == child);
	kill(pid_at(STARTS), SIGKILL);
	staff_await(boss, "c", TROUPE_CHILD_UP, 1);
	return 0;
}

Test(odd_moments, one_stopped_by_hand_amid_a_restart_does_not_hold_its_parent)
{
	stage_pass(parked_root);
}

/* ---- no memory for a restart --------------------------------------------- */

enum { ROOT, REBIRTHS = 40 };

/* Leaves a number to the root each time. */
static int leaver_run(const void *arguments)
{
	CHECK(stage_send((troupe_ref)board->value[ROOT],
			 troupe_incarnation()) == 0);
	if (troupe_incarnation() < REBIRTHS)
		kill(getpid(), SIGKILL);
	return 0;
}

static const struct troupe_class leaver = { .name = "leaver",
					    .run = leaver_run };
static const struct troupe_child_spec leavers[] = {
	{ .id = "c", .klass = &leaver, .restart = TROUPE_TRANSIENT },
	{ 0 },
};
static const struct troupe_supervisor leaver_rules = {
	.children = leavers,
	.intensity = TROUPE_INTENSITY_UNLIMITED,
	.first_ms = 1,
	.last_ms = 10,
};
static const struct troupe_class over_leaver = { .name = "above",
						 .supervises = &leaver_rules };

static int memory_root(int argc, char **argv)
{
	struct troupe_time stuck = troupe_in_ms(100);
	uint32_t restarts = 0;
	troupe_ref boss;

	board->value[ROOT] = (long)troupe_self();
	CHECK(troupe_spawn(&over_leaver, NULL, &boss) == 0);
	/* It cannot be started now, as nothing is read. */
	while (troupe_now().ns < stuck.ns) {
		uint32_t now = staff_child_of(boss, "c").restarts;

		if (now < 4 || now != restarts)
			stuck = troupe_in_ms(100);
		restarts = now;
	}
	for (int i = 0; i <= REBIRTHS; i++)
		CHECK(stage_receive(20000) == i);
	staff_await(boss, "c", TROUPE_CHILD_DOWN, 0);
	return 0;
}

Test(odd_moments, a_child_without_memory_for_its_restart_is_restarted_later)
{
	stage_slots = 5;
	stage_pass(memory_root);
}
