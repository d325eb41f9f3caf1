/* SPDX-License-Identifier: MIT */
/* Cases of the table in tests/README.md that no other test shows: C42. */
#include "runtime/supervision/module.h"
#include "runtime/troupe_restart.h"
#include "tests/runtime/supervision/staff.h"

static const struct trp_module *const modules[] = { &trp_supervision_module,
						    NULL };

static void init(void)
{
	stage_modules = modules;
}

TestSuite(cases, .init = init);

static size_t count_of(troupe_ref boss)
{
	size_t count = 0;

	CHECK(troupe_children(boss, NULL, 0, &count) == 0);
	return count;
}

static void await_count(troupe_ref boss, size_t count)
{
	struct troupe_time until = troupe_in_ms(30000);

	while (count_of(boss) != count && troupe_now().ns < until.ns)
		stage_receive(1);
	CHECK(count_of(boss) == count);
}

/* ---- administration -------------------------------------------------------
 */

static const struct troupe_supervisor three_rules = { .children = staff_three,
						      .first_ms = 1 };
static const struct troupe_class three = {
	.name = "three",
	.supervises = &three_rules,
	.restart = TROUPE_RESTART_ALWAYS,
};

static int list_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&three);
	struct troupe_child child[3];
	size_t count;

	CHECK(troupe_children(boss, child, 2, &count) == 0);
	CHECK(count == 3);
	CHECK(troupe_children(boss, child, 3, &count) == 0);
	for (int i = 0; i < 3; i++) {
		CHECK(child[i].id[0] == 'a' + i); /* C23 */
		CHECK(child[i].state == TROUPE_CHILD_UP && child[i].ref);
	}
	CHECK(troupe_child_stop(boss, "nobody") == -ENOENT); /* C16 */
	CHECK(troupe_child_restart(boss, "nobody") == -ENOENT);
	CHECK(troupe_child_remove(boss, "nobody") == -ENOENT);
	CHECK(troupe_kill(child[0].ref) == 0);
	CHECK(troupe_child_stop(child[0].ref, "a") == -ESRCH); /* C18 */
	return 0;
}

Test(cases, children_are_listed_in_the_order_of_start_and_the_unknown_refused)
{
	stage_pass(list_root);
}

static int parent_init(const void *arguments)
{
	board->value[200 + board->count++] = (long)troupe_parent();
	return 0;
}

static const struct troupe_class with_parent = { .name = "child",
						 .init = parent_init };
static const struct troupe_child_spec with_parents[] = {
	{ .id = "c", .klass = &with_parent },
	{ 0 },
};
static const struct troupe_supervisor parent_rules = { .children = with_parents,
						       .first_ms = 1 };
static const struct troupe_class of_child = { .name = "parent",
					      .supervises = &parent_rules };

static int parent_root(int argc, char **argv)
{
	const struct troupe_child_spec spec = { .id = "d",
						.klass = &with_parent };
	troupe_ref boss = staff_begin(&of_child);

	CHECK(troupe_kill(staff_child_of(boss, "c").ref) == 0);
	staff_await(boss, "c", TROUPE_CHILD_UP, 1);
	CHECK(troupe_child_add(boss, &spec, TROUPE_NEVER, NULL) == 0);
	CHECK(board->count == 3);
	for (int i = 0; i < 3; i++)
		CHECK(board->value[200 + i] == (long)boss);
	return 0;
}

Test(cases, a_supervised_child_knows_its_parent_in_each_life)
{
	stage_pass(parent_root);
}

static int ends_at_once(const void *arguments)
{
	return 0;
}

static const struct troupe_class brief = { .name = "brief",
					   .run = ends_at_once };

static int temporary_root(int argc, char **argv)
{
	const struct troupe_child_spec spec = { .id = "d",
						.klass = &brief,
						.restart = TROUPE_TEMPORARY };
	troupe_ref boss = staff_begin(&three);

	for (int i = 0; i < 300; i++) { /* C25 */
		CHECK(troupe_child_add(boss, &spec, TROUPE_NEVER, NULL) == 0);
		await_count(boss, 3);
	}
	return 0;
}

Test(cases, of_temporary_children_nothing_is_kept_and_an_id_is_used_again)
{
	stage_pass(temporary_root);
}

static int added_root(int argc, char **argv)
{
	const struct troupe_child_spec spec = { .id = "d", .klass = &staff_a };
	troupe_ref boss = staff_begin(&three), added, other;
	struct troupe_end end;

	CHECK(troupe_spawn(&staff_b, NULL, &other) == 0);
	CHECK(troupe_child_add(boss, &spec, TROUPE_NEVER, &added) == 0);
	CHECK(troupe_kill(boss) == 0);
	CHECK(troupe_wait(added, troupe_in_ms(30000), &end) == 0); /* C42 */
	CHECK(end.reason.cause == TROUPE_SHUTDOWN && !end.will_restart);
	CHECK(troupe_wait_next(boss, troupe_in_ms(30000), &end) == 0);
	while (staff_child_of(boss, "c").state != TROUPE_CHILD_UP)
		stage_receive(1);
	CHECK(count_of(boss) == 3);
	CHECK(troupe_wait(other, TROUPE_POLL, &end) == -ETIMEDOUT);
	return 0;
}

Test(cases, a_restart_of_a_supervisor_brings_back_its_table_and_nothing_else)
{
	stage_pass(added_root);
}

/* ---- ends ------------------------------------------------------------------
 */

static const struct troupe_child_spec one_c[] = {
	{ .id = "x", .klass = &staff_c, .name = "x" },
	{ 0 },
};
static const struct troupe_supervisor none_rules = {
	.children = one_c,
	.intensity = TROUPE_INTENSITY_NONE,
};
static const struct troupe_class inner = { .name = "inner",
					   .supervises = &none_rules };
static const struct troupe_child_spec inners[] = {
	{ .id = "t", .klass = &inner, .restart = TROUPE_TRANSIENT },
	{ .id = "c", .klass = &staff_c },
	{ 0 },
};
static const struct troupe_supervisor inner_rules = { .children = inners };
static const struct troupe_class outer = { .name = "outer",
					   .supervises = &inner_rules };

static int escalation_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&outer), to;

	CHECK(troupe_whereis("x", &to) == 0);
	CHECK(stage_send(to, 13) == 0);
	/* C51: it ended as one that was told to. */
	staff_await(boss, "t", TROUPE_CHILD_DOWN, 0);
	CHECK(staff_child_of(boss, "c").restarts == 0);
	CHECK(troupe_child_start(boss, "t") == 0);
	staff_await(boss, "t", TROUPE_CHILD_UP, 0);
	return 0;
}

Test(cases, a_transient_supervisor_that_ends_all_is_not_restarted)
{
	stage_pass(escalation_root);
}

static const struct troupe_child_spec brutal[] = {
	{ .id = "a", .klass = &staff_a },
	{ .id = "c", .klass = &staff_c, .is_killed = true },
	{ 0 },
};
static const struct troupe_supervisor brutal_rules = { .children = brutal };
static const struct troupe_class brutally = { .name = "brutally",
					      .supervises = &brutal_rules };

static int brutal_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&brutally),
		   to = staff_child_of(boss, "c").ref;
	struct troupe_end end;

	CHECK(troupe_stop(boss) == 0);
	CHECK(troupe_wait(to, troupe_in_ms(30000), &end) == 0);
	CHECK(end.reason.cause == TROUPE_KILLED); /* C56 */
	CHECK(stage_end_of(boss).reason.cause == TROUPE_SHUTDOWN);
	return 0;
}

Test(cases, a_child_that_is_to_be_killed_is_not_told_to_stop)
{
	stage_pass(brutal_root);
	staff_expect_notes("a+c+a-");
}

/* ---- timers -----------------------------------------------------------------
 */

static struct troupe_timer late;

static int fires(struct troupe_timer *timer)
{
	board->value[100 + troupe_incarnation()]++;
	return 0;
}

/* Only the first life starts its timer. */
static int timed_init(const void *arguments)
{
	late.fired = fires;
	if (troupe_incarnation())
		return 0;
	return troupe_timer_start(&late, troupe_in_ms(20), 1);
}

static int timed_number(const struct troupe_message *message)
{
	const Play__Number *number = message->body;

	if (number->value == 13)
		raise(SIGKILL);
	board->value[99] = number->value;
	return 0;
}

static const struct troupe_handler timed_handlers[] = {
	{ &play__number__descriptor, timed_number }, { 0 }
};
static const struct troupe_class timed = {
	.name = "timed",
	.init = timed_init,
	.handlers = timed_handlers,
	.restart = TROUPE_RESTART_CRASHED,
};

static int timers_root(int argc, char **argv)
{
	struct troupe_state state = { 0 };
	troupe_ref to;

	CHECK(troupe_spawn(&timed, NULL, &to) == 0);
	while (board->value[100] < 3) /* it is under way */
		stage_receive(1);
	CHECK(stage_send(to, 13) == 0);
	while (!state.restarts && troupe_state_of(to, &state) == 0)
		stage_receive(1);
	CHECK(stage_send(to, 5) == 0);
	while (board->value[99] != 5)
		stage_receive(1);
	stage_receive(100);	       /* a hundred of its periods */
	CHECK(board->value[101] == 0); /* C125, C128 */
	return 0;
}

Test(cases, timers_of_a_life_are_not_its_successors)
{
	stage_pass(timers_root);
}

/* ---- starts -------------------------------------------------------------- */

static int willing_init(const void *arguments)
{
	return board->value[0] ? -EDOM : 0;
}

static const struct troupe_class willing = { .name = "willing",
					     .init = willing_init,
					     .handlers = staff_handlers };
/* C10: of both, all members but those that must be set are 0. */
static const struct troupe_child_spec two_willing[] = {
	{ .id = "b", .klass = &willing },
	{ .id = "c", .klass = &willing },
	{ 0 },
};
static const struct troupe_supervisor plain_rules = { .children = two_willing };
static const struct troupe_class plain = { .name = "plain",
					   .supervises = &plain_rules };

static int plain_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&plain);
	struct troupe_child before = staff_child_of(boss, "b"), child;

	/* Permanent, one for one, and not significant. */
	CHECK(stage_send(staff_child_of(boss, "c").ref, 0) == 0);
	child = staff_await(boss, "c", TROUPE_CHILD_UP, 1);
	CHECK(child.restarts == 1);
	child = staff_child_of(boss, "b");
	CHECK(child.restarts == 0 && child.pid == before.pid);

	/* C8: the start is an order, and its failure that of the child. */
	CHECK(troupe_child_stop(boss, "c") == 0);
	staff_await(boss, "c", TROUPE_CHILD_STOPPED, 0);
	board->value[0] = 1;
	CHECK(troupe_child_start(boss, "c") == 0);
	staff_await(boss, "c", TROUPE_CHILD_GIVEN_UP, 0);
	CHECK(count_of(boss) == 2);
	board->value[0] = 0;
	staff_start(boss, "c");
	staff_await(boss, "c", TROUPE_CHILD_UP, 0);
	return 0;
}

Test(cases, zero_is_each_default_and_a_start_by_hand_that_fails_is_kept)
{
	stage_pass(plain_root);
}

/* ---- names ------------------------------------------------------------------
 */

enum { RIVALS = 100, ROUNDS = 1000 };

static int wants_name(const void *arguments)
{
	while (!board->value[0])
		stage_receive(1);
	if (troupe_register("prize", troupe_self()) == 0)
		board->value[1]++;
	else
		board->value[2]++;
	return stage_idle(NULL);
}

static int rivals_root(int argc, char **argv)
{
	troupe_ref ref, other;

	for (int i = 0; i < RIVALS; i++)
		CHECK(troupe_spawn_function(wants_name, NULL, &ref) == 0);
	board->value[0] = 1;
	while (board->value[1] + board->value[2] < RIVALS)
		stage_receive(1);
	CHECK(board->value[1] == 1); /* C143 */
	CHECK(troupe_whereis("prize", &ref) == 0);
	/* C139: an actor may have several names, and no dead one has any. */
	CHECK(troupe_register("again", ref) == 0);
	CHECK(troupe_spawn_named("prize", &brief, NULL, NULL) == -EEXIST);
	CHECK(troupe_whereis("prize", &other) == 0 && other == ref); /* C140 */
	CHECK(troupe_kill(ref) == 0);
	stage_end_of(ref);
	CHECK(troupe_whereis("again", &other) == -ENOENT);
	CHECK(troupe_register("again", ref) == -ESRCH);
	return 0;
}

Test(cases, of_a_hundred_that_want_one_name_one_gets_it, .timeout = 300)
{
	stage_pass(rivals_root);
}

static int heirs_root(int argc, char **argv)
{
	troupe_ref ref;

	for (int i = 0; i < ROUNDS; i++) { /* C141 */
		CHECK(troupe_spawn_named("heir", &brief, NULL, &ref) == 0);
		CHECK(troupe_wait(ref, troupe_in_ms(30000), NULL) == 0);
	}
	return 0;
}

Test(cases, a_name_is_free_as_soon_as_the_end_is_seen_a_thousand_times,
     .timeout = 300)
{
	stage_pass(heirs_root);
}

/* ---- orders
 * ------------------------------------------------------------------ */

static int orders_root(int argc, char **argv)
{
	troupe_ref to;
	int r;

	CHECK(troupe_spawn_function(stage_idle, NULL, &to) == 0);
	CHECK(troupe_stop(to) == 0); /* seeds 49 */
	r = troupe_stop(to);	     /* it may have ended */
	CHECK(r == 0 || r == -ESRCH);
	stage_end_of(to);
	CHECK(troupe_stop(to) == -ESRCH);
	CHECK(troupe_wait(to, TROUPE_POLL, NULL) == 0);
	return 0;
}

Test(cases, a_second_stop_does_no_harm_and_one_that_is_gone_is_an_error)
{
	stage_pass(orders_root);
}
