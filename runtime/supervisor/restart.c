/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/restart.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include "runtime/supervisor/notify.h"
#include "runtime/supervisor/spawn.h"
#include "runtime/supervisor/stop.h"
#include "runtime/supervisor/supervisor.h"
#include "serialize/message.h"

enum {
	PAUSE_FIRST_MS = 100,
	PAUSE_LAST_MS = 15000,
	PROVEN_MS = 60000, /* after this time the pause is reset */
};

static Troupe__Control__Spawn *copy(const Troupe__Control__Spawn *spawn)
{
	return (Troupe__Control__Spawn *)trp_message_copy(&spawn->base);
}

int trp_restart_init(struct trp_restart *restart,
		     struct trp_supervisor *supervisor,
		     const Troupe__Control__Spawn *spawn)
{
	*restart = (struct trp_restart) { .supervisor = supervisor,
					  .pause_ms = PAUSE_FIRST_MS };
	restart->spawn = copy(spawn);
	if (!restart->spawn)
		return -ENOMEM;
	restart->timer.data = restart;
	restart->next = supervisor->restarts;
	supervisor->restarts = restart;
	return 0;
}

int trp_restart_replace(struct trp_restart *restart,
			const Troupe__Control__Spawn *spawn)
{
	Troupe__Control__Spawn *ours = copy(spawn);

	if (!ours)
		return -ENOMEM;
	troupe__control__spawn__free_unpacked(restart->spawn, NULL);
	restart->spawn = ours;
	return 0;
}

void trp_restart_fini(struct trp_restart *restart)
{
	struct trp_restart **link;

	if (!restart->supervisor)
		return;
	link = &restart->supervisor->restarts;
	for (; *link != restart; link = &(*link)->next)
		assert(*link);
	*link = restart->next;
	trp_timers_cancel(&restart->supervisor->timers, &restart->timer);
	troupe__control__spawn__free_unpacked(restart->spawn, NULL);
	*restart = (struct trp_restart) { 0 };
}

/* ---- starting ----------------------------------------------------------- */

static int start(struct troupe_timer *timer);

static void start_later(struct trp_restart *restart)
{
	int64_t pause_ms = restart->pause_ms;

	assert(!restart->ref && pause_ms >= PAUSE_FIRST_MS);
	restart->timer.fired = start;
	trp_timers_start(&restart->supervisor->timers, &restart->timer,
			 troupe_in_ms(pause_ms));
	restart->pause_ms =
		2 * pause_ms < PAUSE_LAST_MS ? 2 * pause_ms : PAUSE_LAST_MS;
}

static int start(struct troupe_timer *timer)
{
	struct trp_restart *restart = timer->data;
	struct trp_supervisor *supervisor = restart->supervisor;
	int r;

	if (supervisor->is_ending)
		return 0;
	assert(!restart->ref && restart->is_wanted);
	restart->spawn->birth->fence = restart->fence;
	r = trp_supervisor_spawn(supervisor, TRP_SLOT_SUPERVISOR,
				 restart->spawn, &restart->ref);
	if (r < 0) {
		troupe_log(TROUPE_WARNING,
			   "%s cannot be started (%s); the next try is in "
			   "%d ms",
			   restart->spawn->birth->label, strerror(-r),
			   (int)restart->pause_ms);
		start_later(restart);
		return 0;
	}
	supervisor->children.child[trp_ref_slot(restart->ref)].restart =
		restart;
	restart->began = troupe_now();
	if (restart->is_offered)
		trp_registry_offer(&supervisor->registry, restart->spawn->name,
				   "");
	return 0;
}

void trp_restart_want(struct trp_restart *restart, uint64_t fence)
{
	restart->fence = fence;
	restart->is_wanted = true;
	restart->pause_ms = PAUSE_FIRST_MS;
	if (!restart->ref)
		start(&restart->timer);
	TRP_CHECK(trp_restart_check(restart));
}

/* ---- stopping ----------------------------------------------------------- */

/* The actor and all its descendants. */
static int kill_all(struct troupe_timer *timer)
{
	struct trp_restart *restart = timer->data;
	struct trp_child_table *children = &restart->supervisor->children;

	for (uint32_t slot = 1; slot < children->slots; slot++)
		if (children->child[slot].restart == restart)
			trp_notify_kill(restart->supervisor, slot);
	return 0;
}

void trp_restart_stop(struct trp_restart *restart, int64_t grace_ms)
{
	struct trp_timers *timers = &restart->supervisor->timers;

	restart->is_wanted = false;
	if (restart->is_stopping)
		return;
	trp_timers_cancel(timers, &restart->timer);
	if (!restart->ref)
		return;
	restart->is_stopping = true;
	trp_supervisor_stop(restart->supervisor, trp_ref_slot(restart->ref));
	restart->timer.fired = kill_all;
	if (trp_timers_start(timers, &restart->timer, troupe_in_ms(grace_ms)) <
	    0)
		kill_all(&restart->timer);
	TRP_CHECK(trp_restart_check(restart));
}

void trp_restart_check(const struct trp_restart *restart)
{
	const struct trp_child_table *children = &restart->supervisor->children;

	assert(!restart->is_stopping || restart->ref);
	assert(!restart->ref ||
	       children->child[trp_ref_slot(restart->ref)].restart == restart);
	assert(!restart->timer.place ||
	       restart->timer.fired ==
		       (restart->is_stopping ? kill_all : start));
	assert(restart->pause_ms >= PAUSE_FIRST_MS &&
	       restart->pause_ms <= PAUSE_LAST_MS);
}

static bool is_done(const struct trp_restart *restart,
		    const struct troupe_end *end)
{
	return !restart->is_always && (end->reason.cause == TROUPE_NORMAL ||
				       end->reason.cause == TROUPE_SHUTDOWN);
}

static void has_ended(struct trp_restart *restart, const struct troupe_end *end)
{
	bool was_stopping = restart->is_stopping;

	restart->ref = 0;
	restart->is_stopping = false;
	trp_timers_cancel(&restart->supervisor->timers, &restart->timer);
	if (restart->ended)
		restart->ended(restart);
	if (!restart->is_wanted || restart->supervisor->is_ending)
		return;
	if (was_stopping)
		start(&restart->timer);
	else if (!is_done(restart, end)) {
		if (troupe_now().ns - restart->began.ns >
		    PROVEN_MS * INT64_C(1000000))
			restart->pause_ms = PAUSE_FIRST_MS;
		start_later(restart);
	}
	TRP_CHECK(trp_restart_check(restart));
}

void trp_restart_ended(struct trp_supervisor *supervisor,
		       const struct troupe_end *end)
{
	struct trp_restart *restart = supervisor->restarts;

	while (restart && restart->ref != end->ref)
		restart = restart->next;
	if (restart)
		has_ended(restart, end);
}
