/* SPDX-License-Identifier: MIT */
/* Notices that the supervisor cannot deliver. */
#include "tests/support/stage.h"

enum { CHILDREN = 20, MONITORS = 200, READY = 100 };

static const struct troupe_class idle = { .name = "idle", .run = stage_idle };

/* ---- an actor that cannot be told ---------------------------------------- */

/* It has more ends to hear of than the node has memory for, and hears none. */
static int be_deaf(const void *arguments)
{
	uint64_t monitor;
	troupe_ref ref;

	for (int i = 0; i < CHILDREN; i++) {
		CHECK(troupe_spawn(&idle, NULL, &ref) == 0);
		for (int k = 0; k < MONITORS; k++)
			CHECK(troupe_monitor(ref, &monitor) == 0);
		board->value[i] = (long)ref;
	}
	CHECK(stage_send(troupe_parent(), READY) == 0);
	for (;;)
		pause();
	return 0;
}

static int deaf_root(int argc, char **argv)
{
	static const struct troupe_class deaf = { .name = "deaf",
						  .run = be_deaf };
	troupe_ref ref, other;

	CHECK(troupe_spawn(&deaf, NULL, &ref) == 0);
	CHECK(stage_receive(60000) == READY);
	for (int i = 0; i < CHILDREN; i++)
		troupe_kill((troupe_ref)board->value[i]);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_KILLED);
	/* The others go on. */
	CHECK(troupe_spawn(&idle, NULL, &other) == 0);
	CHECK(troupe_kill(other) == 0);
	CHECK(stage_end_of(other).reason.cause == TROUPE_KILLED);
	return 0;
}

Test(notices, that_find_no_memory_end_the_actor_that_would_miss_them)
{
	stage_slots = 64;
	stage_heap_kib = 64 * 4;
	stage_pass(deaf_root);
}
