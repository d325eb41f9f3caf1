/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <string.h>

#include "ipc/mailbox_unread.h"
#include "ipc/peer.h"
#include "ipc/succession.h"
#include "tests/ipc/succession_kit.h"

/*
 * Successions, looked at or killed after each instruction.  A third
 * process finds what the next successor would take over.
 */

TestSuite(succession_step, .init = succession_init, .fini = succession_fini,
	  .timeout = 600);

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
		succession_begin(
			slot); /* bob, too: of another generation each time */
	for (int lives = 0; lives < 3; lives++) {
		for (int i = 0; i < 40; i++, number++)
			cr_assert_eq(kit_send_number(&actor[ANN], BOB,
						     actor[BOB].generation,
						     number),
				     0);
		if (lives < 2)
			succession_succeed(ANN);
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
		succession_end(slot);
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
	succession_kill_and_reap(BOB, child);
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
	succession_kill_and_reap(BOB, child);
	kit_succeed(&kit, BOB);
	if (is_running) {
		child = kit_fork_present(&kit, BOB, import, NULL);
		cr_assert(step_to_mark(child));
		step_along(child, path, then);
		succession_kill_and_reap(BOB, child);
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

	succession_begin(ANN);
	for (int lives = 0; lives < LIVES; lives++) {
		for (int i = 0; i < EACH; i++)
			cr_assert_eq(
				kit_send_number(&actor[ANN], BOB, 1, number++),
				0);
		if (lives + 1 < LIVES)
			succession_succeed(ANN);
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
