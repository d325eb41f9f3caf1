/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "ipc/peer.h"
#include "ipc/mailbox_receive.h"
#include "ipc/mailbox_unread.h"
#include "ipc/outgoing.h"
#include "tests/support/ipc_kit.h"

/* Memory that is no longer used; ann sends to bob, in this process. */

static struct kit kit;
static struct kit_actor ann, bob;

static void set_up(void)
{
	kit_begin_two(&kit, 4, &ann, &bob);
}

static void tear_down(void)
{
	kit_end_two(&kit, &ann, &bob);
}

TestSuite(retire, .init = set_up, .fini = tear_down, .timeout = 600);

static uint64_t usage(void)
{
	return kit_usage(&kit.self.arena);
}

static void send_numbers(uint64_t first, uint64_t end)
{
	for (uint64_t i = first; i < end; i++)
		cr_assert_eq(kit_send_number(&ann, 2, 1, i), 0);
}

static void read_numbers(uint64_t first, uint64_t end)
{
	struct trp_mail mail;

	for (uint64_t i = first; i < end; i++) {
		cr_assert_eq(trp_mailbox_receive(&bob.box, TRP_TAKE_ALL, &mail),
			     1);
		cr_assert_eq(kit_number(&mail), i);
		trp_mailbox_receive_done(&bob.box, &mail);
	}
	cr_assert_eq(trp_mailbox_receive(&bob.box, TRP_TAKE_ALL, &mail), 0);
	cr_assert(trp_mailbox_receive_is_empty(&bob.box, TRP_TAKE_ALL));
}

static struct trp_outgoing *lane(void)
{
	return &trp_peer_find(&ann.box, 2)->out[TRP_MAIL];
}

/* As an actor does, now and then. */
static void look(void)
{
	trp_mailbox_tidy(&ann.box);
	trp_region_cool(&ann.box.region);
}

enum { MANY = 10000 };

Test(retire, what_a_lane_grew_to_goes_back_to_the_machine_when_it_is_idle)
{
	uint64_t before, grown;

	send_numbers(0, 1);
	read_numbers(0, 1);
	before = usage();
	send_numbers(0, MANY);
	read_numbers(0, MANY);
	grown = usage();
	cr_assert_gt(grown, before + MANY * 16);
	look();
	look();
	cr_assert_null(lane()->ring);
	read_numbers(0, 0);
	look();
	cr_assert_eq(ann.box.region.used, 0);
	look();
	cr_assert_leq(usage(), before + 2 * TRP_COOL_MIN);
}

Test(retire, a_closed_lane_opens_again_and_nothing_is_lost)
{
	for (uint64_t i = 0; i < 50; i++) {
		send_numbers(i, i + 200);
		/* Half the time the receiver reads end and new mail at once. */
		read_numbers(i, i + 200);
		look();
		look();
		cr_assert_null(lane()->ring);
		cr_assert(trp_doorbell_is_set(bob.box.doorbell));
		if (i % 2)
			read_numbers(0, 0);
	}
	cr_assert_eq(bob.box.lies, 0);
}

Test(retire, a_lane_with_something_unread_or_held_stays_open)
{
	struct trp_mail mail;

	send_numbers(0, 200);
	for (int i = 0; i < 3; i++)
		look();
	cr_assert_not_null(lane()->ring);
	read_numbers(0, 200);
	send_numbers(0, 1);
	cr_assert_eq(trp_mailbox_receive(&bob.box, TRP_TAKE_ALL, &mail), 1);
	trp_mailbox_receive_is_empty(&bob.box, TRP_TAKE_ALL);
	for (int i = 0; i < 3; i++)
		look();
	cr_assert_not_null(lane()->ring);
	cr_assert_eq(kit_number(&mail), 0);
	trp_mailbox_receive_done(&bob.box, &mail);
	read_numbers(0, 0);
	look();
	cr_assert_null(lane()->ring);
}

Test(retire, a_lane_that_is_used_between_looks_stays_open)
{
	send_numbers(0, 200);
	read_numbers(0, 200);
	for (uint64_t i = 0; i < 10; i++) {
		look();
		send_numbers(i, i + 1);
		read_numbers(i, i + 1);
	}
	cr_assert_not_null(lane()->ring);
}

Test(retire, an_open_reservation_keeps_its_lane_and_an_abandoned_one_does_not)
{
	void *bytes;

	send_numbers(0, 200);
	read_numbers(0, 200);
	cr_assert_eq(
		trp_mailbox_reserve(&ann.box, 2, 1, TRP_MAIL, 8, NULL, &bytes),
		0);
	for (int i = 0; i < 3; i++)
		look();
	memcpy(bytes, &(uint64_t) { 7 }, 8);
	trp_mailbox_commit(&ann.box, 8);
	read_numbers(7, 8);
	cr_assert_eq(
		trp_mailbox_reserve(&ann.box, 2, 1, TRP_MAIL, 8, NULL, &bytes),
		0);
	cr_assert_eq(
		trp_mailbox_reserve(&ann.box, 9, 1, TRP_MAIL, 8, NULL, &bytes),
		-ESRCH);
	for (int i = 0; i < 3; i++)
		look();
	cr_assert_null(lane()->ring);
	send_numbers(0, 300);
	read_numbers(0, 300);
}

Test(retire, a_receiver_that_read_an_attachment_gives_it_back_without_a_send)
{
	struct trp_extent extent;
	struct trp_mail mail;
	void *bytes, *beside;
	uint64_t before = usage();

	cr_assert_eq(trp_mailbox_loan(&ann.box, 8 << 20, &extent, &beside), 0);
	cr_assert_eq(trp_mailbox_reserve(&ann.box, 2, 1, TRP_MAIL, 8, &extent,
					 &bytes),
		     0);
	trp_mailbox_commit(&ann.box, 8);
	cr_assert_eq(trp_mailbox_receive(&bob.box, TRP_TAKE_ALL, &mail), 1);
	trp_mailbox_receive_done(&bob.box, &mail);
	read_numbers(0, 0);
	cr_assert_gt(usage(), before + (8 << 20));
	for (int i = 0; i < 3; i++)
		look();
	cr_assert_leq(usage(), before + TRP_COOL_MIN);
}

static uint64_t lend(uint64_t size)
{
	struct trp_extent extent;
	void *bytes, *beside;

	cr_assert_eq(trp_mailbox_loan(&ann.box, size, &extent, &beside), 0);
	cr_assert_eq(trp_mailbox_reserve(&ann.box, 2, 1, TRP_MAIL, 8, &extent,
					 &bytes),
		     0);
	memset(bytes, 0, 8);
	trp_mailbox_commit(&ann.box, 8);
	return extent.offset;
}

Test(retire, the_next_loan_takes_the_block_that_was_read_and_no_new_one)
{
	const uint64_t size = 4 << 20;
	uint64_t first = lend(size), before = usage();
	struct trp_mail mail;

	for (int i = 0; i < 10; i++) {
		cr_assert_eq(trp_mailbox_receive(&bob.box, TRP_TAKE_ALL, &mail),
			     1);
		cr_assert_not(trp_region_is_warm(&ann.box.region, size));
		trp_mailbox_receive_done(&bob.box, &mail);
		read_numbers(0, 0);
		cr_assert_eq(lend(size), first);
	}
	cr_assert_eq(usage(), before);
	/* This one is never read: the next is another. */
	cr_assert_neq(lend(size), first);
}

Test(retire, an_end_that_is_told_for_ever_is_found_out)
{
	const struct trp_record end = { .kind = TRP_CLOSES };
	struct trp_mail mail;

	send_numbers(0, 1);
	memcpy(lane()->ring, &end, sizeof(end));
	lane()->mine->tail = sizeof(end);
	cr_assert_eq(trp_mailbox_receive(&bob.box, TRP_TAKE_ALL, &mail),
		     -EBADMSG);
	cr_assert_eq(trp_mailbox_receive(&bob.box, TRP_TAKE_ALL, &mail), 0);
	cr_assert_eq(bob.box.lies, 1);
}

Test(retire, the_reaper_counts_an_end_that_was_not_read)
{
	send_numbers(0, 200);
	read_numbers(0, 200);
	look();
	look();
	kit_set_state(&kit, 1, TRP_DEAD);
	cr_assert_eq(trp_mailbox_unread_ring(&kit.self.box, 1), 1);
	read_numbers(0, 0);
	cr_assert_eq(trp_mailbox_unread_ring(&kit.self.box, 1), 0);
}

/* ---- growth is thought over ---------------------------------------------- */

static int send_bytes(uint32_t size)
{
	static const unsigned char bytes[1 << 20];

	return kit_send(&ann, 2, 1, TRP_MAIL, bytes, size);
}

static bool would_grow(uint32_t size, uint32_t limit)
{
	return trp_outgoing_would_grow(lane(), &ann.box.region, size, limit);
}

Test(retire, only_a_large_ring_that_is_full_and_may_grow_is_thought_over)
{
	struct trp_mail mail;
	uint32_t limit;
	uint64_t size;

	while (send_bytes(1000) == 0 && lane()->block.size < TRP_LANE_LARGE)
		cr_assert_not(would_grow(1000, TRP_LIMIT_DEFAULT));
	size = lane()->block.size;
	while (!would_grow(1000, TRP_LIMIT_DEFAULT))
		cr_assert_eq(send_bytes(1000), 0);
	cr_assert_eq(lane()->block.size, size);
	/* A record that fills the limit to the last byte is not refused. */
	limit = (uint32_t)(lane()->tail - lane()->head_seen +
			   trp_record_space(1000));
	cr_assert(would_grow(1000, limit));
	cr_assert_not(would_grow(1000, limit - 1));
	/* Refused anyway; larger than a third of the ring; read. */
	cr_assert_not(would_grow(1000, TRP_LANE_LARGE));
	cr_assert(would_grow((uint32_t)size / 4, TRP_LIMIT_DEFAULT));
	cr_assert_not(would_grow((uint32_t)size / 3, TRP_LIMIT_DEFAULT));
	while (trp_mailbox_receive(&bob.box, TRP_TAKE_ALL, &mail) == 1)
		trp_mailbox_receive_done(&bob.box, &mail);
	trp_peer_meet(&ann.box, trp_peer_find(&ann.box, 2));
	cr_assert_not(would_grow(1000, TRP_LIMIT_DEFAULT));
}

Test(retire, where_nobody_reads_it_grows_up_to_the_limit)
{
	unsigned sent = 0;
	int r;

	while ((r = send_bytes(1000)) == 0)
		sent++;
	cr_assert_eq(r, -EAGAIN);
	cr_assert_gt(sent, TRP_LIMIT_DEFAULT / 1008 - 10);
}

static int read_for_ever(struct kit_actor *actor, void *unused)
{
	struct trp_mail mail;
	int r;

	(void)unused;
	while ((r = kit_receive(actor, TRP_TAKE_ALL, &mail)) == 1) {
		bool is_last = mail.size == 1;

		trp_mailbox_receive_done(&actor->box, &mail);
		if (is_last)
			return 0;
	}
	return 1;
}

/* It may happen sometimes: the reader may be preempted for a while. */
Test(retire, where_somebody_reads_it_does_not_grow_by_as_much_as_is_sent)
{
	uint32_t generation;
	pid_t pid = kit_fork(&kit, 3, TRP_LIMIT_MAX, read_for_ever, NULL);
	static const unsigned char bytes[4000];
	struct trp_outgoing *out;
	int i, r = 0;

	generation = kit_generation(&kit, 3);
	for (i = 0; r == 0 && i < 100000; i++)
		r = kit_send(&ann, 3, generation, TRP_MAIL, bytes,
			     sizeof(bytes));
	cr_assert_eq(r, 0, "the %dth: %s", i, strerror(-r));
	out = &trp_peer_find(&ann.box, 3)->out[TRP_MAIL];
	cr_assert_lt(out->block.size, UINT64_C(100) << 20);
	cr_assert_eq(kit_send(&ann, 3, generation, TRP_MAIL, bytes, 1), 0);
	cr_assert_eq(kit_reap(&kit, 3, pid), 0);
}
