/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/reaper.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "runtime/node/end.h"
#include "runtime/node/log.h"
#include "runtime/node/trace.h"
#include "runtime/supervisor/child_address.h"
#include "runtime/supervisor/exit.h"
#include "runtime/supervisor/notify.h"
#include "runtime/supervisor/slot.h"
#include "runtime/supervisor/stop.h"
#include "runtime/supervisor/supervisor.h"

/* Reaped before the zygote's word of its birth was read. */
struct trp_unknown {
	struct trp_unknown *next;
	struct troupe_end end;
};

static void remember_unknown(struct trp_supervisor *supervisor,
			     const struct troupe_end *end)
{
	struct trp_unknown *unknown = malloc(sizeof(*unknown));

	if (!unknown)
		return;
	*unknown = (struct trp_unknown) { supervisor->unknown, *end };
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
			 struct troupe_end *ret_end)
{
	struct trp_unknown **link = &supervisor->unknown;
	struct trp_unknown *unknown;
	bool is_found = false;

	while ((unknown = *link)) {
		if (unknown->end.pid != pid) {
			link = &unknown->next;
			continue;
		}
		if (!is_found)
			*ret_end = unknown->end;
		is_found = true;
		*link = unknown->next;
		free(unknown);
	}
	return is_found && !is_our_child(pid);
}

/* ---- births -------------------------------------------------------------- */

void trp_reaper_birth(struct trp_supervisor *supervisor,
		      const struct trp_birth *birth)
{
	struct trp_child_table *children = &supervisor->children;
	struct troupe_end end;
	char title[TRP_TITLE_SIZE];

	if (birth->pid < 0) {
		end = trp_exit_seen(TRP_EXIT_UNBORN, birth->pid);
		trp_exit(supervisor, birth->slot, &end);
		return;
	}
	trp_child_born(children, birth->slot, birth->pid);
	trp_trace_born(birth->pid,
		       trp_child_address_title(children, birth->slot, title));
	trp_slot_set_pid(supervisor, birth->slot, birth->pid);
	if (take_unknown(supervisor, birth->pid, &end))
		trp_exit(supervisor, birth->slot, &end);
	else if (children->child[birth->slot].is_doomed)
		trp_notify_kill(supervisor, birth->slot);
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
	trp_supervisor_stop_node(supervisor);
}

/*
 * Programs that actors started and did not wait for came to us.  A child of
 * ours that is neither the zygote nor an actor is one.
 */
static void kill_strangers(struct trp_supervisor *supervisor)
{
	FILE *list = fopen("/proc/thread-self/children", "re");
	int pid;

	if (!list)
		return;
	while (fscanf(list, "%d", &pid) == 1)
		if (pid != supervisor->zygote.pid &&
		    !trp_child_by_pid(&supervisor->children, pid))
			kill(pid, SIGKILL);
	fclose(list);
}

/*
 * It may have forked one and died before it said so.  That one is a stranger
 * to us, which is killed, and its slot ends with the others.
 */
void trp_reaper_zygote_gone(struct trp_supervisor *supervisor)
{
	const struct troupe_end end = trp_exit_seen(TRP_EXIT_UNBORN, -EPIPE);

	zygote_is_lost(supervisor);
	kill_strangers(supervisor);
	supervisor->order_count = 0;
	for (uint32_t slot = 1; slot < supervisor->children.slots; slot++)
		if (supervisor->children.child[slot].state == CHILD_ORDERED)
			trp_exit(supervisor, slot, &end);
}

/* ---- ends ---------------------------------------------------------------- */

static void ended(struct trp_supervisor *supervisor,
		  const struct troupe_end *end)
{
	uint32_t slot = trp_child_by_pid(&supervisor->children, end->pid);

	if (slot) {
		trp_exit(supervisor, slot, end);
	} else if (end->pid == supervisor->zygote.pid) {
		supervisor->zygote.pid = 0;
		zygote_is_lost(supervisor);
	} else {
		remember_unknown(supervisor, end);
	}
}

void trp_reaper_run(struct trp_supervisor *supervisor)
{
	struct troupe_end end;
	struct rusage usage;
	siginfo_t info;

	for (;;) {
		info.si_pid = 0;
		/* The C library hides the fifth argument. */
		if (syscall(SYS_waitid, P_ALL, 0, &info, WEXITED | WNOHANG,
			    &usage) < 0 ||
		    info.si_pid == 0)
			return;
		end = trp_exit_seen(info.si_code == CLD_EXITED
					    ? TRP_EXIT_STATUS
					    : TRP_EXIT_SIGNAL,
				    info.si_status);
		end.pid = info.si_pid;
		end.reason.has_core = info.si_code == CLD_DUMPED;
		trp_end_set_usage(&end, &usage);
		ended(supervisor, &end);
	}
}

void trp_reaper_end(struct trp_supervisor *supervisor)
{
	struct trp_unknown *unknown;

	if (supervisor->zygote.pid > 0)
		while (waitpid(supervisor->zygote.pid, NULL, 0) < 0 &&
		       errno == EINTR)
			;
	supervisor->zygote.pid = 0;
	kill_strangers(supervisor);
	while (waitpid(0, NULL, 0) > 0)
		;
	while ((unknown = supervisor->unknown)) {
		supervisor->unknown = unknown->next;
		free(unknown);
	}
}
