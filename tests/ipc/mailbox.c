/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/support/ipc_kit.h"
#include "ipc/mailbox_receive.h"

static struct kit kit;
static struct kit_actor ann, bob;

/* Two actors in this process; ann writes to bob. */
static void set_up(void)
{
	kit_begin_two(&kit, KIT_SLOTS, &ann, &bob);
}

static void tear_down(void)
{
	kit_end_two(&kit, &ann, &bob);
}

TestSuite(mailbox, .init = set_up, .fini = tear_down, .timeout = 600);

static int take(struct kit_actor *actor, struct trp_mail *mail)
{
	return trp_mailbox_receive(&actor->box, TRP_TAKE_ALL, mail);
}

static void expect_number(struct kit_actor *actor, uint64_t number)
{
	struct trp_mail mail;

	cr_assert_eq(take(actor, &mail), 1);
	cr_assert_eq(kit_number(&mail), number);
	trp_mailbox_receive_done(&actor->box, &mail);
}

static void expect_nothing(struct kit_actor *actor)
{
	struct trp_mail mail;

	cr_assert_eq(take(actor, &mail), 0);
	cr_assert(trp_mailbox_receive_is_empty(&actor->box, TRP_TAKE_ALL));
}

Test(mailbox, what_is_sent_arrives_once_and_in_order)
{
	for (uint64_t i = 0; i < 1000; i++)
		cr_assert_eq(kit_send_number(&ann, 2, 1, i), 0);
	for (uint64_t i = 0; i < 1000; i++)
		expect_number(&bob, i);
	expect_nothing(&bob);
}

Test(mailbox, sender_and_stream_are_told)
{
	struct trp_mail mail;

	cr_assert_eq(kit_send(&ann, 2, 1, TRP_REPLY, "hello", 5), 0);
	cr_assert_eq(take(&bob, &mail), 1);
	cr_assert_eq(mail.sender, 1);
	cr_assert_eq(mail.generation, 1);
	cr_assert_eq(mail.stream, TRP_REPLY);
	cr_assert_eq(mail.size, 5);
	cr_assert(!memcmp(mail.bytes, "hello", 5));
	cr_assert_null(mail.attachment);
	trp_mailbox_receive_done(&bob.box, &mail);
}

Test(mailbox, an_actor_may_write_to_itself)
{
	for (uint64_t i = 0; i < 100; i++)
		cr_assert_eq(kit_send_number(&ann, 1, 1, i), 0);
	for (uint64_t i = 0; i < 100; i++)
		expect_number(&ann, i);
	expect_nothing(&ann);
}

Test(mailbox, what_is_not_committed_has_never_been)
{
	uint64_t sent = 0, taken = 0;
	void *bytes;

	for (int i = 0; i < 300; i++) {
		for (uint32_t size = 10; size < 3000; size *= 3)
			cr_assert_eq(trp_mailbox_reserve(&ann.box, 2, 1,
							 TRP_MAIL, size, NULL,
							 &bytes),
				     0);
		if (i % 3 == 0)
			cr_assert_eq(kit_send_number(&ann, 2, 1, sent++), 0);
	}
	while (taken < sent)
		expect_number(&bob, taken++);
	expect_nothing(&bob);
}

Test(mailbox, a_record_may_be_committed_shorter_than_reserved)
{
	struct trp_mail mail;
	void *bytes;

	for (int i = 0; i < 100; i++) {
		cr_assert_eq(trp_mailbox_reserve(&ann.box, 2, 1, TRP_MAIL, 500,
						 NULL, &bytes),
			     0);
		memcpy(bytes, "short", 5);
		trp_mailbox_commit(&ann.box, 5);
		cr_assert_eq(take(&bob, &mail), 1);
		cr_assert_eq(mail.size, 5);
		cr_assert(!memcmp(mail.bytes, "short", 5));
		trp_mailbox_receive_done(&bob.box, &mail);
	}
}

Test(mailbox, a_send_to_an_old_generation_is_refused)
{
	void *bytes;

	cr_assert_eq(kit_send_number(&ann, 2, 2, 1), -ESRCH);
	cr_assert_eq(kit_send_number(&ann, 3, 1, 1), -ESRCH);
	cr_assert_eq(kit_send_number(&ann, 2, 0, 1), -ESRCH);
	cr_assert_eq(kit_send_number(&ann, KIT_SLOTS, 1, 1), -ESRCH);
	kit_set_state(&kit, 2, TRP_DEAD);
	cr_assert_eq(
		trp_mailbox_reserve(&ann.box, 2, 1, TRP_MAIL, 1, NULL, &bytes),
		-ESRCH);
}

/* A sender that looks again shows anew what a stray store has hidden. */
Test(mailbox, a_doorbell_that_was_wiped_is_set_again_at_the_next_look)
{
	struct trp_doorbell *doorbell = trp_arena_doorbell(&bob.arena, 2);

	cr_assert_eq(kit_send_number(&ann, 2, 1, 0), 0);
	expect_number(&bob, 0);
	expect_nothing(&bob); /* so that the next one rings, and no other */
	cr_assert_eq(kit_send_number(&ann, 2, 1, 1), 0);
	memset(doorbell, 0, sizeof(*doorbell));
	cr_assert_eq(kit_send_number(&ann, 2, 1, 2), 0);
	expect_nothing(&bob);
	trp_mailbox_check(&ann.box, INT64_MAX / 2);
	expect_number(&bob, 1);
	expect_number(&bob, 2);
	expect_nothing(&bob);
}

/* It has no lane to look at yet. */
Test(mailbox, one_that_never_heard_of_a_sender_hears_of_it_when_that_tidies)
{
	cr_assert_eq(kit_send_number(&ann, 2, 1, 1), 0);
	memset(trp_arena_doorbell(&bob.arena, 2), 0,
	       sizeof(struct trp_doorbell));
	expect_nothing(&bob);
	trp_mailbox_tidy(&ann.box);
	expect_number(&bob, 1);
	expect_nothing(&bob);
}

static int count_to(struct kit_actor *actor, void *data)
{
	uint64_t last = *(uint64_t *)data;
	struct trp_mail mail;

	for (uint64_t i = 0; i < last; i++) {
		if (kit_receive(actor, TRP_TAKE_ALL, &mail) != 1)
			return 1;
		if (kit_number(&mail) != i)
			return 2;
		trp_mailbox_receive_done(&actor->box, &mail);
	}
	return 0;
}

Test(mailbox, processes_talk_while_both_run_and_sleep)
{
	uint64_t last = 200000;
	pid_t pid = kit_fork(&kit, 3, 0, count_to, &last);

	for (uint64_t i = 0; i < last; i++) {
		int r = kit_send_number(&ann, 3, 1, i);

		while (r == -EAGAIN) {
			if (trp_mailbox_want_room(&ann.box, 3, 1) == 0)
				cr_assert(kit_sleep(&ann));
			trp_mailbox_receive_is_empty(&ann.box, TRP_TAKE_ALL);
			r = kit_send_number(&ann, 3, 1, i);
		}
		cr_assert_eq(r, 0);
	}
	cr_assert_eq(kit_reap(&kit, 3, pid), 0);
}
