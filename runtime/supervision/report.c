/* SPDX-License-Identifier: MIT */
#include "runtime/supervision/report.h"

#include "runtime/supervision/member.h"
#include "runtime/supervisor/child_address.h"
#include "runtime/supervisor/supervisor.h"

static const char *const reasons[] = {
	[TRP_ENDED_BY_ORDER] = "it was told to stop",
	[TRP_ENDED_BY_START] = "it did not start",
	[TRP_ENDED_BY_INTENSITY] = "there were too many restarts, the last of",
	[TRP_ENDED_BY_SIGNIFICANT] = "the end of a significant child",
	[TRP_ENDED_BY_FAILURE] = "the failure of",
};

void trp_supervision_report(struct trp_supervisor *supervisor, uint32_t slot,
			    const struct trp_supervision_action *action)
{
	const struct trp_member *cause =
		action->child ? trp_member_of(action->child) : NULL;
	bool is_end = action->act == TRP_ACT_END;
	char title[TRP_TITLE_SIZE];

	troupe_log(is_end && action->why == TRP_ENDED_BY_SIGNIFICANT
			   ? TROUPE_INFO
			   : TROUPE_WARNING,
		   "%s %s: %s (%s)",
		   trp_child_address_title(&supervisor->children, slot, title),
		   is_end ? "ends" : "gives up its children",
		   reasons[action->why], cause ? cause->id : "?");
}
