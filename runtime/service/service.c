/* SPDX-License-Identifier: MIT */
#include "runtime/service/service.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "runtime/node/log.h"
#include "runtime/node/status.h"
#include "runtime/service/notify_socket.h"
#include "runtime/supervisor/supervisor.h"

enum { LOOK_MS = 50, STATUS_MS = 5000 };

struct service {
	struct trp_supervisor *supervisor;
	struct troupe_timer readiness, status, watchdog;
	bool is_ready, is_leaving;
	uint32_t alive; /* as it was told last */
	uint64_t given_up;
};

static int again(struct trp_supervisor *supervisor, struct troupe_timer *timer,
		 int64_t ms)
{
	return trp_timers_start(&supervisor->timers, timer, troupe_in_ms(ms));
}

static void tell(const char *text)
{
	int r = trp_notify_socket_tell("%s", text);

	if (r < 0)
		troupe_log(TROUPE_WARNING,
			   "the manager of services is not told \"%s\": %s",
			   text, strerror(-r));
}

/* ---- readiness ----------------------------------------------------------- */

/*
 * The root actor has set everything up: it waits for mail or for an end, or it
 * handles mail.  One that asks or spawns is not there yet.
 */
static bool is_set_up(const struct trp_supervisor *supervisor)
{
	struct trp_activity activity;

	if (!supervisor->root ||
	    !trp_status_look(
		    &supervisor->node.arena,
		    trp_child_ref(&supervisor->children, supervisor->root),
		    &activity))
		return false;
	return activity.waits == TROUPE_WAITS_MESSAGE ||
	       activity.waits == TROUPE_WAITS_END ||
	       activity.doing == TROUPE_DOING_MESSAGE ||
	       activity.doing == TROUPE_DOING_METHOD;
}

static int look(struct troupe_timer *timer)
{
	struct service *service = timer->data;

	if (!is_set_up(service->supervisor))
		return again(service->supervisor, timer, LOOK_MS);
	service->is_ready = true;
	tell("READY=1");
	return 0;
}

/* ---- status and watchdog ------------------------------------------------- */

static void tell_status(struct service *service)
{
	const struct trp_supervisor *supervisor = service->supervisor;
	uint64_t given_up = supervisor->given_up_count;
	uint32_t alive = supervisor->children.alive;

	if (alive == service->alive && given_up == service->given_up)
		return;
	service->alive = alive;
	service->given_up = given_up;
	trp_notify_socket_tell("STATUS=actors: %" PRIu32 ", given up: %" PRIu64,
			       alive, given_up);
}

static int on_status(struct troupe_timer *timer)
{
	struct service *service = timer->data;

	tell_status(service);
	return again(service->supervisor, timer, STATUS_MS);
}

/* A supervisor that hangs does not come here. */
static int on_watchdog(struct troupe_timer *timer)
{
	trp_notify_socket_tell("WATCHDOG=1");
	return 0;
}

static int start_watchdog(struct service *service)
{
	int64_t ms = trp_notify_socket_watchdog_ms() / 2;

	if (ms <= 0)
		return 0;
	service->watchdog.period_ns = ms * INT64_C(1000000);
	return again(service->supervisor, &service->watchdog, ms);
}

/* ---- reload -------------------------------------------------------------- */

/* Of the masks of proc_pid_status(5): a handler, or signalfd(2). */
static bool is_handled(pid_t pid, int number)
{
	char name[32], line[256];
	bool is_found = false;
	uint64_t mask;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/status", (int)pid);
	file = fopen(name, "re");
	if (!file)
		return false;
	while (!is_found && fgets(line, sizeof(line), file))
		is_found = (sscanf(line, "SigCgt: %" SCNx64, &mask) == 1 ||
			    sscanf(line, "SigBlk: %" SCNx64, &mask) == 1) &&
			   mask >> (number - 1) & 1;
	fclose(file);
	return is_found;
}

static void pass_on(struct trp_supervisor *supervisor)
{
	pid_t pid = supervisor->root
			    ? supervisor->children.child[supervisor->root].pid
			    : 0;

	if (pid > 0 && is_handled(pid, SIGHUP))
		kill(pid, SIGHUP);
	else
		troupe_log(TROUPE_WARNING,
			   "SIGHUP: the root actor has no handler of it, so "
			   "nothing is reloaded; see troupe.service(7)");
}

static bool reload(void *state)
{
	struct service *service = state;
	struct timespec now;

	if (service->is_leaving)
		return true;
	clock_gettime(CLOCK_MONOTONIC, &now);
	trp_notify_socket_tell("RELOADING=1\nMONOTONIC_USEC=%" PRId64,
			       now.tv_sec * INT64_C(1000000) +
				       now.tv_nsec / 1000);
	pass_on(service->supervisor);
	if (service->is_ready)
		tell("READY=1");
	return true;
}

/* ---- its life ------------------------------------------------------------ */

static int open_service(struct trp_supervisor *supervisor,
			const struct trp_options *options, void **ret_state)
{
	struct service *service;
	int r;

	if (!trp_notify_socket_is_there())
		return 0;
	service = calloc(1, sizeof(*service));
	if (!service)
		return -ENOMEM;
	service->supervisor = supervisor;
	service->readiness =
		(struct troupe_timer) { .fired = look, .data = service };
	service->status =
		(struct troupe_timer) { .fired = on_status, .data = service };
	service->watchdog =
		(struct troupe_timer) { .fired = on_watchdog, .data = service };
	*ret_state = service;
	r = again(supervisor, &service->readiness, LOOK_MS);
	if (r == 0)
		r = again(supervisor, &service->status, LOOK_MS);
	return r == 0 ? start_watchdog(service) : r;
}

static void leave(void *state)
{
	struct service *service = state;

	if (service->is_leaving)
		return;
	service->is_leaving = true;
	trp_timers_cancel(&service->supervisor->timers, &service->readiness);
	tell("STOPPING=1");
}

static void close_service(void *state)
{
	struct service *service = state;
	struct trp_timers *timers = &service->supervisor->timers;

	trp_timers_cancel(timers, &service->readiness);
	trp_timers_cancel(timers, &service->status);
	trp_timers_cancel(timers, &service->watchdog);
	free(service);
}

const struct trp_module trp_service_module = {
	.open = open_service,
	.reload = reload,
	.leave = leave,
	.close = close_service,
};
