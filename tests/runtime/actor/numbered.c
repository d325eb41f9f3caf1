/* SPDX-License-Identifier: MIT */
/* A node whose references have the number of its run. */
#include "runtime/node/ref.h"
#include "tests/support/stage.h"

enum { RUN = 0xabcdef };

static int answer_parent(const void *arguments)
{
	CHECK(trp_ref_node(troupe_self()) == RUN);
	CHECK(stage_receive(10000) == 5);
	return stage_send(troupe_parent(), 6);
}

static const struct troupe_class answering = { .name = "answering",
					       .run = answer_parent };

static int numbered_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref, other;

	CHECK(trp_ref_node(troupe_self()) == RUN);
	CHECK(troupe_spawn(&answering, NULL, &ref) == 0);
	CHECK(trp_ref_node(ref) == RUN);
	CHECK(trp_ref_generation(ref) == trp_ref_generation(troupe_self()));
	board->value[0] = trp_ref_generation(ref);
	CHECK(stage_send(ref, 5) == 0);
	CHECK(stage_receive(10000) == 6);
	CHECK(troupe_wait(ref, troupe_in_ms(10000), &end) == 0);
	CHECK(end.ref == ref && end.reason.code == TROUPE_NORMAL);

	/* The same slot and generation of a run without a number. */
	other = (troupe_ref)TRP_NODE_ALONE << TRP_REF_NODE |
		trp_ref_in_node(troupe_self());
	CHECK(stage_send(other, 7) == -EHOSTUNREACH);
	CHECK(stage_receive(0) == -1);
	return 0;
}

Test(numbered, node_has_references_of_its_run_alone)
{
	long first;

	cr_assert_eq(trp_ref_set_here(RUN), 0);
	stage_pass(numbered_root);
	first = board->value[0];
	stage_pass(numbered_root);
	cr_assert_neq(board->value[0], first, "at random once in 16 million");
}
