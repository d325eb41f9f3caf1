/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "runtime/node/dead_letter.h"
#include "runtime/node/end.h"
#include "runtime/node/status.h"
#include "runtime/node/watch.h"
#include "runtime/supervisor/restart.h"
#include "runtime/supervisor/supervisor.h"
#include "runtime/node/trace.h"

enum { SWEEP_FIRST_MS = 1, SWEEP_LAST_MS = 200 };

/* A guest's process is not ours to wait for. */
enum { GUEST_GONE = -1, GUEST_EXPELLED = -2 };

/* What waitid() said of a process. */
struct death {
	pid_t pid;
	/* CLD_EXITED, CLD_KILLED, CLD_DUMPED; 0: it never lived; GUEST_* */
	int how;
	int status;
	struct rusage usage;
};

/* Reaped before the zygote's word of its birth was read. */
struct trp_unknown {
	struct trp_unknown *next;
	struct death death;
};

/* ---- of what ------------------------------------------------------------- */

/* Its own word, if it left one, is better than what we saw. */
static void read_exit(const struct trp_supervisor *supervisor, uint32_t slot,
		      struct troupe_reason *reason)
{
	const struct trp_status *status = trp_status_last(
		&supervisor->node.arena,
		trp_ref(slot, supervisor->family.child[slot].generation));

	if (status)
		trp_status_read_exit(status, reason);
}

static struct troupe_reason reason_of(const struct trp_supervisor *supervisor,
				      uint32_t slot, const struct death *death)
{
	struct troupe_reason reason = { .cause = TROUPE_ERROR,
					.code = death->status };

	if (death->how == 0) {
		snprintf(reason.text, sizeof(reason.text), "cannot fork: %s",
			 strerror(-death->status));
	} else if (death->how < 0) {
		reason.cause = death->how == GUEST_EXPELLED
				       ? TROUPE_KILLED
				       : TROUPE_NOCONNECTION;
		snprintf(reason.text, sizeof(reason.text), "%s",
			 death->how == GUEST_EXPELLED ? "expelled"
						      : "its process has gone");
		if (death->how == GUEST_GONE)
			read_exit(supervisor, slot, &reason);
	} else if (death->how != CLD_EXITED) {
		reason.cause =
			death->status == SIGKILL ? TROUPE_KILLED
			: death->status == SIGXCPU || death->status == SIGXFSZ
				? TROUPE_LIMIT
				: TROUPE_SIGNAL;
		reason.has_core = death->how == CLD_DUMPED;
	} else {
		if (death->status == 0)
			reason.cause = TROUPE_NORMAL;
		else
			snprintf(reason.text, sizeof(reason.text),
				 "exit status %d", death->status);
		read_exit(supervisor, slot, &reason);
	}
	return reason;
}

static struct troupe_end end_of(const struct trp_supervisor *supervisor,
				uint32_t slot, const struct death *death)
{
	const struct trp_child *child = &supervisor->family.child[slot];
	struct troupe_end end = {
		.ref = trp_ref(slot, child->generation),
		.pid = child->pid,
		.reason = reason_of(supervisor, slot, death),
	};

	trp_end_set_usage(&end, &death->usage);
	memcpy(end.name, child->label, sizeof(end.name));
	return end;
}

/* ---- telling ------------------------------------------------------------- */

void trp_funeral_tell(struct trp_supervisor *supervisor, troupe_ref whom,
		      const struct troupe_end *end, uint64_t watch)
{
	Troupe__Control__Ended ended;

	if (!trp_child_find(&supervisor->family, whom))
		return;
	trp_end_write(end, watch, &ended);
	trp_office_tell(supervisor, trp_ref_slot(whom), TRP_MAIL, 0,
			&ended.base);
}

static void tell_no_children(struct trp_supervisor *supervisor, uint32_t slot)
{
	Troupe__Control__Answer answer = TROUPE__CONTROL__ANSWER__INIT;
	struct trp_child *child = &supervisor->family.child[slot];

	if (slot == TRP_SLOT_SUPERVISOR || !child->stop_children ||
	    child->first)
		return;
	trp_office_tell(supervisor, slot, TRP_REPLY, child->stop_children,
			&answer.base);
	child->stop_children = 0;
	if (child->is_told)
		trp_office_begin_grace(supervisor, slot);
}

static bool is_worth_a_line(const struct troupe_end *end)
{
	return end->reason.cause != TROUPE_NORMAL &&
	       end->reason.cause != TROUPE_SHUTDOWN;
}

static void log_end(const struct troupe_end *end, const char *title)
{
	char text[256];

	if (is_worth_a_line(end))
		troupe_log(
			TROUPE_WARNING, "%s[%d] ended: %s", title,
			(int)end->pid,
			troupe_reason_text(&end->reason, text, sizeof(text)));
}

/* ---- the slot afterwards ------------------------------------------------- */

static void set_life(struct trp_supervisor *supervisor, uint32_t slot,
		     enum trp_state state)
{
	struct trp_slot *line = trp_arena_slot(&supervisor->node.arena, slot);
	uint32_t generation = supervisor->family.child[slot].generation;

	/* Pairs with the load in trp_mailbox_reserve(). */
	atomic_store_explicit(&line->life, trp_life(generation, state),
			      memory_order_release);
}

static void give_away(struct trp_supervisor *supervisor, uint32_t slot)
{
	set_life(supervisor, slot, TRP_FREE);
	trp_arena_release(&supervisor->node.arena, slot);
	trp_child_forget(&supervisor->family, slot);
	supervisor->buried--;
}

static int sweep_is_due(struct troupe_timer *timer)
{
	trp_funeral_sweep(timer->data);
	return 0;
}

static void sweep_later(struct trp_supervisor *supervisor, int64_t ms)
{
	supervisor->sweep_ms = ms < SWEEP_LAST_MS ? ms : SWEEP_LAST_MS;
	supervisor->sweep.fired = sweep_is_due;
	supervisor->sweep.data = supervisor;
	trp_timers_start(&supervisor->timers, &supervisor->sweep,
			 troupe_in_ms(supervisor->sweep_ms));
}

void trp_funeral_sweep(struct trp_supervisor *supervisor)
{
	uint32_t before = supervisor->buried;
	uint32_t slot;

	for (slot = 1; supervisor->buried && slot < supervisor->family.slots;
	     slot++)
		if (supervisor->family.child[slot].state == CHILD_BURIED &&
		    !supervisor->family.child[slot].is_held &&
		    trp_mailbox_ring_for_dead(&supervisor->box, slot) == 0)
			give_away(supervisor, slot);
	if (supervisor->buried)
		sweep_later(supervisor, before > supervisor->buried
						? SWEEP_FIRST_MS
						: 2 * supervisor->sweep_ms);
}

struct leftover {
	struct trp_supervisor *supervisor;
	troupe_ref dead;
	bool is_quiet; /* it ended in order, and need not read on */
	uint32_t put_aside;

	/* Who may have called it just now, and does not watch it. */
	troupe_ref *caller;
	size_t callers;
};

static void meet_sender(uint32_t slot, void *data)
{
	enum { MORE = 64 };
	struct leftover *leftover = data;
	const struct trp_supervisor *supervisor = leftover->supervisor;
	troupe_ref sender =
		trp_ref(slot, supervisor->family.child[slot].generation);
	const struct trp_status *status =
		trp_status_of(&supervisor->node.arena, sender);
	troupe_ref *grown;

	if (!status ||
	    !atomic_load_explicit(&status->has_young, memory_order_relaxed))
		return;
	if (leftover->callers % MORE == 0) {
		grown = reallocarray(leftover->caller, leftover->callers + MORE,
				     sizeof(*grown));
		if (!grown)
			return; /* it will watch, soon */
		leftover->caller = grown;
	}
	leftover->caller[leftover->callers++] = sender;
}

static void tell_callers(struct leftover *leftover,
			 const struct troupe_end *end)
{
	for (size_t i = 0; i < leftover->callers; i++)
		trp_funeral_tell(leftover->supervisor, leftover->caller[i], end,
				 trp_watch_id(TRP_WATCH_TARGET, 0));
	free(leftover->caller);
}

static void is_left(const struct trp_mail *mail, void *data)
{
	const struct leftover *leftover = data;

	trp_dead_letter_unread(mail, leftover->dead, leftover->is_quiet);
}

/*
 * What it had not read: now, while no sender may take back the memory.  Its own
 * counts go on in ours.
 */
static struct leftover take_stock(struct trp_supervisor *supervisor,
				  uint32_t slot, const struct troupe_end *end)
{
	struct leftover leftover = { .supervisor = supervisor,
				     .dead = end->ref,
				     .is_quiet = !is_worth_a_line(end) };

	trp_dead_letter_unsubscribe(leftover.dead);
	trp_mailbox_each_unread(&supervisor->node.arena, slot, meet_sender,
				is_left, &leftover);
	leftover.put_aside = trp_dead_letter_inherit(leftover.dead);
	return leftover;
}

/*
 * The order matters: its mail is rung for before its end is told, so that a
 * receiver finds it; its name is free before anybody hears of the end.
 */
static void bury(struct trp_supervisor *supervisor, uint32_t slot,
		 const struct death *death)
{
	struct trp_child *child = &supervisor->family.child[slot];
	struct troupe_end end = end_of(supervisor, slot, death);
	uint32_t mother = child->parent;
	struct trp_watcher *watcher;
	struct leftover leftover;
	char title[TRP_TITLE_SIZE];
	uint32_t unread, orphan;

	trp_child_address_title(&supervisor->family, slot, title,
				sizeof(title));
	leftover = take_stock(supervisor, slot, &end);
	set_life(supervisor, slot, TRP_DEAD);
	unread = trp_mailbox_ring_for_dead(&supervisor->box, slot);
	trp_timers_cancel(&supervisor->timers, &child->grace);
	trp_registry_remove_all(&supervisor->names, &child->names);
	for (orphan = child->first; orphan;
	     orphan = supervisor->family.child[orphan].next)
		if (child->keeper)
			trp_office_kill(supervisor, orphan);
		else
			trp_office_stop(supervisor, orphan);
	trp_child_bury(&supervisor->family, slot);
	trp_exit_history_add(&supervisor->obituary, &end);
	supervisor->buried++;
	log_end(&end, title);
	if (leftover.put_aside && !leftover.is_quiet)
		troupe_log(TROUPE_WARNING,
			   "%u dead letters: what %s[%d] had put aside",
			   leftover.put_aside, title, (int)end.pid);
	trp_trace_ended(end.pid, title, child->spawned_at, &end.reason);
	if (slot == supervisor->root) {
		supervisor->root_end = end;
		supervisor->root = 0;
	}
	if (mother)
		trp_funeral_tell(
			supervisor,
			trp_ref(mother,
				supervisor->family.child[mother].generation),
			&end, 0);
	for (watcher = child->watchers; watcher;
	     watcher = watcher->next_of_target)
		trp_funeral_tell(supervisor, watcher->watcher, &end,
				 watcher->id);
	tell_callers(&leftover, &end);
	tell_no_children(supervisor, mother);
	if (child->is_guest)
		supervisor->guests--;
	child->guest = NULL;
	trp_restart_bury(supervisor, &end);
	if (unread == 0 && !child->is_held)
		give_away(supervisor, slot);
	else if (supervisor->buried == 1)
		sweep_later(supervisor, SWEEP_FIRST_MS);
}

/* ---- births and deaths --------------------------------------------------- */

static void remember_unknown(struct trp_supervisor *supervisor,
			     const struct death *death)
{
	struct trp_unknown *unknown = malloc(sizeof(*unknown));

	if (!unknown)
		return;
	*unknown = (struct trp_unknown) { supervisor->unknown, *death };
	supervisor->unknown = unknown;
}

static bool is_our_child(pid_t pid)
{
	siginfo_t info;

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
	       0;
}

/*
 * Was the process that has just been born reaped already?  A stranger may have
 * had the same pid before, so it counts only when there is no such child now;
 * then the newest one is meant.
 */
static bool take_unknown(struct trp_supervisor *supervisor, pid_t pid,
			 struct death *ret_death)
{
	struct trp_unknown **link = &supervisor->unknown;
	struct trp_unknown *unknown;
	bool is_found = false;

	while ((unknown = *link)) {
		if (unknown->death.pid != pid) {
			link = &unknown->next;
			continue;
		}
		if (!is_found)
			*ret_death = unknown->death;
		is_found = true;
		*link = unknown->next;
		free(unknown);
	}
	return is_found && !is_our_child(pid);
}

void trp_funeral_birth(struct trp_supervisor *supervisor,
		       const struct trp_birth *birth)
{
	struct trp_child *child = &supervisor->family.child[birth->slot];
	struct death death = { .status = birth->pid };
	char title[TRP_TITLE_SIZE];

	if (birth->pid < 0) {
		bury(supervisor, birth->slot, &death);
		return;
	}
	trp_child_born(&supervisor->family, birth->slot, birth->pid);
	trp_trace_born(birth->pid,
		       trp_child_address_title(&supervisor->family, birth->slot,
					       title, sizeof(title)));
	atomic_store_explicit(
		&trp_arena_slot(&supervisor->node.arena, birth->slot)->pid,
		birth->pid, memory_order_relaxed);
	if (take_unknown(supervisor, birth->pid, &death))
		bury(supervisor, birth->slot, &death);
	else if (child->is_doomed)
		trp_office_kill(supervisor, birth->slot);
}

void trp_funeral_guest(struct trp_supervisor *supervisor, uint32_t slot,
		       bool is_expelled)
{
	const struct death death = { .how = is_expelled ? GUEST_EXPELLED
							: GUEST_GONE };

	bury(supervisor, slot, &death);
}

/* Its end is seen twice, as that of its pipe and as its own; once is enough. */
static void zygote_is_lost(struct trp_supervisor *supervisor)
{
	if (!supervisor->has_zygote)
		return;
	supervisor->has_zygote = false;
	if (supervisor->is_ending)
		return;
	troupe_log(TROUPE_FATAL, "the zygote has died: no actor can be "
				 "started any more, the node stops");
	supervisor->error = -EPIPE;
	supervisor->is_ending = true;
	trp_office_stop_children(supervisor, TRP_SLOT_SUPERVISOR);
}

static void ended(struct trp_supervisor *supervisor, const struct death *death)
{
	uint32_t slot = trp_child_by_pid(&supervisor->family, death->pid);

	if (slot) {
		bury(supervisor, slot, death);
	} else if (death->pid == supervisor->zygote.pid) {
		supervisor->zygote.pid = 0;
		zygote_is_lost(supervisor);
	} else {
		remember_unknown(supervisor, death);
	}
}

void trp_funeral_reap(struct trp_supervisor *supervisor)
{
	struct death death;
	siginfo_t info;

	for (;;) {
		info.si_pid = 0;
		/* The C library hides the fifth argument. */
		if (syscall(SYS_waitid, P_ALL, 0, &info, WEXITED | WNOHANG,
			    &death.usage) < 0 ||
		    info.si_pid == 0)
			return;
		death.pid = info.si_pid;
		death.how = info.si_code;
		death.status = info.si_status;
		ended(supervisor, &death);
	}
}

/*
 * Programs that actors started and did not wait for came to us.  Whoever is
 * our child and neither the zygote nor an actor is one.
 */
void trp_funeral_kill_strangers(struct trp_supervisor *supervisor)
{
	FILE *list = fopen("/proc/thread-self/children", "re");
	int pid;

	if (!list)
		return;
	while (fscanf(list, "%d", &pid) == 1)
		if (pid != supervisor->zygote.pid &&
		    !trp_child_by_pid(&supervisor->family, pid))
			kill(pid, SIGKILL);
	fclose(list);
}

/*
 * It may have forked one and died before it said so.  That one is a stranger
 * to us, who is killed, and its slot is buried with the others.
 */
void trp_funeral_stillborn(struct trp_supervisor *supervisor)
{
	const struct death death = { .status = -EPIPE };

	zygote_is_lost(supervisor);
	trp_funeral_kill_strangers(supervisor);
	supervisor->order_count = 0;
	for (uint32_t slot = 1; slot < supervisor->family.slots; slot++)
		if (supervisor->family.child[slot].state == CHILD_ORDERED)
			bury(supervisor, slot, &death);
}
