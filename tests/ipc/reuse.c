/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <errno.h>

#include "tests/support/ipc_kit.h"
#include "ipc/mailbox_receive.h"
#include "ipc/mailbox_unread.h"

/* Slots that change their owner; ann stays, her peer changes. */

static struct kit kit;
static struct kit_actor ann, other;

static void set_up(void)
{
	kit_init(&kit, 8, KIT_HEAP);
	kit_give(&kit, 1);
	kit_actor_init(&kit, &ann, 1, 0);
}

static void tear_down(void)
{
	kit_actor_fini(&ann);
	kit_fini(&kit);
}

TestSuite(reuse, .init = set_up, .fini = tear_down, .timeout = 600);

static void arrive(void)
{
	kit_give(&kit, 2);
	kit_actor_init(&kit, &other, 2, 4096);
}

static void depart(void)
{
	kit_actor_fini(&other);
	kit_set_state(&kit, 2, TRP_DEAD);
	kit_free_slot(&kit, 2);
}

static int take(struct kit_actor *actor, struct trp_mail *mail)
{
	return trp_mailbox_receive(&actor->box, TRP_TAKE_ALL, mail);
}

static unsigned read_numbers(struct kit_actor *actor, uint64_t expected)
{
	struct trp_mail mail;
	unsigned n = 0;

	while (take(actor, &mail) == 1) {
		cr_assert_eq(kit_number(&mail), expected);
		trp_mailbox_receive_done(&actor->box, &mail);
		n++;
	}
	cr_assert(trp_mailbox_receive_is_empty(&actor->box, TRP_TAKE_ALL));
	return n;
}

Test(reuse, a_new_owner_never_sees_mail_for_the_old_one)
{
	for (uint64_t i = 0; i < 50; i++) {
		arrive();
		for (uint64_t n = 0; n <= i; n++)
			cr_assert_eq(
				kit_send_number(&ann, 2, other.generation, i),
				0);
		if (i % 3)
			cr_assert_eq(read_numbers(&other, i), i + 1);
		depart();
		cr_assert_eq(kit_send_number(&ann, 2, other.generation, i),
			     -ESRCH);
	}
}

Test(reuse, mail_of_a_new_owner_is_read_from_its_beginning)
{
	for (uint64_t i = 0; i < 50; i++) {
		arrive();
		for (uint64_t n = 0; n <= i; n++)
			cr_assert_eq(kit_send_number(&other, 1, 1, i), 0);
		if (i % 3) {
			cr_assert_eq(read_numbers(&ann, i), i + 1);
			cr_assert_eq(trp_mailbox_unread_bytes(&kit.fresh, 1, 2),
				     0);
		}
		depart();
		cr_assert_eq(read_numbers(&ann, i), 0);
	}
}

/* The head that is still in ann's endpoint would be room for the new one's
 * mail. */
Test(reuse, an_old_head_is_no_room)
{
	unsigned sent = 0;

	kit_actor_fini(&ann);
	kit_actor_init(&kit, &ann, 1, 4096);
	arrive();
	for (int i = 0; i < 200; i++) {
		cr_assert_eq(kit_send_number(&other, 1, 1, 7), 0);
		cr_assert_eq(read_numbers(&ann, 7), 1);
	}
	depart();
	arrive();
	while (kit_send_number(&other, 1, 1, 8) == 0)
		sent++;
	cr_assert_leq(sent, 4096 / 16);
	cr_assert_eq(read_numbers(&ann, 8), sent);
	depart();
}

/* A late ring, from a sender to ann's predecessor. */
Test(reuse, a_late_ring_brings_no_mail_of_the_old_owner)
{
	struct trp_mail mail;

	arrive();
	cr_assert_eq(kit_send_number(&other, 1, 1, 7), 0);
	kit_actor_fini(&ann);
	kit_set_state(&kit, 1, TRP_DEAD);
	kit_free_slot(&kit, 1);
	kit_give(&kit, 1);
	kit_actor_init(&kit, &ann, 1, 0);
	trp_doorbell_set_again(ann.box.doorbell, 2);
	cr_assert_eq(take(&ann, &mail), 0);
	cr_assert_eq(trp_mailbox_receive_from(&ann.box, 2, UINT32_MAX, &mail),
		     0);
	cr_assert_eq(kit_send_number(&other, 1, ann.generation, 8), 0);
	cr_assert_eq(read_numbers(&ann, 8), 1);
	depart();
}

/* Its pages are those of the last owner. */
Test(reuse, a_new_owner_begins_with_zeros_in_pages_that_were_kept)
{
	const struct trp_arena *arena = &kit.self.arena;
	const uint64_t *words;
	uint64_t before;

	arrive();
	words = trp_arena_at(arena, kit_region(&kit, 2), 0, TRP_FRONT_SIZE);
	for (uint64_t i = 0; i < 1000; i++) {
		cr_assert_eq(kit_send_number(&other, 1, 1, i), 0);
		cr_assert_eq(kit_send_number(&ann, 2, other.generation, i), 0);
		cr_assert_eq(read_numbers(&ann, i), 1);
		cr_assert_eq(read_numbers(&other, i), 1);
	}
	before = kit_usage(arena);
	depart();
	cr_assert_eq(kit_usage(arena), before);
	for (size_t i = 0; i < TRP_FRONT_SIZE / sizeof(*words); i++)
		cr_assert_eq(words[i], 0, "word %zu", i);
	cr_assert_not(trp_doorbell_is_set(trp_arena_doorbell(arena, 2)));
	arrive();
	cr_assert_eq(read_numbers(&other, 0), 0);
	cr_assert_eq(kit_send_number(&other, 1, 1, 5), 0);
	cr_assert_eq(read_numbers(&ann, 5), 1);
	depart();
}

Test(reuse, mail_held_from_a_dead_sender_may_be_done_with_later)
{
	struct trp_mail mail;

	arrive();
	cr_assert_eq(kit_send_number(&other, 1, 1, 5), 0);
	cr_assert_eq(take(&ann, &mail), 1);
	depart();
	arrive();
	cr_assert_eq(kit_send_number(&other, 1, 1, 6), 0);
	cr_assert_eq(read_numbers(&ann, 6), 1);
	trp_mailbox_receive_done(&ann.box, &mail);
	cr_assert_eq(kit_send_number(&other, 1, 1, 6), 0);
	cr_assert_eq(read_numbers(&ann, 6), 1);
	depart();
}

/* Its memory is gone while its lane waits for its turn. */
Test(reuse, a_sender_whose_memory_was_taken_is_no_liar)
{
	struct trp_mail mail;

	arrive();
	for (int i = 0; i < 10; i++)
		cr_assert_eq(kit_send_number(&other, 1, 1, 5), 0);
	cr_assert_eq(take(&ann, &mail), 1);
	trp_mailbox_receive_done(&ann.box, &mail);
	depart();
	cr_assert_eq(take(&ann, &mail), 0);
	cr_assert_eq(ann.box.lies, 0);
}

Test(reuse, mail_to_one_that_has_not_started_waits_for_it)
{
	uint32_t generation = kit_give(&kit, 2);

	for (int i = 0; i < 20; i++)
		cr_assert_eq(kit_send_number(&ann, 2, generation, 3), 0);
	cr_assert_eq(trp_mailbox_unread_bytes(&kit.fresh, 2, 1), 20 * 16);
	kit_actor_init(&kit, &other, 2, 0);
	cr_assert_eq(read_numbers(&other, 3), 20);
	depart();
}

/* ---- the dead ------------------------------------------------------------ */

Test(reuse, a_dead_sender_is_drained_before_its_slot_is_free)
{
	struct trp_mail mail;

	arrive();
	for (int i = 0; i < 3; i++)
		cr_assert_eq(kit_send_number(&other, 1, 1, 4), 0);
	cr_assert_eq(kit_send_number(&other, 0, 1, 4), 0);
	cr_assert_eq(kit_send_number(&other, 2, other.generation, 4), 0);
	kit_actor_fini(&other);
	kit_set_state(&kit, 2, TRP_DEAD);
	cr_assert_eq(trp_mailbox_unread_ring(&kit.self.box, 2), 2);
	cr_assert_eq(read_numbers(&kit.self, 4), 1);
	cr_assert_eq(trp_mailbox_unread_ring(&kit.self.box, 2), 1);
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(trp_mailbox_receive_from(&ann.box, 2, UINT32_MAX,
						      &mail),
			     1);
		trp_mailbox_receive_done(&ann.box, &mail);
	}
	cr_assert_eq(trp_mailbox_receive_from(&ann.box, 2, UINT32_MAX, &mail),
		     0);
	cr_assert_eq(trp_mailbox_unread_ring(&kit.self.box, 2), 0);
	kit_free_slot(&kit, 2);
}

Test(reuse, a_receiver_that_died_too_has_nothing_unread)
{
	arrive();
	cr_assert_eq(kit_send_number(&other, 1, 1, 4), 0);
	kit_actor_fini(&other);
	kit_set_state(&kit, 2, TRP_DEAD);
	cr_assert_eq(trp_mailbox_unread_ring(&kit.self.box, 2), 1);
	kit_set_state(&kit, 1, TRP_DEAD);
	cr_assert_eq(trp_mailbox_unread_ring(&kit.self.box, 2), 0);
	kit_give(&kit, 1);
	cr_assert_eq(trp_mailbox_unread_ring(&kit.self.box, 2), 0);
}

Test(reuse, asking_for_depth_costs_no_memory)
{
	uint64_t before, after;

	before = kit_usage(&kit.self.arena);
	for (uint32_t a = 0; a < 8; a++)
		for (uint32_t b = 0; b < 8; b++)
			trp_mailbox_unread_bytes(&kit.self.arena, a, b);
	after = kit_usage(&kit.self.arena);
	cr_assert_eq(before, after);
}
