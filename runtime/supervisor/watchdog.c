/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "runtime/node/log.h"
#include "runtime/node/status.h"
#include "runtime/supervisor/child_address.h"
#include "runtime/supervisor/hang.h"
#include "runtime/supervisor/notify.h"
#include "runtime/supervisor/supervisor.h"

enum { PARTS = 4, TICK_LEAST_MS = 5, TICK_MOST_MS = 1000 };

/* An actor that is watched. */
struct trp_watched {
	struct trp_watched *next, **link;
	uint32_t slot;
	int32_t hang_ms;
	int number; /* the signal; 0: none */
	pid_t pid;  /* of the process that is meant below */
	struct trp_hang hang;
	char what[TROUPE_TEXT_SIZE]; /* it hung with; or "" */
};

/* ---- the kernel's view --------------------------------------------------- */

static int read_text(pid_t pid, const char *name, char *text, size_t size)
{
	char path[48];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? 0 : -ESRCH;
}

/*
 * 0 or -ESRCH.  Where the kernel does not count the waits for a processor
 * (CONFIG_SCHED_INFO), there are none.
 */
static int read_process(pid_t pid, struct trp_hang_process *ret_process)
{
	struct trp_hang_process process = { 0 };
	unsigned long user = 0, system = 0;
	char text[512], *at;

	if (read_text(pid, "stat", text, sizeof(text)) < 0)
		return -ESRCH;
	at = strrchr(text, ')'); /* a name may contain anything */
	if (!at || sscanf(at + 1,
			  " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
			  &process.state, &user, &system) != 3)
		return -ESRCH;
	process.run_ns =
		(int64_t)(user + system) * 1000000000 / sysconf(_SC_CLK_TCK);
	if (read_text(pid, "schedstat", text, sizeof(text)) == 0)
		sscanf(text, "%" SCNd64 " %" SCNd64, &process.run_ns,
		       &process.delay_ns);
	*ret_process = process;
	return 0;
}

/* ---- one actor ----------------------------------------------------------- */

static int64_t tick_ms(const struct trp_watched *watched)
{
	int64_t ms = watched->hang_ms / PARTS;

	if (ms < TICK_LEAST_MS)
		return TICK_LEAST_MS;
	return ms < TICK_MOST_MS ? ms : TICK_MOST_MS;
}

static void report(struct trp_supervisor *supervisor,
		   struct trp_watched *watched,
		   const struct trp_activity *activity)
{
	char title[TRP_TITLE_SIZE], what[2 * TROUPE_TEXT_SIZE];
	char from[TRP_REF_TEXT_SIZE + 8] = "", ref[TRP_REF_TEXT_SIZE];
	int64_t ms = watched->hang.lasted_ns / 1000000;

	if (activity->sender)
		snprintf(from, sizeof(from), " from %s",
			 trp_ref_print(activity->sender, ref));
	snprintf(watched->what, sizeof(watched->what), "hung for %d ms: %s%s",
		 (int)ms, trp_status_text(activity, what, sizeof(what)), from);
	trp_child_address_title(&supervisor->children, watched->slot, title);
	if (!watched->number) {
		troupe_log(TROUPE_WARNING, "%s[%d] %s", title,
			   (int)watched->pid, watched->what);
		return;
	}
	troupe_log(TROUPE_WARNING, "%s[%d] %s; it gets signal %d, %s", title,
		   (int)watched->pid, watched->what, watched->number,
		   strsignal(watched->number));
	kill(watched->pid, watched->number);
}

static void kill_it(struct trp_supervisor *supervisor,
		    const struct trp_watched *watched)
{
	char title[TRP_TITLE_SIZE];

	troupe_log(TROUPE_WARNING, "%s[%d] still hangs and is killed",
		   trp_child_address_title(&supervisor->children, watched->slot,
					   title),
		   (int)watched->pid);
	trp_notify_kill(supervisor, watched->slot);
}

static void goes_on(struct trp_supervisor *supervisor,
		    struct trp_watched *watched)
{
	char title[TRP_TITLE_SIZE];

	watched->what[0] = '\0';
	troupe_log(TROUPE_WARNING, "%s[%d] goes on",
		   trp_child_address_title(&supervisor->children, watched->slot,
					   title),
		   (int)watched->pid);
}

static void lasts(struct trp_supervisor *supervisor,
		  struct trp_watched *watched,
		  const struct trp_activity *activity, int64_t now)
{
	const struct trp_child *child =
		&supervisor->children.child[watched->slot];
	const struct trp_hang_rules rules = {
		.limit_ns = watched->hang_ms * INT64_C(1000000),
		.grace_ns = watched->number && child->grace_ms >= 0
				    ? child->grace_ms * INT64_C(1000000)
				    : -1,
		.tick_ns = tick_ms(watched) * INT64_C(1000000),
	};
	struct trp_hang_process process;

	if (read_process(watched->pid, &process) < 0)
		return;
	switch (trp_hang_lasts(&watched->hang, &rules, &process, now)) {
	case TRP_HANG_REPORT:
		report(supervisor, watched, activity);
		break;
	case TRP_HANG_KILL:
		kill_it(supervisor, watched);
		break;
	case TRP_HANG_NONE:
	case TRP_HANG_LOOK:
	case TRP_HANG_OVER:
		break;
	}
}

/* One that is told to stop has its grace time for that. */
static void look(struct trp_supervisor *supervisor, struct trp_watched *watched,
		 int64_t now)
{
	struct trp_child *child = &supervisor->children.child[watched->slot];
	struct trp_activity activity;
	bool is_running;

	if (child->state != CHILD_RUNNING || child->is_told)
		return;
	if (watched->pid != child->pid) {
		watched->pid = child->pid;
		watched->hang = (struct trp_hang) { 0 };
		watched->what[0] = '\0';
	}
	if (!trp_status_look(
		    &supervisor->node.arena,
		    trp_child_ref(&supervisor->children, watched->slot),
		    &activity))
		return;
	trp_child_seen(child, activity.number, now);
	is_running = activity.doing && !activity.waits;
	switch (trp_hang_look(&watched->hang, activity.number, activity.waited,
			      is_running)) {
	case TRP_HANG_LOOK:
		lasts(supervisor, watched, &activity, now);
		break;
	case TRP_HANG_OVER:
		goes_on(supervisor, watched);
		break;
	case TRP_HANG_NONE:
	case TRP_HANG_REPORT:
	case TRP_HANG_KILL:
		break;
	}
}

/* ---- all of them --------------------------------------------------------- */

static int tick(struct troupe_timer *timer)
{
	struct trp_supervisor *supervisor = timer->data;
	int64_t now = trp_time_now().ns, next = TICK_MOST_MS;
	struct trp_watched *watched = supervisor->watched;

	for (; watched; watched = watched->next) {
		look(supervisor, watched, now);
		if (tick_ms(watched) < next)
			next = tick_ms(watched);
	}
	if (supervisor->watched)
		trp_timers_start(&supervisor->timers, timer,
				 troupe_in_ms(next));
	return 0;
}

/* The next tick comes in time for the newest. */
static int tick_soon(struct trp_supervisor *supervisor, int64_t ms)
{
	struct troupe_timer *timer = &supervisor->watchdog;
	struct troupe_time at = troupe_in_ms(ms);

	if (timer->place && timer->at.ns <= at.ns)
		return 0;
	timer->fired = tick;
	timer->data = supervisor;
	return trp_timers_start(&supervisor->timers, timer, at);
}

int trp_watchdog_add(struct trp_supervisor *supervisor, uint32_t slot,
		     const Troupe__Control__Spawn *spawn)
{
	struct trp_watched *watched;
	int r;

	if (spawn->hang_ms <= 0)
		return 0;
	watched = calloc(1, sizeof(*watched));
	if (!watched)
		return -ENOMEM;
	watched->slot = slot;
	watched->hang_ms = spawn->hang_ms;
	watched->number = spawn->hang_signal > 0    ? spawn->hang_signal
			  : spawn->hang_signal == 0 ? SIGABRT
						    : 0;
	r = tick_soon(supervisor, tick_ms(watched));
	if (r < 0) {
		free(watched);
		return r;
	}
	watched->next = supervisor->watched;
	watched->link = &supervisor->watched;
	if (watched->next)
		watched->next->link = &watched->next;
	supervisor->watched = watched;
	supervisor->children.child[slot].watched = watched;
	return 0;
}

void trp_watchdog_remove(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_child *child = &supervisor->children.child[slot];
	struct trp_watched *watched = child->watched;

	if (!watched)
		return;
	*watched->link = watched->next;
	if (watched->next)
		watched->next->link = watched->link;
	child->watched = NULL;
	free(watched);
	if (!supervisor->watched)
		trp_timers_cancel(&supervisor->timers, &supervisor->watchdog);
}

void trp_watchdog_fini(struct trp_supervisor *supervisor)
{
	while (supervisor->watched)
		trp_watchdog_remove(supervisor, supervisor->watched->slot);
}

/* In the callback that was reported. */
static bool has_hung(struct trp_supervisor *supervisor,
		     const struct trp_watched *watched,
		     const struct troupe_end *end)
{
	return watched->what[0] && end->pid == watched->pid &&
	       !end->private_outcome &&
	       trp_status_number(&supervisor->node.arena, end->ref) ==
		       watched->hang.number;
}

void trp_watchdog_ended(struct trp_supervisor *supervisor, uint32_t slot,
			struct troupe_end *end)
{
	struct trp_watched *watched = supervisor->children.child[slot].watched;
	char *text = end->reason.text;
	size_t used = strlen(text), room = sizeof(end->reason.text) - used;

	if (!watched)
		return;
	if (has_hung(supervisor, watched, end))
		snprintf(text + used, room, "%s%.*s", used ? ", " : "",
			 (int)room, watched->what);
	watched->what[0] = '\0';
}
