/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/restart.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include "runtime/supervisor/notify.h"
#include "runtime/supervisor/spawn.h"
#include "runtime/supervisor/stop.h"
#include "runtime/supervisor/supervisor.h"
#include "serialize/message.h"

static Troupe__Control__Spawn *copy(const Troupe__Control__Spawn *spawn)
{
	return (Troupe__Control__Spawn *)trp_message_copy(&spawn->base);
}

int trp_restart_init(struct trp_restart *restart,
		     struct trp_supervisor *supervisor,
		     const Troupe__Control__Spawn *spawn)
{
	*restart = (struct trp_restart) { .supervisor = supervisor,
					  .entry.data = restart };
	restart->spawn = copy(spawn);
	if (!restart->spawn)
		return -ENOMEM;
	restart->kill.data = restart;
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
	trp_restart_policy_leave(&restart->supervisor->restarting,
				 &restart->entry);
	trp_timers_cancel(&restart->supervisor->timers, &restart->kill);
	troupe__control__spawn__free_unpacked(restart->spawn, NULL);
	*restart = (struct trp_restart) { 0 };
}

/* ---- starting ----------------------------------------------------------- */

static int64_t start_later(struct trp_restart *restart)
{
	uint64_t random = 0;

	assert(!restart->ref);
	/* Without randomness the pauses have no jitter. */
	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	return trp_restart_policy_ended(&restart->supervisor->restarting,
					&restart->entry, troupe_now(), random);
}

static void start(struct trp_restart_entry *entry)
{
	struct trp_restart *restart = entry->data;
	struct trp_supervisor *supervisor = restart->supervisor;
	int64_t pause;
	int r;

	if (supervisor->is_ending)
		return;
	assert(!restart->ref && restart->is_wanted);
	restart->spawn->birth->fence = restart->fence;
	r = trp_supervisor_spawn(supervisor, TRP_SLOT_SUPERVISOR,
				 restart->spawn, &restart->ref);
	if (r < 0) {
		pause = start_later(restart);
		troupe_log(TROUPE_WARNING,
			   "%s cannot be started (%s); the next try is in "
			   "%d ms",
			   restart->spawn->birth->label, strerror(-r),
			   (int)(pause / 1000000));
		return;
	}
	supervisor->children.child[trp_ref_slot(restart->ref)].restart =
		restart;
	if (restart->is_offered)
		trp_registry_offer(&supervisor->registry, restart->spawn->name,
				   "");
}

/* Now, whatever came before. */
static void start_anew(struct trp_restart *restart)
{
	trp_restart_policy_leave(&restart->supervisor->restarting,
				 &restart->entry);
	restart->entry.start = start;
	trp_restart_policy_join(&restart->entry, &trp_restart_policy_endless,
				troupe_now());
	start(&restart->entry);
}

void trp_restart_want(struct trp_restart *restart, uint64_t fence)
{
	restart->fence = fence;
	restart->is_wanted = true;
	if (!restart->ref)
		start_anew(restart);
	TRP_CHECK(trp_restart_check(restart));
}

void trp_restart_due(struct trp_supervisor *supervisor)
{
	struct trp_restart_entry *entry;

	while ((entry = trp_restart_policy_due(&supervisor->restarting,
					       troupe_now())))
		entry->start(entry);
}

void trp_restart_born(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_restart *restart = supervisor->children.child[slot].restart;

	if (restart && trp_ref_slot(restart->ref) == slot)
		trp_restart_policy_is_up(&supervisor->restarting,
					 &restart->entry);
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
	if (!restart->ref) {
		trp_restart_policy_leave(&restart->supervisor->restarting,
					 &restart->entry);
		return;
	}
	restart->is_stopping = true;
	trp_supervisor_stop(restart->supervisor, trp_ref_slot(restart->ref));
	restart->kill.fired = kill_all;
	if (trp_timers_start(timers, &restart->kill, troupe_in_ms(grace_ms)) <
	    0)
		kill_all(&restart->kill);
	TRP_CHECK(trp_restart_check(restart));
}

/* Where it runs, its entry is up, or starting. */
void trp_restart_check(const struct trp_restart *restart)
{
	const struct trp_child_table *children = &restart->supervisor->children;
	enum trp_restart_state state = restart->entry.state;

	assert(!restart->is_stopping || restart->ref);
	assert(!restart->ref ||
	       children->child[trp_ref_slot(restart->ref)].restart == restart);
	assert(!restart->ref ==
	       !(state == TRP_RESTART_UP || state == TRP_RESTART_STARTING));
	assert(!restart->kill.place || restart->is_stopping);
	trp_restart_policy_check(&restart->supervisor->restarting);
}

static bool is_done(const struct trp_restart *restart,
		    const struct troupe_end *end)
{
	return !restart->is_always && (end->reason.cause == TROUPE_NORMAL ||
				       end->reason.cause == TROUPE_SHUTDOWN);
}

static void has_ended(struct trp_restart *restart, const struct troupe_end *end)
{
	struct trp_supervisor *supervisor = restart->supervisor;
	bool was_stopping = restart->is_stopping;

	restart->ref = 0;
	restart->is_stopping = false;
	trp_timers_cancel(&supervisor->timers, &restart->kill);
	if (restart->ended)
		restart->ended(restart);
	if (!restart->is_wanted || supervisor->is_ending ||
	    (!was_stopping && is_done(restart, end)))
		trp_restart_policy_leave(&supervisor->restarting,
					 &restart->entry);
	else if (was_stopping)
		start_anew(restart);
	else
		start_later(restart);
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
