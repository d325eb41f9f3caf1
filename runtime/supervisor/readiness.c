/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/readiness.h"

#include <errno.h>
#include <stdlib.h>
#include "runtime/supervisor/child_address.h"
#include "runtime/supervisor/notify.h"
#include "runtime/supervisor/supervisor.h"

struct trp_awaited {
	struct trp_supervisor *supervisor;
	uint32_t slot;
	troupe_ref asker;
	uint64_t correlation;
	struct troupe_timer limit;
	int result; /* in place of the error of its end; or 0 */
	uint64_t watch, tag;
	bool is_linked;
};

static struct trp_awaited *awaited_of(struct trp_supervisor *supervisor,
				      uint32_t slot)
{
	return supervisor->children.child[slot].awaited;
}

/* Answers, and forgets. */
static void answer(struct trp_awaited *awaited, int result)
{
	Troupe__Control__Answer message = TROUPE__CONTROL__ANSWER__INIT;
	struct trp_supervisor *supervisor = awaited->supervisor;
	struct trp_child *asker =
		trp_child_find(&supervisor->children, awaited->asker);

	message.result = result;
	if (result == 0)
		message.ref =
			trp_child_ref(&supervisor->children, awaited->slot);
	if (asker) {
		asker->awaits = 0;
		trp_notify_tell(supervisor, trp_ref_slot(awaited->asker),
				TRP_REPLY, awaited->correlation, &message.base);
	}
	trp_timers_cancel(&supervisor->timers, &awaited->limit);
	supervisor->children.child[awaited->slot].awaited = NULL;
	free(awaited);
}

static void give_up(struct trp_awaited *awaited, int result)
{
	if (!awaited->result)
		awaited->result = result;
	trp_notify_kill(awaited->supervisor, awaited->slot);
}

static int is_late(struct troupe_timer *timer)
{
	struct trp_awaited *awaited = timer->data;
	char title[TRP_TITLE_SIZE];

	troupe_log(TROUPE_WARNING, "%s did not start in time and is killed",
		   trp_child_address_title(&awaited->supervisor->children,
					   awaited->slot, title));
	give_up(awaited, -ETIMEDOUT);
	return 0;
}

int trp_readiness_wait(struct trp_supervisor *supervisor, uint32_t slot,
		       const Troupe__Control__Spawn *spawn, troupe_ref asker,
		       uint64_t correlation)
{
	struct trp_child *children = supervisor->children.child;
	struct trp_awaited *awaited = calloc(1, sizeof(*awaited));
	int r = awaited ? 0 : -ENOMEM;

	if (r < 0)
		return r;
	*awaited = (struct trp_awaited) {
		.supervisor = supervisor,
		.slot = slot,
		.asker = asker,
		.correlation = correlation,
		.limit = { .fired = is_late, .data = awaited },
		.watch = spawn->watch,
		.tag = spawn->tag,
		.is_linked = spawn->is_linked,
	};
	if (spawn->ready_by != TROUPE_NEVER.ns)
		r = trp_timers_start(&supervisor->timers, &awaited->limit,
				     (struct troupe_time) { spawn->ready_by });
	if (r < 0) {
		free(awaited);
		return r;
	}
	children[slot].awaited = awaited;
	children[trp_ref_slot(asker)].awaits = slot;
	return 0;
}

static int join_asker(const struct trp_awaited *awaited)
{
	struct trp_child_table *children = &awaited->supervisor->children;
	uint32_t asker = trp_ref_slot(awaited->asker);
	int r = 0;

	if (awaited->watch)
		r = trp_child_monitor(children, asker, awaited->slot,
				      awaited->watch, awaited->tag, NULL);
	if (r == 0 && awaited->is_linked)
		r = trp_child_link(children, asker, awaited->slot);
	return r;
}

void trp_readiness_ready(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_child *child = &supervisor->children.child[slot];
	struct trp_awaited *awaited;
	int r;

	child->is_ready = true;
	child->asks = 0;
	if (child->owner)
		child->owner->ready(supervisor, slot);
	awaited = child->awaited;
	if (!awaited || awaited->result)
		return;
	r = trp_child_find(&supervisor->children, awaited->asker)
		    ? join_asker(awaited)
		    : 0;
	if (r < 0)
		give_up(awaited, r);
	else
		answer(awaited, 0);
}

int trp_readiness_error(const struct troupe_end *end)
{
	const struct troupe_reason *reason = &end->reason;

	/* SHUTDOWN: one that supervises, whose own child did not start. */
	return (reason->cause == TROUPE_ERROR ||
		reason->cause == TROUPE_SHUTDOWN) &&
			       reason->code < 0
		       ? reason->code
		       : -ECHILD;
}

void trp_readiness_ended(struct trp_supervisor *supervisor, uint32_t slot,
			 const struct troupe_end *end)
{
	struct trp_awaited *awaited = awaited_of(supervisor, slot);

	if (awaited)
		answer(awaited, awaited->result ? awaited->result
						: trp_readiness_error(end));
}

void trp_readiness_cancel(struct trp_supervisor *supervisor, uint32_t asker)
{
	uint32_t slot = supervisor->children.child[asker].awaits;

	if (slot)
		give_up(awaited_of(supervisor, slot), -ECANCELED);
}
