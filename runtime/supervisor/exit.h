/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The end of an actor: its cause, its report, and its cleanup.  A death stays
 * one struct troupe_end, from the dead process to the actors that get the
 * report.
 */

#include <stdint.h>
#include "runtime/node/ref.h"
#include "runtime/supervisor/exit_seen.h"

struct trp_supervisor;

/*
 * That actor has ended so.  The exit record in its status block overrides an
 * exit status, but not a signal.
 */
void trp_exit(struct trp_supervisor *supervisor, uint32_t slot,
	      const struct troupe_end *seen);

/* The same of the latest death of a child that was or is restarted: again where
 * it was told before, which does no harm.  Nothing if there was none. */
void trp_exit_tell_lost(struct trp_supervisor *supervisor, uint32_t slot,
			troupe_ref to, uint64_t watch);

/* The next incarnation of a child that is DOWN: now, or when the last of its
 * children has ended and receivers have read enough of its mail. */
void trp_exit_start_again(struct trp_supervisor *supervisor, uint32_t slot);
/* The timer of sweeps: those that wait for readers, and trp_slot_sweep(). */
int trp_exit_sweep(struct troupe_timer *timer);

/* For the report of a monitor, beside the end: its tag, and the name that
 * it was set by ("", NULL: none). */
void trp_exit_name(struct troupe_end *end, uint64_t tag, const char *name);

/* Reports an end to one actor; watch: see node/watch.h. */
void trp_exit_tell(struct trp_supervisor *supervisor, troupe_ref to,
		   const struct troupe_end *end, uint64_t watch);
