/* SPDX-License-Identifier: MIT */
#include "runtime/actor/monitor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/actor/away.h"
#include "runtime/actor/alias.h"
#include "runtime/actor/away_watch.h"
#include "runtime/actor/loop.h"
#include "ipc/mailbox_receive.h"
#include "runtime/actor/request.h"
#include "runtime/actor/take.h"
#include "runtime/node/trace.h"
#include "runtime/node/watch.h"
#include "runtime/troupe_restart.h"
#include "runtime/troupe_result.h"

static int watch(troupe_ref ref, uint64_t id, uint64_t tag, const char *name)
{
	Troupe__Control__Watch request = TROUPE__CONTROL__WATCH__INIT;

	if (trp_away_has(ref))
		return trp_away_watch_add(ref, id, tag);
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
	int r = 0;

	request.id = id;
	request.is_over = true;
	if (!trp_away_watch_remove(id))
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

/* The id of a monitor that ends with that alias, or has it beside itself. */
static uint64_t id_for(enum troupe_alias_kind kind, uint32_t alias)
{
	return kind == TROUPE_ALIAS_DEMONITOR ||
			       kind == TROUPE_ALIAS_REPLY_DEMONITOR
		       ? trp_alias_monitor(alias)
		       : trp_monitor_id();
}

static bool is_valid(troupe_ref ref,
		     const struct troupe_monitor_options *options)
{
	return (options->name ? !ref && *options->name : ref) &&
	       options->alias <= TROUPE_ALIAS_REPLY_DEMONITOR &&
	       !options->alias == !options->ret_alias;
}

int troupe_monitor_with(troupe_ref ref,
			const struct troupe_monitor_options *options,
			uint64_t *ret_monitor)
{
	static const struct troupe_monitor_options none;
	uint32_t alias = 0;
	uint64_t id;
	int r = 0;

	if (!trp_self.ref)
		return -ESHUTDOWN;
	options = options ? options : &none;
	if (!is_valid(ref, options))
		return -EINVAL;
	if (options->alias)
		r = trp_alias_add(options->alias, &alias);
	if (r < 0)
		return r;
	id = id_for(options->alias, alias);
	r = watch(ref, id, options->tag, options->name);
	if (r < 0) {
		trp_alias_reports(id, true);
		trp_alias_end(alias);
		return r;
	}
	if (ret_monitor)
		*ret_monitor = id;
	if (options->alias)
		*options->ret_alias =
			trp_ref_alias(trp_self.mailbox.slot, alias);
	return 0;
}

int troupe_monitor(troupe_ref ref, uint64_t *ret_monitor)
{
	return troupe_monitor_with(ref, NULL, ret_monitor);
}

int troupe_demonitor(uint64_t monitor)
{
	enum trp_watch_kind kind = trp_watch_kind(monitor);

	if ((kind != TRP_WATCH_MONITOR && kind != TRP_WATCH_ALIAS) ||
	    !trp_watch_is_of(monitor, trp_self.ref))
		return -EINVAL;
	if (kind == TRP_WATCH_ALIAS)
		trp_alias_reports(monitor, true);
	return unwatch(monitor);
}

int troupe_alias(enum troupe_alias_kind kind, troupe_ref *ret_alias)
{
	uint32_t number;
	int r;

	if (!trp_self.ref)
		return -ESHUTDOWN;
	if (!ret_alias ||
	    (kind != TROUPE_ALIAS_EXPLICIT && kind != TROUPE_ALIAS_REPLY))
		return -EINVAL;
	r = trp_alias_add(kind, &number);
	if (r == 0)
		*ret_alias = trp_ref_alias(trp_self.mailbox.slot, number);
	return r;
}

int troupe_unalias(troupe_ref alias)
{
	if (!trp_ref_is_alias(alias) || !trp_self.ref ||
	    trp_ref_slot(alias) != trp_self.mailbox.slot)
		return -EINVAL;
	return trp_alias_end(trp_ref_generation(alias));
}

/* The first with that watch, or of that actor, that a restart does not follow;
 * is_next: or does. */
static struct trp_exit_notice *take(struct trp_exit_queue *queue, uint64_t id,
				    troupe_ref ref, bool is_next)
{
	struct trp_exit_notice *notice;

	while ((notice = trp_exit_queue_take(queue, id, ref)) &&
	       notice->end.will_restart && !is_next)
		trp_exit_queue_free(notice);
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
	struct trp_wait_note note = { .what = TROUPE_WAITS_END, .whom = ref };
	int64_t now;
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
		now = trp_time_now().ns;
		note.since = note.since ? note.since : now;
		is_late = now >= deadline.ns;
		/* Earlier reports are here, too: the answer overtook them. */
		r = is_late ? trp_take(TRP_TAKE_CONTROL)
			    : trp_loop_block(&note, deadline);
		if (r < 0)
			return r;
		if (is_late && r == TRP_STEP_IDLE)
			return -ETIMEDOUT;
	}
}

struct awaited {
	troupe_ref ref;
	uint64_t watch;			/* 0: it has ended */
	struct trp_exit_notice *notice; /* of its end; or NULL */
};

/* Watches it, where its end was not reported already. */
static int begin(struct awaited *one, bool is_next)
{
	one->notice = claim(one->ref, is_next);
	if (one->notice)
		return 0;
	one->watch = trp_watch_id(TRP_WATCH_WAIT, trp_self_id());
	return watch(one->ref, one->watch, 0, NULL);
}

static int await_end(struct awaited *one, struct troupe_time deadline,
		     bool is_next)
{
	struct trp_exit_notice *own;
	int r;

	if (one->notice)
		return 0;
	r = wait_for_notice(one->ref, one->watch, deadline, is_next,
			    &one->notice);
	if (r < 0 || one->notice->end.will_restart)
		unwatch(one->watch);
	if (r < 0)
		return r;
	/* A monitored child's end is reported twice: to the parent, to the
	 * watch. */
	own = is_next ? NULL : claim(one->ref, false);
	if (own && one->notice->end.reason.cause == TROUPE_NOPROC) {
		trp_exit_queue_free(one->notice);
		one->notice = own;
	} else {
		trp_exit_queue_free(own);
	}
	return 0;
}

/* Its caller has it until the next wait. */
static void give(struct trp_exit_notice *notice, struct troupe_end *ret_end)
{
	if (ret_end)
		*ret_end = notice->end;
	trp_exit_queue_push(&trp_self.given, notice);
}

static int check(const troupe_ref *ref, size_t count,
		 struct troupe_time deadline)
{
	if (!trp_self.ref)
		return -ESHUTDOWN;
	if (deadline.ns < 0 || (!ref && count))
		return -EINVAL;
	for (size_t i = 0; i < count; i++)
		if (!ref[i] || ref[i] == trp_self.ref)
			return ref[i] ? -EDEADLK : -EINVAL;
	while (trp_self.given.first)
		trp_exit_queue_free(trp_exit_queue_pop(&trp_self.given));
	return 0;
}

static int wait_for(troupe_ref ref, struct troupe_time deadline, bool is_next,
		    struct troupe_end *ret_end)
{
	struct awaited one = { .ref = ref };
	int64_t begun;
	int r = check(&ref, 1, deadline);

	if (r == 0)
		r = begin(&one, is_next);
	if (r < 0)
		return r;
	begun = trp_trace_begin();
	r = await_end(&one, deadline, is_next);
	trp_trace_span("wait", "end", begun);
	if (r == 0)
		give(one.notice, ret_end);
	return r;
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

/* All are watched before the first is waited for.  One that is late does not
 * keep the ends of others back. */
static int wait_for_all(struct awaited *all, size_t count,
			struct troupe_time deadline, struct troupe_end *ret_end)
{
	int64_t begun = trp_trace_begin();
	int one, r = 0;

	for (size_t i = 0; i < count && r == 0; i++)
		r = begin(&all[i], false);
	if (r < 0)
		deadline = TROUPE_POLL;
	for (size_t i = 0; i < count; i++) {
		one = all[i].watch || all[i].notice
			      ? await_end(&all[i], deadline, false)
			      : -ECANCELED;
		if (one == 0)
			give(all[i].notice, ret_end ? &ret_end[i] : NULL);
		else if (r == 0)
			r = one;
	}
	trp_trace_span("wait", "ends", begun);
	return r;
}

int troupe_wait_all(const troupe_ref *ref, size_t count,
		    struct troupe_time deadline, struct troupe_end *ret_end)
{
	struct awaited *all;
	int r = check(ref, count, deadline);

	if (r < 0 || !count)
		return r;
	all = calloc(count, sizeof(*all));
	if (!all)
		return -ENOMEM;
	if (ret_end)
		memset(ret_end, 0, count * sizeof(*ret_end));
	for (size_t i = 0; i < count; i++)
		all[i].ref = ref[i];
	r = wait_for_all(all, count, deadline, ret_end);
	free(all);
	return r;
}
