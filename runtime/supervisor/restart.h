/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The owner of one of the supervisor's own actors: keeps it running, restarted
 * in place, as long as it is wanted (README.md).
 */

#include "runtime/node/system.pb-c.h"
#include "runtime/supervisor/restart_policy.h"
#include "runtime/troupe.h"

struct trp_supervisor;

struct trp_restart {
	struct trp_supervisor *supervisor;
	Troupe__Control__Spawn *spawn; /* owned; its fence: of the actor that
					  runs, and all its descendants */
	uint64_t fence;		       /* of the next one; or 0 */
	bool is_always;	 /* restarted after any end, also a stop by hand */
	bool is_offered; /* its name, to other nodes */
	/* May be NULL.  Its process has ended, and nobody has been told. */
	void (*ended)(struct trp_restart *restart);
	void *data;

	troupe_ref ref; /* it runs, has been ordered, is down or stopping */
	bool is_wanted;
	bool is_stopping;
	struct trp_restart_entry entry;
	struct troupe_timer kill; /* it and its descendants */
};

/* The caller owns `restart`, which must not move; `spawn` is copied.  0 or
 * -ENOMEM. */
int trp_restart_init(struct trp_restart *restart,
		     struct trp_supervisor *supervisor,
		     const Troupe__Control__Spawn *spawn);
/* The same, of an actor of that class, always; and starts it. */
int trp_restart_keep(struct trp_restart *restart,
		     struct trp_supervisor *supervisor,
		     const struct troupe_class *klass);
/* From its next start on.  0 or -ENOMEM. */
int trp_restart_replace(struct trp_restart *restart,
			const Troupe__Control__Spawn *spawn);
void trp_restart_check(const struct trp_restart *restart);
/* When all processes are gone. */
void trp_restart_fini(struct trp_restart *restart);

/* Starts it, with that fence: in this turn, or, as another actor, when the one
 * that is stopping has ended. */
void trp_restart_want(struct trp_restart *restart, uint64_t fence);

/* Stops it for good; it and all its descendants are killed after that time. */
void trp_restart_stop(struct trp_restart *restart, int64_t grace_ms);
