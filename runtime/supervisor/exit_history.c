/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/exit_history.h"

#include <assert.h>

void trp_exit_history_add(struct trp_exit_history *history,
			  const struct troupe_end *end)
{
	assert(end->ref);
	history->end[history->count++ % TRP_EXIT_HISTORY] = *end;
}

const struct troupe_end *trp_exit_history_find(
	const struct trp_exit_history *history, troupe_ref ref)
{
	uint64_t kept = history->count < TRP_EXIT_HISTORY ? history->count
							  : TRP_EXIT_HISTORY;
	uint64_t i;

	for (i = 1; i <= kept; i++)
		if (history->end[(history->count - i) % TRP_EXIT_HISTORY].ref ==
		    ref)
			return &history->end[(history->count - i) %
					     TRP_EXIT_HISTORY];
	return NULL;
}
