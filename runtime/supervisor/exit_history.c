/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/exit_history.h"

void trp_exit_history_add(struct trp_exit_history *obituary,
			  const struct troupe_end *end)
{
	obituary->end[obituary->count++ % TRP_OBITUARIES] = *end;
}

const struct troupe_end *trp_exit_history_find(
	const struct trp_exit_history *obituary, troupe_ref ref)
{
	uint64_t kept = obituary->count < TRP_OBITUARIES ? obituary->count
							 : TRP_OBITUARIES;
	uint64_t i;

	for (i = 1; i <= kept; i++)
		if (obituary->end[(obituary->count - i) % TRP_OBITUARIES].ref ==
		    ref)
			return &obituary->end[(obituary->count - i) %
					      TRP_OBITUARIES];
	return NULL;
}
