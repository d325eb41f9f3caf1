/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/restart.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/supervisor/supervisor.h"

enum {
	PAUSE_FIRST_MS = 100,
	PAUSE_LAST_MS = 15000,
	PROVEN_MS = 60000, /* who ran for so long begins anew */
};

static Troupe__Control__Spawn *copy(const Troupe__Control__Spawn *spawn)
{
	size_t size = troupe__control__spawn__get_packed_size(spawn);
	uint8_t *bytes = malloc(size + 1);
	Troupe__Control__Spawn *ours;

	if (!bytes)
		return NULL;
	troupe__control__spawn__pack(spawn, bytes);
	ours = troupe__control__spawn__unpack(NULL, size, bytes);
	free(bytes);
	return ours;
}

int trp_restart_init(struct trp_restart *keeper,
		     struct trp_supervisor *supervisor,
		     const Troupe__Control__Spawn *spawn)
{
	*keeper = (struct trp_restart) { .supervisor = supervisor,
					 .pause_ms = PAUSE_FIRST_MS };
	keeper->spawn = copy(spawn);
	if (!keeper->spawn)
		return -ENOMEM;
	keeper->timer.data = keeper;
	keeper->next = supervisor->keepers;
	supervisor->keepers = keeper;
	return 0;
}

int trp_restart_replace(struct trp_restart *keeper,
			const Troupe__Control__Spawn *spawn)
{
	Troupe__Control__Spawn *ours = copy(spawn);

	if (!ours)
		return -ENOMEM;
	troupe__control__spawn__free_unpacked(keeper->spawn, NULL);
	keeper->spawn = ours;
	return 0;
}

void trp_restart_fini(struct trp_restart *keeper)
{
	struct trp_restart **link;

	if (!keeper->supervisor)
		return;
	link = &keeper->supervisor->keepers;
	while (*link != keeper)
		link = &(*link)->next;
	*link = keeper->next;
	trp_timers_cancel(&keeper->supervisor->timers, &keeper->timer);
	troupe__control__spawn__free_unpacked(keeper->spawn, NULL);
	*keeper = (struct trp_restart) { 0 };
}

/* ---- starting ----------------------------------------------------------- */

static int start(struct troupe_timer *timer);

static void start_later(struct trp_restart *keeper)
{
	int64_t pause_ms = keeper->pause_ms;

	keeper->timer.fired = start;
	trp_timers_start(&keeper->supervisor->timers, &keeper->timer,
			 troupe_in_ms(pause_ms));
	keeper->pause_ms =
		2 * pause_ms < PAUSE_LAST_MS ? 2 * pause_ms : PAUSE_LAST_MS;
}

static int start(struct troupe_timer *timer)
{
	struct trp_restart *keeper = timer->data;
	struct trp_supervisor *supervisor = keeper->supervisor;
	int r;

	if (supervisor->is_ending)
		return 0;
	keeper->spawn->birth->fence = keeper->fence;
	r = trp_office_spawn(supervisor, TRP_SLOT_SUPERVISOR, keeper->spawn,
			     &keeper->ref);
	if (r < 0) {
		troupe_log(TROUPE_WARNING,
			   "%s cannot be started (%s), and is tried again in "
			   "%d ms",
			   keeper->spawn->birth->label, strerror(-r),
			   (int)keeper->pause_ms);
		start_later(keeper);
		return 0;
	}
	supervisor->family.child[trp_ref_slot(keeper->ref)].keeper = keeper;
	keeper->began = troupe_now();
	if (keeper->is_offered)
		trp_registry_offer(&supervisor->names, keeper->spawn->name, "");
	return 0;
}

void trp_restart_want(struct trp_restart *keeper, uint64_t fence)
{
	keeper->fence = fence;
	keeper->is_wanted = true;
	keeper->pause_ms = PAUSE_FIRST_MS;
	if (!keeper->ref)
		start(&keeper->timer);
}

/* ---- stopping ----------------------------------------------------------- */

/* It, and whatever it or its children have spawned. */
static int kill_all(struct troupe_timer *timer)
{
	struct trp_restart *keeper = timer->data;
	struct trp_child_table *family = &keeper->supervisor->family;
	uint32_t slot;

	for (slot = 1; slot < family->slots; slot++)
		if (family->child[slot].keeper == keeper &&
		    (family->child[slot].state == CHILD_ORDERED ||
		     family->child[slot].state == CHILD_RUNNING))
			trp_office_kill(keeper->supervisor, slot);
	return 0;
}

void trp_restart_stop(struct trp_restart *keeper, int64_t grace_ms)
{
	struct trp_timers *timers = &keeper->supervisor->timers;

	keeper->is_wanted = false;
	if (keeper->is_stopping)
		return;
	trp_timers_cancel(timers, &keeper->timer);
	if (!keeper->ref)
		return;
	keeper->is_stopping = true;
	trp_office_stop(keeper->supervisor, trp_ref_slot(keeper->ref));
	keeper->timer.fired = kill_all;
	if (trp_timers_start(timers, &keeper->timer, troupe_in_ms(grace_ms)) <
	    0)
		kill_all(&keeper->timer);
}

static bool is_done(const struct trp_restart *keeper,
		    const struct troupe_end *end)
{
	return !keeper->is_always && (end->reason.cause == TROUPE_NORMAL ||
				      end->reason.cause == TROUPE_SHUTDOWN);
}

static void bury(struct trp_restart *keeper, const struct troupe_end *end)
{
	bool was_stopping = keeper->is_stopping;

	keeper->ref = 0;
	keeper->is_stopping = false;
	trp_timers_cancel(&keeper->supervisor->timers, &keeper->timer);
	if (keeper->ended)
		keeper->ended(keeper);
	if (!keeper->is_wanted || keeper->supervisor->is_ending)
		return;
	if (was_stopping)
		start(&keeper->timer);
	else if (!is_done(keeper, end)) {
		if (troupe_now().ns - keeper->began.ns >
		    PROVEN_MS * INT64_C(1000000))
			keeper->pause_ms = PAUSE_FIRST_MS;
		start_later(keeper);
	}
}

void trp_restart_bury(struct trp_supervisor *supervisor,
		      const struct troupe_end *end)
{
	struct trp_restart *keeper = supervisor->keepers;

	while (keeper && keeper->ref != end->ref)
		keeper = keeper->next;
	if (keeper)
		bury(keeper, end);
}
