/* SPDX-License-Identifier: MIT */
#include "runtime/supervision/report.h"

#include <stdio.h>
#include "runtime/supervision/member.h"
#include "runtime/supervisor/child_address.h"
#include "runtime/supervisor/supervisor.h"

static const char *const reasons[] = {
	[TRP_ENDED_BY_ORDER] = "told to stop; the last child is",
	[TRP_ENDED_BY_START] = "did not start:",
	[TRP_ENDED_BY_INTENSITY] = "too many restarts, the last of",
	[TRP_ENDED_BY_SIGNIFICANT] = "a significant child has ended:",
	[TRP_ENDED_BY_FAILURE] = "has failed:",
};

char *trp_supervision_report_why(const struct trp_supervision_action *action,
				 char text[TROUPE_TEXT_SIZE], int *ret_code)
{
	const struct trp_member *cause =
		action->child ? trp_member_of(action->child) : NULL;
	char end[TROUPE_TEXT_SIZE + 32];
	size_t used;

	*ret_code = cause && cause->last.code < 0 ? cause->last.code : 0;
	used = (size_t)snprintf(text, TROUPE_TEXT_SIZE, "%s %s",
				reasons[action->why], cause ? cause->id : "?");
	if (cause)
		snprintf(text + used, TROUPE_TEXT_SIZE - used, ", %s",
			 troupe_reason_text(&cause->last, end, sizeof(end)));
	return text;
}

void trp_supervision_report(struct trp_supervisor *supervisor, uint32_t slot,
			    const struct trp_supervision_action *action)
{
	bool is_end = action->act == TRP_ACT_END;
	char title[TRP_TITLE_SIZE], text[TROUPE_TEXT_SIZE];
	int code;

	troupe_log(is_end && action->why == TRP_ENDED_BY_SIGNIFICANT
			   ? TROUPE_INFO
			   : TROUPE_WARNING,
		   "%s %s: %s",
		   trp_child_address_title(&supervisor->children, slot, title),
		   is_end ? "ends" : "gives up its children",
		   trp_supervision_report_why(action, text, &code));
}
