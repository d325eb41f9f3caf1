/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ipc/mailbox_unread.h"
#include "ipc/peer.h"
#include "ipc/succession.h"
#include "tests/support/ipc_kit.h"

/* Actors that die and go on as their next incarnation, all in this process. */

enum { ANN = 1, BOB, EVE, ACTORS = EVE };

static struct kit kit;
static struct kit_actor actor[ACTORS + 1];

static void set_up(void)
{
	kit_init(&kit, 64, KIT_HEAP);
	for (uint32_t slot = ANN; slot <= ACTORS; slot++) {
		kit_give(&kit, slot);
		kit_actor_init(&kit, &actor[slot], slot, 0);
	}
}

static void tear_down(void)
{
	for (uint32_t slot = ANN; slot <= ACTORS; slot++)
		kit_actor_fini(&actor[slot]);
	kit_fini(&kit);
}

TestSuite(succession, .init = set_up, .fini = tear_down, .timeout = 600);

/* As the supervisor does, before the successor's process runs. */
static void begin_next(uint32_t slot)
{
	kit_actor_fini(&actor[slot]);
	trp_mailbox_unread_ring(&kit.self.box, slot);
	kit_succeed(&kit, slot);
}

static void succeed(uint32_t slot)
{
	begin_next(slot);
	kit_actor_init(&kit, &actor[slot], slot, 0);
}

static int post(uint32_t from, uint32_t to, enum trp_stream stream,
		uint64_t number)
{
	return kit_send(&actor[from], to, actor[to].generation, stream, &number,
			sizeof(number));
}

static void send(uint32_t from, uint32_t to, uint64_t number)
{
	cr_assert_eq(post(from, to, TRP_MAIL, number), 0);
}

static int take(uint32_t slot, struct trp_mail *mail)
{
	return trp_mailbox_receive(&actor[slot].box, TRP_TAKE_ALL, mail);
}

static void finish(uint32_t slot, const struct trp_mail *mail)
{
	trp_mailbox_receive_done(&actor[slot].box, mail);
}

static void expect(uint32_t slot, uint64_t first, uint64_t end)
{
	struct trp_mail mail;

	for (; first < end; first++) {
		cr_assert_eq(take(slot, &mail), 1, "%lu", first);
		cr_assert_eq(kit_number(&mail), first);
		finish(slot, &mail);
	}
}

static void expect_none(uint32_t slot)
{
	struct trp_mail mail;

	cr_assert_eq(take(slot, &mail), 0);
	cr_assert(trp_mailbox_receive_is_empty(&actor[slot].box, TRP_TAKE_ALL));
	trp_mailbox_receive_check(&actor[slot].box);
}

/* ---- the receiver -------------------------------------------------------- */

Test(succession, of_a_receiver_reads_what_was_not_done_with)
{
	for (uint64_t i = 0; i < 100; i++)
		send(ANN, BOB, i);
	expect(BOB, 0, 33);
	succeed(BOB);
	expect(BOB, 33, 66);
	for (uint64_t i = 100; i < 120; i++)
		send(ANN, BOB, i);
	succeed(BOB);
	succeed(BOB);
	expect(BOB, 66, 120);
	expect_none(BOB);
	cr_assert_eq(kit_sweep(&kit, BOB), 3);
}

Test(succession, of_one_that_had_seen_nobody_reads_all)
{
	for (uint64_t i = 0; i < 10; i++)
		send(ANN, BOB, i);
	succeed(BOB);
	expect(BOB, 0, 10);
	send(ANN, BOB, 10);
	expect(BOB, 10, 11);
	expect_none(BOB);
}

static void ignore(uint32_t sender, void *data)
{
}

/* Its bit in the doorbell was all that said so. */
Test(succession, of_one_that_was_about_to_meet_a_sender_meets_it)
{
	send(ANN, BOB, 0);
	trp_doorbell_take(actor[BOB].box.doorbell, ACTORS + 1, NULL, ignore,
			  NULL);
	actor[BOB].box.front->taking = ANN / 64 + 1;
	begin_next(BOB);
	kit_succeed(&kit, BOB);
	kit_actor_init(&kit, &actor[BOB], BOB, 0);
	expect(BOB, 0, 1);
	expect_none(BOB);
}

Test(succession, hands_out_again_what_was_in_a_handler_and_says_how_often)
{
	struct trp_mail mail;

	for (uint64_t i = 0; i < 3; i++)
		send(ANN, BOB, i);
	expect(BOB, 0, 1);
	for (uint32_t attempts = 0; attempts < 5; attempts++) {
		cr_assert_eq(take(BOB, &mail), 1);
		cr_assert_eq(kit_number(&mail), 1);
		cr_assert_eq(trp_succession_attempts(&actor[BOB].box, &mail),
			     attempts);
		actor[BOB].box.front->at_work =
			trp_handling(ANN, mail.position, false);
		succeed(BOB);
		if (attempts % 2) /* one that dies before it has begun */
			begin_next(BOB),
				kit_actor_init(&kit, &actor[BOB], BOB, 0);
	}
	cr_assert_eq(take(BOB, &mail), 1);
	cr_assert_eq(trp_succession_attempts(&actor[BOB].box, &mail), 5);
	finish(BOB, &mail);
	cr_assert_eq(actor[BOB].box.front->again, 0);
	cr_assert_eq(take(BOB, &mail), 1);
	cr_assert_eq(kit_number(&mail), 2);
	cr_assert_eq(trp_succession_attempts(&actor[BOB].box, &mail), 0);
	finish(BOB, &mail);
	expect_none(BOB);
}

/* Its mailbox is full; what the successor reads makes room. */
/* Another sender may get that slot, and send from that position. */
Test(succession, forgets_a_record_at_work_that_was_done_with)
{
	struct trp_mail mail;

	send(ANN, BOB, 0);
	cr_assert_eq(take(BOB, &mail), 1);
	actor[BOB].box.front->at_work = trp_handling(ANN, mail.position, false);
	finish(BOB, &mail);
	succeed(BOB);
	cr_assert_eq(trp_succession_attempts(&actor[BOB].box, &mail), 0);
	cr_assert_eq(actor[BOB].box.front->again, 0);
	expect_none(BOB);
}

Test(succession, of_a_receiver_tells_one_that_waits_for_room)
{
	uint64_t sent = 0;
	struct trp_mail mail;

	while (post(ANN, BOB, TRP_MAIL, sent) == 0)
		sent++;
	expect(BOB, 0, 1);
	cr_assert_eq(trp_mailbox_want_room(&actor[ANN].box, BOB,
					   actor[BOB].generation),
		     0);
	succeed(BOB);
	cr_assert_eq(trp_mailbox_want_room(&actor[ANN].box, BOB,
					   actor[BOB].generation),
		     0);
	expect_none(ANN);
	expect(BOB, 1, sent);
	expect_none(BOB);
	cr_assert(trp_doorbell_is_set(actor[ANN].box.doorbell));
	cr_assert_eq(take(ANN, &mail), 0);
	cr_assert_eq(trp_mailbox_want_room(&actor[ANN].box, BOB,
					   actor[BOB].generation),
		     1);
	send(ANN, BOB, sent);
	expect(BOB, sent, sent + 1);
}

/* ---- the sender ---------------------------------------------------------- */

Test(succession, of_a_sender_is_read_after_its_predecessor)
{
	uint64_t sent = 0;

	for (int lives = 0; lives < 5; lives++) {
		for (int i = 0; i < 50; i++)
			send(ANN, BOB, sent++);
		if (lives == 2)
			expect(BOB, 0, 70);
		succeed(ANN);
	}
	cr_assert_eq(kit_sweep(&kit, ANN), 1);
	send(ANN, BOB, sent++);
	expect(BOB, 70, sent);
	expect_none(BOB);
	cr_assert_eq(kit_sweep(&kit, ANN), 4);
}

/* A head that looks like one of the present incarnation is not taken for one.
 */
Test(succession, of_65536_senders_is_not_met_by_a_receiver_that_slept)
{
	for (uint64_t i = 0; i < 100; i++)
		send(ANN, BOB, i);
	expect(BOB, 0, 100);
	expect_none(BOB);
	for (int lives = 0; lives < 65536; lives++) {
		succeed(ANN);
		kit_sweep(&kit, ANN);
	}
	for (uint64_t i = 100; i < 300; i++)
		send(ANN, BOB, i);
	cr_assert_null(trp_peer_find(&actor[ANN].box, BOB)->out[0].theirs);
	cr_assert_eq(trp_mailbox_unread_bytes(&kit.fresh, BOB, ANN),
		     actor[ANN].box.peer[0] ? 200 * 16 + 24 : 0);
	expect(BOB, 100, 300);
	expect_none(BOB);
	send(ANN, BOB, 300);
	cr_assert_not_null(trp_peer_find(&actor[ANN].box, BOB)->out[0].theirs);
	expect(BOB, 300, 301);
}

Test(succession, of_a_sender_waits_for_what_is_held)
{
	struct trp_mail mail, other;

	send(ANN, BOB, 0);
	send(ANN, BOB, 1);
	cr_assert_eq(take(BOB, &mail), 1);
	cr_assert_eq(take(BOB, &other), 1);
	succeed(ANN);
	send(ANN, BOB, 2);
	cr_assert_eq(post(ANN, BOB, TRP_REPLY, 7), 0);
	/* Answers pass on by themselves. */
	expect(BOB, 7, 8);
	expect_none(BOB);
	finish(BOB, &mail);
	expect_none(BOB);
	cr_assert_eq(kit_sweep(&kit, ANN), 0);
	finish(BOB, &other);
	expect(BOB, 2, 3);
	expect_none(BOB);
	cr_assert_eq(kit_sweep(&kit, ANN), 1);
}

/* Nobody rings: what is held was all that it waited for. */
Test(succession, of_a_sender_is_read_as_soon_as_nothing_is_held)
{
	struct trp_mail mail;

	for (int stream = 0; stream < TRP_STREAMS; stream++) {
		cr_assert_eq(post(ANN, BOB, stream, 0), 0);
		cr_assert_eq(take(BOB, &mail), 1);
		succeed(ANN);
		cr_assert_eq(post(ANN, BOB, stream, 1), 0);
		expect_none(BOB);
		finish(BOB, &mail);
		expect(BOB, 1, 2);
		expect_none(BOB);
	}
}

Test(succession, of_a_liar_heals_its_lane)
{
	struct trp_mail mail;

	send(ANN, BOB, 0);
	expect(BOB, 0, 1);
	expect_none(BOB);
	send(ANN, BOB, 1);
	atomic_fetch_add(&trp_peer_find(&actor[ANN].box, BOB)
				  ->endpoint->out[TRP_MAIL]
				  .tail,
			 4);
	cr_assert_eq(take(BOB, &mail), -EBADMSG);
	succeed(ANN);
	send(ANN, BOB, 2);
	expect(BOB, 2, 3);
	expect_none(BOB);
	cr_assert_eq(kit_sweep(&kit, ANN), 1);
}

/* Of a lane that begins elsewhere; nor does it keep a region for ever. */
Test(succession, takes_a_tail_of_another_incarnation_for_a_lie)
{
	struct trp_mail mail;

	send(ANN, BOB, 0);
	expect(BOB, 0, 1);
	expect_none(BOB);
	send(ANN, BOB, 1);
	trp_peer_find(&actor[ANN].box, BOB)->endpoint->out[TRP_MAIL].tail =
		trp_lane_base(1) + 64;
	cr_assert_eq(take(BOB, &mail), -EBADMSG);
	trp_mailbox_receive_is_empty(&actor[BOB].box, TRP_TAKE_ALL);
	succeed(ANN);
	cr_assert_eq(kit_sweep(&kit, ANN), 1);
	send(ANN, BOB, 2);
	expect(BOB, 2, 3);
	expect_none(BOB);
}

Test(succession, is_reported_after_the_mail_of_the_dead_alone)
{
	struct trp_mail mail;

	send(ANN, BOB, 0);
	succeed(ANN);
	send(ANN, BOB, 1);
	cr_assert_eq(trp_mailbox_receive_from(&actor[BOB].box, ANN, 0, &mail),
		     1);
	finish(BOB, &mail);
	cr_assert_eq(trp_mailbox_receive_from(&actor[BOB].box, ANN, 0, &mail),
		     0);
	expect(BOB, 1, 2);
}

/* ---- regions ------------------------------------------------------------- */

Test(succession, keeps_a_region_until_the_import_and_the_last_reader)
{
	send(ANN, BOB, 0);
	send(BOB, ANN, 0);
	begin_next(BOB);
	cr_assert_eq(kit_sweep(&kit, BOB), 0, "it has not imported");
	/* Those that die before that leave none. */
	for (uint32_t i = 0; i < 2 * kit.self.arena.regions; i++)
		begin_next(BOB);
	kit_actor_init(&kit, &actor[BOB], BOB, 0);
	cr_assert_eq(kit_sweep(&kit, BOB), 0, "ann has not read it");
	expect(ANN, 0, 1);
	expect_none(ANN);
	cr_assert_eq(kit_sweep(&kit, BOB), 1);
	expect(BOB, 0, 1);
}

/* Ann has cached where bob's head is, and there another says that all is read.
 */
Test(succession, in_a_region_that_has_a_new_holder_nothing_is_believed)
{
	struct trp_outgoing *out;
	const struct trp_endpoint_in *theirs;
	uint64_t head;

	send(ANN, BOB, 0);
	expect(BOB, 0, 1);
	expect_none(BOB);
	send(ANN, BOB, 1);
	send(ANN, BOB, 2);
	out = &trp_peer_find(&actor[ANN].box, BOB)->out[TRP_MAIL];
	theirs = out->theirs;
	cr_assert_not_null(theirs);
	succeed(BOB);
	cr_assert_eq(kit_sweep(&kit, BOB), 1);
	head = out->tail;
	cr_assert_eq(pwrite(kit.fresh.fd, &head, 8,
			    (const unsigned char *)theirs - kit.fresh.base),
		     8);
	trp_outgoing_reclaim(out, &actor[ANN].box.region);
	cr_assert_lt(out->head_seen, head);
	expect(BOB, 1, 3);
	expect_none(BOB);
	send(ANN, BOB, 3);
	trp_outgoing_reclaim(out, &actor[ANN].box.region);
	cr_assert_eq(out->head_seen, head);
	expect(BOB, 3, 4);
}

/* First it is all zeros; then another says there what it likes. */
Test(succession, in_a_region_that_was_given_back_no_mail_is_seen)
{
	struct trp_incoming *in;
	uint64_t tail;

	send(ANN, BOB, 0);
	expect(BOB, 0, 1);
	expect_none(BOB);
	in = &trp_peer_find(&actor[BOB].box, ANN)->in[TRP_MAIL];
	cr_assert_not_null(in->theirs);
	succeed(ANN);
	cr_assert_eq(kit_sweep(&kit, ANN), 1);
	cr_assert_eq(trp_load_relaxed(&in->theirs->tail), 0);
	cr_assert_neq(in->cursor, 0);
	cr_assert_not(trp_incoming_has_more(in));
	tail = in->cursor + 64;
	cr_assert_eq(pwrite(kit.fresh.fd, &tail, 8,
			    (const unsigned char *)&in->theirs->tail -
				    kit.fresh.base),
		     8);
	cr_assert_eq(trp_load_relaxed(&in->theirs->tail), tail);
	cr_assert_not(trp_incoming_has_more(in));
	cr_assert(trp_incoming_is_drained(in));
	send(ANN, BOB, 1);
	expect(BOB, 1, 2);
	expect_none(BOB);
}

/* ---- what a supervisor asks ---------------------------------------------- */

static uint64_t taken_of[ACTORS + 1];

static void meet(uint32_t sender, uint64_t taken, void *data)
{
	taken_of[sender] = taken;
}

Test(succession, knows_which_records_were_handed_out)
{
	uint64_t position[4], number = 0;
	struct trp_mail mail;
	void *bytes;

	for (int i = 0; i < 4; i++) {
		cr_assert_eq(trp_mailbox_reserve(&actor[ANN].box, BOB,
						 actor[BOB].generation,
						 TRP_MAIL, 8, NULL, &bytes),
			     0);
		memcpy(bytes, &number, 8);
		position[i] = trp_mailbox_commit(&actor[ANN].box, 8);
	}
	send(EVE, BOB, 0);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(trp_mailbox_receive_from(&actor[BOB].box, ANN,
						      UINT32_MAX, &mail),
			     1);
		cr_assert_eq(mail.position, position[i]);
		if (i == 0)
			finish(BOB, &mail);
	}
	kit_actor_fini(&actor[BOB]);
	trp_mailbox_unread_taken(&kit.self.arena, BOB, meet, NULL);
	cr_assert(position[1] < taken_of[ANN] && taken_of[ANN] <= position[2]);
	cr_assert_eq(taken_of[EVE], 0);
	kit_succeed(&kit, BOB);
	kit_actor_init(&kit, &actor[BOB], BOB, 0);
}

/* ---- any history, against a model ---------------------------------------- */

/* Of each lane: the next number to send, and the next unfinished one. */
static struct model {
	uint64_t sent, done;
} lanes[ACTORS + 1][ACTORS + 1][TRP_STREAMS];
static struct trp_mail at_hand[ACTORS + 1];
static bool has_one[ACTORS + 1];

static void random_send(uint64_t *seed, uint32_t from)
{
	uint32_t to = ANN + kit_random(seed) % ACTORS;
	int stream = kit_random(seed) % TRP_STREAMS;
	uint64_t record[300] = { lanes[from][to][stream].sent };
	uint32_t size = 8 + kit_random(seed) % (sizeof(record) - 8);

	if (kit_random(seed) % 4)
		size = 8 + size % 100;
	if (kit_send(&actor[from], to, actor[to].generation, stream, record,
		     size) == 0)
		lanes[from][to][stream].sent++;
}

static bool random_take(uint32_t slot)
{
	struct trp_mail *mail = &at_hand[slot];
	uint64_t number;

	if (has_one[slot]) {
		lanes[mail->sender][slot][mail->stream].done++;
		finish(slot, mail);
		has_one[slot] = false;
		return true;
	}
	if (take(slot, mail) != 1)
		return false;
	memcpy(&number, mail->bytes, 8);
	cr_assert_eq(number, lanes[mail->sender][slot][mail->stream].done,
		     "%u to %u: %lu", mail->sender, slot, number);
	has_one[slot] = true;
	return true;
}

static unsigned regions_held(void)
{
	unsigned held = 0;

	for (uint32_t region = 0; region < kit.fresh.regions; region++)
		held += trp_arena_holder(&kit.fresh, region)->whose != 0;
	return held;
}

static void random_death(uint64_t *seed, uint32_t slot)
{
	if (regions_held() > 50)
		return;
	has_one[slot] = false;
	begin_next(slot);
	while (kit_random(seed) % 4 == 0)
		kit_succeed(&kit, slot); /* its process was never made */
	kit_actor_init(&kit, &actor[slot], slot, 0);
}

static void random_step(uint64_t *seed)
{
	uint32_t slot = ANN + kit_random(seed) % ACTORS;
	unsigned times = kit_random(seed) % 60;

	switch (kit_random(seed) % 12) {
	case 0:
		random_death(seed, slot);
		break;
	case 1:
		kit_sweep(&kit, slot);
		break;
	case 2:
		trp_mailbox_tidy(&actor[slot].box);
		break;
	case 3:
		trp_mailbox_receive_is_empty(&actor[slot].box, TRP_TAKE_ALL);
		break;
	case 4:
	case 5:
	case 6:
	case 7:
		while (times--)
			random_take(slot);
		break;
	default:
		while (times--)
			random_send(seed, slot);
	}
}

static void sweep_all(void)
{
	for (uint32_t slot = ANN; slot <= ACTORS; slot++)
		kit_sweep(&kit, slot);
}

Test(succession, loses_and_repeats_nothing_in_any_history)
{
	uint64_t seed = kit_seed("succession/loses_*");

	for (int round = 0; round < 200; round++) {
		for (int i = 0; i < 300; i++)
			random_step(&seed);
		for (uint32_t slot = ANN; slot <= ACTORS; slot++)
			while (random_take(slot))
				;
		for (uint32_t from = ANN; from <= ACTORS; from++)
			for (uint32_t to = ANN; to <= ACTORS; to++)
				for (int i = 0; i < TRP_STREAMS; i++)
					cr_assert_eq(lanes[from][to][i].done,
						     lanes[from][to][i].sent,
						     "%u to %u", from, to);
		sweep_all();
	}
}
