/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdlib.h>
#include "runtime/node/outcome.h"
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

Test(exit_history, has_a_bound_for_results_and_keeps_the_ends)
{
	enum { BODY = 60000, MANY = TRP_EXIT_HISTORY + 88 };
	static struct trp_exit_history history;
	struct troupe_end end = { 0 };
	troupe_ref found = 0;

	for (end.ref = 1; end.ref <= MANY; end.ref++) {
		end.reason.code = -(int)end.ref;
		end.private_outcome =
			calloc(1, sizeof(*end.private_outcome) + BODY);
		cr_assert_not_null(end.private_outcome);
		end.private_outcome->type = end.ref;
		end.private_outcome->body_size = BODY;
		trp_exit_history_add(&history, &end);
		cr_assert_leq(history.bytes, TRP_EXIT_HISTORY_BYTES);
	}
	for (end.ref = 1; end.ref <= MANY; end.ref++) {
		const struct troupe_end *one =
			trp_exit_history_find(&history, end.ref);

		if (end.ref + TRP_EXIT_HISTORY <= MANY) {
			cr_assert_null(one);
			continue;
		}
		cr_assert_eq(one->reason.code, -(int)end.ref);
		cr_assert(!found || one->private_outcome,
			  "older than one that is kept");
		if (!one->private_outcome)
			continue;
		found++;
		cr_assert_eq(one->private_outcome->type, end.ref);
	}
	cr_assert_eq(found, TRP_EXIT_HISTORY_BYTES /
				    (BODY + sizeof(struct trp_outcome)));
	trp_exit_history_fini(&history);
	cr_assert_eq(history.bytes, 0);
}
