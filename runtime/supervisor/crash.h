/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The words of the log about a crash whose end has been told: where its core
 * is, or how to get one, and its innermost frames, which gdb or eu-stack reads
 * from the core where one of them is installed.  Everything here is later than
 * the report of the end, and by one program at a time, whose output is awaited
 * like any other event.
 */

#include <limits.h>
#include "ipc/wait.h"
#include "runtime/node/log_ring.h"
#include "runtime/node/timers.h"

struct trp_supervisor;

enum { TRP_CRASH_NOTES = 8, TRP_CRASH_OUTPUT = 16 * 1024 };

struct trp_crash_note {
	char title[TRP_LOG_TITLE];
	char comm[TROUPE_NAME_SIZE];
	pid_t pid;
	int signal;
	bool has_core, is_successor; /* which may leave none */
};

struct trp_crash {
	struct troupe_timer soon, patience;
	struct trp_crash_note note[TRP_CRASH_NOTES]; /* to be looked at */
	unsigned count;
	int debugger; /* pidfd; 0: none runs */
	struct trp_watch output;
	struct trp_crash_note of;
	char core[PATH_MAX];
	char text[TRP_CRASH_OUTPUT];
	size_t size;
};

/* Of an end that was a crash, or not; slot: of the dead, whose child is there.
 */
void trp_crash_note(struct trp_supervisor *supervisor, uint32_t slot,
		    const char *title, const struct troupe_end *end);

/* There is more to be said. */
bool trp_crash_is_busy(const struct trp_supervisor *supervisor);

void trp_crash_fini(struct trp_supervisor *supervisor);
