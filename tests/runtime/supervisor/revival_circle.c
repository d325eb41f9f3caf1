/* SPDX-License-Identifier: MIT */
/* Restarts that wait for each other to read mail, where regions are few. */
#include "tests/runtime/supervisor/revival_kit.h"

TestSuite(revival_circle, .init = revival_hurry, .timeout = 60);

/*
 * Six regions are to spare, and a slot is free.  Two members leave a region
 * each and the hog three, so two are left, and the hog is not restarted again.
 */
enum { SLOTS = 6, HOG_LIVES = 4 };
enum { ARE_KNOWN, HAVE_SENT, HAVE_READ, HOG, MEMBER };

static void await(int place, long value)
{
	while (board->value[place] < value)
		usleep(500);
}

/* Leaves mail to the root, which does not read it. */
static int hog_run(const void *arguments)
{
	const Play__Who *root = arguments;

	CHECK(stage_send(root->ref, troupe_incarnation()) == 0);
	board->value[HOG]++;
	if (troupe_incarnation() < HOG_LIVES)
		die();
	return 0;
}

/* Two lives leave mail to the other member, and the third reads its. */
static int member_run(const void *arguments)
{
	await(ARE_KNOWN, 1);
	if (troupe_incarnation() == 2) {
		CHECK(stage_receive(30000) == 0);
		CHECK(stage_receive(30000) == 1);
		board->value[HAVE_READ]++;
		return 0;
	}
	for (int i = 0; i < 2; i++)
		if ((troupe_ref)board->value[MEMBER + i] != troupe_self())
			CHECK(stage_send((troupe_ref)board->value[MEMBER + i],
					 troupe_incarnation()) == 0);
	board->value[HAVE_SENT]++;
	while (true)
		pause();
}

static void kill_both(const troupe_ref *ref)
{
	for (int i = 0; i < 2; i++)
		CHECK(troupe_kill(ref[i]) == 0);
	for (int i = 0; i < 2; i++)
		CHECK(next_end(ref[i]).will_restart);
}

static int circle_root(int argc, char **argv)
{
	static const struct troupe_class hog = {
		.run = hog_run, .restart = TROUPE_RESTART_CRASHED
	};
	static const struct troupe_class member = {
		.run = member_run, .restart = TROUPE_RESTART_CRASHED
	};
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref[2], other;

	for (int i = 0; i < 2; i++) {
		CHECK(troupe_spawn(&member, NULL, &ref[i]) == 0);
		board->value[MEMBER + i] = (long)ref[i];
	}
	board->value[ARE_KNOWN] = 1;
	await(HAVE_SENT, 2);
	kill_both(ref);
	await(HAVE_SENT, 4);
	who.ref = troupe_self();
	CHECK(troupe_spawn(&hog, &who.base, &other) == 0);
	for (int i = 0; i < HOG_LIVES; i++)
		CHECK(next_end(other).will_restart);
	kill_both(ref);
	await(HAVE_READ, 2);
	CHECK(board->value[HOG] == HOG_LIVES);
	for (int i = 0; i <= HOG_LIVES; i++)
		CHECK(stage_receive(30000) == i);
	return 0;
}

Test(revival_circle, of_those_that_wait_for_each_other_one_begins)
{
	stage_slots = SLOTS;
	stage_pass(circle_root);
}
