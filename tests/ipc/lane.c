/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/peer.h"
#include "ipc/mailbox_receive.h"
#include "ipc/outgoing.h"
#include "tests/support/aborts.h"
#include "tests/support/ipc_kit.h"

/* Lanes from ann to bob, both in this process. */

static struct kit kit;
static struct kit_actor ann, bob;

static void set_up(void)
{
	kit_begin_two(&kit, 4, &ann, &bob);
}

static void check(void *unused)
{
	trp_mailbox_receive_check(&ann.box);
	trp_mailbox_receive_check(&bob.box);
}

static void tear_down(void)
{
	check(NULL);
	kit_end_two(&kit, &ann, &bob);
}

TestSuite(lane, .init = set_up, .fini = tear_down, .timeout = 600);

static void set_limit(uint32_t limit)
{
	kit_actor_fini(&bob);
	kit_give(&kit, 2);
	kit_actor_init(&kit, &bob, 2, limit);
}

static int send(enum trp_stream stream, uint32_t size)
{
	static const unsigned char bytes[1 << 20];

	int r = kit_send(&ann, 2, bob.generation, stream, bytes, size);

	check(NULL);
	return r;
}

static int take(struct trp_mail *mail)
{
	int r = trp_mailbox_receive(&bob.box, TRP_TAKE_ALL, mail);

	check(NULL);
	return r;
}

static unsigned drain(void)
{
	struct trp_mail mail;
	unsigned n = 0;

	while (take(&mail) == 1) {
		trp_mailbox_receive_done(&bob.box, &mail);
		n++;
	}
	trp_mailbox_receive_is_empty(&bob.box, TRP_TAKE_ALL);
	return n;
}

/* ---- what the check sees ------------------------------------------------- */

Test(lane, its_check_sees_a_receiver_that_is_ahead_of_its_sender)
{
	struct trp_mail mail;
	struct trp_incoming *in;

	cr_assert_eq(send(TRP_MAIL, 1), 0);
	cr_assert_eq(take(&mail), 1);
	in = mail.from;
	in->cursor += 8;
	cr_assert(aborts(check, NULL));
	in->cursor -= 8;
	cr_assert_not(aborts(check, NULL));
}

Test(lane, its_check_sees_memory_that_is_owed_to_no_record)
{
	struct trp_outgoing *out;

	cr_assert_eq(send(TRP_MAIL, 1), 0);
	out = &trp_peer_find(&ann.box, 2)->out[TRP_MAIL];
	out->debt_count++;
	cr_assert(aborts(check, NULL));
	out->debt_count--;
}

Test(lane, its_check_sees_one_that_is_ready_and_in_no_queue)
{
	struct trp_peer *peer;

	cr_assert_eq(send(TRP_MAIL, 1), 0);
	drain();
	peer = trp_peer_find(&bob.box, 1);
	peer->is_ready[TRP_MAIL] = true;
	cr_assert(aborts(check, NULL));
	peer->is_ready[TRP_MAIL] = false;
	cr_assert_not(aborts(check, NULL));
}

/* ---- the limit ----------------------------------------------------------- */

Test(lane, a_full_one_refuses_and_loses_nothing)
{
	unsigned sent = 0;
	int r;

	set_limit(4096);
	while ((r = send(TRP_MAIL, 56)) == 0)
		sent++;
	cr_assert_eq(r, -EAGAIN);
	/* The rings' own records count as well. */
	cr_assert_leq(sent, 4096 / 64);
	cr_assert_geq(sent, 4096 / 64 - 4);
	cr_assert_eq(drain(), sent);
	cr_assert_eq(send(TRP_MAIL, 56), 0);
	cr_assert_eq(drain(), 1);
}

Test(lane, a_limit_of_a_few_records_holds_for_ever)
{
	set_limit(256);
	for (uint32_t i = 0; i < 1000; i++) {
		unsigned sent = 0;

		while (send(TRP_MAIL, i % 100) == 0)
			sent++;
		cr_assert_gt(sent, 0);
		cr_assert_leq(sent * trp_record_space(i % 100), 256);
		cr_assert_eq(drain(), sent);
	}
}

Test(lane, what_can_never_fit_is_told_from_what_does_not_fit_now)
{
	set_limit(4096);
	cr_assert_eq(send(TRP_MAIL, 4096 - 8), 0);
	cr_assert_eq(send(TRP_MAIL, 4096 - 8), -EAGAIN);
	cr_assert_eq(send(TRP_MAIL, 4096 - 7), -EMSGSIZE);
	cr_assert_eq(drain(), 1);
	for (int i = 0; i < 100; i++) {
		cr_assert_eq(send(TRP_MAIL, (uint32_t)i), 0);
		cr_assert_eq(drain(), 1);
		cr_assert_eq(send(TRP_MAIL, 4096 - 8), 0);
		cr_assert_eq(drain(), 1);
	}
}

Test(lane, a_reply_is_never_stuck_behind_mail)
{
	struct trp_mail mail;

	set_limit(1024);
	while (send(TRP_MAIL, 100) == 0)
		;
	for (int i = 0; i < 1000; i++)
		cr_assert_eq(send(TRP_REPLY, 100), 0);
	cr_assert_eq(take(&mail), 1);
	cr_assert_eq(mail.stream, TRP_REPLY);
}

Test(lane, to_and_from_the_supervisor_there_is_no_limit)
{
	static const unsigned char bytes[1024];

	set_limit(1024);
	for (int i = 0; i < 2000; i++) {
		cr_assert_eq(kit_send(&kit.self, 2, bob.generation, TRP_MAIL,
				      bytes, sizeof(bytes)),
			     0);
		cr_assert_eq(
			kit_send(&bob, 0, 1, TRP_MAIL, bytes, sizeof(bytes)),
			0);
	}
	cr_assert_eq(drain(), 2000);
}

/* A sender that asked for room is rung when there is some, and not before. */
Test(lane, a_sender_is_rung_when_half_is_free)
{
	struct trp_mail mail;
	unsigned taken = 0;

	set_limit(4096);
	while (send(TRP_MAIL, 56) == 0)
		;
	cr_assert_eq(trp_mailbox_want_room(&ann.box, 2, bob.generation), 0);
	cr_assert_not(trp_doorbell_is_set(ann.box.doorbell));
	while (!trp_doorbell_is_set(ann.box.doorbell)) {
		cr_assert_eq(take(&mail), 1);
		trp_mailbox_receive_done(&bob.box, &mail);
		taken++;
	}
	cr_assert_geq(taken, 32);
	cr_assert_leq(taken, 48);
	cr_assert_eq(trp_mailbox_want_room(&ann.box, 2, bob.generation), 1);
	cr_assert_eq(send(TRP_MAIL, 56), 0);
}

/* A limit far below a ring: one record more than half, and not all of it. */
Test(lane, a_sender_is_rung_for_half_of_a_small_limit)
{
	struct trp_mail mail;
	unsigned taken = 0;

	set_limit(256);
	while (send(TRP_MAIL, 56) == 0)
		;
	cr_assert_eq(trp_mailbox_want_room(&ann.box, 2, bob.generation), 0);
	while (!trp_doorbell_is_set(ann.box.doorbell)) {
		cr_assert_eq(take(&mail), 1);
		trp_mailbox_receive_done(&bob.box, &mail);
		taken++;
	}
	cr_assert_geq(taken, 2);
	cr_assert_leq(taken, 3);
}

Test(lane, room_that_is_promised_is_enough_for_what_was_refused)
{
	struct trp_mail mail;

	set_limit(4096);
	for (uint32_t size = 8; size <= 4088; size += 40) {
		cr_assert_eq(send(TRP_MAIL, 1000), 0);
		while (send(TRP_MAIL, size) == 0)
			;
		while (trp_mailbox_want_room(&ann.box, 2, bob.generation) ==
		       0) {
			cr_assert_eq(take(&mail), 1);
			trp_mailbox_receive_done(&bob.box, &mail);
			trp_mailbox_receive_is_empty(&bob.box, TRP_TAKE_ALL);
		}
		cr_assert_eq(send(TRP_MAIL, size), 0);
		drain();
	}
}

/* ---- against a model ----------------------------------------------------- */

enum { MODEL_ROOM = 1 << 14 };

struct sent {
	uint32_t size;
	uint32_t attached;
	unsigned char mark;
};

struct model {
	uint64_t seed;
	struct sent queue[MODEL_ROOM];
	uint32_t first, count; /* taken out at first, free running */
	struct {
		struct trp_mail mail;
		struct sent sent;
	} held[8];
	unsigned holding;
};

static uint32_t random_below(struct model *model, uint32_t bound)
{
	return (uint32_t)(kit_random(&model->seed) % bound);
}

static bool is_all(const void *bytes, uint64_t size, unsigned char mark)
{
	const unsigned char *at = bytes;

	for (uint64_t i = 0; i < size; i++)
		if (at[i] != mark)
			return false;
	return true;
}

static void send_one(struct model *model, uint32_t largest)
{
	struct sent sent = { .mark = (unsigned char)random_below(model, 256) };
	uint32_t reserved = random_below(model, largest);
	struct trp_extent extent;
	void *bytes, *beside;
	int r;

	sent.size = reserved - random_below(model, reserved / 4 + 1);
	if (random_below(model, 8) == 0) {
		sent.attached = 1 + random_below(model, 20000);
		cr_assert_eq(trp_mailbox_loan(&ann.box, sent.attached, &extent,
					      &beside),
			     0);
		memset(beside, sent.mark, sent.attached);
	}
	r = trp_mailbox_reserve(&ann.box, 2, bob.generation, TRP_MAIL, reserved,
				sent.attached ? &extent : NULL, &bytes);
	if (r == 0)
		memset(bytes, sent.mark, reserved);
	if (r < 0 || random_below(model, 6) == 0) {
		cr_assert(r == 0 || r == -EAGAIN);
		if (sent.attached)
			trp_mailbox_unloan(&ann.box, extent);
		return;
	}
	trp_mailbox_commit(&ann.box, sent.size);
	model->queue[(model->first + model->count++) % MODEL_ROOM] = sent;
}

static void let_go(struct model *model)
{
	unsigned i = --model->holding;
	struct trp_mail *mail = &model->held[i].mail;
	struct sent *sent = &model->held[i].sent;

	cr_assert(is_all(mail->bytes, mail->size, sent->mark));
	cr_assert(is_all(mail->attachment, mail->attachment_size, sent->mark));
	trp_mailbox_receive_done(&bob.box, mail);
}

static void take_one(struct model *model)
{
	unsigned i = model->holding;
	struct trp_mail *mail = &model->held[i].mail;
	struct sent *sent = &model->held[i].sent;
	int r = take(mail);

	cr_assert_eq(r, model->count > 0);
	if (r == 0)
		return;
	*sent = model->queue[model->first++ % MODEL_ROOM];
	model->count--;
	model->holding++;
	cr_assert_eq(mail->size, sent->size);
	cr_assert_eq(mail->attachment_size, sent->attached);
	cr_assert(is_all(mail->bytes, mail->size, sent->mark));
	while (model->holding &&
	       (model->holding == 8 || random_below(model, 3)))
		let_go(model);
}

static void run_model(struct model *model, int steps, uint32_t largest)
{
	uint32_t senders_luck = 50;

	for (int i = 0; i < steps; i++) {
		if (i % 500 == 0)
			senders_luck = 20 + random_below(model, 60);
		if (random_below(model, 40) == 0)
			trp_mailbox_tidy(&ann.box);
		else if (random_below(model, 100) < senders_luck)
			send_one(model, largest);
		else
			take_one(model);
	}
	while (model->holding)
		let_go(model);
	while (model->count)
		take_one(model);
	while (model->holding)
		let_go(model);
}

/* All that is left of ann's region is the ring. */
static void expect_no_leak(void)
{
	struct trp_peer *peer = trp_peer_find(&ann.box, 2);
	struct trp_outgoing *out = &peer->out[TRP_MAIL];

	cr_assert_eq(drain(), 0);
	trp_peer_meet(&ann.box, peer);
	cr_assert_eq(trp_outgoing_reclaim(out, &ann.box.region), 0);
	if (out->open.block.size)
		send(TRP_MAIL, 0);
	drain();
	trp_outgoing_reclaim(out, &ann.box.region);
	cr_assert_eq(ann.box.region.used, out->block.size);
}

Test(lane, records_of_any_length_are_kept_whole_and_in_order)
{
	static struct model model;
	static const uint32_t limits[] = { 256, 2048, 1 << 16, 1 << 20 };

	model.seed = kit_seed("lane/records_*");
	for (int i = 0; i < 4; i++) {
		set_limit(limits[i]);
		run_model(&model, 20000, 100);
		run_model(&model, 10000,
			  limits[i] < 6000 ? limits[i] / 2 : 3000);
		expect_no_leak();
	}
}

/* ---- attachments --------------------------------------------------------- */

Test(lane, an_attachment_is_read_where_it_was_written)
{
	struct trp_extent extent;
	struct trp_mail mail;
	void *bytes, *beside;

	cr_assert_eq(trp_mailbox_loan(&ann.box, 64 << 20, &extent, &beside), 0);
	memset(beside, 7, 64 << 20);
	cr_assert_eq(trp_mailbox_reserve(&ann.box, 2, 1, TRP_MAIL, 3, &extent,
					 &bytes),
		     0);
	memcpy(bytes, "abc", 3);
	trp_mailbox_commit(&ann.box, 3);
	cr_assert_eq(take(&mail), 1);
	cr_assert_eq(mail.attachment, beside);
	cr_assert_eq(mail.attachment_size, 64 << 20);
	cr_assert(!memcmp(mail.bytes, "abc", 3));
	trp_mailbox_receive_done(&bob.box, &mail);
	drain();
}

static int ascending(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Nanoseconds from the loan to done, untouched; the median. */
static int64_t time_to_hand_over(uint64_t size)
{
	struct trp_extent extent;
	struct trp_mail mail;
	void *bytes, *beside;
	int64_t round[101];

	for (int i = -1; i < 101; i++) {
		int64_t begin = trp_time_now().ns;

		cr_assert_eq(trp_mailbox_loan(&ann.box, size, &extent, &beside),
			     0);
		cr_assert_eq(trp_mailbox_reserve(&ann.box, 2, 1, TRP_MAIL, 0,
						 &extent, &bytes),
			     0);
		trp_mailbox_commit(&ann.box, 0);
		cr_assert_eq(take(&mail), 1);
		trp_mailbox_receive_done(&bob.box, &mail);
		trp_mailbox_receive_is_empty(&bob.box, TRP_TAKE_ALL);
		if (i >= 0)
			round[i] = trp_time_now().ns - begin;
	}
	qsort(round, 101, sizeof(*round), ascending);
	return round[50];
}

/* Two blocks of it are in use in turn, and warm from then on. */
Test(lane, handing_over_costs_the_same_for_any_size)
{
	int64_t small = time_to_hand_over(64 << 10);
	int64_t large = time_to_hand_over(64 << 20);

	cr_assert_leq(large, 10 * small, "%ld ns, %ld ns", large, small);
}

Test(lane, a_full_region_is_enobufs_until_receivers_have_finished)
{
	struct trp_extent extent[8];
	struct trp_mail mail;
	void *bytes;
	int n = 0, r;

	while ((r = trp_mailbox_loan(&ann.box, KIT_HEAP / 8, &extent[n],
				     &bytes)) == 0) {
		cr_assert_eq(trp_mailbox_reserve(&ann.box, 2, 1, TRP_MAIL, 0,
						 &extent[n++], &bytes),
			     0);
		trp_mailbox_commit(&ann.box, 0);
	}
	cr_assert_eq(r, -ENOBUFS);
	cr_assert_eq(n, 8);
	cr_assert_eq(take(&mail), 1);
	trp_mailbox_receive_done(&bob.box, &mail);
	trp_mailbox_receive_is_empty(&bob.box, TRP_TAKE_ALL);
	cr_assert_eq(
		trp_mailbox_loan(&ann.box, KIT_HEAP / 8, &extent[0], &bytes),
		0);
	trp_mailbox_unloan(&ann.box, extent[0]);
}

/* The same for the ring of a record that is not beside but in the lane. */
Test(lane, a_ring_takes_the_place_of_what_receivers_have_finished_with)
{
	struct trp_extent extent;
	void *bytes;

	for (int i = 0; i < 8; i++) {
		cr_assert_eq(trp_mailbox_loan(&ann.box, KIT_HEAP / 8, &extent,
					      &bytes),
			     0);
		cr_assert_eq(trp_mailbox_reserve(&ann.box, 2, 1, TRP_MAIL, 0,
						 &extent, &bytes),
			     0);
		trp_mailbox_commit(&ann.box, 0);
	}
	cr_assert_eq(trp_mailbox_reserve(&ann.box, 0, 1, TRP_MAIL,
					 KIT_HEAP / 16, NULL, &bytes),
		     -ENOBUFS);
	cr_assert_eq(drain(), 8);
	cr_assert_eq(trp_mailbox_reserve(&ann.box, 0, 1, TRP_MAIL,
					 KIT_HEAP / 16, NULL, &bytes),
		     0);
}

Test(lane, what_a_dead_receiver_had_not_read_is_freed)
{
	struct trp_extent extent;
	void *bytes;

	for (int i = 0; i < 8; i++) {
		cr_assert_eq(trp_mailbox_loan(&ann.box, KIT_HEAP / 8, &extent,
					      &bytes),
			     0);
		cr_assert_eq(trp_mailbox_reserve(&ann.box, 2, 1, TRP_MAIL, 0,
						 &extent, &bytes),
			     0);
		trp_mailbox_commit(&ann.box, 0);
	}
	cr_assert_eq(trp_mailbox_loan(&ann.box, KIT_HEAP / 8, &extent, &bytes),
		     -ENOBUFS);
	kit_set_state(&kit, 2, TRP_DEAD);
	cr_assert_eq(trp_mailbox_loan(&ann.box, KIT_HEAP / 8, &extent, &bytes),
		     0);
}
