/* SPDX-License-Identifier: MIT */
#include "runtime/actor/report.h"

#include <assert.h>
#include <stdlib.h>
#include "runtime/actor/alias.h"
#include "runtime/actor/saved_mail.h"
#include "runtime/node/trace.h"
#include "runtime/node/watch.h"

static struct troupe_reason told_to_stop;

bool trp_report_traps(void)
{
	return trp_self.traps || trp_self.klass->exit_signal;
}

void trp_report_obey(const struct troupe_end *end)
{
	if ((end->reason.cause == TROUPE_NORMAL && end->ref != trp_self.ref) ||
	    trp_self.is_stopping || trp_self.is_finished || trp_self.is_ending)
		return;
	told_to_stop = end->reason;
	trp_self.has_reason = true;
	trp_self.is_stopping = true;
}

const struct troupe_reason *trp_report_reason(void)
{
	return trp_self.has_reason ? &told_to_stop : NULL;
}

int trp_report_run(int (*callback)(const struct troupe_end *end),
		   const struct troupe_end *end)
{
	int64_t begin = trp_trace_begin();
	int r;

	trp_self_begin(TROUPE_DOING_END);
	r = callback(end);
	trp_self_end();
	trp_trace_span("callback", "end of another", begin);
	return trp_self_result(r);
}

/* For troupe_receive(), or troupe_wait(). */
static int claim_later(struct trp_exit_notice *notice)
{
	enum { MOST = 16384, MOST_BYTES = 64 << 20 };

	if (trp_self.routes->end(notice))
		return TRP_STEP_DONE;
	notice->number = trp_saved_mail_number();
	trp_exit_queue_push(&trp_self.unclaimed, notice);
	while (trp_self.unclaimed.count > MOST ||
	       trp_self.unclaimed.bytes > MOST_BYTES)
		trp_exit_queue_free(trp_exit_queue_pop(&trp_self.unclaimed));
	return TRP_STEP_DONE;
}

int trp_report_hand_out(struct trp_exit_notice *notice)
{
	const struct troupe_class *klass = trp_self.klass;
	int (*callback)(const struct troupe_end *end) = NULL;
	int r = TRP_STEP_DONE;

	switch (trp_watch_kind(notice->watch)) {
	case TRP_WATCH_CHILD:
		callback = klass->child_stopped;
		break;
	case TRP_WATCH_ALIAS:
		if (!trp_alias_reports(notice->watch,
				       !notice->end.will_restart))
			goto out;
		callback = klass->down;
		break;
	case TRP_WATCH_MONITOR:
		callback = klass->down;
		break;
	case TRP_WATCH_LINK:
	case TRP_WATCH_SIGNAL:
		callback = klass->exit_signal;
		if (trp_report_traps())
			break;
		trp_report_obey(&notice->end);
		goto out;
	case TRP_WATCH_TARGET:
	case TRP_WATCH_WAIT: /* it waits no more */
	case TRP_WATCH_KINDS:
		goto out;
	}
	if (callback)
		r = trp_report_run(callback, &notice->end);
	else if (trp_self.routes->end)
		return claim_later(notice);
out:
	trp_exit_queue_free(notice);
	return r;
}
