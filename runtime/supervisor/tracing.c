/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/tracing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "runtime/control/control.pb-c.h"
#include "runtime/node/limit.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/node/trace.h"
#include "runtime/supervisor/child_address.h"
#include "runtime/supervisor/notify.h"
#include "runtime/supervisor/supervisor.h"

static void tell(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_tracing *tracing = &supervisor->tracing;
	Troupe__Control__Trace order = TROUPE__CONTROL__TRACE__INIT;

	order.path = tracing->path;
	order.rate = tracing->rate;
	order.is_alone = !tracing->is_of_all;
	order.until = tracing->until;
	trp_notify_tell(supervisor, slot, TRP_MAIL, 0, &order.base);
}

static bool can_trace(const struct trp_child *child)
{
	return child->state == CHILD_RUNNING && !child->is_guest;
}

/* The birth of each was before the trace, and its name is in no line of it. */
static void tell_first(struct trp_supervisor *supervisor, uint32_t slot)
{
	const struct trp_child *child = &supervisor->children.child[slot];
	char title[TRP_TITLE_SIZE];

	if (!can_trace(child))
		return;
	trp_trace_born(child->pid, trp_child_address_title(
					   &supervisor->children, slot, title));
	tell(supervisor, slot);
}

static int on_over(struct troupe_timer *timer)
{
	struct trp_supervisor *supervisor = timer->data;
	struct trp_tracing *tracing = &supervisor->tracing;
	struct trp_control_session *session = tracing->session;
	Troupe__Guest__Done done = TROUPE__GUEST__DONE__INIT;
	int r = trp_trace_close();

	tracing->until = 0;
	tracing->session = NULL;
	if (!session)
		return 0;
	done.result = r;
	done.text = (char *)(r < 0 ? trp_limit_text(r) : "");
	session->more = NULL;
	session->gone = NULL;
	trp_control_server_say(session, &done.base);
	return 0;
}

static void on_gone(struct trp_control_session *session)
{
	session->supervisor->tracing.session = NULL;
}

static int wait_for_end(struct trp_control_session *session)
{
	return TRP_CONTROL_LATER;
}

static int begin(struct trp_supervisor *supervisor,
		 const Troupe__Guest__Trace *wish)
{
	struct trp_tracing *tracing = &supervisor->tracing;
	int r = trp_trace_open(wish->path, wish->rate);

	if (r < 0)
		return r;
	tracing->until = trp_time_now().ns + wish->ms * INT64_C(1000000);
	tracing->rate = wish->rate;
	tracing->is_of_all = !wish->ref;
	snprintf(tracing->path, sizeof(tracing->path), "%s", wish->path);
	tracing->over.fired = on_over;
	tracing->over.data = supervisor;
	r = trp_timers_start(
		&supervisor->timers, &tracing->over,
		(struct troupe_time) { tracing->until + TRP_TRACE_GRACE_NS });
	if (r < 0) {
		tracing->until = 0;
		trp_trace_close();
	}
	return r;
}

int trp_tracing_request(struct trp_control_session *session,
			const void *message)
{
	struct trp_supervisor *supervisor = session->supervisor;
	const Troupe__Guest__Trace *wish = message;
	int r;

	if (wish->path[0] != '/' ||
	    strlen(wish->path) >= sizeof(supervisor->tracing.path) ||
	    wish->ms < 1)
		return -EINVAL;
	if (trp_trace_is_on) {
		session->why = "a trace is being written already";
		return -EBUSY;
	}
	if (wish->ref &&
	    (!trp_child_find(&supervisor->children, wish->ref) ||
	     !can_trace(
		     &supervisor->children.child[trp_ref_slot(wish->ref)]))) {
		session->why = "that actor has no process of this node";
		return -ESRCH;
	}
	r = begin(supervisor, wish);
	if (r < 0) {
		session->why = trp_limit_text(r);
		return r;
	}
	for (uint32_t slot = 1; slot < supervisor->children.slots; slot++)
		if (!wish->ref || slot == trp_ref_slot(wish->ref))
			tell_first(supervisor, slot);
	supervisor->tracing.session = session;
	session->gone = on_gone;
	session->more = wait_for_end;
	return TRP_CONTROL_MORE;
}

void trp_tracing_born(struct trp_supervisor *supervisor, uint32_t slot)
{
	const struct trp_tracing *tracing = &supervisor->tracing;

	if (tracing->until && tracing->is_of_all &&
	    can_trace(&supervisor->children.child[slot]))
		tell(supervisor, slot);
}
