/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "tests/support/ipc_kit.h"
#include "ipc/mailbox_receive.h"
#include "ipc/mailbox_unread.h"

/* The order of reading: many senders, one receiver. */

enum { SENDERS = 40, FIRST = 2 };

static struct kit kit;
static struct kit_actor receiver;
static struct kit_actor sender[SENDERS];

static void set_up(void)
{
	kit_init(&kit, FIRST + SENDERS, 4 << 20);
	kit_give(&kit, 1);
	kit_actor_init(&kit, &receiver, 1, 0);
	for (uint32_t i = 0; i < SENDERS; i++) {
		kit_give(&kit, FIRST + i);
		kit_actor_init(&kit, &sender[i], FIRST + i, 0);
	}
}

static void tear_down(void)
{
	for (uint32_t i = 0; i < SENDERS; i++)
		kit_actor_fini(&sender[i]);
	kit_actor_fini(&receiver);
	kit_fini(&kit);
}

TestSuite(turns, .init = set_up, .fini = tear_down, .timeout = 600);

static int take(unsigned kinds, struct trp_mail *mail)
{
	int r = trp_mailbox_receive(&receiver.box, kinds, mail);

	if (r == 1)
		trp_mailbox_receive_done(&receiver.box, mail);
	return r;
}

/* Nothing else is ready: then the reader may linger for the next reply. */
Test(turns, an_idle_stream_of_a_sender_is_not_ready)
{
	struct trp_mail mail;
	uint64_t number = 1;

	for (int i = 0; i < 3; i++) {
		cr_assert_eq(kit_send(&sender[0], 1, receiver.generation,
				      TRP_REPLY, &number, sizeof(number)),
			     0);
		cr_assert_eq(take(TRP_TAKE_REPLY, &mail), 1);
		cr_assert_eq(receiver.box.ready_lanes, 1);
		cr_assert_eq(take(TRP_TAKE_REPLY, &mail), 0);
		cr_assert_eq(receiver.box.ready_lanes, 0);
	}
}

Test(turns, a_sender_that_floods_does_not_starve_another)
{
	struct trp_mail mail;
	unsigned from_flood = 0;

	for (int i = 0; i < 1000; i++)
		cr_assert_eq(kit_send_number(&sender[0], 1, 1, 0), 0);
	cr_assert_eq(take(TRP_TAKE_ALL, &mail), 1);
	for (uint32_t i = 1; i < SENDERS; i++)
		cr_assert_eq(kit_send_number(&sender[i], 1, 1, i), 0);
	for (uint32_t others = 0; others < SENDERS - 1;) {
		cr_assert_eq(take(TRP_TAKE_ALL, &mail), 1);
		cr_assert_eq(kit_send_number(&sender[0], 1, 1, 0), 0);
		if (kit_number(&mail))
			others++;
		else
			from_flood++;
	}
	cr_assert_leq(from_flood, 2 * TRP_TURN);
}

/* Replies in between must not renew the turn of a sender of mail. */
Test(turns, a_turn_ends_although_replies_come_in_between)
{
	struct trp_mail mail;
	unsigned from_flood = 0;

	for (int i = 0; i < 1000; i++)
		cr_assert_eq(kit_send_number(&sender[0], 1, 1, 0), 0);
	cr_assert_eq(take(TRP_TAKE_ALL, &mail), 1);
	cr_assert_eq(kit_send_number(&sender[1], 1, 1, 1), 0);
	for (;;) {
		cr_assert_eq(kit_send(&sender[2], 1, 1, TRP_REPLY, "r", 1), 0);
		cr_assert_eq(take(TRP_TAKE_ALL, &mail), 1);
		cr_assert_eq(mail.stream, TRP_REPLY);
		cr_assert_eq(take(TRP_TAKE_ALL, &mail), 1);
		if (kit_number(&mail))
			break;
		from_flood++;
	}
	cr_assert_leq(from_flood, 2 * TRP_TURN);
}

Test(turns, the_supervisor_is_read_first_and_replies_before_mail)
{
	struct trp_mail mail;

	for (int i = 0; i < 100; i++)
		cr_assert_eq(kit_send_number(&sender[0], 1, 1, 1), 0);
	cr_assert_eq(take(TRP_TAKE_ALL, &mail), 1);
	cr_assert_eq(kit_send(&sender[1], 1, 1, TRP_REPLY, "r", 1), 0);
	cr_assert_eq(kit_send_number(&kit.self, 1, 1, 0), 0);
	cr_assert_eq(take(TRP_TAKE_ALL, &mail), 1);
	cr_assert_eq(mail.sender, 0);
	cr_assert_eq(take(TRP_TAKE_ALL, &mail), 1);
	cr_assert_eq(mail.stream, TRP_REPLY);
	cr_assert_eq(take(TRP_TAKE_ALL, &mail), 1);
	cr_assert_eq(kit_number(&mail), 1);
}

/* A caller that asks again after each reply always has some. */
Test(turns, replies_without_end_do_not_starve_mail)
{
	struct trp_mail mail;
	unsigned replies = 0;

	for (int i = 0; i < 10; i++)
		cr_assert_eq(kit_send(&sender[0], 1, 1, TRP_REPLY, "r", 1), 0);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(kit_send_number(&sender[1], 1, 1, i), 0);
	for (unsigned numbers = 0; numbers < 3;) {
		cr_assert_eq(take(TRP_TAKE_ALL, &mail), 1);
		cr_assert_eq(kit_send(&sender[0], 1, 1, TRP_REPLY, "r", 1), 0);
		if (mail.stream == TRP_MAIL)
			cr_assert_eq(kit_number(&mail), numbers++);
		else
			replies++;
	}
	cr_assert_leq(replies, 3 * (TRP_TURN + 1));
	cr_assert_geq(replies, 3 * TRP_TURN);
}

Test(turns, what_is_not_asked_for_stays)
{
	struct trp_mail mail;

	cr_assert_eq(kit_send_number(&sender[0], 1, 1, 1), 0);
	cr_assert_eq(take(TRP_TAKE_REPLY, &mail), 0);
	cr_assert(trp_mailbox_receive_is_empty(&receiver.box, TRP_TAKE_REPLY));
	cr_assert_not(
		trp_mailbox_receive_is_empty(&receiver.box, TRP_TAKE_MAIL));
	cr_assert_eq(kit_send(&sender[0], 1, 1, TRP_REPLY, "r", 1), 0);
	cr_assert_eq(take(TRP_TAKE_REPLY, &mail), 1);
	cr_assert_eq(take(TRP_TAKE_REPLY | TRP_TAKE_CONTROL, &mail), 0);
	cr_assert_eq(take(TRP_TAKE_MAIL, &mail), 1);
}

/* One is handled while another waits inside it, as deep as you like. */
Test(turns, records_may_be_held_inside_each_other)
{
	struct trp_mail mail[200];

	for (uint64_t round = 0; round < 20; round++) {
		for (uint64_t i = 0; i < 200; i++)
			cr_assert_eq(kit_send_number(&sender[i % 3], 1, 1, i),
				     0);
		for (int i = 0; i < 200; i++)
			cr_assert_eq(trp_mailbox_receive(&receiver.box,
							 TRP_TAKE_ALL,
							 &mail[i]),
				     1);
		cr_assert(trp_mailbox_receive_is_empty(&receiver.box,
						       TRP_TAKE_REPLY));
		for (int i = 199; i >= 0; i--) {
			cr_assert_eq(kit_number(&mail[i]) % 3,
				     mail[i].sender - FIRST);
			trp_mailbox_receive_done(&receiver.box, &mail[i]);
		}
		cr_assert_eq(take(TRP_TAKE_ALL, &mail[0]), 0);
		cr_assert(trp_mailbox_receive_is_empty(&receiver.box,
						       TRP_TAKE_ALL));
	}
	for (uint32_t i = 0; i < 3; i++)
		cr_assert_eq(trp_mailbox_unread_bytes(&kit.fresh, 1, FIRST + i),
			     0);
}

/* Held records stay the receiver's, whatever else is read and published. */
Test(turns, what_is_held_is_not_given_back)
{
	struct trp_mail held, mail;

	cr_assert_eq(kit_send_number(&sender[0], 1, 1, 1), 0);
	cr_assert_eq(kit_send_number(&sender[1], 1, 1, 2), 0);
	cr_assert_eq(trp_mailbox_receive(&receiver.box, TRP_TAKE_ALL, &held),
		     1);
	cr_assert_eq(take(TRP_TAKE_ALL, &mail), 1);
	cr_assert(!take(TRP_TAKE_ALL, &mail));
	cr_assert(trp_mailbox_receive_is_empty(&receiver.box, TRP_TAKE_ALL));
	cr_assert_eq(trp_mailbox_unread_bytes(&kit.fresh, 1, held.sender), 16);
	trp_mailbox_receive_done(&receiver.box, &held);
	trp_mailbox_receive_is_empty(&receiver.box, TRP_TAKE_ALL);
	cr_assert_eq(trp_mailbox_unread_bytes(&kit.fresh, 1, held.sender), 0);
}

/* ---- many processes at once ---------------------------------------------- */

enum { PROCESSES = 8, EACH = 20000 };

static int send_numbers(struct kit_actor *actor, void *data)
{
	uint64_t seed = *(uint64_t *)data + actor->slot;
	unsigned char bytes[600];
	int r;

	for (uint64_t i = 0; i < EACH;) {
		uint32_t size = 8 + (uint32_t)(kit_random(&seed) % 500);

		memcpy(bytes, &i, 8);
		memset(bytes + 8, (int)i, size - 8);
		r = kit_send(actor, 1, 1, TRP_MAIL, bytes, size);
		if (r == 0)
			i++;
		else if (trp_mailbox_receive_is_empty(&actor->box,
						      TRP_TAKE_ALL) &&
			 trp_mailbox_want_room(&actor->box, 1, 1) == 0 &&
			 !kit_sleep(actor))
			return 1;
	}
	return 0;
}

static void expect_next_of(uint64_t *next, const struct trp_mail *mail)
{
	const unsigned char *bytes = mail->bytes;
	uint64_t number;

	memcpy(&number, bytes, 8);
	cr_assert_eq(number, next[mail->sender]);
	for (uint32_t i = 8; i < mail->size; i++)
		if (bytes[i] != (unsigned char)number)
			cr_assert_fail("record %lu is torn", number);
	next[mail->sender]++;
}

Test(turns, order_is_kept_for_each_of_many_senders)
{
	static uint64_t next[FIRST + SENDERS];
	uint64_t seed = kit_seed("turns/order_*");
	pid_t pid[PROCESSES];
	struct trp_mail mail;

	for (uint32_t i = 0; i < PROCESSES; i++)
		pid[i] = kit_fork(&kit, FIRST + i, 0, send_numbers, &seed);
	for (unsigned n = 0; n < PROCESSES * EACH; n++) {
		cr_assert_eq(kit_receive(&receiver, TRP_TAKE_ALL, &mail), 1);
		expect_next_of(next, &mail);
		trp_mailbox_receive_done(&receiver.box, &mail);
	}
	trp_mailbox_receive_is_empty(&receiver.box, TRP_TAKE_ALL);
	for (uint32_t i = 0; i < PROCESSES; i++) {
		cr_assert_eq(kit_reap(&kit, FIRST + i, pid[i]), 0);
		cr_assert_eq(next[FIRST + i], EACH);
		cr_assert_eq(trp_mailbox_unread_ring(&kit.self.box, FIRST + i),
			     0);
	}
}
