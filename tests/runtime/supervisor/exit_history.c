/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include "runtime/supervisor/exit_history.h"

Test(exit_history, the_latest_ends_are_found_and_older_ones_are_not)
{
	static struct trp_exit_history history;
	struct troupe_end end = { 0 };
	troupe_ref last = 3 * TRP_EXIT_HISTORY + 7;

	cr_assert_null(trp_exit_history_find(&history, 1));
	for (end.ref = 1; end.ref <= last; end.ref++) {
		end.pid = (pid_t)end.ref;
		trp_exit_history_add(&history, &end);
	}
	for (end.ref = 1; end.ref <= last; end.ref++) {
		const struct troupe_end *found =
			trp_exit_history_find(&history, end.ref);

		if (end.ref + TRP_EXIT_HISTORY <= last)
			cr_assert_null(found);
		else
			cr_assert_eq(found->pid, (pid_t)end.ref);
	}
}
