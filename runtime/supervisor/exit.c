/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/exit.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/mailbox_receive.h"
#include "ipc/mailbox_unread.h"
#include "runtime/node/dead_letter.h"
#include "runtime/node/end.h"
#include "runtime/node/outcome.h"
#include "runtime/node/status.h"
#include "runtime/node/watch.h"
#include "runtime/supervisor/child_address.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/supervisor/asleep.h"
#include "runtime/supervisor/exit_record.h"
#include "runtime/supervisor/membership.h"
#include "runtime/supervisor/notify.h"
#include "runtime/supervisor/readiness.h"
#include "runtime/supervisor/slot.h"
#include "runtime/supervisor/spawn.h"
#include "runtime/supervisor/stop.h"
#include "runtime/supervisor/supervisor.h"
#include "runtime/supervisor/watchdog.h"

/* ---- the cause ----------------------------------------------------------- */

/* It ended by itself, as far as visible: then its exit record counts. */
static bool is_own(enum troupe_cause cause)
{
	return cause == TROUPE_NORMAL || cause == TROUPE_ERROR ||
	       cause == TROUPE_NOCONNECTION;
}

static struct troupe_end end_of(const struct trp_supervisor *supervisor,
				uint32_t slot, const struct troupe_end *seen)
{
	const struct trp_child *child = &supervisor->children.child[slot];
	struct troupe_end end = *seen;
	const struct trp_status *status;
	const char *text;

	end.ref = trp_child_ref(&supervisor->children, slot);
	end.pid = child->pid;
	end.incarnation = child->incarnation;
	memcpy(end.name, child->label, sizeof(end.name));
	status = trp_status_last(&supervisor->node.arena, end.ref);
	if (!status || !is_own(seen->reason.cause) ||
	    !trp_status_read_exit(status, &end.reason))
		return end;
	end.private_outcome =
		trp_outcome_of(&supervisor->node.arena, end.ref, status);
	text = trp_outcome_text(end.private_outcome);
	if (trp_outcome_is_whole(end.private_outcome, &end.reason))
		snprintf(end.reason.text, sizeof(end.reason.text), "%s", text);
	return end;
}

/* ---- its unread mail ----------------------------------------------------- */

struct leftover {
	struct trp_supervisor *supervisor;
	troupe_ref dead;
	bool is_quiet; /* it ended in order, and need not read the rest */
	uint32_t put_aside;
	struct trp_lost *lost;
	/* Actors that may have called it just now, and do not watch it. */
	troupe_ref *caller;
	size_t callers;
};

static void meet_sender(uint32_t slot, uint64_t taken, void *data)
{
	enum { MORE = 64 };
	struct leftover *leftover = data;
	struct trp_child *child = &leftover->supervisor->children.child[slot];
	troupe_ref ref = trp_child_ref(&leftover->supervisor->children, slot);
	const struct trp_status *status =
		trp_status_last(&leftover->supervisor->node.arena, ref);
	troupe_ref *grown;

	child->taken = taken;
	child->taken_by = leftover->supervisor->deaths;
	if (!status || !(trp_load_relaxed(&status->has_unwatched) ||
			 trp_load_relaxed(&status->has_routers)))
		return;
	if (leftover->callers % MORE == 0) {
		grown = reallocarray(leftover->caller, leftover->callers + MORE,
				     sizeof(*grown));
		if (!grown)
			return; /* it will watch, soon */
		leftover->caller = grown;
	}
	leftover->caller[leftover->callers++] = ref;
}

static void is_left(const struct trp_mail *mail, void *data)
{
	const struct leftover *leftover = data;

	trp_dead_letter_unread(mail, leftover->dead, leftover->is_quiet);
}

/* Its counts of dead letters are added to ours. */
static struct leftover count_unread(struct trp_supervisor *supervisor,
				    uint32_t slot, const struct troupe_end *end)
{
	struct leftover leftover = {
		.supervisor = supervisor,
		.dead = end->ref,
		.is_quiet = !trp_exit_record_is_worth_a_line(end)
	};

	supervisor->deaths++;
	trp_dead_letter_unsubscribe(leftover.dead);
	trp_mailbox_unread_each(&supervisor->node.arena, slot, meet_sender,
				is_left, &leftover);
	trp_dead_letter_shelved(leftover.dead, leftover.is_quiet);
	leftover.put_aside = trp_dead_letter_inherit(leftover.dead);
	return leftover;
}

/* ---- telling ------------------------------------------------------------- */

/* Reports beyond that come without texts and messages, or one that reads
 * nothing would fill the supervisor's region. */
enum { UNREAD_MAX = 16 << 20 };

void trp_exit_tell(struct trp_supervisor *supervisor, troupe_ref to,
		   const struct troupe_end *end, uint64_t watch)
{
	Troupe__Control__Ended ended;
	const struct trp_child *child;

	child = trp_child_find(&supervisor->children, to);
	if (!child)
		return;
	trp_end_write(end, watch, &ended);
	if (ended.outcome.len &&
	    trp_mailbox_unread_bytes(&supervisor->node.arena, trp_ref_slot(to),
				     TRP_SLOT_SUPERVISOR) > UNREAD_MAX)
		ended.outcome = (ProtobufCBinaryData) { 0 };
	if (child->taken_by == supervisor->deaths)
		ended.taken = child->taken;
	trp_notify_tell(supervisor, trp_ref_slot(to), TRP_MAIL, 0, &ended.base);
}

void trp_exit_name(struct troupe_end *end, uint64_t tag, const char *name)
{
	end->tag = tag;
	if (name && *name)
		snprintf(end->name, sizeof(end->name), "%s", name);
}

/*
 * Those that it was linked to; the link goes with it.  Before its children are
 * told to stop, as theirs may be the reason of this end.
 */
static void tell_links(struct trp_supervisor *supervisor, uint32_t slot,
		       const struct troupe_end *end)
{
	struct trp_child_table *children = &supervisor->children;
	struct trp_watcher *watcher, *next;

	for (watcher = children->child[slot].watchers; watcher;
	     watcher = next) {
		next = watcher->in[TRP_WATCHER_OF_TARGET].next;
		if (trp_watch_kind(watcher->id) != TRP_WATCH_LINK)
			continue;
		trp_exit_tell(supervisor, watcher->watcher, end, watcher->id);
		trp_child_unlink(children, end->ref, watcher->watcher);
	}
	TRP_CHECK(trp_watcher_check(&children->watchers));
}

/* It may be the last child of one that is DOWN, or that wants to end. */
static void tell_no_children(struct trp_supervisor *supervisor, uint32_t slot)
{
	Troupe__Control__Answer answer = TROUPE__CONTROL__ANSWER__INIT;
	struct trp_child *child = &supervisor->children.child[slot];

	if (slot == TRP_SLOT_SUPERVISOR ||
	    trp_child_has_any(&supervisor->children, slot))
		return;
	if (child->is_due)
		trp_exit_start_again(supervisor, slot);
	if (!child->stop_children)
		return;
	trp_notify_tell(supervisor, slot, TRP_REPLY, child->stop_children,
			&answer.base);
	child->stop_children = 0;
	if (child->is_told)
		trp_supervisor_stop_grace(supervisor, slot);
}

static void tell_watcher(struct trp_supervisor *supervisor,
			 const struct troupe_end *end,
			 const struct trp_watcher *watcher)
{
	struct troupe_end report;

	if (watcher->tag || watcher->name) {
		report = *end;
		trp_exit_name(&report, watcher->tag, watcher->name);
		end = &report;
	}
	trp_exit_tell(supervisor, watcher->watcher, end, watcher->id);
}

/* The parent, the watchers, and those that have just called it. */
static void tell_all(struct trp_supervisor *supervisor, uint32_t slot,
		     uint32_t parent, const struct troupe_end *end,
		     const struct leftover *leftover)
{
	struct trp_child_table *children = &supervisor->children;
	struct trp_watcher *watcher;

	if (children->child[slot].awaited)
		trp_readiness_ended(supervisor, slot, end);
	else if (parent)
		trp_exit_tell(supervisor, trp_child_ref(children, parent), end,
			      TRP_WATCH_CHILD);
	for (watcher = children->child[slot].watchers; watcher;
	     watcher = watcher->in[TRP_WATCHER_OF_TARGET].next)
		tell_watcher(supervisor, end, watcher);
	for (size_t i = 0; i < leftover->callers; i++)
		trp_exit_tell(supervisor, leftover->caller[i], end,
			      TRP_WATCH_TARGET);
	free(leftover->caller);
	supervisor->deaths++; /* `taken` is of no later report */
	tell_no_children(supervisor, parent);
}

/* ---- the end ------------------------------------------------------------- */

/* Its children stop with it; those of a singleton are killed. */
static void stop_children(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_child *child = supervisor->children.child;
	uint32_t next;

	if (child[slot].group)
		child[slot].group->stop(supervisor, slot, child[slot].restart);
	else if (!child[slot].restart)
		trp_supervisor_stop_children(supervisor, slot);
	else
		for (uint32_t of = child[slot].first; of; of = next) {
			next = child[of].next;
			child[of].is_final = true;
			trp_notify_kill(supervisor, of);
		}
}

/* ---- its start ----------------------------------------------------------- */

/*
 * Its message lies unread, or is still to be read: the end of a process is seen
 * by a signal, which overtakes mail.  To those who wait for its start it has
 * begun, and then ended.
 */
static void heed_ready(struct trp_supervisor *supervisor, uint32_t slot,
		       troupe_ref ref)
{
	struct trp_child *child = &supervisor->children.child[slot];
	const struct trp_status *status;

	if (child->state == CHILD_DOWN)
		return;
	child->has_ended = true;
	status = trp_status_last(&supervisor->node.arena, ref);
	if (!child->is_ready && status && trp_status_is_ready(status))
		trp_readiness_ready(supervisor, slot);
}

/* ---- a restart ----------------------------------------------------------- */

static bool is_kept(struct trp_supervisor *supervisor, uint32_t slot,
		    const struct troupe_end *end)
{
	const struct trp_child *child = &supervisor->children.child[slot];

	/* One of a group is asked also as the node ends: others stop after it.
	 */
	return child->owner && child->state != CHILD_DOWN && !child->is_final &&
	       !child->awaited && child->owner->ended(supervisor, slot, end) &&
	       !supervisor->is_ending;
}

/* Stopped while it is DOWN. */
static int is_stopped(struct troupe_timer *timer)
{
	static const struct troupe_end seen = {
		.reason = { .cause = TROUPE_SHUTDOWN,
			    .text = "stopped while it was down" }
	};
	struct trp_supervisor *supervisor = timer->data;
	struct trp_child *child =
		(void *)((char *)timer - offsetof(struct trp_child, grace));

	trp_exit(supervisor, (uint32_t)(child - supervisor->children.child),
		 &seen);
	return 0;
}

/* Nobody waits for its answers any more. */
static void drop_requests(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_mail mail;

	while (trp_mailbox_receive_from(&supervisor->mailbox, slot, UINT32_MAX,
					&mail) == 1)
		trp_mailbox_receive_done(&supervisor->mailbox, &mail);
}

/*
 * Up to where it had taken mail of each sender: that is lost to its successor.
 * A caller that watches it only after that death is told as well.
 */
struct trp_lost {
	size_t count, room;
	struct troupe_end end;
	struct {
		troupe_ref sender;
		uint64_t taken;
	} of[];
};

static struct trp_lost *add_lost(struct trp_lost *lost, troupe_ref sender,
				 uint64_t taken)
{
	size_t room = lost ? lost->room : 0;
	struct trp_lost *grown = lost;

	if (!lost || lost->count == room) {
		room = room ? 2 * room : 8;
		grown = realloc(lost, sizeof(*lost) + room * sizeof(*lost->of));
		if (!grown)
			return lost; /* its deadlines will end its calls */
		if (!lost)
			grown->count = 0;
		grown->room = room;
	}
	grown->of[grown->count].sender = sender;
	grown->of[grown->count++].taken = taken;
	return grown;
}

void trp_exit_tell_lost(struct trp_supervisor *supervisor, uint32_t slot,
			troupe_ref to, uint64_t watch)
{
	const struct trp_lost *lost = supervisor->children.child[slot].lost;
	struct trp_child *child = trp_child_find(&supervisor->children, to);

	if (!lost || !child)
		return;
	child->taken = 0;
	child->taken_by = supervisor->deaths;
	for (size_t i = 0; i < lost->count; i++)
		if (lost->of[i].sender == to)
			child->taken = lost->of[i].taken;
	trp_exit_tell(supervisor, to, &lost->end, watch);
	child->taken = 0;
}

static void note_taken(uint32_t sender, uint64_t taken, void *data)
{
	struct leftover *leftover = data;

	leftover->lost = add_lost(
		leftover->lost,
		trp_child_ref(&leftover->supervisor->children, sender), taken);
	meet_sender(sender, taken, leftover);
}

/* It has no process; is_down: as others see it. */
static void lie_down(struct trp_supervisor *supervisor, uint32_t slot,
		     bool is_down)
{
	struct trp_child *child = &supervisor->children.child[slot];

	trp_timers_cancel(&supervisor->timers, &child->grace);
	trp_child_down(&supervisor->children, slot);
	trp_slot_down(supervisor, slot, is_down);
	child->grace.fired = is_stopped;
	child->grace.data = supervisor;
}

static void note_calls(struct trp_child *child, const struct trp_status *status)
{
	uint64_t calls = status ? trp_status_read(&status->calls) : 0;

	if (child->calls < calls)
		child->calls = calls;
}

/* It was never there, or is there when it has mail: nobody is told. */
static bool is_at_rest(struct trp_supervisor *supervisor, uint32_t slot,
		       struct troupe_end *end)
{
	struct trp_child *child = &supervisor->children.child[slot];
	enum trp_rest why = trp_asleep_why(supervisor, slot, end);

	if (why == TRP_REST_NONE)
		return false;
	drop_requests(supervisor, slot);
	trp_totals_slept(supervisor, slot, end);
	note_calls(child, trp_status_last(&supervisor->node.arena, end->ref));
	lie_down(supervisor, slot, why == TRP_REST_DECLINED);
	if (why == TRP_REST_DECLINED)
		child->owner->declined(supervisor, slot);
	else
		child->owner->slept(supervisor, slot);
	/* Somebody has linked to it meanwhile. */
	if (child->state == CHILD_DOWN && child->is_sleepy && child->watching)
		child->owner->mail(supervisor, slot);
	return true;
}

/* Of a loop of crashes the first alone may leave a core. */
static void note_crash(struct trp_child *child, const struct troupe_end *end)
{
	int64_t lived_ms = (trp_time_now().ns - child->spawned_at) / 1000000;
	bool is_quiet = lived_ms >= trp_supervisor_spawn_core_ms;

	child->has_no_core = end->reason.cause == TROUPE_SIGNAL ||
			     (child->has_no_core && !is_quiet);
}

/*
 * Its process has ended, and another one follows.  Its reference, names, place
 * and watchers stay, its mail stays where it is.
 */
static void go_down(struct trp_supervisor *supervisor, uint32_t slot,
		    const char *title, const struct troupe_end *end)
{
	struct trp_child *child = &supervisor->children.child[slot];
	struct leftover leftover = { .supervisor = supervisor,
				     .dead = end->ref };
	const struct trp_status *status =
		trp_status_last(&supervisor->node.arena, end->ref);

	note_crash(child, end);
	child->is_sleepy = false; /* it has died before it slept */
	drop_requests(supervisor, slot);
	trp_membership_ended(supervisor, slot, true);
	supervisor->deaths++;
	trp_mailbox_unread_taken(&supervisor->node.arena, slot, note_taken,
				 &leftover);
	leftover.put_aside = trp_dead_letter_inherit(end->ref);
	trp_totals_ended(supervisor, slot, end, false);
	free(child->lost);
	child->lost = leftover.lost ? leftover.lost : add_lost(NULL, 0, 0);
	if (child->lost) {
		child->lost->end = *end;
		child->lost->end.private_outcome = NULL;
	}
	note_calls(child, status);
	lie_down(supervisor, slot, true);
	tell_links(supervisor, slot, end);
	stop_children(supervisor, slot);
	trp_exit_record(supervisor, slot, title, end, leftover.put_aside);
	tell_all(supervisor, slot, child->parent, end, &leftover);
}

void trp_exit_start_again(struct trp_supervisor *supervisor, uint32_t slot)
{
	const struct trp_child *child = &supervisor->children.child[slot];
	char title[TRP_TITLE_SIZE];
	struct troupe_end end;
	int r = trp_supervisor_spawn_again(supervisor, slot);

	if (r >= 0)
		return;
	troupe_log(TROUPE_WARNING, "%s cannot be restarted now: %s",
		   trp_child_address_title(&supervisor->children, slot, title),
		   r == -EAGAIN ? "receivers of its mail still read the memory "
				  "of its last incarnations"
				: strerror(-r));
	end = trp_exit_seen(TRP_EXIT_UNBORN, r);
	end.ref = trp_child_ref(&supervisor->children, slot);
	if (!child->owner->ended(supervisor, slot, &end))
		trp_exit(supervisor, slot, &end);
}

int trp_exit_sweep(struct troupe_timer *timer)
{
	struct trp_supervisor *supervisor = timer->data;
	const struct trp_child *child = supervisor->children.child;
	uint32_t next;

	for (uint32_t slot = supervisor->former; slot; slot = next) {
		next = child[slot].next_former;
		if (child[slot].is_due)
			trp_exit_start_again(supervisor, slot);
	}
	trp_slot_sweep(supervisor);
	return 0;
}

/*
 * The order of the steps matters:
 *
 *	end		before that: what is sent later fails
 *	count_unread	before the slot is closed: from then on senders may
 *			reclaim the memory of unread mail
 *	close		before any report: a receiver that hears of the end
 *			finds all mail that came before it
 *	names, groups	are left before any report, as its reader may want one
 *	links		before the children, that the reason of theirs is its
 *	stop_children	while they are its children
 *	record		before any report, as its reader may ask
 *	release		after all steps that read the child
 *
 * Of one that is restarted (go_down), in the same order: what it wanted is
 * forgotten, the slot is down, its links are told, its children stop, the end
 *is recorded and told.
 */
void trp_exit(struct trp_supervisor *supervisor, uint32_t slot,
	      const struct troupe_end *seen)
{
	struct trp_child *child = &supervisor->children.child[slot];
	struct troupe_end end = end_of(supervisor, slot, seen);
	uint32_t unread, parent = child->parent;
	struct leftover leftover;
	char title[TRP_TITLE_SIZE];

	assert(slot && trp_child_is_alive(child));
	heed_ready(supervisor, slot, end.ref);
	if (is_at_rest(supervisor, slot, &end))
		return;
	trp_totals_ending(supervisor);
	trp_exit_record_hear(&end);
	trp_watchdog_ended(supervisor, slot, &end);
	trp_child_address_title(&supervisor->children, slot, title);
	end.will_restart = is_kept(supervisor, slot, &end);
	if (end.will_restart) {
		go_down(supervisor, slot, title, &end);
		return;
	}
	child->is_due = false; /* it may have waited for its restart */
	if (child->owner)
		child->owner->buried(supervisor, slot);
	free(child->lost);
	child->lost = NULL;
	free(child->saved);
	child->saved = NULL;
	trp_slot_end(supervisor, slot);
	leftover = count_unread(supervisor, slot, &end);
	trp_totals_ended(supervisor, slot, &end, true);
	unread = trp_slot_close(supervisor, slot);
	trp_timers_cancel(&supervisor->timers, &child->grace);
	trp_registry_remove_all(&supervisor->registry, &child->names);
	trp_membership_ended(supervisor, slot, false);
	tell_links(supervisor, slot, &end);
	stop_children(supervisor, slot);
	if (child->group)
		child->group->over(supervisor, slot);
	trp_watchdog_remove(supervisor, slot);
	trp_child_ended(&supervisor->children, slot);
	assert(!child->names && !child->first && !child->grace.place);
	trp_exit_record(supervisor, slot, title, &end,
			leftover.is_quiet ? 0 : leftover.put_aside);
	tell_all(supervisor, slot, parent, &end, &leftover);
	assert(!child->is_guest || supervisor->guests > 0);
	supervisor->guests -= child->is_guest;
	child->guest = NULL;
	assert(supervisor->children.child[slot].state == CHILD_DEAD);
	trp_slot_release(supervisor, slot, unread);
}
