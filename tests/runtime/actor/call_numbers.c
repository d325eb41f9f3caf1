/* SPDX-License-Identifier: MIT */
/* Numbers of calls, and the table of those without an answer. */
#include "runtime/actor/call_number.h"

#include <criterion/criterion.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/actor/call_table.h"

/* More than one block of numbers. */
enum { MANY = 200000 };

static struct trp_status *shown;

static void set_up(void)
{
	shown = mmap(NULL, sizeof(*shown), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(shown, MAP_FAILED);
	trp_self.status = shown;
}

TestSuite(call_numbers, .init = set_up, .timeout = 600);

static uint64_t shown_end(void)
{
	return trp_load_relaxed(&shown->calls);
}

/* It may be killed after each. */
static int use_many(uint64_t first)
{
	for (uint64_t i = 1; i <= MANY; i++)
		if (trp_call_number_next() != first + i ||
		    shown_end() <= first + i)
			return 1;
	return 0;
}

static void end_well(int (*life)(uint64_t first), uint64_t first)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(life(first));
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0);
}

static int succeed(uint64_t first)
{
	trp_call_number_begin(first);
	return shown_end() != first || !trp_call_number_is_old(first) ||
	       !trp_call_number_is_old(1) ||
	       trp_call_number_is_old(first + 1) || use_many(first);
}

Test(call_numbers, of_a_successor_are_beyond_all_of_its_predecessors)
{
	uint64_t end;

	end_well(use_many, 0);
	for (int lives = 0; lives < 3; lives++) {
		end = shown_end();
		cr_assert_geq(end, (lives + 1) * MANY);
		end_well(succeed, end);
		cr_assert_geq(shown_end(), end + MANY);
	}
}

Test(call_numbers, of_one_that_succeeds_nobody_are_none_of_a_predecessors)
{
	cr_assert_not(trp_call_number_is_old(trp_call_number_next()));
}

/* ---- the table ----------------------------------------------------------- */

static struct troupe_proxy *const proxy = (void *)&shown;

static struct trp_call *take(void)
{
	struct trp_call *call = trp_call_table_take();

	cr_assert_not_null(call);
	call->proxy = proxy;
	trp_call_table_check();
	return call;
}

static void give_back(struct trp_call *call)
{
	trp_call_table_leave_line(call);
	trp_call_table_give_back(call);
	trp_call_table_check();
}

static uint64_t correlation(const struct trp_call *call)
{
	return call->number << TRP_CALL_PLACE_BITS | call->place;
}

Test(call_numbers, that_are_late_find_nothing_in_a_place_used_again)
{
	struct trp_call *call[40], *again;
	uint64_t late;

	cr_assert_null(trp_call_table_find(0));
	for (int i = 0; i < 40; i++)
		call[i] = take();
	for (int i = 0; i < 40; i++)
		cr_assert_eq(trp_call_table_find(correlation(call[i])),
			     call[i]);
	cr_assert_null(trp_call_table_find(correlation(call[39]) + 1));
	late = correlation(call[7]);
	give_back(call[7]);
	cr_assert_null(trp_call_table_find(late));
	again = take();
	cr_assert_eq(again->place, 7);
	cr_assert_null(trp_call_table_find(late));
	cr_assert_eq(trp_call_table_find(correlation(again)), again);
	call[7] = again;
	for (int i = 0; i < 40; i++)
		give_back(call[i]);
	cr_assert_eq(trp_call_table.pending, 0);
	late = correlation(again);
	trp_call_table_leave();
	cr_assert_null(trp_call_table_find(late));
	give_back(take());
	trp_call_table_leave();
}

static bool are_shown(void)
{
	return trp_load_relaxed(&shown->has_unwatched);
}

Test(call_numbers, that_nobody_watches_are_shown_while_there_are_any)
{
	struct trp_call_line *line = &trp_call_table.unwatched;
	struct trp_call *one = take(), *two = take(), *three = take();

	cr_assert_not(are_shown());
	trp_call_table_enter_line(line, one, 10);
	cr_assert(are_shown());
	trp_call_table_enter_line(line, two, 20);
	trp_call_table_enter_line(line, three, 30);
	trp_call_table_check();
	give_back(two);
	give_back(three);
	cr_assert(are_shown());
	two = take();
	trp_call_table_enter_line(line, two, 40);
	trp_call_table_check();
	cr_assert_eq(one->next, two);
	give_back(one);
	cr_assert_eq(line->first, two);
	cr_assert(are_shown());
	trp_call_table_leave_line(two);
	cr_assert_not(are_shown());
	trp_call_table_leave_line(two);
	give_back(two);
	trp_call_table_leave();
}

Test(call_numbers, that_were_refused_are_not_shown_as_unwatched)
{
	struct trp_call *one = take();

	one->refusal = -1;
	trp_call_table_enter_line(&trp_call_table.refused, one, 0);
	trp_call_table_check();
	cr_assert_not(are_shown());
	give_back(one);
	one = take();
	one->refusal = 0;
	give_back(one);
	trp_call_table_leave();
}
