/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/reaper.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "runtime/node/end.h"
#include "runtime/node/log.h"
#include "runtime/node/mark.h"
#include "runtime/node/trace.h"
#include "runtime/supervisor/child_address.h"
#include "runtime/supervisor/exit.h"
#include "runtime/supervisor/notify.h"
#include "runtime/supervisor/slot.h"
#include "runtime/supervisor/stop.h"
#include "runtime/supervisor/supervisor.h"
#include "runtime/supervisor/tracing.h"

/* After SIGKILL; a process that the kernel holds must not delay the node. */
enum { PATIENCE_MS = 5000 };

/* After a walk over all children, or a look: times as long as it took. */
enum { REST = 20, LOOK_REST = 100 };

/*
 * Reaped and unknown: its birth may not have been read yet.  Then an order for
 * it had been written.  The newest are the first.
 */
struct trp_unknown {
	struct trp_unknown *next;
	uint64_t ordered; /* supervisor.ordered when it was reaped */
	struct troupe_end end;
};

static void check_unknown(const struct trp_supervisor *supervisor)
{
	const struct trp_unknown *one = supervisor->unknown;

	assert(!one || one->ordered <= supervisor->ordered);
	for (; one; one = one->next) {
		assert(one->ordered > supervisor->born);
		assert(!one->next || one->ordered >= one->next->ordered);
	}
}

static void remember_unknown(struct trp_supervisor *supervisor,
			     const struct troupe_end *end)
{
	struct trp_unknown *unknown = NULL;

	if (supervisor->ordered > supervisor->born)
		unknown = malloc(sizeof(*unknown));
	if (!unknown)
		return;
	*unknown = (struct trp_unknown) { supervisor->unknown,
					  supervisor->ordered, *end };
	supervisor->unknown = unknown;
	check_unknown(supervisor);
}

/* Drops those reaped before the orders up to that one were written. */
static void forget_unknown(struct trp_supervisor *supervisor, uint64_t ordered)
{
	struct trp_unknown **link = &supervisor->unknown;
	struct trp_unknown *unknown;

	while (*link && (*link)->ordered > ordered)
		link = &(*link)->next;
	while ((unknown = *link)) {
		*link = unknown->next;
		free(unknown);
	}
	TRP_CHECK(check_unknown(supervisor));
}

static bool is_our_child(pid_t pid)
{
	siginfo_t info;

	return waitid(P_PID, (id_t)pid, &info,
		      WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
}

/*
 * Was the process that has just started reaped already?  Another process may
 * have had the same pid before, so it counts only if there is no such child
 * now; then the newest one is meant.
 */
static bool is_unknown(const struct trp_supervisor *supervisor, pid_t pid,
		       struct troupe_end *ret_end)
{
	const struct trp_unknown *unknown = supervisor->unknown;

	while (unknown && unknown->end.pid != pid)
		unknown = unknown->next;
	if (!unknown || is_our_child(pid))
		return false;
	*ret_end = unknown->end;
	return true;
}

/* ---- orphans ------------------------------------------------------------- */

static bool is_alive(struct trp_supervisor *supervisor, troupe_ref owner,
		     uint8_t incarnation)
{
	const struct trp_child *child;

	if (owner == TRP_REF_SUPERVISOR)
		return supervisor->has_zygote;
	child = trp_child_find(&supervisor->children, owner);
	return child && child->state != CHILD_DOWN &&
	       (uint8_t)child->incarnation == incarnation;
}

/*
 * We adopt a process of an actor or the zygote when its parent is gone; its
 * mark names its owner.  An unmarked child belongs to the node, too, unless
 * this process had children before it was a supervisor: those are not touched.
 */
static bool is_left_over(struct trp_supervisor *supervisor, pid_t pid)
{
	troupe_ref owner;
	uint8_t incarnation;

	/* To read a mark takes longer than all else. */
	if (!supervisor->is_over &&
	    (pid == supervisor->zygote.pid ||
	     trp_child_by_pid(&supervisor->children, pid)))
		return false;
	if (!trp_mark_get(pid, supervisor->node.identity, &owner, &incarnation))
		return supervisor->is_over && !supervisor->had_children;
	return supervisor->is_over || !is_alive(supervisor, owner, incarnation);
}

static int open_list(void)
{
	return open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
}

/*
 * Of the next part of the list; *ret_count: so many more are killed.  None but
 * we reap them, so the pids are theirs.  False: that was all.
 */
static bool kill_left_over(struct trp_supervisor *supervisor, int list,
			   unsigned *ret_count)
{
	/* The kernel writes a page of whole numbers at most. */
	static char part[64 * 1024 + 1];
	ssize_t size = read(list, part, sizeof(part) - 1);
	char *at = part, *end;
	pid_t pid;

	if (size <= 0)
		return false;
	part[size] = '\0';
	while ((pid = (pid_t)strtol(at, &end, 10)) > 0) {
		at = end;
		if (is_left_over(supervisor, pid)) {
			kill(pid, SIGKILL);
			++*ret_count;
		}
	}
	return true;
}

static unsigned kill_all_left_over(struct trp_supervisor *supervisor)
{
	unsigned count = 0;
	int list = open_list();

	if (list < 0)
		return 0;
	while (kill_left_over(supervisor, list, &count))
		;
	close(list);
	return count;
}

static void look_soon(struct trp_supervisor *supervisor);

/* A part at a time, for requests wait meanwhile. */
static int look(struct troupe_timer *timer)
{
	struct trp_supervisor *supervisor = timer->data;
	struct trp_look *look = &supervisor->look;
	int64_t start = troupe_now().ns, now;
	bool has_more;
	unsigned count = 0;

	if (!look->list) {
		trp_reaper_walk(supervisor);
		look->is_outdated = false;
		look->list = open_list();
	}
	has_more = look->list > 0 &&
		   kill_left_over(supervisor, look->list, &count);
	now = troupe_now().ns;
	look->after = now + LOOK_REST * (now - start);
	if (has_more) {
		trp_timers_start(&supervisor->timers, timer,
				 (struct troupe_time) { look->after });
		return 0;
	}
	if (look->list > 0)
		close(look->list);
	look->list = 0;
	if (look->is_outdated)
		look_soon(supervisor);
	return 0;
}

/*
 * An end may leave something to us, and so may the end of that.  One that comes
 * during a look moves the list on beneath it.
 */
static void look_soon(struct trp_supervisor *supervisor)
{
	enum { SOON_NS = 50000000 };
	struct trp_look *next = &supervisor->look;
	struct troupe_time at = { troupe_now().ns + SOON_NS };

	next->is_outdated = true;
	if (next->timer.place || next->list)
		return;
	if (at.ns < next->after)
		at.ns = next->after;
	next->timer =
		(struct troupe_timer) { .fired = look, .data = supervisor };
	trp_timers_start(&supervisor->timers, &next->timer, at);
}

/* ---- births -------------------------------------------------------------- */

static void born(struct trp_supervisor *supervisor,
		 const struct trp_birth *birth)
{
	struct trp_child_table *children = &supervisor->children;
	struct troupe_end end;
	char title[TRP_TITLE_SIZE];

	supervisor->born++;
	if (birth->pid < 0) {
		children->child[birth->slot].is_unborn = true;
		end = trp_exit_seen(TRP_EXIT_UNBORN, birth->pid);
		trp_exit(supervisor, birth->slot, &end);
		return;
	}
	trp_child_born(children, birth->slot, birth->pid);
	trp_trace_born(birth->pid,
		       trp_child_address_title(children, birth->slot, title));
	trp_slot_set_pid(supervisor, birth->slot, birth->pid);
	trp_tracing_born(supervisor, birth->slot);
	if (is_unknown(supervisor, birth->pid, &end))
		trp_exit(supervisor, birth->slot, &end);
	else if (children->child[birth->slot].is_doomed)
		trp_notify_kill(supervisor, birth->slot);
}

/*
 * It may have forked a process and died before it reported that.  Unreported
 * births count as failed, but such a process may write to its region.
 */
static void zygote_gone(struct trp_supervisor *supervisor)
{
	const struct troupe_end end = trp_exit_seen(TRP_EXIT_UNBORN, -EPIPE);

	if (!supervisor->has_zygote)
		return;
	supervisor->has_zygote = false;
	trp_wait_remove(&supervisor->wait, &supervisor->births);
	if (!supervisor->is_ending) {
		troupe_log(TROUPE_FATAL,
			   "the zygote has died: no actor can be started "
			   "any more, so the node stops");
		supervisor->error = -EPIPE;
		trp_supervisor_stop_node(supervisor);
	}
	supervisor->order_count = 0;
	for (uint32_t slot = 1; slot < supervisor->children.slots; slot++)
		if (supervisor->children.child[slot].state == CHILD_ORDERED) {
			supervisor->children.child[slot].is_held = true;
			trp_exit(supervisor, slot, &end);
		}
	supervisor->born = supervisor->ordered;
	forget_unknown(supervisor, supervisor->born);
	look_soon(supervisor);
}

void trp_reaper_births(struct trp_supervisor *supervisor)
{
	struct trp_birth births[64];
	ssize_t size;

	do {
		size = read(supervisor->zygote.births, births, sizeof(births));
		for (ssize_t i = 0; i < size / (ssize_t)sizeof(births[0]); i++)
			born(supervisor, &births[i]);
		forget_unknown(supervisor, supervisor->born);
	} while (size == sizeof(births));
	if (size == 0)
		zygote_gone(supervisor);
}

/* ---- ends ---------------------------------------------------------------- */

/*
 * Others may have inherited the pipe to the zygote, so its end may never be
 * seen; the end of its process is.
 */
static void ended(struct trp_supervisor *supervisor,
		  const struct troupe_end *end)
{
	uint32_t slot = trp_child_by_pid(&supervisor->children, end->pid);

	if (slot) {
		trp_exit(supervisor, slot, end);
	} else if (end->pid == supervisor->zygote.pid) {
		supervisor->zygote.pid = 0;
		trp_reaper_births(supervisor);
		zygote_gone(supervisor);
	} else {
		remember_unknown(supervisor, end);
	}
	look_soon(supervisor);
}

/*
 * A child after PTRACE_TRACEME is traced by us, and its stops are reported
 * among the ends.  It continues, with the signal that stopped it.
 */
static void let_go(const siginfo_t *stop)
{
	uintptr_t number = (uintptr_t)stop->si_status & 0x7f;

	ptrace(PTRACE_DETACH, stop->si_pid, NULL,
	       (void *)(number == SIGTRAP ? 0 : number));
}

/* Of these: P_ALL, which walks over all children; P_PID.  False: none has. */
static bool reap(idtype_t which, pid_t pid, struct troupe_end *ret_end)
{
	struct rusage usage;
	siginfo_t info;

	for (;;) {
		info.si_pid = 0;
		/* The C library hides the fifth argument. */
		if (syscall(SYS_waitid, which, pid, &info,
			    WEXITED | WNOHANG | __WALL, &usage) < 0 ||
		    info.si_pid == 0)
			return false;
		if (info.si_code == CLD_EXITED || info.si_code == CLD_KILLED ||
		    info.si_code == CLD_DUMPED)
			break;
		let_go(&info);
	}
	*ret_end = trp_exit_seen(info.si_code == CLD_EXITED ? TRP_EXIT_STATUS
							    : TRP_EXIT_SIGNAL,
				 info.si_status);
	ret_end->pid = info.si_pid;
	ret_end->reason.has_core = info.si_code == CLD_DUMPED;
	trp_end_set_usage(ret_end, &usage);
	return true;
}

void trp_reaper_ended(struct trp_supervisor *supervisor, pid_t pid)
{
	struct troupe_end end;

	if (reap(P_PID, pid, &end))
		ended(supervisor, &end);
}

static int walk(struct troupe_timer *timer)
{
	struct trp_supervisor *supervisor = timer->data;
	int64_t start = troupe_now().ns, now;
	struct troupe_end end;

	while (reap(P_ALL, 0, &end)) {
		ended(supervisor, &end);
		start = troupe_now().ns;
	}
	now = troupe_now().ns;
	supervisor->walk_after = now + REST * (now - start);
	return 0;
}

void trp_reaper_walk(struct trp_supervisor *supervisor)
{
	struct troupe_timer *timer = &supervisor->walk;

	if (timer->place)
		return;
	*timer = (struct troupe_timer) { .fired = walk, .data = supervisor };
	if (troupe_now().ns >= supervisor->walk_after)
		walk(timer);
	else
		trp_timers_start(
			&supervisor->timers, timer,
			(struct troupe_time) { supervisor->walk_after });
}

static int give_up(struct troupe_timer *timer)
{
	struct trp_supervisor *supervisor = timer->data;

	supervisor->is_given_up = true;
	return 0;
}

void trp_reaper_kill(struct trp_supervisor *supervisor)
{
	for (uint32_t slot = 1; slot < supervisor->children.slots; slot++)
		trp_notify_kill(supervisor, slot);
	if (supervisor->zygote.pid > 0)
		kill(supervisor->zygote.pid, SIGKILL);
	supervisor->giving_up =
		(struct troupe_timer) { .fired = give_up, .data = supervisor };
	trp_timers_start(&supervisor->timers, &supervisor->giving_up,
			 troupe_in_ms(PATIENCE_MS));
}

void trp_reaper_end(struct trp_supervisor *supervisor)
{
	const sigset_t *signals = &supervisor->heeded;
	const struct timespec moment = { .tv_nsec = 20000000 };
	struct troupe_time deadline = troupe_in_ms(PATIENCE_MS);
	struct troupe_end end;
	unsigned left;
	int number = 0;

	supervisor->is_over = true;
	if (supervisor->look.list > 0)
		close(supervisor->look.list);
	forget_unknown(supervisor, UINT64_MAX);
	if (supervisor->zygote.pid > 0)
		kill(supervisor->zygote.pid, SIGKILL);
	sigprocmask(SIG_BLOCK, signals, NULL);
	for (;;) {
		while (reap(P_ALL, 0, &end))
			if (end.pid == supervisor->zygote.pid)
				supervisor->zygote.pid = 0;
		left = kill_all_left_over(supervisor) +
		       (supervisor->zygote.pid > 0);
		if (!left || troupe_now().ns > deadline.ns)
			break;
		number = sigtimedwait(signals, NULL, &moment);
		if (number > 0 && number != SIGCHLD &&
		    number != supervisor->end_signal &&
		    trp_supervisor_stop_is_repeated(supervisor))
			break;
	}
	if (left)
		troupe_log(TROUPE_WARNING,
			   "%u processes of this node were killed but have "
			   "not exited yet",
			   left);
}
