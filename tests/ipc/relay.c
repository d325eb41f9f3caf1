/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "ipc/mailbox_receive.h"
#include "ipc/mailbox_unread.h"
#include "ipc/relay.h"
#include "tests/support/ipc_kit.h"

/* Bob's process is gone, and slot 0 is rung for him; ann sends. */

enum { BOB = 2 };

static struct kit kit;
static struct kit_actor ann, bob;
static unsigned rings; /* for bob */

static void is_rung(struct trp_mailbox *box, uint32_t slot)
{
	rings += slot == BOB;
}

static void set_up(void)
{
	kit_begin_two(&kit, 4, &ann, &bob);
	kit.self.box.rung = is_rung;
	rings = 0;
}

static void tear_down(void)
{
	kit_end_two(&kit, &ann, &bob);
}

TestSuite(relay, .init = set_up, .fini = tear_down, .timeout = 600);

static void send(void)
{
	uint64_t number = 1;

	cr_assert_eq(kit_send(&ann, BOB, bob.generation, TRP_MAIL, &number,
			      sizeof(number)),
		     0);
}

/* Rings since the last call. */
static unsigned rung(void)
{
	unsigned before = rings;

	trp_mailbox_receive_is_empty(&kit.self.box, TRP_TAKE_ALL);
	return rings - before;
}

static bool has_mail(void)
{
	return trp_mailbox_unread_of_others(&kit.self.arena, BOB,
					    TRP_SLOT_SUPERVISOR) > 0;
}

/* How far he reads before he dies. */
enum reading { NOTHING, BEGUN, ONE_OF_TWO, ALL };

static void read_and_die(enum reading how)
{
	struct trp_mail mail;

	if (how != NOTHING)
		cr_assert_eq(trp_mailbox_receive(&bob.box, TRP_TAKE_ALL, &mail),
			     1);
	if (how == ONE_OF_TWO || how == ALL)
		trp_mailbox_receive_done(&bob.box, &mail);
	if (how == ALL) {
		cr_assert_eq(trp_mailbox_receive(&bob.box, TRP_TAKE_ALL, &mail),
			     1);
		trp_mailbox_receive_done(&bob.box, &mail);
		while (trp_mailbox_receive(&bob.box, TRP_TAKE_ALL, &mail))
			;
		trp_mailbox_receive_is_empty(&bob.box, TRP_TAKE_ALL);
	}
	trp_relay_begin(&kit.self.arena, BOB);
}

/* Wherever his last process has left its event. */
Test(relay, each_send_rings_slot_0_however_far_the_dead_had_read)
{
	for (int how = NOTHING; how <= ALL; how++) {
		send();
		send();
		read_and_die((enum reading)how);
		rung();
		cr_expect_eq(has_mail(), how != ALL, "%d", how);
		send();
		cr_expect_eq(rung(), 1, "%d", how);
		cr_expect(has_mail(), "%d", how);
		send();
		cr_expect_eq(rung(), 1, "%d", how);
		tear_down();
		set_up();
	}
}

Test(relay, a_stranger_rings_too)
{
	trp_relay_begin(&kit.self.arena, BOB);
	cr_expect(!has_mail());
	send();
	cr_expect_eq(rung(), 1);
	cr_expect(has_mail());
}

Test(relay, it_is_over_when_slot_0_says_so)
{
	read_and_die(NOTHING);
	trp_relay_end(&kit.self.arena, BOB);
	send();
	cr_expect_eq(rung(), 0);
	cr_expect(has_mail());
	/* Mail that was sent meanwhile is seen at the next beginning. */
	trp_relay_begin(&kit.self.arena, BOB);
	cr_expect(has_mail());
	send();
	cr_expect_eq(rung(), 1);
}

/* An idle lane that has grown would be closed, which is news for him. */
Test(relay, tidying_wakes_nobody)
{
	for (int i = 0; i < 100; i++)
		send();
	trp_relay_begin(&kit.self.arena, BOB);
	rung();
	for (int i = 0; i < 3; i++)
		trp_mailbox_tidy(&ann.box);
	cr_expect_eq(rung(), 0);
}

Test(relay, a_sender_that_dies_half_way_is_made_good_by_its_reaper)
{
	trp_relay_begin(&kit.self.arena, BOB);
	send();
	/* As if it had not come that far. */
	rung();
	cr_expect_eq(trp_mailbox_unread_ring(&kit.self.box, 1), 1);
	cr_expect_eq(rung(), 1);
}
