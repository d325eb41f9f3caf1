/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/stop.h"

#include <assert.h>
#include "runtime/node/continued.h"
#include "runtime/node/dead_letter.h"
#include "runtime/node/log.h"
#include "runtime/node/tracer.h"
#include "runtime/supervisor/child_address.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/supervisor/notify.h"
#include "runtime/supervisor/readiness.h"
#include "runtime/supervisor/supervisor.h"

static int grace_is_over(struct troupe_timer *timer)
{
	struct trp_supervisor *supervisor = timer->data;
	struct trp_child *child =
		(void *)((char *)timer - offsetof(struct trp_child, grace));
	uint32_t slot = (uint32_t)(child - supervisor->children.child);
	const struct troupe_time until = { trp_continued_until(
		timer->at.ns - child->grace_ms * INT64_C(1000000),
		timer->at.ns) };
	char title[TRP_TITLE_SIZE];

	assert(slot && slot < supervisor->children.slots);
	assert(trp_child_is_alive(child));
	/* There is room for it, where it was. */
	if (until.ns > timer->at.ns)
		return trp_timers_start(&supervisor->timers, timer, until);
	if (trp_tracer_holds(child->pid))
		return trp_timers_start(&supervisor->timers, timer,
					troupe_in_ms(child->grace_ms));
	troupe_log(TROUPE_WARNING,
		   "%s[%d] did not stop within %d ms and is killed",
		   trp_child_address_title(&supervisor->children, slot, title),
		   (int)child->pid, child->grace_ms);
	trp_notify_kill(supervisor, slot);
	return 0;
}

void trp_supervisor_stop_grace(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_child *child = &supervisor->children.child[slot];

	if (child->grace_ms < 0)
		return;
	child->grace.fired = grace_is_over;
	child->grace.data = supervisor;
	if (trp_timers_start(&supervisor->timers, &child->grace,
			     troupe_in_ms(child->grace_ms)) < 0)
		trp_notify_kill(supervisor, slot);
}

static void stop(struct trp_supervisor *supervisor, uint32_t slot,
		 const Troupe__Control__Order *order)
{
	struct trp_child *child = &supervisor->children.child[slot];

	if (child->is_told)
		return;
	child->is_told = true;
	trp_readiness_cancel(supervisor, slot);
	if (child->state == CHILD_DOWN)
		child->grace.fired(&child->grace);
	else if (trp_notify_tell(supervisor, slot, TRP_MAIL, 0, &order->base) <
		 0)
		trp_notify_kill(supervisor, slot);
	else
		trp_supervisor_stop_grace(supervisor, slot);
}

void trp_supervisor_stop(struct trp_supervisor *supervisor, uint32_t slot)
{
	const Troupe__Control__Order order = TROUPE__CONTROL__ORDER__INIT;

	stop(supervisor, slot, &order);
}

void trp_supervisor_stop_with(struct trp_supervisor *supervisor, uint32_t slot,
			      const Troupe__Control__Stop *with)
{
	Troupe__Control__Order order = TROUPE__CONTROL__ORDER__INIT;
	struct trp_child *child = &supervisor->children.child[slot];
	bool was_told = child->is_told;

	order.code = with->code;
	order.text = with->text;
	if (with->grace_ms)
		child->grace_ms = with->grace_ms;
	stop(supervisor, slot, &order);
	/* While it waits for its children it has no time-out. */
	if (!with->grace_ms || !was_told || child->stop_children ||
	    child->state == CHILD_DOWN)
		return;
	trp_timers_cancel(&supervisor->timers, &child->grace);
	trp_supervisor_stop_grace(supervisor, slot);
}

void trp_supervisor_stop_children(struct trp_supervisor *supervisor,
				  uint32_t slot)
{
	struct trp_child *children = supervisor->children.child;
	uint32_t next;

	for (uint32_t child = children[slot].first; child; child = next) {
		next = children[child].next; /* one that is DOWN ends at once */
		children[child].is_final = true;
		trp_supervisor_stop(supervisor, child);
	}
}

/* timeout(1) sends its one signal twice, to us and to our group. */
bool trp_supervisor_stop_is_repeated(struct trp_supervisor *supervisor)
{
	enum { ONE_AND_THE_SAME_MS = 100 };
	int64_t now = troupe_now().ns;

	if (!supervisor->signalled_at)
		supervisor->signalled_at = now;
	return now - supervisor->signalled_at >= ONE_AND_THE_SAME_MS * 1000000;
}

void trp_supervisor_stop_node(struct trp_supervisor *supervisor)
{
	supervisor->is_ending = true;
	trp_dead_letter_silence();
	trp_module_leave(supervisor);
	trp_supervisor_stop_children(supervisor, TRP_SLOT_SUPERVISOR);
}
