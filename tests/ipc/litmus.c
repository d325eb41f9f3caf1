/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <pthread.h>
#include <sched.h>
#include <stdalign.h>

#include "ipc/peer.h"
#include "ipc/incoming.h"
#include "ipc/mailbox_receive.h"
#include "ipc/outgoing.h"
#include "tests/support/ipc_kit.h"

/*
 * The two handshakes of a lane, repeated with both sides at the same instant:
 * at least one of them must see the other.  These tests fail if a fence is
 * missing.
 */

enum { ROUNDS = 200000, LIMIT = 256, RECORD = 16 };

static struct kit kit;
static struct kit_actor ann, bob;
static struct trp_outgoing *out;
static struct trp_incoming *in;

static void set_up(void)
{
	struct trp_mail mail;

	kit_init(&kit, 4, 1 << 20);
	kit_give(&kit, 1);
	kit_give(&kit, 2);
	kit_actor_init(&kit, &ann, 1, LIMIT);
	kit_actor_init(&kit, &bob, 2, LIMIT);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(kit_send_number(&ann, 2, 1, 0), 0);
		cr_assert_eq(trp_mailbox_receive(&bob.box, TRP_TAKE_ALL, &mail),
			     1);
		trp_mailbox_receive_done(&bob.box, &mail);
		trp_mailbox_receive_is_empty(&bob.box, TRP_TAKE_ALL);
	}
	out = &trp_peer_find(&ann.box, 2)->out[TRP_MAIL];
	in = &trp_peer_find(&bob.box, 1)->in[TRP_MAIL];
	cr_assert_not_null(out->theirs);
}

static void tear_down(void)
{
	kit_actor_fini(&bob);
	kit_actor_fini(&ann);
	kit_fini(&kit);
}

TestSuite(litmus, .init = set_up, .fini = tear_down, .timeout = 600);

static _Atomic unsigned arrived;

static void meet(unsigned nth)
{
	atomic_fetch_add(&arrived, 1);
	for (unsigned spins = 0; atomic_load(&arrived) < 2 * nth; spins++)
		if (spins > 2000)
			sched_yield();
}

/* The first to a meeting leaves it later; the delay is varied. */
static void linger(unsigned round, unsigned side)
{
	unsigned turns = (side ? round / 2 : round / 64) % 32 * 8;

	for (volatile unsigned i = 0; i < turns; i++)
		;
}

static bool put(void)
{
	void *bytes;

	if (trp_outgoing_reserve(out, &ann.box.region, 8, NULL, LIMIT, &bytes))
		return false;
	*(uint64_t *)bytes = 0;
	return true;
}

static bool get(void)
{
	struct trp_mail mail;

	if (trp_incoming_next(in, &bob.arena, &mail) != 1)
		return false;
	trp_incoming_done(in, &mail);
	return true;
}

/*
 * Before its move each side loads its target once, so that the next load is
 * fast.  One of them, in turn, first stores to lines that the other has just
 * written, so that its stores, which go out in order, are slow.
 */
static struct {
	alignas(64) volatile uint64_t word;
} burden[2][8];

static void weigh_down(int side)
{
	for (int i = 0; i < 8; i++)
		burden[side][i].word++;
}

struct game {
	void (*prepare)(void);
	uint64_t (*look[2])(void);
	bool (*move[2])(void);
	bool won[2];
	unsigned both_lost;
};

static volatile uint64_t looked;

static void make_move(struct game *game, unsigned round, int side)
{
	meet(3 * round + 1);
	weigh_down(!side);
	looked = game->look[side]();
	meet(3 * round + 2);
	linger(round, (unsigned)side);
	if (round % 2 == (unsigned)side)
		weigh_down(side);
	game->won[side] = game->move[side]();
	meet(3 * round + 3);
}

static void *other_side(void *data)
{
	for (unsigned round = 0; round < ROUNDS; round++)
		make_move(data, round, 1);
	return NULL;
}

static void play(struct game *game)
{
	pthread_t thread;

	atomic_store(&arrived, 0);
	game->prepare();
	cr_assert_eq(pthread_create(&thread, NULL, other_side, game), 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		make_move(game, round, 0);
		if (!game->won[0] && !game->won[1])
			game->both_lost++;
		if (round + 1 < ROUNDS)
			game->prepare();
	}
	pthread_join(thread, NULL);
	cr_assert_eq(game->both_lost, 0, "%u of %u rounds", game->both_lost,
		     ROUNDS);
}

/* ---- a record is committed while the receiver catches up ----------------- */

/* One record read and its event not set yet, one record to be committed. */
static void prepare_catching_up(void)
{
	while (get())
		;
	trp_incoming_publish(in);
	cr_assert(put());
	trp_outgoing_commit(out, 8);
	cr_assert(get());
	cr_assert(put());
}

static uint64_t look_at_event(void)
{
	return out->theirs->event + out->theirs->head + out->tail;
}

static uint64_t look_at_tail(void)
{
	return in->theirs->tail + in->theirs->room + in->mine->event +
	       in->cursor;
}

static bool commit(void)
{
	return trp_outgoing_commit(out, 8);
}

static bool sees_more(void)
{
	bool has_to_ring;

	return !trp_incoming_catch_up(in, &has_to_ring);
}

Test(litmus, a_commit_rings_or_is_seen)
{
	struct game game = {
		.prepare = prepare_catching_up,
		.look = { look_at_event, look_at_tail },
		.move = { commit, sees_more },
	};

	play(&game);
}

/* ---- a sender waits for room while the receiver gives it ----------------- */

/* Full, then read; head is not published yet. */
static void prepare_waiting(void)
{
	while (get())
		;
	trp_incoming_publish(in);
	while (put())
		trp_outgoing_commit(out, 8);
	for (int i = 0; i < LIMIT / RECORD - 2; i++)
		get();
}

static bool sees_room(void)
{
	return trp_outgoing_want_room(out, &ann.box.region, LIMIT);
}

static bool rings(void)
{
	return trp_incoming_publish(in);
}

Test(litmus, room_rings_or_is_seen)
{
	struct game game = {
		.prepare = prepare_waiting,
		.look = { look_at_event, look_at_tail },
		.move = { sees_room, rings },
	};

	play(&game);
}
