/* SPDX-License-Identifier: MIT */
#include "runtime/actor/ended.h"

#include <errno.h>
#include <stdlib.h>
#include "runtime/actor/report.h"
#include "runtime/actor/result.h"
#include "runtime/actor/self.h"
#include "runtime/node/end.h"
#include "runtime/node/watch.h"

/* The signal itself comes in the lane of its sender: an actor that traps, or
 * was told to stop, waits for that. */
static bool is_told_by(const Troupe__Control__Ended *ended)
{
	return trp_watch_kind(ended->watch) != TRP_WATCH_SIGNAL ||
	       (ended->incarnation == trp_self.incarnation &&
		!trp_report_traps() && !trp_self.is_stopping);
}

void trp_ended_take(const Troupe__Control__Ended *ended)
{
	struct trp_exit_notice *notice;

	if (!is_told_by(ended))
		return;
	notice = calloc(1, sizeof(*notice));
	if (!notice) {
		trp_self.routes->lost(-ENOMEM, "no memory for a report");
		return;
	}
	trp_end_read(ended, &notice->end);
	trp_result_take(notice, &ended->outcome);
	notice->watch = ended->watch;
	notice->taken = ended->taken;
	if (trp_watch_kind(notice->watch) == TRP_WATCH_MONITOR ||
	    trp_watch_kind(notice->watch) == TRP_WATCH_ALIAS)
		notice->end.monitor = notice->watch;
	/* Those of a spec were not counted. */
	if (trp_watch_kind(notice->watch) == TRP_WATCH_CHILD &&
	    !ended->will_restart && trp_self.children > 0)
		trp_self.children--;
	trp_exit_queue_push(&trp_self.exits, notice);
	/* At once, for it may wait within a callback. */
	if ((trp_watch_kind(notice->watch) == TRP_WATCH_LINK ||
	     trp_watch_kind(notice->watch) == TRP_WATCH_SIGNAL) &&
	    !trp_report_traps())
		trp_report_obey(&notice->end);
}
