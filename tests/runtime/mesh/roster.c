/* SPDX-License-Identifier: MIT */
/* Runs of other nodes in virtual time. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "runtime/mesh/roster.h"

#define S INT64_C(1000000000)

static struct trp_mesh_roster roster;
static struct trp_time now;
static char told[400]; /* "+a1 -a1 ": up and down, in order */

static void note(char sign, const struct trp_mesh_roster_node *node)
{
	size_t used = strlen(told);

	snprintf(told + used, sizeof(told) - used, "%c%s%u ", sign, node->name,
		 node->run);
}

static void on_up(void *user, const struct trp_mesh_roster_node *node)
{
	note('+', node);
}

static void on_down(void *user, const struct trp_mesh_roster_node *node)
{
	note('-', node);
}

static const struct trp_mesh_roster_calls calls = { on_up, on_down };

static void begin(void)
{
	now.ns = S;
	told[0] = '\0';
	trp_mesh_roster_init(&roster, 10 * S, &calls, NULL);
	trp_mesh_roster_link(&roster, true, now);
}

static void end(void)
{
	trp_mesh_roster_check(&roster);
	trp_mesh_roster_fini(&roster);
}

static void expect(const char *name)
{
	cr_assert_eq(trp_mesh_roster_expect(&roster, name, now), 0);
}

static void here(const char *name, uint32_t run)
{
	struct trp_presence_heard heard = { .number = run,
					    .words = "hello",
					    .length = 5 };

	strcpy(heard.node, name);
	cr_assert_eq(trp_mesh_roster_here(&roster, &heard), 0);
}

/* Ticks as a timer does, so that an earlier deadline than told is found. */
static void pass(int64_t ns)
{
	int64_t until = now.ns + ns;

	while (roster.due.ns <= until) {
		now.ns = roster.due.ns > now.ns ? roster.due.ns : now.ns;
		trp_mesh_roster_tick(&roster, now);
	}
	now.ns = until;
}

static void was_told(const char *text)
{
	cr_expect_str_eq(told, text);
	told[0] = '\0';
}

Test(roster, tells_of_a_run_that_comes_and_goes)
{
	begin();
	here("a", 1);
	was_told("+a1 ");
	here("a", 1);
	was_told("");
	cr_assert_eq(trp_mesh_roster_find(&roster, "a")->length, 5);
	trp_mesh_roster_gone(&roster, "a", 1);
	was_told("-a1 ");
	cr_assert_null(trp_mesh_roster_find(&roster, "a"));
	end();
}

Test(roster, tells_that_a_node_that_is_expected_is_not_there)
{
	begin();
	expect("a");
	pass(S);
	was_told("");
	pass(2 * S);
	was_told("-a0 ");
	here("a", 1);
	was_told("+a1 ");
	pass(100 * S);
	was_told("");
	trp_mesh_roster_gone(&roster, "a", 1);
	was_told("-a1 ");
	cr_assert_not_null(trp_mesh_roster_find(&roster, "a"));
	end();
}

Test(roster, counts_from_when_the_bus_is_up)
{
	begin();
	trp_mesh_roster_link(&roster, false, now);
	expect("a");
	pass(S);
	trp_mesh_roster_link(&roster, true, now);
	pass(S + S / 2);
	was_told("");
	pass(S);
	was_told("-a0 ");
	end();
}

Test(roster, follows_a_node_from_one_run_to_the_next)
{
	begin();
	here("a", 1);
	here("a", 2);
	was_told("+a1 -a1 +a2 ");
	trp_mesh_roster_gone(&roster, "a", 1); /* a late will */
	was_told("");
	cr_assert_eq(trp_mesh_roster_find(&roster, "a")->run, 2);
	end();
}

Test(roster, bridges_a_short_outage_of_the_bus)
{
	begin();
	here("a", 1);
	here("b", 2);
	told[0] = '\0';
	trp_mesh_roster_link(&roster, false, now);
	pass(9 * S);
	trp_mesh_roster_link(&roster, true, now);
	was_told("");
	here("a", 1);
	pass(100 * S);
	was_told("-b2 "); /* it has ended meanwhile */
	end();
}

Test(roster, tells_of_a_long_outage)
{
	begin();
	here("a", 1);
	expect("b");
	here("b", 2);
	told[0] = '\0';
	trp_mesh_roster_link(&roster, false, now);
	pass(11 * S);
	was_told("-b2 -a1 ");
	trp_mesh_roster_link(&roster, true, now);
	here("b", 2);
	was_told("+b2 ");
	end();
}

Test(roster, forgets)
{
	begin();
	expect("a");
	expect("b");
	here("b", 1);
	here("c", 2);
	told[0] = '\0';
	trp_mesh_roster_forget(&roster, "a");
	trp_mesh_roster_forget(&roster, "b");
	cr_assert_null(trp_mesh_roster_find(&roster, "a"));
	cr_assert_not_null(trp_mesh_roster_find(&roster, "b"));
	trp_mesh_roster_sweep(&roster);
	cr_assert_eq(roster.count, 0);
	pass(100 * S);
	was_told("");
	end();
}

Test(roster, keeps_thousands_in_order)
{
	enum { MANY = 5000 };
	char name[16];

	begin();
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "n%d", i * 7919 % MANY);
		here(name, (uint32_t)i + 1);
	}
	cr_assert_eq(roster.count, MANY);
	trp_mesh_roster_check(&roster);
	for (int i = 0; i < MANY; i += 2) {
		snprintf(name, sizeof(name), "n%d", i * 7919 % MANY);
		trp_mesh_roster_gone(&roster, name, (uint32_t)i + 1);
	}
	cr_assert_eq(roster.count, MANY / 2);
	end();
}

/* Of names that somebody invents; those that are asked for have their place. */
Test(roster, has_a_bound)
{
	struct trp_presence_heard heard = { .words = "" };

	begin();
	for (uint32_t i = 0; i < 2 * TRP_MESH_ROSTER_MAX; i++) {
		heard.number = i + 1;
		snprintf(heard.node, sizeof(heard.node), "n%u", i);
		cr_assert_eq(trp_mesh_roster_here(&roster, &heard),
			     i < TRP_MESH_ROSTER_MAX ? 0 : -ENOBUFS);
	}
	cr_assert_eq(roster.count, TRP_MESH_ROSTER_MAX);
	cr_assert_eq(trp_mesh_roster_expect(&roster, "asked", now), 0);
	here("asked", 7);
	here("n5", 8); /* again, as another run */
	cr_assert_eq(roster.count, TRP_MESH_ROSTER_MAX + 1);
	trp_mesh_roster_sweep(&roster);
	cr_assert_eq(roster.count, 1);
	end();
}
