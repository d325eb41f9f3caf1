/* SPDX-License-Identifier: MIT */
/*
 * Trees of supervised actors that are killed, stopped and continued at any
 * instruction, fail, crash and end by themselves, fail to start, and are
 * stopped, started, restarted and added by hand; and all of them send to each
 * other meanwhile.  A sheet that all share follows along:
 *
 *	an item is handled once and in order, over deaths of both its ends; one
 *	of them is skipped, or handled again, where a handler died
 *	a question has one closure in the life that asked it
 *	two witnesses are told of each death once, and then that none follows
 *	no two incarnations live at a time, nor siblings out of order
 *	what was stopped by hand is down until it is started by hand, and
 *	nothing else is
 *
 * In the end nobody is disturbed any more, all that is down is started by hand,
 * and soon each item that was sent has been handled.  Then all is stopped, and
 * no process, descriptor or slot is left.
 *
 * SOAK_SECONDS, SOAK_TREES and TEST_SEED may be set.  SOAK_LOG shows the log of
 * the node; with SOAK_HALT a failed node waits for inspection.
 */
#include <fcntl.h>
#include <sys/resource.h>
#include "runtime/supervision/module.h"
#include "runtime/troupe_supervise.h"
#include "tests/soak/trees/sheet.h"

enum { SETTLE_MS = 120000, SLOTS = 1024, MOST_TREES = 64 };

#ifdef __SANITIZE_ADDRESS__ /* whose processes are many times as large */
enum { TREES = 2 };
#else
enum { TREES = 8 };
#endif

static const struct trp_module *const modules[] = { &trp_supervision_module,
						    NULL };
static uint32_t trees, seconds;

/* ---- who keeps the trees ---------------------------------------------------
 */

static troupe_ref top[MOST_TREES];

static void plant(uint32_t i)
{
	Trees__Place place = TREES__PLACE__INIT;
	int r;

	top[i] = 0;
	if (sheet->is_over)
		return;
	place.is_supervisor = true;
	r = troupe_spawn(&trees_top[i % TOPS], &place.base, &top[i]);
	if (r < 0)
		sheet_complain("a spawn failed", i, (uint64_t)-r, 0);
}

static int has_ended(const struct troupe_end *end)
{
	for (uint32_t i = 0; i < trees && !end->will_restart; i++)
		if (top[i] == end->ref)
			plant(i);
	return 0;
}

static int keep(const void *arguments)
{
	for (uint32_t i = 0; i < trees; i++)
		plant(i);
	return 0;
}

static const struct troupe_class keeper = {
	.name = "keeper",
	.init = keep,
	.child_stopped = has_ended,
	.grace_ms = -1,
};

/* ---- the judge --------------------------------------------------------------
 */

static uint32_t count_restless(bool is_said)
{
	uint32_t restless = 0;

	for (uint32_t i = 1; i <= sheet->posts && i < POSTS; i++) {
		const struct post *post = &sheet->post[i];

		if (sheet_is_gone(post) || post->state == CALM)
			continue;
		restless++;
		if (is_said)
			sheet_complain("hangs, or its end is not told", i,
				       post->ref, post->state);
	}
	return restless;
}

static bool is_lane_right(const struct lane *lane)
{
	const struct post *to = &sheet->post[lane->to];
	uint64_t begun = lane->begun, sent = lane->sent;

	if (sheet_is_gone(to))
		return true;
	if (lane->is_refused)
		return false;
	if (begun == sent || (lane->pending && begun == lane->pending))
		return true;
	for (uint32_t i = 0; i < lane->unsures && begun < sent; i++)
		if (lane->unsure[i] == begun)
			begun++;
	return begun == sent;
}

static uint32_t count_wrong_posts(bool is_said)
{
	uint32_t wrong = 0;

	for (uint32_t i = 1; i <= sheet->posts && i < POSTS; i++) {
		const struct post *post = &sheet->post[i];
		uint32_t missing = 0;

		if (sheet_is_gone(post))
			continue;
		for (int w = 0; w < WITNESSES; w++)
			missing += post->told[w].count &&
				   post->told[w].last + 2 != post->starts;
		missing += post->told[0].count != post->told[1].count &&
			   post->told[0].last != post->told[1].last;
		missing += post->asked != post->answered;
		wrong += missing != 0;
		if (missing && is_said) {
			sheet_complain("deaths told", i, post->told[0].last,
				       post->starts);
			sheet_complain("closures", i, post->answered,
				       post->asked);
		}
	}
	return wrong;
}

static uint32_t count_wrong(bool is_said)
{
	uint32_t wrong = count_wrong_posts(is_said);

	for (uint32_t i = 1; i <= sheet->lanes && i < LANES; i++) {
		const struct lane *lane = &sheet->lane[i];

		if (is_lane_right(lane))
			continue;
		wrong++;
		if (is_said)
			sheet_complain("of a lane", i, lane->begun, lane->sent);
	}
	return wrong;
}

static void say_what_was(void)
{
	uint64_t handled = 0, lives = 0, gaps = 0;

	for (uint32_t i = 1; i <= sheet->lanes && i < LANES; i++)
		handled += sheet->lane[i].begun;
	for (uint32_t i = 1; i <= sheet->posts && i < POSTS; i++) {
		lives += sheet->post[i].starts;
		gaps += sheet->post[i].gaps;
	}
	if (gaps > 3 + lives / 20)
		sheet_complain("items were skipped", 0, gaps, lives);
	dprintf(sheet_report,
		"%llu lives at %u references, %llu failed starts, %llu orders "
		"by hand, %llu items on %u lanes (%llu times full, %llu "
		"skipped, %llu again), %llu calls (%llu failed)\n",
		(unsigned long long)lives, sheet->posts,
		(unsigned long long)sheet->bad_starts,
		(unsigned long long)sheet->orders, (unsigned long long)handled,
		sheet->lanes, (unsigned long long)sheet->full,
		(unsigned long long)gaps, (unsigned long long)sheet->tries,
		(unsigned long long)sheet->calls,
		(unsigned long long)sheet->failed_calls);
}

/* ---- what is left -----------------------------------------------------------
 */

static uint32_t count_untold(bool is_said)
{
	uint32_t untold = 0;

	for (uint32_t i = 1; i <= sheet->posts && i < POSTS; i++) {
		if (sheet_is_gone(&sheet->post[i]))
			continue;
		untold++;
		if (is_said)
			sheet_complain("its end is not told", i,
				       sheet->post[i].ref, 0);
	}
	return untold;
}

/* All but the supervisor's, the root's and those of the two witnesses. */
static uint32_t count_lost_slots(bool is_said)
{
	static troupe_ref ref[SLOTS];
	uint32_t count = 0, lost;

	while (count < SLOTS &&
	       troupe_spawn_function(stage_idle, NULL, &ref[count]) == 0)
		count++;
	lost = SLOTS - 4 - count;
	for (uint32_t i = 0; i < count; i++) {
		troupe_kill(ref[i]);
		troupe_wait(ref[i], TROUPE_NEVER, NULL);
	}
	if (lost && is_said)
		sheet_complain("slots are lost", 0, lost, 0);
	return lost;
}

static int root(int argc, char **argv)
{
	struct troupe_time end = troupe_in_ms(seconds * INT64_C(1000));
	Trees__Place place = TREES__PLACE__INIT;
	troupe_ref keeper_ref, hand, witness[WITNESSES];

	for (uint32_t i = 0; i < WITNESSES; i++) {
		place.index = i;
		CHECK(troupe_spawn(&trees_witness, &place.base, &witness[i]) ==
		      0);
	}
	CHECK(troupe_spawn(&keeper, NULL, &keeper_ref) == 0);
	CHECK(troupe_spawn(&trees_hand, NULL, &hand) == 0);
	while (troupe_now().ns < end.ns && !board->failures)
		stage_receive(100);
	sheet->is_over = 1;
	stage_await_none(count_restless, SETTLE_MS);
	stage_await_none(count_wrong, SETTLE_MS);
	say_what_was();
	while (board->failures && getenv("SOAK_HALT"))
		stage_receive(1000);
	sheet->is_down = 1;
	CHECK(troupe_wait(hand, troupe_in_ms(SETTLE_MS), NULL) == 0);
	CHECK(troupe_stop(keeper_ref) == 0);
	CHECK(troupe_wait(keeper_ref, troupe_in_ms(SETTLE_MS), NULL) == 0);
	stage_await_none(count_untold, SETTLE_MS);
	stage_await_none(count_lost_slots, SETTLE_MS);
	sheet->is_down = 2;
	for (uint32_t i = 0; i < WITNESSES; i++)
		CHECK(troupe_wait(witness[i], troupe_in_ms(SETTLE_MS), NULL) ==
		      0);
	return 0;
}

/* ---- the test
 * ---------------------------------------------------------------- */

/* Each death has its lines there, as each letter to the dead. */
static void hush(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (getenv("SOAK_LOG"))
		return;
	sheet_report = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	cr_assert(null >= 0 && sheet_report >= 0);
#ifndef __SANITIZE_ADDRESS__
	dup2(null, STDERR_FILENO);
#endif
	close(null);
}

static uint32_t setting(const char *name, uint32_t otherwise)
{
	const char *text = getenv(name);

	return text ? (uint32_t)atoi(text) : otherwise;
}

static uint64_t find_seed(void)
{
	const char *given = getenv("TEST_SEED");
	uint64_t seed =
		given ? strtoull(given, NULL, 0) : (uint64_t)troupe_now().ns;

	dprintf(sheet_report,
		"TEST_SEED=%llu SOAK_SECONDS=%u SOAK_TREES=%u "
		"test-soak-trees\n",
		(unsigned long long)seed, seconds, trees);
	return seed;
}

Test(soak_trees, nothing_is_lost_doubled_or_left_among_supervised_deaths,
     .timeout = 1000000)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit) { 0 });
	trees = setting("SOAK_TREES", TREES);
	seconds = setting("SOAK_SECONDS", 5);
	cr_assert(trees > 0 && trees <= MOST_TREES);
	hush();
	sheet_chance = find_seed();
	sheet_open();
	stage_modules = modules;
	stage_slots = SLOTS;
	alarm(seconds + 5 * SETTLE_MS / 1000); /* bounds a node that hangs */
	stage_pass(root);
	alarm(0);
	dup2(sheet_report, STDERR_FILENO);
}
