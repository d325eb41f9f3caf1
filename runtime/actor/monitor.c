/* SPDX-License-Identifier: MIT */
#include "runtime/actor/monitor.h"

#include <errno.h>
#include <stdlib.h>
#include "runtime/actor/loop.h"
#include "ipc/mailbox_receive.h"
#include "runtime/actor/request.h"
#include "runtime/actor/take.h"
#include "runtime/node/trace.h"
#include "runtime/node/watch.h"
#include "runtime/troupe_restart.h"

static int watch(troupe_ref ref, uint64_t id, uint64_t tag, const char *name)
{
	Troupe__Control__Watch request = TROUPE__CONTROL__WATCH__INIT;

	request.ref = ref;
	request.id = id;
	request.tag = tag;
	if (name)
		request.name = (char *)name;
	return trp_actor_request(&request.base, NULL);
}

static int unwatch(uint64_t id)
{
	Troupe__Control__Watch request = TROUPE__CONTROL__WATCH__INIT;
	int r;

	request.id = id;
	request.is_over = true;
	r = trp_actor_request(&request.base, NULL);
	trp_take_reports();
	trp_exit_queue_drop(&trp_self.exits, id);
	trp_exit_queue_drop(&trp_self.unclaimed, id);
	return r;
}

uint64_t trp_monitor_id(void)
{
	return trp_watch_own(TRP_WATCH_MONITOR, trp_self.ref, trp_self_id());
}

int troupe_monitor_with(troupe_ref ref,
			const struct troupe_monitor_options *options,
			uint64_t *ret_monitor)
{
	uint64_t id = trp_monitor_id();
	int r;

	if (options->name ? ref || !*options->name : !ref)
		return -EINVAL;
	r = watch(ref, id, options->tag, options->name);
	if (r == 0 && ret_monitor)
		*ret_monitor = id;
	return r;
}

int troupe_monitor(troupe_ref ref, uint64_t *ret_monitor)
{
	const struct troupe_monitor_options options = { 0 };

	return troupe_monitor_with(ref, &options, ret_monitor);
}

int troupe_demonitor(uint64_t monitor)
{
	return trp_watch_kind(monitor) == TRP_WATCH_MONITOR &&
			       trp_watch_is_of(monitor, trp_self.ref)
		       ? unwatch(monitor)
		       : -EINVAL;
}

/* The first with that watch, or of that actor, that a restart does not follow;
 * is_next: or does. */
static struct trp_exit_notice *take(struct trp_exit_queue *queue, uint64_t id,
				    troupe_ref ref, bool is_next)
{
	struct trp_exit_notice *notice;

	while ((notice = trp_exit_queue_take(queue, id, ref)) &&
	       notice->end.will_restart && !is_next)
		free(notice);
	return notice;
}

/* The end of a child that was reported already and not claimed. */
static struct trp_exit_notice *claim(troupe_ref ref, bool is_next)
{
	struct trp_exit_notice *notice =
		take(&trp_self.unclaimed, 0, ref, is_next);

	if (!notice && trp_self.klass->run && !trp_self.klass->child_stopped)
		notice = take(&trp_self.exits, 0, ref, is_next);
	return notice;
}

static int wait_for_notice(troupe_ref ref, uint64_t id,
			   struct troupe_time deadline, bool is_next,
			   struct trp_exit_notice **ret_notice)
{
	bool is_late;
	int r;

	for (;;) {
		trp_take_reports();
		/* To the parent it may have come before the watch. */
		*ret_notice = is_next ? claim(ref, true) : NULL;
		if (!*ret_notice)
			*ret_notice = take(&trp_self.exits, id, 0, is_next);
		if (*ret_notice)
			return 0;
		if (trp_self.is_stopping)
			return -ECANCELED;
		is_late = trp_time_now().ns >= deadline.ns;
		/* Earlier reports are here, too: the answer overtook them. */
		r = is_late ? trp_take(TRP_TAKE_CONTROL)
			    : trp_loop_block(deadline);
		if (r < 0)
			return r;
		if (is_late && r == TRP_STEP_IDLE)
			return -ETIMEDOUT;
	}
}

static int wait_for(troupe_ref ref, struct troupe_time deadline, bool is_next,
		    struct troupe_end *ret_end)
{
	uint64_t id = trp_watch_id(TRP_WATCH_WAIT, trp_self_id());
	struct trp_exit_notice *notice, *own;
	int64_t begin;
	int r;

	if (!trp_self.ref)
		return -ESHUTDOWN;
	notice = claim(ref, is_next);
	if (ref == trp_self.ref)
		return -EDEADLK;
	if (!ref)
		return -EINVAL;
	if (!notice) {
		r = watch(ref, id, 0, NULL);
		if (r < 0)
			return r;
		begin = trp_trace_begin();
		r = wait_for_notice(ref, id, deadline, is_next, &notice);
		trp_trace_span("wait", "end", begin);
		if (r < 0 || notice->end.will_restart)
			unwatch(id);
		if (r < 0)
			return r;
		/* A monitored child's end is reported twice: to the parent, to
		 * the watch. */
		own = is_next ? NULL : claim(ref, false);
		if (own && notice->end.reason.cause == TROUPE_NOPROC)
			notice->end = own->end;
		free(own);
	}
	if (ret_end)
		*ret_end = notice->end;
	free(notice);
	return 0;
}

int troupe_wait(troupe_ref ref, struct troupe_time deadline,
		struct troupe_end *ret_end)
{
	return wait_for(ref, deadline, false, ret_end);
}

int troupe_wait_next(troupe_ref ref, struct troupe_time deadline,
		     struct troupe_end *ret_end)
{
	return wait_for(ref, deadline, true, ret_end);
}
