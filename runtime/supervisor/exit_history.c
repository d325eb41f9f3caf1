/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/exit_history.h"

#include <assert.h>
#include <stdlib.h>
#include "runtime/node/outcome.h"

static size_t bytes_of(const struct troupe_end *end)
{
	return end->private_outcome ? trp_outcome_size(end->private_outcome)
				    : 0;
}

/* The end itself stays: its cause, code and the first of its text. */
static void drop_outcome(struct trp_exit_history *history)
{
	struct troupe_end *end =
		&history->end[history->bare++ % TRP_EXIT_HISTORY];

	assert(history->bare <= history->count);
	history->bytes -= bytes_of(end);
	free(end->private_outcome);
	end->private_outcome = NULL;
}

static void drop_oldest(struct trp_exit_history *history)
{
	if (history->bare == history->oldest)
		drop_outcome(history);
	history->oldest++;
}

void trp_exit_history_add(struct trp_exit_history *history,
			  const struct troupe_end *end)
{
	assert(end->ref);
	if (history->count - history->oldest == TRP_EXIT_HISTORY)
		drop_oldest(history);
	history->end[history->count++ % TRP_EXIT_HISTORY] = *end;
	history->bytes += bytes_of(end);
	while (history->bytes > TRP_EXIT_HISTORY_BYTES)
		drop_outcome(history);
}

const struct troupe_end *trp_exit_history_find(
	const struct trp_exit_history *history, troupe_ref ref)
{
	for (uint64_t i = history->count; i > history->oldest; i--)
		if (history->end[(i - 1) % TRP_EXIT_HISTORY].ref == ref)
			return &history->end[(i - 1) % TRP_EXIT_HISTORY];
	return NULL;
}

void trp_exit_history_fini(struct trp_exit_history *history)
{
	while (history->oldest < history->count)
		drop_oldest(history);
}
