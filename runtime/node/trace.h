/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * `troupe run --trace FILE`: Chrome's trace events (README.md, "Tracing").
 * Each process collects its events in pages of its own, and writes them to the
 * file by write(2), whole pages of whole lines.  If it is off, it costs one
 * predictable branch.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "runtime/troupe.h"
#include "serialize/envelope.h"

extern bool trp_trace_is_on; /* inherited */

/*
 * The supervisor's, before it forks: makes the file.  rate: messages and waits
 * of each process and second; 0: all.  0 or -errno.
 */
int trp_trace_open(const char *path, uint32_t rate);
/*
 * The supervisor's, when all others are gone: ends the file.  0, or the error
 * that lost events: -ENOSPC, ...
 */
int trp_trace_close(void);

/*
 * In an actor, where no trace is written: it writes to a file that the
 * supervisor has opened, until then.  is_alone: also mail whose sender traces
 * nothing.  0; -EBUSY; or as open(2).  Events that are not written
 * TRP_TRACE_GRACE_NS after the end are lost, so the file can be ended a little
 * later.
 */
int trp_trace_join(const char *path, uint32_t rate, bool is_alone,
		   int64_t until);
#define TRP_TRACE_GRACE_NS (INT64_C(1000) * 1000 * 1000)

/* In a new process: drops the events of its parent. */
void trp_trace_enter(void);
/* Writes pending events; none if they belong to another process. */
void trp_trace_flush(void);
/* When a sleeping process must call it, or TROUPE_NEVER. */
struct troupe_time trp_trace_flush_at(void);

/* ---- in an actor ------------------------------------------------------ */

/* False: this process has used up its share of events for now. */
bool trp_trace_may(int64_t now);

/* The present time, or 0: do not trace an event that starts now. */
int64_t trp_trace_start(void);
static inline int64_t trp_trace_begin(void)
{
	return trp_trace_is_on ? trp_trace_start() : 0;
}
/* The same for a received message: only if its sender traced it, or this actor
 * is traced alone. */
int64_t trp_trace_start_of(const struct trp_envelope *envelope);
static inline int64_t trp_trace_begin_of(const struct trp_envelope *envelope)
{
	return trp_trace_is_on ? trp_trace_start_of(envelope) : 0;
}

/* From `begin`, unless that is 0, until now.  name: needs no quoting. */
void trp_trace_span(const char *category, const char *name, int64_t begin);

/* The same until `end`; 0: now. */
void trp_trace_span_until(const char *category, const char *name, int64_t begin,
			  int64_t end);

/* It has gone out. */
void trp_trace_sent(const struct trp_envelope *envelope);
/* The same span as above, at the end of the arrow from its send. */
void trp_trace_handled(const char *category, const char *name, int64_t begin,
		       const struct trp_envelope *envelope, pid_t sender);

/* ---- in the supervisor ------------------------------------------------ */

void trp_trace_spawned(const char *title, const char *parent);
void trp_trace_born(pid_t pid, const char *title);
/* pid 0: it never started. */
void trp_trace_ended(pid_t pid, const char *title, int64_t spawned_at,
		     const struct troupe_reason *reason);
