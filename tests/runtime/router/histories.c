/* SPDX-License-Identifier: MIT */
/*
 * Random histories of a router: members come, leave, die, are restarted, fill
 * up and empty.  Each message that the router took is handled once.
 */
#include "runtime/supervisor/revival.h"
#include "tests/runtime/router/kit.h"
#include "tests/support/ipc_kit.h"

static void hurry(void)
{
	static const struct trp_restart_rules fast = {
		.first_ms = 1, .last_ms = 2, .quiet_ms = 60000, .limit = 1000
	};

	trp_revival_rules = &fast;
}

TestSuite(histories, .init = hurry, .timeout = 300);

enum { STEPS = 1500, MOST = 100, PLACES = 6 };

static uint64_t seed;

static struct one {
	troupe_ref ref;
	int64_t index;
	bool is_member, is_blocked, lasts;
} one[PLACES];

static int64_t next_index;

static uint64_t any(uint64_t below)
{
	return kit_random(&seed) % below;
}

static void come(struct troupe_router *router, struct one *o)
{
	if (o->ref || next_index == MOST)
		return;
	o->lasts = any(3) == 0;
	o->index = next_index++;
	o->is_blocked = false;
	o->ref = spawn_hand(o->lasts ? &lasting_hand : &small_hand, o->index);
	o->is_member = true;
	CHECK(troupe_router_add(router, o->ref) == 0);
}

/* By its own hand, between two messages; or in the one that blocks it. */
static void go(struct one *o)
{
	if (!o->ref)
		return;
	if (o->is_blocked)
		CHECK(troupe_kill(o->ref) == 0);
	else if (stage_send(o->ref, any(4) ? CRASH : QUIT) < 0)
		return;
	o->is_blocked = false;
	if (!o->lasts)
		o->ref = 0;
}

static void turn_block(struct one *o)
{
	if (!o->ref)
		return;
	if (o->is_blocked) {
		o->is_blocked = false;
		set_free(o->index);
		while (board->value[BLOCKED + o->index])
			stage_receive(1);
		return;
	}
	board->value[IS_FREE + o->index] = 0;
	board->value[BLOCKED + o->index] = 0;
	/* It may be full, or die before: then it is not blocked. */
	if (o->lasts || stage_send(o->ref, BLOCK) < 0)
		return;
	while (!board->value[BLOCKED + o->index] &&
	       troupe_wait(o->ref, troupe_in_ms(1), NULL) == -ETIMEDOUT)
		;
	o->is_blocked = board->value[BLOCKED + o->index];
}

static void turn_membership(struct troupe_router *router, struct one *o)
{
	int r;

	if (!o->ref)
		return;
	r = o->is_member ? troupe_router_remove(router, o->ref)
			 : troupe_router_add(router, o->ref);
	CHECK(r == 0 || r == -ENOENT || r == -ESRCH);
	o->is_member = !o->is_member;
}

static void step(struct troupe_router *router, int64_t *accepted)
{
	struct one *o = &one[any(PLACES)];
	int r;

	switch (any(20)) {
	case 0:
		go(o);
		break;
	case 1:
	case 2:
		come(router, o);
		break;
	case 3:
		turn_membership(router, o);
		break;
	case 4:
		turn_block(o);
		break;
	case 5:
		stage_receive(any(3));
		break;
	default:
		r = route(router, *accepted);
		CHECK(r == 0 || r == -EAGAIN || r == -ESRCH);
		*accepted += r == 0;
	}
}

static uint64_t key_of(const ProtobufCMessage *number)
{
	return (uint64_t)value_of(number) % 10;
}

static int history_root(int argc, char **argv)
{
	struct troupe_router router = { .by = any(4), .key = key_of };
	int64_t accepted = 0;

	CHECK(troupe_router_open(&router, NULL) == 0);
	for (int i = 0; i < STEPS; i++)
		step(&router, &accepted);
	for (int i = 0; i < MOST; i++)
		set_free(i);
	/* Somebody for the rest. */
	CHECK(troupe_router_add(&router, spawn_hand(&hand, MOST)) == 0);
	expect_each_once(0, accepted - 1);
	for (int64_t i = accepted; i < STEPS; i++)
		CHECK(board->value[i] == 0);
	fprintf(stderr, "router by %d: %lld of %d messages, %lld members\n",
		(int)router.by, (long long)accepted, STEPS,
		(long long)next_index);
	return 0;
}

Test(histories, whatever_members_do_a_message_is_handled_once)
{
	seed = kit_seed("histories/* (test-runtime-router)");
	for (int i = 0; i < 6; i++) {
		any(2);
		stage_pass(history_root);
	}
}
