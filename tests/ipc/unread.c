/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "ipc/endpoint.h"
#include "ipc/mailbox_receive.h"
#include "ipc/mailbox_unread.h"
#include "ipc/peer.h"
#include "tests/support/ipc_kit.h"

/* Unread records in the lanes to a dead process, as a third process finds
 * them. */

enum { ANN = 1, BOB, EVE, DEAD, SENDERS = EVE, ROUNDS = 300, BYTES_MAX = 400 };

static struct kit kit;
static struct kit_actor actor[DEAD + 1];

static void set_up(void)
{
	kit_init(&kit, 8, KIT_HEAP);
	for (uint32_t slot = ANN; slot <= SENDERS; slot++) {
		kit_give(&kit, slot);
		kit_actor_init(&kit, &actor[slot], slot, 0);
	}
}

static void tear_down(void)
{
	for (uint32_t slot = ANN; slot <= SENDERS; slot++)
		kit_actor_fini(&actor[slot]);
	kit_fini(&kit);
}

TestSuite(unread, .init = set_up, .fini = tear_down, .timeout = 600);

/* Of each stream: the next number to send, and the next unfinished one. */
static struct lane {
	uint64_t sent, done;
} lanes[SENDERS + 1][TRP_STREAMS];

static void send_some(uint64_t *seed, uint64_t most)
{
	uint64_t record[BYTES_MAX / 8] = { 0 };

	for (uint64_t n = kit_random(seed) % most; n > 0; n--) {
		uint32_t slot = ANN + kit_random(seed) % SENDERS;
		int stream = kit_random(seed) % TRP_STREAMS;

		record[0] = lanes[slot][stream].sent++;
		cr_assert_eq(kit_send(&actor[slot], DEAD,
				      actor[DEAD].generation, stream, record,
				      8 + kit_random(seed) % (BYTES_MAX - 8)),
			     0);
	}
}

static uint64_t number_of(const struct trp_mail *mail)
{
	uint64_t number;

	memcpy(&number, mail->bytes, sizeof(number));
	return number;
}

static void read_some(uint64_t *seed)
{
	struct trp_mail mail;

	for (uint64_t n = kit_random(seed) % 200; n > 0; n--) {
		if (trp_mailbox_receive(&actor[DEAD].box, TRP_TAKE_ALL,
					&mail) != 1)
			return;
		cr_assert_eq(number_of(&mail),
			     lanes[mail.sender][mail.stream].done++);
		trp_mailbox_receive_done(&actor[DEAD].box, &mail);
	}
}

static void visit(const struct trp_mail *mail, void *count)
{
	cr_assert_eq(number_of(mail), lanes[mail->sender][mail->stream].done++,
		     "from %u", mail->sender);
	++*(unsigned *)count;
}

static void die(void)
{
	kit_actor_fini(&actor[DEAD]);
	kit_set_state(&kit, DEAD, TRP_DEAD);
	kit_free_slot(&kit, DEAD);
}

Test(unread, is_exactly_what_the_dead_had_not_done_with)
{
	uint64_t seed = kit_seed("unread/is_exactly");
	struct trp_mail mail;
	unsigned count = 0;

	for (int round = 0; round < ROUNDS; round++) {
		memset(lanes, 0, sizeof(lanes));
		kit_give(&kit, DEAD);
		kit_actor_init(&kit, &actor[DEAD], DEAD, 1 << 20);
		for (uint64_t n = kit_random(&seed) % 5; n > 0; n--) {
			send_some(&seed, 200);
			read_some(&seed);
		}
		/* It may die while it handles one. */
		if (kit_random(&seed) % 2)
			trp_mailbox_receive(&actor[DEAD].box, TRP_TAKE_ALL,
					    &mail);
		trp_mailbox_unread_each(&kit.self.arena, DEAD, NULL, visit,
					&count);
		for (uint32_t slot = ANN; slot <= SENDERS; slot++)
			for (int i = 0; i < TRP_STREAMS; i++)
				cr_assert_eq(lanes[slot][i].done,
					     lanes[slot][i].sent,
					     "round %d, slot %u", round, slot);
		die();
	}
	cr_assert_gt(count, ROUNDS);
}

/* ---- of one that holds what it has taken --------------------------------- */

enum { HELD_MAX = 40 };

static struct trp_mail held[HELD_MAX];
static unsigned held_count;
static bool is_done[SENDERS + 1][TRP_STREAMS][4096];
static unsigned visited_done;

static void let_go(unsigned i)
{
	struct trp_mail mail = held[i];

	is_done[mail.sender][mail.stream][number_of(&mail)] = true;
	memmove(held + i, held + i + 1, (--held_count - i) * sizeof(*held));
	trp_mailbox_receive_done(&actor[DEAD].box, &mail);
}

static void read_and_hold(uint64_t *seed, bool in_order, uint64_t most)
{
	for (uint64_t n = kit_random(seed) % most; n > 0; n--) {
		if (held_count < HELD_MAX && kit_random(seed) % 2 &&
		    trp_mailbox_receive(&actor[DEAD].box, TRP_TAKE_ALL,
					&held[held_count]) == 1)
			held_count++;
		else if (held_count)
			let_go(in_order ? 0 : kit_random(seed) % held_count);
	}
}

/* Those from where it had come to up to `end`, which were not visited. */
static void check_done(uint32_t slot, int stream, uint64_t end)
{
	for (; lanes[slot][stream].done < end; lanes[slot][stream].done++)
		cr_assert(is_done[slot][stream][lanes[slot][stream].done],
			  "%lu from %u is hidden", lanes[slot][stream].done,
			  slot);
}

static void visit_undone(const struct trp_mail *mail, void *data)
{
	check_done(mail->sender, mail->stream, number_of(mail));
	visited_done += is_done[mail->sender][mail->stream][number_of(mail)];
	lanes[mail->sender][mail->stream].done++;
}

static void hold_and_die(uint64_t *seed, bool in_order, uint64_t some)
{
	memset(lanes, 0, sizeof(lanes));
	memset(is_done, 0, sizeof(is_done));
	held_count = 0;
	kit_give(&kit, DEAD);
	kit_actor_init(&kit, &actor[DEAD], DEAD, 1 << 20);
	for (uint64_t n = kit_random(seed) % 9; n > 0; n--) {
		send_some(seed, some);
		read_and_hold(seed, in_order, 2 * some);
	}
	trp_mailbox_unread_each(&kit.self.arena, DEAD, NULL, visit_undone,
				NULL);
	for (uint32_t slot = ANN; slot <= SENDERS; slot++)
		for (int i = 0; i < TRP_STREAMS; i++)
			check_done(slot, i, lanes[slot][i].sent);
	die();
}

Test(unread, hides_nothing_that_was_held_in_any_order)
{
	uint64_t seed = kit_seed("unread/hides_nothing_*");

	for (int round = 0; round < ROUNDS; round++)
		hold_and_die(&seed, false, 200);
}

Test(unread, is_exact_where_those_held_are_done_in_order)
{
	uint64_t seed = kit_seed("unread/is_exact_*");

	for (int round = 0; round < ROUNDS; round++)
		hold_and_die(&seed, true, 200);
	cr_assert_eq(visited_done, 0);
}

Test(unread, of_one_that_never_began_is_all)
{
	uint64_t seed = 1;
	unsigned count = 0;

	kit_give(&kit, DEAD);
	actor[DEAD].generation = kit_generation(&kit, DEAD);
	send_some(&seed, 200);
	trp_mailbox_unread_each(&kit.self.arena, DEAD, NULL, visit, &count);
	cr_assert_gt(count, 0);
	for (uint32_t slot = ANN; slot <= SENDERS; slot++)
		for (int i = 0; i < TRP_STREAMS; i++)
			cr_assert_eq(lanes[slot][i].done, lanes[slot][i].sent);
	kit_set_state(&kit, DEAD, TRP_DEAD);
	kit_free_slot(&kit, DEAD);
}

/* Between the two states it is counted, and what is sent fails. */
Test(unread, of_one_that_ends_grows_no_more_and_is_kept_until_it_is_dead)
{
	uint64_t record[BYTES_MAX / 8] = { 0 }, seed = 1;
	unsigned count = 0;

	kit_give(&kit, DEAD);
	actor[DEAD].generation = kit_generation(&kit, DEAD);
	while (!lanes[ANN][TRP_MAIL].sent)
		send_some(&seed, 200);
	kit_set_state(&kit, DEAD, TRP_ENDING);
	for (uint32_t slot = ANN; slot <= SENDERS; slot++) {
		cr_assert_eq(kit_send(&actor[slot], DEAD,
				      actor[DEAD].generation, TRP_MAIL, record,
				      8),
			     -ESRCH);
		trp_mailbox_tidy(&actor[slot].box);
		cr_assert_not_null(trp_peer_find(&actor[slot].box, DEAD));
	}
	cr_assert_eq(trp_peer_find(&actor[ANN].box, DEAD)->target,
		     actor[DEAD].generation);
	trp_mailbox_unread_each(&kit.self.arena, DEAD, NULL, visit, &count);
	for (uint32_t slot = ANN; slot <= SENDERS; slot++)
		for (int i = 0; i < TRP_STREAMS; i++)
			cr_assert_eq(lanes[slot][i].done, lanes[slot][i].sent);
	kit_set_state(&kit, DEAD, TRP_DEAD);
	trp_mailbox_tidy(&actor[ANN].box);
	cr_assert_eq(trp_peer_find(&actor[ANN].box, DEAD)->target, 0);
	kit_free_slot(&kit, DEAD);
}

Test(unread, a_sender_that_lies_harms_nobody)
{
	unsigned count = 0;
	uint32_t number;

	kit_give(&kit, DEAD);
	kit_actor_init(&kit, &actor[DEAD], DEAD, 0);
	for (uint64_t i = 0; i < 3; i++) {
		lanes[ANN][0].sent++;
		kit_send_number(&actor[ANN], DEAD, actor[DEAD].generation, i);
	}
	number = trp_endpoint_number(&actor[ANN].arena, kit_region(&kit, ANN),
				     DEAD);
	atomic_fetch_add(
		&trp_endpoint_own(&actor[ANN].box.region, number)->out[0].tail,
		UINT64_C(1) << 40);
	trp_mailbox_unread_each(&kit.self.arena, DEAD, NULL, visit, &count);
	cr_assert_eq(count, 3);
	die();
}
