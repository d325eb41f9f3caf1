/* SPDX-License-Identifier: MIT */
/* The checks of the harness: hangs and leftovers. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>
#include "tests/bench/lanes.h"
#include "tests/harness/said.h"

Test(watch, a_run_that_hangs_tells_who_waits_for_whom_and_what_is_unread)
{
	long letters, fitted;
	const char *flooder;

	cr_assert_eq(bench("--preset smoke --timeout 3 hang:letters=7"), 1);
	SAYS("hang/letters:7 hangs; alive are");
	SAYS("7 processes");
	SAYS("  3 sleep, await no answer and have been read\n");
	SAYS("] sleeps; received 0, sent 2\n    awaits an answer of deaf[");
	SAYS("    1 messages and 0 answers (");
	SAYS("    7 messages and 0 answers (");
	flooder = strstr(said, "  flooder[");
	cr_assert_not_null(flooder, "%s", said);
	cr_assert_eq(sscanf(flooder,
			    "  flooder[%*d] sleeps; received 0, sent %ld\n %ld",
			    &fitted, &letters),
		     2, "%s", flooder);
	cr_assert_gt(letters, 10);
	cr_assert_eq(letters, fitted, "%s", flooder);
	cr_assert_not_null(strstr(flooder, "waits for room there"));
}

Test(watch, a_run_that_goes_on_is_slow_and_does_not_hang)
{
	cr_assert_eq(bench("--dry-run --timeout 6 slow"), 1);
	SAYS("slow is slow; alive are");
	SAYS("FAILED: slow, run 1: is slow: ");
	SAYS_NOT("hung");
}

Test(watch, what_hangs_on_purpose_runs_only_by_its_name)
{
	cr_assert_eq(bench("--list"), 0);
	SAYS_NOT("hang ");
	cr_assert_eq(bench("--list troupe"), 0);
	SAYS_NOT("hang ");
	cr_assert_eq(bench("--list hang"), 0);
	SAYS("hang ");
}

/* ---- pages --------------------------------------------------------------- */

enum { SLOTS = 4, LIVE = 1, DEAD = 2, FREE = 3, HEAP = 1 << 20 };

static struct trp_arena arena;

static void set_up(void)
{
	cr_assert_eq(trp_arena_create(&arena, SLOTS, HEAP), 0);
	cr_assert_eq(trp_arena_enter(&arena, TRP_SLOT_SUPERVISOR), 0);
	for (uint32_t slot = 0; slot < FREE; slot++)
		trp_arena_assign(&arena, slot, slot, 1, 0);
	trp_arena_slot(&arena, LIVE)->life = trp_life(1, 0, TRP_LIVE);
	trp_arena_slot(&arena, DEAD)->life = trp_life(1, 0, TRP_DEAD);
	trp_arena_slot(&arena, FREE)->life = trp_life(1, 0, TRP_FREE);
}

static void tear_down(void)
{
	trp_arena_fini(&arena);
}

/* As if another process had written there. */
static void touch(size_t offset)
{
	cr_assert_eq(pwrite(arena.fd, "x", 1, (off_t)offset), 1);
}

static size_t heap_of(int slot)
{
	return slot ? (arena.regions - 1 - (size_t)slot) * HEAP : arena.heap_0;
}

static size_t front_of(int slot)
{
	return arena.fronts - (size_t)slot * TRP_FRONT_SIZE;
}

Test(watch, the_supervisors_own_pages_are_none_that_were_left, .init = set_up,
     .fini = tear_down)
{
	struct lanes_pages pages;

	touch(heap_of(TRP_SLOT_SUPERVISOR));
	touch(front_of(TRP_SLOT_SUPERVISOR));
	touch(arena.promises);
	lanes_count_pages(&arena, &pages);
	cr_assert_eq(pages.left, 0);
	cr_assert_eq(pages.kept, 0);
	cr_assert_eq(pages.unread, 0);
}

Test(watch, a_slot_that_was_given_away_and_has_many_pages_is_found,
     .init = set_up, .fini = tear_down)
{
	enum { FEW = TRP_KEPT_MAX / TRP_PAGE };
	struct lanes_pages pages;

	for (int i = 0; i < FEW; i++)
		touch(heap_of(FREE) + i * 2 * TRP_PAGE);
	lanes_count_pages(&arena, &pages);
	cr_assert_eq(pages.left, 0);
	cr_assert_eq(pages.kept, FEW);
	touch(front_of(FREE) + TRP_PAGE);
	lanes_count_pages(&arena, &pages);
	cr_assert_eq(pages.left, FEW + 1);
	cr_assert_eq(pages.kept, 0);
	cr_assert_eq(trp_arena_give_back(&arena, FREE, 1), 0);
	lanes_count_pages(&arena, &pages);
	cr_assert_eq(pages.left, 0);
}

Test(watch, what_others_may_touch_again_and_what_the_dead_wrote_is_told_apart,
     .init = set_up, .fini = tear_down)
{
	struct lanes_pages pages;

	touch(front_of(FREE));
	touch(arena.doorbells + FREE * sizeof(struct trp_doorbell));
	touch(heap_of(DEAD));
	touch(heap_of(DEAD) + TRP_PAGE);
	touch(front_of(DEAD));
	lanes_count_pages(&arena, &pages);
	cr_assert_eq(pages.left, 0);
	cr_assert_eq(pages.kept, 2);
	cr_assert_eq(pages.unread, 3);
}
