/* SPDX-License-Identifier: MIT */
/* Units of systemd, line by line: see troupe-faq(7). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <troupe.h>
#include <troupe_ends.h>
#include <troupe_restart.h>
#include <troupe_supervise.h>
#include "from_systemd.pb-c.h"

/* ---- [Service] ----------------------------------------------------------- */

static int worker_init(const void *arguments)
{
	const struct rlimit data = { 64 << 20, 64 << 20 };
	const struct rlimit cpu = { 60, 60 };

	if (setrlimit(RLIMIT_DATA, &data) < 0 ||
	    setrlimit(RLIMIT_CPU, &cpu) < 0)
		return -errno;
	printf("life %u\n", troupe_incarnation());
	return 0;
}

static int worker_crash(const struct troupe_message *message)
{
	abort();
}

static void worker_stop(void)
{
	puts("worker stops");
}

static const struct troupe_handler worker_handlers[] = {
	{ &systemd__crash__descriptor, worker_crash },
	{ 0 },
};
static const struct troupe_class worker = {
	.name = "worker",
	.init = worker_init,
	.handlers = worker_handlers,
	.stop = worker_stop,
	.grace_ms = 90000,
	.hang_ms = 30000,
	.hang_signal = SIGABRT,
};

/* ---- [Timer] ------------------------------------------------------------- */

static struct troupe_timer daily;

static int watcher_looks(struct troupe_timer *timer)
{
	puts("watcher looks");
	return 0;
}

static int watcher_init(const void *arguments)
{
	daily.fired = watcher_looks;
	return troupe_timer_start(&daily, troupe_now(), 86400000);
}

static const struct troupe_class watcher = { .name = "watcher",
					     .init = watcher_init };

/* ---- a target ------------------------------------------------------------ */

static const struct troupe_child_spec units[] = {
	{ .id = "worker",
	  .klass = &worker,
	  .name = "worker",
	  .restart = TROUPE_TRANSIENT,
	  .start_ms = 90000 },
	{ .id = "watcher", .klass = &watcher, .restart = TROUPE_PERMANENT },
	{ 0 },
};
static const struct troupe_supervisor rules = {
	.children = units,
	.intensity = 5,
	.period_ms = 10000,
	.first_ms = 100,
	.last_ms = 15000,
};
static const struct troupe_class target = { .name = "target",
					    .supervises = &rules };

/* The monitor is there before the cause, so it misses no end. */
static int crash_once(troupe_ref ref)
{
	const Systemd__Crash crash = SYSTEMD__CRASH__INIT;
	const struct troupe_pattern down = { .type = &troupe__end__descriptor };
	struct troupe_message message;
	const struct troupe_end *end;
	char text[TROUPE_TEXT_SIZE];
	uint64_t monitor;
	int r = troupe_monitor(ref, &monitor);

	if (r == 0)
		r = troupe_send(ref, &crash.base);
	if (r == 0)
		r = troupe_receive(&down, 1, TROUPE_NEVER, &message);
	if (r < 0)
		return r;
	end = message.body;
	printf("%s: %s\n", end->name,
	       troupe_reason_text(&end->reason, text, sizeof(text)));
	return 0;
}

int troupe_main(int argc, char **argv)
{
	const struct troupe_spawn_options ready = { .ready_by = TROUPE_NEVER };
	troupe_ref top, ref;
	int r;

	r = troupe_spawn_with(&ready, &target, NULL, &top);
	if (r == 0)
		r = troupe_whereis("worker", &ref);
	if (r == 0)
		r = crash_once(ref);
	if (r == 0)
		r = troupe_child_restart(top, "worker");
	if (r == 0)
		r = troupe_child_stop(top, "worker");
	return r;
}
