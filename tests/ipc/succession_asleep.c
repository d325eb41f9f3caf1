/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <sched.h>

#include "ipc/mailbox_unread.h"
#include "ipc/peer.h"
#include "ipc/succession.h"
#include "tests/ipc/succession_kit.h"

/*
 * Successors that sleep, and those that wait for them, stopped or killed after
 * each instruction.
 */

static uint64_t last_echo;

static void set_up(void)
{
	succession_init();
	last_echo = 0;
}

TestSuite(succession_asleep, .init = set_up, .fini = succession_fini,
	  .timeout = 600);

/* ---- a receiver that sleeps ---------------------------------------------- */

/*
 * Reports each record that it gets to slot 0, before it is done with it.  With
 * a step_mark() before and after its beginning, if data says so.
 */
static int echo(struct kit_actor *bob, void *data)
{
	struct trp_mail mail;

	if (data)
		step_mark();
	kit_actor_begin(bob, 0);
	trp_mailbox_receive_is_empty(&bob->box, TRP_TAKE_ALL);
	if (data)
		step_mark();
	while (kit_receive(bob, TRP_TAKE_ALL, &mail) == 1) {
		if (kit_send_number(bob, 0, 1, kit_number(&mail)) < 0)
			return 1;
		trp_mailbox_receive_done(&bob->box, &mail);
	}
	return 2;
}

/* The last one may come again: its receiver was killed with it in its hands. */
static void expect_echo(uint64_t number)
{
	struct trp_mail mail;
	uint64_t echoed;

	do {
		cr_assert_eq(kit_receive(&kit.self, TRP_TAKE_ALL, &mail), 1,
			     "%lu after %lu", number, last_echo);
		echoed = kit_number(&mail);
		trp_mailbox_receive_done(&kit.self.box, &mail);
	} while (echoed == last_echo && echoed != number);
	cr_assert_eq(echoed, number);
	last_echo = number;
}

static void until_bob_sleeps(void)
{
	const struct trp_front *front =
		trp_arena_front(&kit.fresh, kit_region(&kit, BOB));

	while (!atomic_load(&front->sleeping) ||
	       trp_doorbell_is_set(trp_arena_doorbell(&kit.fresh, BOB)))
		sched_yield();
}

static int post_two(struct kit_actor *ann, void *data)
{
	uint32_t generation = *(uint32_t *)data;

	kit_actor_begin(ann, 0);
	if (kit_send_number(ann, BOB, generation, 1) < 0)
		return 1;
	step_mark();
	if (kit_send_number(ann, BOB, generation, 2) < 0)
		return 1;
	step_mark();
	return 0;
}

static pid_t post_first(uint32_t *generation)
{
	pid_t ann;

	kit_give(&kit, ANN);
	ann = kit_fork_present(&kit, ANN, post_two, generation);
	cr_assert(step_to_mark(ann));
	expect_echo(1);
	until_bob_sleeps();
	return ann;
}

/* The rest of a round: all is read, and the slot of ann is free. */
static void free_ann(void)
{
	kit_set_state(&kit, ANN, TRP_DEAD);
	while (trp_mailbox_unread_ring(&kit.self.box, ANN))
		sched_yield();
	kit_free_slot(&kit, ANN);
}

/*
 * Ann is killed after that many instructions of her second send; her successor
 * sends another.
 */
static bool kill_sender_after(struct step_path *path, const unsigned *steps,
			      uint32_t generation)
{
	pid_t ann = post_first(&generation);
	bool is_running = false, is_committed;
	const struct trp_endpoint *sent;

	if (steps)
		is_running = step_along(ann, path, *steps);
	else
		step_record(ann, path);
	succession_kill_and_reap(ANN, ann);
	sent = trp_endpoint_find(&kit.fresh, kit_region(&kit, ANN), BOB);
	is_committed = sent->out[TRP_MAIL].tail > trp_record_space(8);
	kit_succeed(&kit, ANN);
	kit_actor_init(&kit, &actor[ANN], ANN, 0);
	cr_assert_eq(kit_send_number(&actor[ANN], BOB, generation, 3), 0);
	if (is_committed)
		expect_echo(2);
	expect_echo(3);
	kit_actor_fini(&actor[ANN]);
	free_ann();
	return is_running;
}

/*
 * Ann is stopped there, while bob is killed and his successor falls asleep;
 * then she goes on.
 */
static bool kill_receiver_after(struct step_path *path, const unsigned *steps,
				uint32_t generation, pid_t *bob)
{
	pid_t ann = post_first(&generation);
	bool is_running = false;

	if (steps)
		is_running = step_along(ann, path, *steps);
	else
		step_record(ann, path);
	succession_kill_and_reap(BOB, *bob);
	kit_succeed(&kit, BOB);
	*bob = kit_fork_present(&kit, BOB, echo, NULL);
	until_bob_sleeps();
	kit_sweep(&kit, BOB);
	if (is_running) {
		step_go_on(ann);
		cr_assert(step_to_mark(ann));
	}
	/* He may have died with it in his hands. */
	expect_echo(2);
	succession_kill_and_reap(ANN, ann);
	free_ann();
	return is_running;
}

static void kill_bob(pid_t bob)
{
	succession_kill_and_reap(BOB, bob);
	kit_set_state(&kit, BOB, TRP_DEAD);
}

Test(succession_asleep, brings_all_in_order_of_a_sender_killed_anywhere)
{
	pid_t bob = kit_fork_present(&kit, BOB, echo, NULL);
	static struct step_path path;
	unsigned killed = 0;

	kill_sender_after(&path, NULL, 1);
	for (unsigned i = 0; i < path.count; i += STEP_STRIDE)
		killed += kill_sender_after(&path, &i, 1);
	cr_assert_gt(killed, path.count / STEP_STRIDE * 9 / 10);
	kill_bob(bob);
}

Test(succession_asleep, wakes_a_successor_wherever_its_sender_was_meanwhile)
{
	pid_t bob = kit_fork_present(&kit, BOB, echo, NULL);
	static struct step_path path;
	unsigned stopped = 0;

	kill_receiver_after(&path, NULL, 1, &bob);
	for (unsigned i = 0; i < path.count; i += STEP_STRIDE)
		stopped += kill_receiver_after(&path, &i, 1, &bob);
	cr_assert_gt(stopped, path.count / STEP_STRIDE * 9 / 10);
	kill_bob(bob);
}

/* ---- a sender that waits for room ---------------------------------------- */

enum { LIMIT = 1024 };

/* Its answer, where others can read it. */
static _Atomic uint32_t *room_of(const struct trp_arena *arena, uint32_t region)
{
	return (void *)trp_arena_front(arena, region)->user;
}

/* Sends one, then all that there is room for, and asks for more. */
static int want_room(struct kit_actor *ann, void *data)
{
	uint32_t generation = *(uint32_t *)data;

	kit_actor_begin(ann, 0);
	if (kit_send_number(ann, BOB, generation, 0) < 0)
		return 1;
	step_mark();
	while (kit_send_number(ann, BOB, generation, 1) == 0)
		;
	step_mark();
	*room_of(&ann->arena, ann->arena.entered) =
		trp_mailbox_want_room(&ann->box, BOB, generation) == 1;
	step_mark();
	return 0;
}

static void take_all(void)
{
	struct trp_mail mail;

	while (trp_mailbox_receive(&actor[BOB].box, TRP_TAKE_ALL, &mail) == 1)
		trp_mailbox_receive_done(&actor[BOB].box, &mail);
	trp_mailbox_receive_is_empty(&actor[BOB].box, TRP_TAKE_ALL);
}

/* Ann is stopped there, while bob dies and his successor reads all. */
static bool read_all_after(struct step_path *path, const unsigned *steps)
{
	bool is_running = false, has_room;
	pid_t ann;

	kit_give(&kit, BOB);
	kit_actor_init(&kit, &actor[BOB], BOB, LIMIT);
	kit_give(&kit, ANN);
	ann = kit_fork_present(&kit, ANN, want_room, &actor[BOB].generation);
	cr_assert(step_to_mark(ann));
	take_all();
	step_go_on(ann);
	cr_assert(step_to_mark(ann));
	if (steps)
		is_running = step_along(ann, path, *steps);
	else
		step_record(ann, path);
	kit_actor_fini(&actor[BOB]);
	kit_succeed(&kit, BOB);
	kit_actor_init(&kit, &actor[BOB], BOB, LIMIT);
	take_all();
	if (is_running) {
		step_go_on(ann);
		cr_assert(step_to_mark(ann));
	}
	has_room = *room_of(&kit.fresh, kit_region(&kit, ANN));
	cr_assert(has_room ||
		  trp_doorbell_is_set(trp_arena_doorbell(&kit.fresh, ANN)));
	succession_kill_and_reap(ANN, ann);
	succession_end(BOB);
	free_ann();
	return is_running;
}

Test(succession_asleep, tells_one_that_waits_for_room_wherever_it_was_meanwhile)
{
	static struct step_path path;
	unsigned stopped = 0;

	read_all_after(&path, NULL);
	for (unsigned i = 0; i < path.count; i += STEP_STRIDE)
		stopped += read_all_after(&path, &i);
	cr_assert_gt(stopped, path.count / STEP_STRIDE * 9 / 10);
}

/* ---- mail to a beginner -------------------------------------------------- */

/* Mail comes at one step of the beginning of a successor, which then sleeps. */
static bool send_at(struct step_path *path, const unsigned *steps,
		    uint64_t number)
{
	bool is_running = false;
	pid_t bob;

	kit_succeed(&kit, BOB);
	bob = kit_fork_present(&kit, BOB, echo, "");
	cr_assert(step_to_mark(bob));
	if (steps)
		is_running = step_along(bob, path, *steps);
	else
		step_record(bob, path);
	cr_assert_eq(kit_send_number(&actor[ANN], BOB, 1, number), 0);
	if (is_running) {
		step_go_on(bob);
		cr_assert(step_to_mark(bob));
	}
	step_go_on(bob);
	expect_echo(number);
	until_bob_sleeps();
	succession_kill_and_reap(BOB, bob);
	kit_sweep(&kit, BOB);
	return is_running;
}

Test(succession_asleep, finds_mail_that_came_anywhere_in_its_beginning)
{
	const unsigned places = 500 / STEP_STRIDE;
	uint64_t seed = kit_seed("succession_asleep/finds_*");
	static struct step_path path;
	unsigned sent = 0;

	succession_begin(ANN);
	send_at(&path, NULL, 1);
	for (unsigned i = 0; i < places; i++) {
		unsigned place = kit_random(&seed) % path.count;

		sent += send_at(&path, &place, 2 + i);
	}
	cr_assert_gt(sent, places * 8 / 10);
	kit_set_state(&kit, BOB, TRP_DEAD);
	succession_end(ANN);
}
