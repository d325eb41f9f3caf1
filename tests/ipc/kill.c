/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "ipc/peer.h"
#include "ipc/incoming.h"
#include "ipc/mailbox_receive.h"
#include "ipc/mailbox_unread.h"
#include "tests/support/ipc_kit.h"
#include "tests/support/step.h"

/*
 * A process that is killed after some instruction leaves its memory as it is
 * after that instruction.  So it is enough to check it after each.
 */

static struct kit kit;

static void set_up(void)
{
	kit_init(&kit, 8, KIT_HEAP);
}

static void tear_down(void)
{
	kit_fini(&kit);
}

TestSuite(kill, .init = set_up, .fini = tear_down, .timeout = 600);

enum { SENDER = 1, RECEIVER = 2 };

/* ---- the sender, looked at after each instruction ------------------------ */

struct letter {
	uint32_t size, attached;
};

/*
 * First ring, growth, padding, wraps, a cancelled reservation in between, the
 * end of a lane and its next start.
 */
static const struct letter letters[] = {
	{ 8, 0 },    { 100, 0 },   { 300, 3 },	{ 500, 0 }, { 900, 0 },
	{ 3000, 0 }, { 40, 5000 }, { 2000, 0 }, { 700, 0 }, { 1500, 0 },
	{ 1, 0 },    { 3000, 1 },  { 900, 0 },	{ 900, 0 }, { 2500, 0 },
};
enum { LETTERS = sizeof(letters) / sizeof(*letters) };

static int post(struct kit_actor *actor, uint32_t to, uint32_t generation,
		unsigned nth)
{
	struct letter letter = letters[nth];
	struct trp_extent extent;
	void *bytes, *beside;
	int r = 0;

	/* Every lane that is empty now, and has grown, is closed. */
	for (int i = 0; i < 2 && nth % 3 == 0; i++)
		trp_mailbox_tidy(&actor->box);
	if (letter.attached) {
		r = trp_mailbox_loan(&actor->box, letter.attached, &extent,
				     &beside);
		if (r < 0)
			return r;
		memset(beside, (int)nth, letter.attached);
	}
	if (nth % 4 == 3)
		r = trp_mailbox_reserve(&actor->box, to, generation, TRP_MAIL,
					9000, NULL, &bytes);
	if (r < 0)
		return r;
	r = trp_mailbox_reserve(&actor->box, to, generation, TRP_MAIL,
				letter.size, letter.attached ? &extent : NULL,
				&bytes);
	if (r < 0)
		return r;
	memset(bytes, (int)nth, letter.size);
	trp_mailbox_commit(&actor->box, letter.size);
	return 0;
}

static bool is_all(const void *bytes, uint64_t size, unsigned char mark)
{
	const unsigned char *at = bytes;

	for (uint64_t i = 0; i < size; i++)
		if (at[i] != mark)
			return false;
	return true;
}

static void expect_letter(const struct trp_mail *mail, unsigned nth)
{
	cr_assert_lt(nth, LETTERS);
	cr_assert_eq(mail->size, letters[nth].size);
	cr_assert_eq(mail->attachment_size, letters[nth].attached);
	cr_assert(is_all(mail->bytes, mail->size, (unsigned char)nth));
	cr_assert(is_all(mail->attachment, mail->attachment_size,
			 (unsigned char)nth));
}

static int post_all(struct kit_actor *actor, void *data)
{
	uint32_t generation = *(uint32_t *)data;

	for (unsigned nth = 0; nth < LETTERS; nth++) {
		step_mark();
		if (post(actor, RECEIVER, generation, nth) < 0)
			return 1;
	}
	step_mark();
	return 0;
}

/* The records that the receiver would find now, without running it. */
static unsigned find_letters(struct kit_actor *receiver, unsigned nth)
{
	const struct trp_endpoint *endpoint;
	struct trp_endpoint mine = { 0 };
	struct trp_incoming in = { .mine = &mine.in[TRP_MAIL],
				   .sender = SENDER };
	struct trp_peer *peer = trp_peer_find(&receiver->box, SENDER);
	struct trp_mail mail;
	int r;

	endpoint = trp_endpoint_find(&receiver->arena, kit_region(&kit, SENDER),
				     RECEIVER);
	if (!endpoint || endpoint->target != receiver->generation)
		return nth;
	if (peer) {
		in = peer->in[TRP_MAIL];
		in.mine = &mine.in[TRP_MAIL];
	} else {
		trp_incoming_reset(&in, 0);
	}
	trp_incoming_attach(&in, &endpoint->out[TRP_MAIL],
			    kit_region(&kit, SENDER), NULL, 0);
	while ((r = trp_incoming_next(&in, &receiver->arena, &mail)) == 1)
		expect_letter(&mail, nth++);
	cr_assert_eq(r, 0, "after %u letters: %d", nth, r);
	return nth;
}

static unsigned read_letters(struct kit_actor *receiver, unsigned nth)
{
	struct trp_mail mail;

	while (trp_mailbox_receive(&receiver->box, TRP_TAKE_ALL, &mail) == 1) {
		expect_letter(&mail, nth++);
		trp_mailbox_receive_done(&receiver->box, &mail);
	}
	cr_assert(trp_mailbox_receive_is_empty(&receiver->box, TRP_TAKE_ALL));
	return nth;
}

static void step_through_post(pid_t child, struct kit_actor *receiver,
			      unsigned read, unsigned sent)
{
	unsigned found = sent;
	const uint64_t end = trp_record_space(0);
	uint64_t depth;

	do {
		unsigned now = find_letters(receiver, read);

		cr_assert(now == found || now == found + 1);
		cr_assert_leq(now, sent + 1);
		found = now;
		depth = trp_mailbox_unread_bytes(&receiver->arena, RECEIVER,
						 SENDER);
		cr_assert_eq(depth > end, found > read);
		cr_assert(depth >= end || depth == 0);
	} while (step_once(child));
	cr_assert_eq(found, sent + 1);
}

Test(kill, a_sender_leaves_the_whole_record_or_nothing)
{
	struct kit_actor receiver;
	unsigned read = 0;
	pid_t child;

	kit_give(&kit, RECEIVER);
	kit_actor_init(&kit, &receiver, RECEIVER, 0);
	child = kit_fork(&kit, SENDER, 0, post_all, &receiver.generation);
	cr_assert(step_to_mark(child));
	for (unsigned nth = 0; nth < LETTERS; nth++) {
		step_through_post(child, &receiver, read, nth);
		if (nth % 3 == 2)
			read = read_letters(&receiver, read);
	}
	step_go_on(child);
	cr_assert_eq(kit_reap(&kit, SENDER, child), 0);
	cr_assert_eq(read_letters(&receiver, read), LETTERS);
	cr_assert_eq(trp_mailbox_unread_ring(&kit.self.box, SENDER), 0);
	kit_actor_fini(&receiver);
}

/* ---- the sender, really killed, before a receiver that sleeps ------------ */

/* Reports each record that it gets to slot 0. */
static int echo(struct kit_actor *actor, void *data)
{
	struct trp_mail mail;
	int r;

	(void)data;
	while ((r = kit_receive(actor, TRP_TAKE_ALL, &mail)) == 1) {
		uint64_t number = kit_number(&mail);

		trp_mailbox_receive_done(&actor->box, &mail);
		if (number == 0)
			return 0;
		if (kit_send_number(actor, 0, 1, number) < 0)
			return 1;
	}
	return 2;
}

static int post_two(struct kit_actor *actor, void *data)
{
	if (kit_send_number(actor, RECEIVER, *(uint32_t *)data, 1) < 0)
		return 1;
	step_mark();
	if (kit_send_number(actor, RECEIVER, *(uint32_t *)data, 2) < 0)
		return 1;
	step_mark();
	return 0;
}

static void expect_echo(uint64_t number)
{
	struct trp_mail mail;

	cr_assert_eq(kit_receive(&kit.self, TRP_TAKE_ALL, &mail), 1);
	cr_assert_eq(kit_number(&mail), number);
	trp_mailbox_receive_done(&kit.self.box, &mail);
}

static void until_it_sleeps(void)
{
	const struct trp_front *front =
		trp_arena_front(&kit.fresh, kit_region(&kit, RECEIVER));

	while (!atomic_load(&front->sleeping) ||
	       trp_doorbell_is_set(trp_arena_doorbell(&kit.fresh, RECEIVER)))
		sched_yield();
}

/*
 * Kills the sender after that many instructions of its second send.  False: it
 * had ended.
 */
static bool kill_after(uint32_t generation, unsigned steps,
		       bool *ret_is_committed)
{
	pid_t child = kit_fork(&kit, SENDER, 0, post_two, &generation);
	const uint64_t first = trp_record_space(sizeof(uint64_t));
	bool is_running = true;
	uint32_t unread;
	uint64_t tail;

	cr_assert(step_to_mark(child));
	expect_echo(1);
	until_it_sleeps();
	for (unsigned i = 0; is_running && i < steps; i++)
		is_running = step_once(child);
	kill(child, SIGKILL);
	kit_reap(&kit, SENDER, child);
	tail = trp_endpoint_find(&kit.fresh, kit_region(&kit, SENDER), RECEIVER)
		       ->out[TRP_MAIL]
		       .tail;
	unread = trp_mailbox_unread_ring(&kit.self.box, SENDER);
	*ret_is_committed = tail > first;
	cr_assert_leq(unread, *ret_is_committed);
	if (*ret_is_committed)
		expect_echo(2);
	while (trp_mailbox_unread_ring(&kit.self.box, SENDER))
		sched_yield();
	kit_free_slot(&kit, SENDER);
	return is_running;
}

Test(kill, what_a_sender_committed_reaches_a_receiver_that_sleeps)
{
	pid_t receiver = kit_fork(&kit, RECEIVER, 0, echo, NULL);
	uint32_t generation = kit_generation(&kit, RECEIVER);
	const unsigned stride = 7 * STEP_STRIDE;
	bool is_committed = false, was_committed = false;
	unsigned steps = 0, killed = 0;

	/* Before the commit each seventh instruction is enough, then each. */
	while (kill_after(generation, steps, &is_committed)) {
		if (is_committed && !was_committed)
			steps -= steps > stride ? stride : steps;
		was_committed = is_committed;
		steps += was_committed ? STEP_STRIDE : stride;
		killed++;
	}
	cr_assert_gt(killed, 50 / STEP_STRIDE);
	cr_assert_eq(kit_send_number(&kit.self, RECEIVER, generation, 0), 0);
	cr_assert_eq(kit_reap(&kit, RECEIVER, receiver), 0);
}

/* ---- the receiver, looked at after each instruction ---------------------- */

/* More than a first ring holds. */
enum { BATCH = 80, NUMBERS = 2 * BATCH };

/* The progress of the child, in its own front. */
struct progress {
	_Atomic uint32_t begun, done;
};

static struct progress *progress_of(const struct trp_arena *arena)
{
	return (void *)trp_arena_front(arena, kit_region(&kit, RECEIVER))->user;
}

static int read_all(struct kit_actor *actor, void *data)
{
	struct progress *progress = progress_of(&actor->arena);
	struct trp_mail mail;

	(void)data;
	while (progress->done < NUMBERS) {
		if (progress->done % BATCH == 0)
			step_mark();
		if (trp_mailbox_receive(&actor->box, TRP_TAKE_ALL, &mail) != 1)
			return 1;
		if (kit_number(&mail) != progress->begun++)
			return 2;
		trp_mailbox_receive_done(&actor->box, &mail);
		progress->done++;
		if (progress->done % 16 == 0 || progress->done % BATCH == 0)
			trp_mailbox_receive_is_empty(&actor->box, TRP_TAKE_ALL);
	}
	step_mark();
	return 0;
}

/* The lane as a successor of the receiver would find it. */
static bool take_up(struct trp_incoming *in, struct trp_endpoint *scratch)
{
	const struct trp_endpoint *endpoint = trp_endpoint_find(
		&kit.fresh, kit_region(&kit, RECEIVER), SENDER);
	const struct trp_endpoint *theirs = trp_endpoint_find(
		&kit.fresh, kit_region(&kit, SENDER), RECEIVER);
	const struct trp_moving *moving =
		&trp_arena_front(&kit.fresh, kit_region(&kit, RECEIVER))
			 ->moving;
	uint64_t word, head;

	if (!endpoint || endpoint->source != kit_generation(&kit, SENDER))
		return false;
	*in = (struct trp_incoming) { .mine = &scratch->in[TRP_MAIL],
				      .sender = SENDER };
	trp_incoming_reset(in, 0);
	trp_incoming_attach(in, &theirs->out[TRP_MAIL],
			    kit_region(&kit, SENDER), NULL, 0);
	head = endpoint->in[TRP_MAIL].head;
	in->base = endpoint->in[TRP_MAIL].base;
	word = endpoint->in[TRP_MAIL].ring;
	if (moving->lane == (SENDER << 8 | TRP_MAIL << 1 | 1)) {
		head = moving->head;
		in->base = moving->base;
		word = moving->ring;
	}
	in->tail = in->head = in->published = in->cursor = head;
	if (!word)
		return true;
	in->ring_size = UINT64_C(1) << (word & 63);
	in->ring = trp_arena_at(&kit.fresh, in->region, word & ~UINT64_C(63),
				in->ring_size);
	return true;
}

static uint32_t sent;

/* How many records are finished, by head and handling alone. */
static uint32_t count_finished(uint32_t *ret_by_head)
{
	uint64_t handling =
		trp_arena_front(&kit.fresh, kit_region(&kit, RECEIVER))
			->handling;
	struct trp_endpoint scratch;
	struct trp_incoming in;
	struct trp_mail mail;
	uint32_t finished = 0;
	int r;

	*ret_by_head = 0;
	if (!take_up(&in, &scratch))
		return 0;
	r = trp_incoming_next(&in, &kit.fresh, &mail);
	if (r == 0)
		return *ret_by_head = sent;
	cr_assert_eq(r, 1);
	*ret_by_head = finished = (uint32_t)kit_number(&mail);
	do {
		uint64_t its = trp_handling(SENDER, mail.position, false);

		if (handling == its)
			return (uint32_t)kit_number(&mail);
		if (handling == (its | TRP_HANDLING_DONE))
			return (uint32_t)kit_number(&mail) + 1;
	} while (trp_incoming_next(&in, &kit.fresh, &mail) == 1);
	return finished;
}

static void step_through_reading(pid_t child)
{
	struct progress *progress = progress_of(&kit.fresh);
	uint32_t by_head, finished;

	do {
		finished = count_finished(&by_head);
		cr_assert_leq(by_head, progress->done + 1);
		cr_assert_leq(by_head, progress->begun);
		cr_assert_geq(finished, progress->done);
		cr_assert_leq(finished, progress->done + 1);
	} while (step_once(child));
	cr_assert_eq(progress->done, sent);
}

/* Between the batches the lane, which has grown, is closed. */
Test(kill, a_receiver_leaves_word_of_what_it_has_finished)
{
	struct trp_outgoing *out;
	struct kit_actor sender;
	pid_t child;

	kit_give(&kit, SENDER);
	kit_actor_init(&kit, &sender, SENDER, 0);
	child = kit_fork(&kit, RECEIVER, 0, read_all, NULL);
	cr_assert(step_to_mark(child));
	for (sent = 0; sent < NUMBERS;) {
		trp_mailbox_tidy(&sender.box);
		trp_mailbox_tidy(&sender.box);
		for (uint32_t end = sent + BATCH; sent < end; sent++)
			cr_assert_eq(
				kit_send_number(&sender, RECEIVER, 1, sent), 0);
		out = &trp_peer_find(&sender.box, RECEIVER)->out[TRP_MAIL];
		cr_assert_gt(out->block.size, TRP_LANE_FIRST);
		step_through_reading(child);
	}
	cr_assert_eq(out->tail,
		     NUMBERS * trp_record_space(8) +
			     2 * trp_record_space(sizeof(struct trp_extent)) +
			     trp_record_space(0));
	step_go_on(child);
	cr_assert_eq(kit_reap(&kit, RECEIVER, child), 0);
	kit_actor_fini(&sender);
}
