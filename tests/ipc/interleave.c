/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <errno.h>

#include "ipc/peer.h"
#include "ipc/mailbox_receive.h"
#include "tests/support/ipc_kit.h"
#include "tests/support/step.h"

/*
 * One side is stopped after each instruction in turn, while the other does its
 * whole part: at any instant, nothing is lost and no process sleeps for ever.
 * The child is stopped; the parent is the other side.
 */

enum { CHILD = 1, PARENT = 2 };

static struct kit kit;
static struct kit_actor parent;

static void set_up(void)
{
	kit_init(&kit, 4, 1 << 20);
	kit_give(&kit, PARENT);
	kit_actor_init(&kit, &parent, PARENT, 256);
}

static void tear_down(void)
{
	kit_actor_fini(&parent);
	kit_fini(&kit);
}

TestSuite(interleave, .init = set_up, .fini = tear_down, .timeout = 600);

struct play {
	int (*child)(struct kit_actor *actor, void *unused);
	void (*before)(uint32_t generation); /* the child's first mark */
	void (*move)(uint32_t generation);   /* somewhere after it */
	void (*after)(void);		     /* its second mark */
};

/*
 * Runs the move after that many steps of `path`; false: it has fewer.  Without
 * steps, to find the path: the move comes after its second mark.
 */
static bool play_once(const struct play *play, struct step_path *path,
		      const unsigned *steps)
{
	pid_t child = kit_fork(&kit, CHILD, 0, play->child, NULL);
	uint32_t generation = kit_generation(&kit, CHILD);
	bool is_running = false;

	play->before(generation);
	cr_assert(step_to_mark(child));
	if (steps)
		is_running = step_along(child, path, *steps);
	else
		step_record(child, path);
	play->move(generation);
	if (is_running) {
		step_go_on(child);
		cr_assert(step_to_mark(child));
	}
	play->after();
	step_go_on(child);
	cr_assert_eq(kit_reap(&kit, CHILD, child), 0);
	kit_free_slot(&kit, CHILD);
	return is_running;
}

/* A path that varies a little may miss a step. */
static void play_all(const struct play *play)
{
	static struct step_path path;
	unsigned played = 0;

	play_once(play, &path, NULL);
	cr_assert_gt(path.count, 50);
	for (unsigned i = 0; i < path.count; i += STEP_STRIDE)
		played += play_once(play, &path, &i);
	cr_assert_gt(played, path.count / STEP_STRIDE * 9 / 10);
}

static void nothing(void)
{
}

static unsigned read_all(struct kit_actor *actor)
{
	struct trp_mail mail;
	unsigned n = 0;

	while (trp_mailbox_receive(&actor->box, TRP_TAKE_ALL, &mail) == 1) {
		trp_mailbox_receive_done(&actor->box, &mail);
		n++;
	}
	trp_mailbox_receive_is_empty(&actor->box, TRP_TAKE_ALL);
	return n;
}

/* ---- mail comes while a receiver falls asleep ---------------------------- */

static int read_two(struct kit_actor *actor, void *unused)
{
	struct trp_mail mail;
	int r;

	(void)unused;
	if (kit_receive(actor, TRP_TAKE_ALL, &mail) != 1)
		return 1;
	trp_mailbox_receive_done(&actor->box, &mail);
	step_mark();
	r = trp_mailbox_receive(&actor->box, TRP_TAKE_ALL, &mail);
	trp_mailbox_receive_is_empty(&actor->box, TRP_TAKE_ALL);
	step_mark();
	if (r == 0)
		r = kit_receive(actor, TRP_TAKE_ALL, &mail);
	return r == 1 ? 0 : 2;
}

static void send_one(uint32_t generation)
{
	cr_assert_eq(kit_send_number(&parent, CHILD, generation, 1), 0);
}

Test(interleave, mail_wakes_a_receiver_at_any_step_of_falling_asleep)
{
	const struct play play = { read_two, send_one, send_one, nothing };

	play_all(&play);
}

/* ---- a receiver falls asleep while mail comes ---------------------------- */

static unsigned found;

static int write_two(struct kit_actor *actor, void *unused)
{
	(void)unused;
	if (kit_send_number(actor, PARENT, kit_generation(&kit, PARENT), 1))
		return 1;
	step_mark();
	if (kit_send_number(actor, PARENT, kit_generation(&kit, PARENT), 2))
		return 2;
	step_mark();
	return 0;
}

/* The first record is taken, and the lane left without catching up. */
static void take_first(uint32_t generation)
{
	struct trp_mail mail;

	(void)generation;
	cr_assert_eq(kit_receive(&parent, TRP_TAKE_ALL, &mail), 1);
	trp_mailbox_receive_done(&parent.box, &mail);
}

static void fall_asleep(uint32_t generation)
{
	(void)generation;
	found = read_all(&parent);
}

static void find_the_second(void)
{
	cr_assert(found || trp_doorbell_is_set(parent.box.doorbell));
	cr_assert_eq(found + read_all(&parent), 1);
}

Test(interleave, a_receiver_may_fall_asleep_at_any_step_of_a_send)
{
	const struct play play = { write_two, take_first, fall_asleep,
				   find_the_second };

	play_all(&play);
}

/* ---- a receiver reads while its sender asks for room --------------------- */

static int want_room(struct kit_actor *actor, void *unused)
{
	uint32_t generation = kit_generation(&kit, PARENT);
	int r;

	(void)unused;
	while ((r = kit_send_number(actor, PARENT, generation, 1)) == 0)
		;
	if (r != -EAGAIN)
		return 1;
	step_mark();
	r = trp_mailbox_want_room(&actor->box, PARENT, generation);
	step_mark();
	if (r == 0 && !kit_sleep(actor))
		return 2;
	return kit_send_number(actor, PARENT, generation, 1) ? 3 : 0;
}

static void nothing_before(uint32_t generation)
{
	(void)generation;
}

static void read_what_is_there(uint32_t generation)
{
	(void)generation;
	cr_assert_gt(read_all(&parent), 0);
}

Test(interleave, room_is_told_at_any_step_of_asking)
{
	const struct play play = { want_room, nothing_before,
				   read_what_is_there, nothing };

	play_all(&play);
}

/* ---- a lane that has grown and is empty is closed ------------------------ */

static const unsigned char large[4000];
static unsigned closed;

static void send_large(uint32_t generation)
{
	cr_assert_eq(kit_send(&parent, CHILD, generation, TRP_MAIL, large,
			      sizeof(large)),
		     0);
}

/* Not closed if the child has not yet published that it has read it. */
static void close_and_send(uint32_t generation)
{
	struct trp_outgoing *out =
		&trp_peer_find(&parent.box, CHILD)->out[TRP_MAIL];

	trp_mailbox_tidy(&parent.box);
	trp_mailbox_tidy(&parent.box);
	closed += !out->ring;
	send_one(generation);
}

Test(interleave, a_lane_closes_at_any_step_of_its_receivers_falling_asleep)
{
	const struct play play = { read_two, send_large, close_and_send,
				   nothing };

	play_all(&play);
	cr_assert_gt(closed, 10 / STEP_STRIDE);
}

static int close_and_write(struct kit_actor *actor, void *unused)
{
	uint32_t generation = kit_generation(&kit, PARENT);

	(void)unused;
	if (kit_send(actor, PARENT, generation, TRP_REPLY, large,
		     sizeof(large)))
		return 1;
	step_mark();
	trp_mailbox_tidy(&actor->box);
	trp_mailbox_tidy(&actor->box);
	if (trp_peer_find(&actor->box, PARENT)->out[TRP_REPLY].ring)
		return 2;
	if (kit_send(actor, PARENT, generation, TRP_REPLY, large, 8))
		return 3;
	step_mark();
	return 0;
}

static void read_first(uint32_t generation)
{
	struct trp_mail mail;

	(void)generation;
	cr_assert_eq(kit_receive(&parent, TRP_TAKE_ALL, &mail), 1);
	trp_mailbox_receive_done(&parent.box, &mail);
	cr_assert_eq(read_all(&parent), 0);
}

Test(interleave, a_receiver_may_fall_asleep_at_any_step_of_closing)
{
	const struct play play = { close_and_write, read_first, fall_asleep,
				   find_the_second };

	play_all(&play);
}

/* ---- a sender's slot gets another owner ---------------------------------- */

enum { STRANGER = 3 };

static struct kit_actor stranger;

static void own(void)
{
	kit_give(&kit, STRANGER);
	kit_actor_init(&kit, &stranger, STRANGER, 0);
}

static void disown(void)
{
	kit_actor_fini(&stranger);
	kit_set_state(&kit, STRANGER, TRP_DEAD);
	kit_free_slot(&kit, STRANGER);
}

/* Hears two items of the second owner, each once. */
static int hear_two(struct kit_actor *actor, void *unused)
{
	struct trp_mail mail;
	int r;

	step_mark();
	r = trp_mailbox_receive(&actor->box, TRP_TAKE_ALL, &mail);
	step_mark();
	for (uint64_t heard = 1; heard <= 2; heard++) {
		if (r == 0)
			r = kit_receive(actor, TRP_TAKE_ALL, &mail);
		if (r != 1 || kit_number(&mail) != heard ||
		    mail.generation != kit_generation(&kit, STRANGER))
			return 3;
		trp_mailbox_receive_done(&actor->box, &mail);
		r = 0;
	}
	return 0;
}

/* The first owner has rung, and nothing more. */
static void ring_only(uint32_t generation)
{
	if (kit_generation(&kit, STRANGER))
		disown();
	own();
	trp_doorbell_set(trp_arena_doorbell(&kit.self.arena, CHILD), STRANGER);
}

static void tell_one(uint32_t generation)
{
	disown();
	own();
	cr_assert_eq(kit_send_number(&stranger, CHILD, generation, 1), 0);
}

static void tell_another(void)
{
	uint32_t generation = kit_generation(&kit, CHILD);

	cr_assert_eq(kit_send_number(&stranger, CHILD, generation, 2), 0);
}

Test(interleave, a_new_owner_is_not_taken_for_the_old_at_any_step)
{
	const struct play play = { hear_two, ring_only, tell_one,
				   tell_another };

	play_all(&play);
}
