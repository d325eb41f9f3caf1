/* SPDX-License-Identifier: MIT */
/* Links and exit signals. */
#include <errno.h>
#include <stdio.h>
#include "runtime/actor/away.h"
#include "runtime/actor/away_watch.h"
#include "runtime/actor/post.h"
#include "runtime/actor/report.h"
#include "runtime/actor/request.h"
#include "runtime/actor/take.h"
#include "runtime/node/watch.h"
#include "runtime/troupe_link.h"

/* The other side is told, as it may be the one that was linked. */
static int request_away(troupe_ref ref, bool is_over)
{
	Troupe__Away__Unlink unlink = TROUPE__AWAY__UNLINK__INIT;

	if (!is_over)
		return trp_away_watch_add(ref, trp_watch_link(ref), 0);
	trp_away_watch_remove(trp_watch_link(ref));
	unlink.ref = ref;
	return trp_away_watch_order(ref, &unlink.base);
}

static int request(troupe_ref ref, bool is_over)
{
	Troupe__Control__Link link = TROUPE__CONTROL__LINK__INIT;

	if (!ref)
		return -EINVAL;
	if (ref == trp_self.ref)
		return 0;
	if (trp_away_has(ref))
		return request_away(ref, is_over);
	link.ref = ref;
	link.is_over = is_over;
	return trp_actor_request(&link.base, NULL);
}

int troupe_link(troupe_ref ref)
{
	return request(ref, false);
}

int troupe_unlink(troupe_ref ref)
{
	int r = request(ref, true);

	trp_take_reports();
	trp_exit_queue_drop(&trp_self.exits, trp_watch_link(ref));
	trp_exit_queue_drop(&trp_self.unclaimed, trp_watch_link(ref));
	return r;
}

int troupe_trap_exits(bool is_wanted)
{
	if (!trp_self.ref)
		return -ESHUTDOWN;
	if (!trp_self.klass->run)
		return -EINVAL;
	trp_self.traps = is_wanted;
	return 0;
}

/*
 * In the lane, for its place among mail; then by the supervisor, for one that
 * waits or computes.  Thus it is there before anything that is sent after this
 * call.
 */
static int post(troupe_ref to, const struct troupe_reason *reason)
{
	Troupe__Control__ExitSignal signal = TROUPE__CONTROL__EXIT_SIGNAL__INIT;
	struct trp_envelope envelope = trp_actor_post_envelope(TRP_CONTROL);
	char text[TROUPE_TEXT_SIZE];
	int r;

	snprintf(text, sizeof(text), "%.*s", (int)sizeof(text) - 1,
		 reason->text);
	signal.cause = reason->cause;
	signal.code = reason->code;
	signal.text = text;
	signal.incarnation = trp_status_incarnation(&trp_self.node->arena, to);
	r = trp_actor_post(to, TRP_MAIL, &envelope, &signal.base, NULL);
	if (r < 0 || to == trp_self.ref || reason->cause == TROUPE_NORMAL ||
	    trp_ref_is_elsewhere(to)) /* its mail actor announces it */
		return r;
	signal.ref = to;
	trp_actor_request(&signal.base, NULL);
	return 0; /* it was sent, even if the other has ended meanwhile */
}

int troupe_exit_signal(troupe_ref to, const struct troupe_reason *reason)
{
	struct troupe_end end = { .ref = to };

	if (!to || !reason || (unsigned)reason->cause > TROUPE_NOCONNECTION)
		return -EINVAL;
	if (!trp_self.ref)
		return -ESHUTDOWN;
	if (trp_status_is_down(&trp_self.node->arena, to))
		return 0; /* it has no process that could end */
	if (to != trp_self.ref || trp_report_traps())
		return post(to, reason);
	end.reason = *reason; /* at once: its own lane may be full */
	trp_report_obey(&end);
	return 0;
}
