/* SPDX-License-Identifier: MIT */
/* The words that tell all actors whom on other nodes there is no room for. */
#include "runtime/node/choke.h"

#include <criterion/criterion.h>
#include <errno.h>
#include "tests/support/ipc_kit.h"

static struct kit kit;

static void set_up(void)
{
	kit_init(&kit, 64, KIT_HEAP);
}

static void tear_down(void)
{
	kit_fini(&kit);
}

TestSuite(choke, .init = set_up, .fini = tear_down, .timeout = 600);

/* An actor of a node. */
static troupe_ref of(uint32_t node, uint32_t slot)
{
	return (troupe_ref)node << TRP_REF_NODE |
	       trp_ref_in_node(trp_ref(slot, 1));
}

static int look(troupe_ref to)
{
	return trp_choke_look(&kit.self.arena, to);
}

Test(choke, of_an_actor_is_that_actors)
{
	const struct trp_arena *arena = &kit.self.arena;

	cr_assert_eq(look(of(5, 1)), 0);
	trp_choke_set(arena, of(5, 1));
	trp_choke_set(arena, of(5, 1));
	cr_assert_eq(look(of(5, 1)), -EAGAIN);
	cr_assert_eq(look(of(5, 2)), 0);
	cr_assert_eq(look(of(6, 1)), 0);
	cr_assert(trp_choke_clear(arena, of(5, 1)));
	cr_assert_not(trp_choke_clear(arena, of(5, 1)));
	cr_assert_eq(look(of(5, 1)), 0);
}

Test(choke, of_a_node_is_of_all_its_actors_and_goes_with_theirs)
{
	const struct trp_arena *arena = &kit.self.arena;

	trp_choke_set(arena, of(5, 1));
	trp_choke_set(arena, trp_choke_of_node(6));
	trp_choke_set(arena, trp_choke_of_node(5));
	trp_choke_set(arena, trp_choke_unreachable(7));
	cr_assert_eq(look(of(5, 9)), -EAGAIN);
	cr_assert_eq(look(of(6, 9)), -EAGAIN);
	cr_assert_eq(look(of(7, 9)), -EHOSTUNREACH);
	trp_choke_clear_node(arena, 5);
	cr_assert_eq(look(of(5, 1)), 0);
	cr_assert_eq(look(of(5, 9)), 0);
	cr_assert_eq(look(of(6, 9)), -EAGAIN);
	cr_assert_eq(look(of(7, 9)), -EHOSTUNREACH);
	trp_choke_clear_node(arena, 0);
	cr_assert_eq(look(of(6, 9)), 0);
	cr_assert_eq(look(of(7, 9)), 0);
}

/* Of those that found no word nothing is known: all are refused. */
Test(choke, of_more_than_there_are_words_for_is_of_everybody)
{
	const struct trp_arena *arena = &kit.self.arena;

	for (uint32_t slot = 1; slot <= TRP_CHOKES_MOST; slot++)
		trp_choke_set(arena, of(5, slot));
	cr_assert_eq(look(of(6, 1)), 0);
	trp_choke_set(arena, of(5, TRP_CHOKES_MOST + 1));
	cr_assert_eq(look(of(6, 1)), -EAGAIN);
	trp_choke_clear_node(arena, 0);
	cr_assert_eq(look(of(5, TRP_CHOKES_MOST)), look(of(6, 1)));
	cr_assert_not(trp_choke_clear(arena, of(5, 1)));
}
