/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/restart.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include "runtime/supervisor/exit.h"
#include "runtime/supervisor/notify.h"
#include "runtime/supervisor/revival.h"
#include "runtime/supervisor/spawn.h"
#include "runtime/supervisor/stop.h"
#include "runtime/supervisor/supervisor.h"
#include "serialize/message.h"

static Troupe__Control__Spawn *copy(const Troupe__Control__Spawn *spawn)
{
	return (Troupe__Control__Spawn *)trp_message_copy(&spawn->base);
}

static struct trp_child *child_of(const struct trp_restart *restart)
{
	return &restart->supervisor->children.child[trp_ref_slot(restart->ref)];
}

static void start(struct trp_restart_entry *entry);

int trp_restart_init(struct trp_restart *restart,
		     struct trp_supervisor *supervisor,
		     const Troupe__Control__Spawn *spawn)
{
	*restart = (struct trp_restart) { .supervisor = supervisor,
					  .entry.start = start,
					  .entry.data = restart,
					  .kill.data = restart };
	restart->spawn = copy(spawn);
	return restart->spawn ? 0 : -ENOMEM;
}

int trp_restart_keep(struct trp_restart *restart,
		     struct trp_supervisor *supervisor,
		     const struct troupe_class *klass)
{
	Troupe__Control__Birth birth = TROUPE__CONTROL__BIRTH__INIT;
	Troupe__Control__Spawn spawn = TROUPE__CONTROL__SPAWN__INIT;
	int r;

	birth.klass = (uintptr_t)klass;
	birth.label = (char *)klass->name;
	spawn.birth = &birth;
	spawn.grace_ms = klass->grace_ms;
	spawn.mailbox_limit = klass->mailbox_limit;
	r = trp_restart_init(restart, supervisor, &spawn);
	if (r < 0)
		return r;
	restart->is_always = true;
	trp_restart_want(restart, 0);
	return 0;
}

int trp_restart_replace(struct trp_restart *restart,
			const Troupe__Control__Spawn *spawn)
{
	Troupe__Control__Spawn *ours = copy(spawn);

	if (!ours)
		return -ENOMEM;
	ours->birth->fence = restart->spawn->birth->fence;
	if (restart->ref)
		child_of(restart)->spawn = ours;
	troupe__control__spawn__free_unpacked(restart->spawn, NULL);
	restart->spawn = ours;
	return 0;
}

void trp_restart_fini(struct trp_restart *restart)
{
	if (!restart->supervisor)
		return;
	trp_timers_cancel(&restart->supervisor->timers, &restart->kill);
	trp_restart_policy_leave(&restart->supervisor->restarting,
				 &restart->entry);
	troupe__control__spawn__free_unpacked(restart->spawn, NULL);
	*restart = (struct trp_restart) { 0 };
}

/* ---- the owner of its actor ---------------------------------------------- */

static bool has_ended(struct trp_supervisor *supervisor, uint32_t slot,
		      const struct troupe_end *end)
{
	const struct trp_child *child = &supervisor->children.child[slot];
	struct trp_restart *restart = child->owner_data;

	if (restart->ended)
		restart->ended(restart);
	if (!restart->is_wanted || restart->is_stopping ||
	    supervisor->is_ending ||
	    !(restart->is_always || trp_revival_is_due(child, end)))
		return false;
	trp_revival_pause(supervisor, &restart->entry);
	return true;
}

static void is_ready(struct trp_supervisor *supervisor, uint32_t slot)
{
	const struct trp_child *child = &supervisor->children.child[slot];
	struct trp_restart *restart = child->owner_data;

	if (child->state != CHILD_DOWN)
		trp_restart_policy_is_up(&supervisor->restarting,
					 &restart->entry);
}

/* Now, whatever came before: as another actor. */
static void start_anew(struct trp_restart *restart)
{
	struct trp_restart_table *table = &restart->supervisor->restarting;

	trp_restart_policy_leave(table, &restart->entry);
	trp_restart_policy_begin(table, &restart->entry,
				 &trp_restart_policy_endless);
}

/* All that it has spawned is killed after this. */
static void is_buried(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_child *child = &supervisor->children.child[slot];
	struct trp_restart *restart = child->owner_data;
	bool was_stopping = restart->is_stopping;

	child->owner = NULL;
	child->spawn = NULL;
	restart->ref = 0;
	restart->is_stopping = false;
	trp_timers_cancel(&supervisor->timers, &restart->kill);
	if (restart->is_wanted && !supervisor->is_ending &&
	    (was_stopping || restart->is_always))
		start_anew(restart);
	else
		trp_restart_policy_leave(&supervisor->restarting,
					 &restart->entry);
	TRP_CHECK(trp_restart_check(restart));
}

static const struct trp_owner owner = {
	.ended = has_ended,
	.ready = is_ready,
	.buried = is_buried,
};

/* ---- starting ------------------------------------------------------------ */

static int launch(struct trp_restart *restart)
{
	struct trp_supervisor *supervisor = restart->supervisor;
	Troupe__Control__Spawn *spawn = restart->spawn;
	struct trp_child *child;
	int r;

	spawn->birth->fence = restart->fence;
	spawn->birth->is_owned = true;
	r = trp_supervisor_spawn(supervisor, TRP_SLOT_SUPERVISOR, spawn,
				 &restart->ref);
	if (r < 0)
		return r;
	child = child_of(restart);
	child->restart = restart;
	child->owner = &owner;
	child->owner_data = restart;
	child->spawn = spawn;
	if (restart->is_offered)
		trp_registry_offer(&supervisor->registry, spawn->name, "");
	return 0;
}

static void start(struct trp_restart_entry *entry)
{
	struct trp_restart *restart = entry->data;
	struct trp_supervisor *supervisor = restart->supervisor;
	int64_t pause;
	int r;

	if (supervisor->is_ending)
		return;
	assert(restart->is_wanted && !restart->is_stopping);
	if (restart->ref) {
		trp_exit_start_again(supervisor, trp_ref_slot(restart->ref));
		return;
	}
	r = launch(restart);
	if (r < 0) {
		pause = trp_revival_pause(supervisor, entry);
		troupe_log(TROUPE_WARNING,
			   "%s cannot be started (%s); the next try is in "
			   "%d ms",
			   restart->spawn->birth->label, strerror(-r),
			   (int)(pause / 1000000));
	}
	TRP_CHECK(trp_restart_check(restart));
}

void trp_restart_want(struct trp_restart *restart, uint64_t fence)
{
	restart->fence = fence;
	restart->is_wanted = true;
	if (!restart->ref)
		start_anew(restart);
	TRP_CHECK(trp_restart_check(restart));
}

/* ---- stopping ------------------------------------------------------------ */

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
	struct trp_supervisor *supervisor = restart->supervisor;

	restart->is_wanted = false;
	if (restart->is_stopping)
		return;
	if (!restart->ref) {
		trp_restart_policy_leave(&supervisor->restarting,
					 &restart->entry);
		return;
	}
	restart->is_stopping = true;
	restart->kill.fired = kill_all;
	if (trp_timers_start(&supervisor->timers, &restart->kill,
			     troupe_in_ms(grace_ms)) < 0)
		kill_all(&restart->kill);
	/* One that is down ends at once. */
	if (restart->ref)
		trp_supervisor_stop(supervisor, trp_ref_slot(restart->ref));
	TRP_CHECK(trp_restart_check(restart));
}

void trp_restart_check(const struct trp_restart *restart)
{
	enum trp_restart_state state = restart->entry.state;
	const struct trp_child *child;

	assert(!restart->is_stopping || restart->ref);
	assert(!restart->kill.place || restart->is_stopping);
	trp_restart_policy_check(&restart->supervisor->restarting);
	if (!restart->ref) {
		assert(state != TRP_RESTART_UP &&
		       state != TRP_RESTART_STARTING);
		return;
	}
	child = child_of(restart);
	assert(state != TRP_RESTART_NONE && trp_child_is_alive(child));
	assert(child->restart == restart && child->owner == &owner);
	assert(child->owner_data == restart && child->spawn == restart->spawn);
}
