/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "ipc/mailbox_unread.h"
#include "ipc/peer.h"
#include "ipc/succession.h"
#include "tests/support/ipc_kit.h"
#include "tests/support/step.h"

/*
 * Successions, looked at or killed after each instruction.  A third
 * process finds what the next successor would take over.
 */

enum { ANN = 1, BOB, EVE, ACTORS = EVE };

static struct kit kit;
static struct kit_actor actor[ACTORS + 1];
static uint64_t last_echo;

static void set_up(void)
{
	kit_init(&kit, 32, KIT_HEAP);
	kit_give(&kit, BOB);
	last_echo = 0;
}

static void tear_down(void)
{
	kit_fini(&kit);
}

TestSuite(succession_step, .init = set_up, .fini = tear_down, .timeout = 600);

static void begin(uint32_t slot)
{
	kit_give(&kit, slot);
	kit_actor_init(&kit, &actor[slot], slot, 0);
}

static void succeed(uint32_t slot)
{
	kit_actor_fini(&actor[slot]);
	kit_succeed(&kit, slot);
	kit_actor_init(&kit, &actor[slot], slot, 0);
}

static void end(uint32_t slot)
{
	kit_actor_fini(&actor[slot]);
	kit_set_state(&kit, slot, TRP_DEAD);
	kit_free_slot(&kit, slot);
}

/* Killed while the directory says that it lives; its mail may be unread. */
static void kill_and_reap(uint32_t slot, pid_t pid)
{
	kill(pid, SIGKILL);
	if (waitpid(pid, NULL, 0) != pid)
		abort();
	trp_mailbox_unread_ring(&kit.self.box, slot);
}

/* ---- what is unfinished -------------------------------------------------- */

/* Of the mail of each sender to bob: how many records, and the first. */
static struct unfinished {
	uint64_t count, first;
} unfinished[ACTORS + 1][TRP_STREAMS];

static void visit(const struct trp_mail *mail, void *data)
{
	struct unfinished *its = &unfinished[mail->sender][mail->stream];
	uint64_t number;

	memcpy(&number, mail->bytes, sizeof(number));
	if (its->count++ == 0)
		its->first = number;
	cr_assert_eq(number, its->first + its->count - 1);
}

/* Takes the doorbell, and puts it back: bob's process is stopped. */
static void look(void)
{
	struct trp_doorbell *doorbell =
		trp_arena_doorbell(&kit.self.arena, BOB);
	static unsigned char before[sizeof(*doorbell)];

	memset(unfinished, 0, sizeof(unfinished));
	memcpy(before, (void *)doorbell, sizeof(before));
	trp_mailbox_unread_each(&kit.self.arena, BOB, NULL, visit, NULL);
	memcpy((void *)doorbell, before, sizeof(before));
}

/* ---- the import ---------------------------------------------------------- */

static void take_some(unsigned count)
{
	struct trp_mail mail;

	while (count--) {
		cr_assert_eq(trp_mailbox_receive(&actor[BOB].box, TRP_TAKE_ALL,
						 &mail),
			     1);
		trp_mailbox_receive_done(&actor[BOB].box, &mail);
	}
}

/*
 * Bob has done with a part of what two senders sent, the last of it
 * unpublished; he is in the lane of ann's second incarnation, which has a
 * third.
 */
static void make_history(void)
{
	struct trp_mail mail;
	uint64_t number = 0;

	for (uint32_t slot = ANN; slot <= ACTORS; slot++)
		begin(slot); /* bob, too: of another generation each time */
	for (int lives = 0; lives < 3; lives++) {
		for (int i = 0; i < 40; i++, number++)
			cr_assert_eq(kit_send_number(&actor[ANN], BOB,
						     actor[BOB].generation,
						     number),
				     0);
		if (lives < 2)
			succeed(ANN);
	}
	take_some(45);
	for (number = 0; number < 70; number++)
		cr_assert_eq(kit_send(&actor[EVE], BOB, actor[BOB].generation,
				      TRP_REPLY, &number, 8),
			     0);
	take_some(20);
	cr_assert_eq(trp_mailbox_receive(&actor[BOB].box, TRP_TAKE_ALL, &mail),
		     1);
	kit_actor_fini(&actor[BOB]);
}

static void expect_history(void)
{
	cr_assert_eq(unfinished[ANN][TRP_MAIL].first, 45);
	cr_assert_eq(unfinished[ANN][TRP_MAIL].count, 120 - 45);
	cr_assert_eq(unfinished[EVE][TRP_REPLY].first, 20);
	cr_assert_eq(unfinished[EVE][TRP_REPLY].count, 70 - 20);
}

static int import(struct kit_actor *bob, void *unused)
{
	(void)unused;
	step_mark();
	kit_actor_begin(bob, 0);
	step_mark();
	return 0;
}

/* The successor in actor[BOB] gets all that nobody was done with. */
static void expect_rest(void)
{
	uint64_t next[ACTORS + 1] = { [ANN] = 45, [EVE] = 20 };
	struct trp_mail mail;

	while (trp_mailbox_receive(&actor[BOB].box, TRP_TAKE_ALL, &mail) == 1) {
		cr_assert_eq(kit_number(&mail), next[mail.sender]++);
		trp_mailbox_receive_done(&actor[BOB].box, &mail);
	}
	cr_assert_eq(next[ANN], 120);
	cr_assert_eq(next[EVE], 70);
	cr_assert(trp_mailbox_receive_is_empty(&actor[BOB].box, TRP_TAKE_ALL));
	trp_mailbox_receive_check(&actor[BOB].box);
}

static void end_history(void)
{
	for (uint32_t slot = ANN; slot <= ACTORS; slot++)
		end(slot);
}

Test(succession_step, leaves_each_lane_as_it_was_at_each_step_of_the_import)
{
	unsigned steps = 0;
	pid_t child;

	make_history();
	kit_succeed(&kit, BOB);
	child = kit_fork_present(&kit, BOB, import, NULL);
	cr_assert(step_to_mark(child));
	do {
		look();
		expect_history();
		steps++;
	} while (step_once(child));
	cr_assert_gt(steps, 1000);
	cr_assert_eq(
		trp_arena_front(&kit.fresh, kit_region(&kit, BOB))->imported,
		1);
	kill_and_reap(BOB, child);
	kit_succeed(&kit, BOB);
	kit_actor_init(&kit, &actor[BOB], BOB, 0);
	cr_assert_eq(kit_sweep(&kit, BOB), 2);
	expect_rest();
	end_history();
}

/* And its successor before the next mark, or the end, likewise. */
static bool kill_import_after(struct step_path *path, const unsigned *steps,
			      unsigned then)
{
	bool is_running = false;
	pid_t child;

	make_history();
	kit_succeed(&kit, BOB);
	child = kit_fork_present(&kit, BOB, import, NULL);
	cr_assert(step_to_mark(child));
	if (steps)
		is_running = step_along(child, path, *steps);
	else
		step_record(child, path);
	kill_and_reap(BOB, child);
	kit_succeed(&kit, BOB);
	if (is_running) {
		child = kit_fork_present(&kit, BOB, import, NULL);
		cr_assert(step_to_mark(child));
		step_along(child, path, then);
		kill_and_reap(BOB, child);
		kit_succeed(&kit, BOB);
	}
	kit_actor_init(&kit, &actor[BOB], BOB, 0);
	expect_rest();
	end_history();
	return is_running;
}

Test(succession_step, survives_two_deaths_anywhere_in_the_import)
{
	const unsigned places = 300 / STEP_STRIDE;
	uint64_t seed = kit_seed("succession_step/survives_*");
	static struct step_path path;
	unsigned killed = 0;

	kill_import_after(&path, NULL, 0);
	for (unsigned i = 0; i < places; i++) {
		unsigned first = kit_random(&seed) % path.count;

		killed += kill_import_after(&path, &first,
					    kit_random(&seed) % path.count);
	}
	cr_assert_gt(killed, places * 8 / 10);
}

/* ---- passing on ---------------------------------------------------------- */

enum { EACH = 12, LIVES = 3 };

/* The progress of the child, which other processes cannot write. */
struct reading {
	_Atomic uint32_t begun, done;
};

static struct reading *reading_in(const struct trp_arena *arena,
				  uint32_t region)
{
	return (void *)trp_arena_front(arena, region)->user;
}

static int read_all(struct kit_actor *bob, void *unused)
{
	struct reading *reading = reading_in(&bob->arena, bob->arena.entered);
	struct trp_mail mail;

	(void)unused;
	kit_actor_begin(bob, 0);
	step_mark();
	while (reading->done < EACH * LIVES) {
		if (trp_mailbox_receive(&bob->box, TRP_TAKE_ALL, &mail) != 1)
			return 1;
		if (kit_number(&mail) != reading->begun++)
			return 2;
		trp_mailbox_receive_done(&bob->box, &mail);
		reading->done++;
		if (reading->done % 5 == 0)
			trp_mailbox_receive_is_empty(&bob->box, TRP_TAKE_ALL);
	}
	trp_mailbox_receive_is_empty(&bob->box, TRP_TAKE_ALL);
	step_mark();
	return 0;
}

Test(succession_step, leaves_word_of_what_it_finished_while_it_passes_on)
{
	const struct reading *reading;
	uint64_t number = 0;
	uint32_t finished, steps = 0;
	pid_t child;

	begin(ANN);
	for (int lives = 0; lives < LIVES; lives++) {
		for (int i = 0; i < EACH; i++)
			cr_assert_eq(
				kit_send_number(&actor[ANN], BOB, 1, number++),
				0);
		if (lives + 1 < LIVES)
			succeed(ANN);
	}
	child = kit_fork_present(&kit, BOB, read_all, NULL);
	cr_assert(step_to_mark(child));
	reading = reading_in(&kit.fresh, kit_region(&kit, BOB));
	do {
		look();
		finished = (uint32_t)(number - unfinished[ANN][TRP_MAIL].count);
		cr_assert_geq(finished, reading->done);
		cr_assert_leq(finished, reading->done + 1,
			      "%u of %u after %u steps", finished,
			      reading->done, steps);
		steps++;
	} while (step_once(child));
	cr_assert_eq(reading->done, number);
	step_go_on(child);
	cr_assert_eq(kit_reap(&kit, BOB, child), 0);
	cr_assert_eq(kit_sweep(&kit, ANN), LIVES - 1);
	kit_actor_fini(&actor[ANN]);
}

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
	kill_and_reap(ANN, ann);
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
	kill_and_reap(BOB, *bob);
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
	kill_and_reap(ANN, ann);
	free_ann();
	return is_running;
}

static void kill_bob(pid_t bob)
{
	kill_and_reap(BOB, bob);
	kit_set_state(&kit, BOB, TRP_DEAD);
}

Test(succession_step, brings_all_in_order_of_a_sender_killed_anywhere)
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

Test(succession_step, wakes_a_successor_wherever_its_sender_was_meanwhile)
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
	kill_and_reap(ANN, ann);
	end(BOB);
	free_ann();
	return is_running;
}

Test(succession_step, tells_one_that_waits_for_room_wherever_it_was_meanwhile)
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
	kill_and_reap(BOB, bob);
	kit_sweep(&kit, BOB);
	return is_running;
}

Test(succession_step, finds_mail_that_came_anywhere_in_its_beginning)
{
	const unsigned places = 500 / STEP_STRIDE;
	uint64_t seed = kit_seed("succession_step/finds_*");
	static struct step_path path;
	unsigned sent = 0;

	begin(ANN);
	send_at(&path, NULL, 1);
	for (unsigned i = 0; i < places; i++) {
		unsigned place = kit_random(&seed) % path.count;

		sent += send_at(&path, &place, 2 + i);
	}
	cr_assert_gt(sent, places * 8 / 10);
	kit_set_state(&kit, BOB, TRP_DEAD);
	end(ANN);
}
