/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Keeps one of the supervisor's own actors running as long as it is wanted
 * (README.md).
 */

#include "runtime/node/system.pb-c.h"
#include "runtime/supervisor/restart_policy.h"
#include "runtime/troupe.h"

struct trp_supervisor;

struct trp_restart {
	struct trp_restart *next;
	struct trp_supervisor *supervisor;
	Troupe__Control__Spawn *spawn; /* owned */
	uint64_t fence;		       /* of it and all its descendants; or 0 */
	bool is_always;		       /* restarted also after a normal end */
	bool is_offered;	       /* its name, to other nodes */
	/* May be NULL.  It has ended, and is not yet restarted. */
	void (*ended)(struct trp_restart *restart);
	void *data;

	troupe_ref ref; /* it runs, or has been ordered, or is stopping */
	bool is_wanted;
	bool is_stopping;
	struct trp_restart_entry entry;
	struct troupe_timer kill; /* it and its descendants */
};

/* The caller owns `restart`, which must not move; `spawn` is copied.  0 or
 * -ENOMEM.
 */
int trp_restart_init(struct trp_restart *restart,
		     struct trp_supervisor *supervisor,
		     const Troupe__Control__Spawn *spawn);
/* From its next start on.  0 or -ENOMEM. */
int trp_restart_replace(struct trp_restart *restart,
			const Troupe__Control__Spawn *spawn);
void trp_restart_check(const struct trp_restart *restart);
/* When all processes are gone. */
void trp_restart_fini(struct trp_restart *restart);

/* Starts it, with that fence: now, or when its predecessor has ended. */
void trp_restart_want(struct trp_restart *restart, uint64_t fence);

/* Stops it; it and all its descendants are killed after that time. */
void trp_restart_stop(struct trp_restart *restart, int64_t grace_ms);

/* Starts those whose time has come. */
void trp_restart_due(struct trp_supervisor *supervisor);
/* The process of that slot has come up. */
void trp_restart_born(struct trp_supervisor *supervisor, uint32_t slot);
/* Any actor has ended. */
void trp_restart_ended(struct trp_supervisor *supervisor,
		       const struct troupe_end *end);
