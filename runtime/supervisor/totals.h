/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The counters of actors, summed by class and by pattern of names, those that
 * have ended among them: for `troupe metrics`.  The counters of an actor are
 * its own, in shared memory, so this costs a message nothing; the supervisor
 * adds them up when a process ends, and when it is asked.
 *
 *	no counter that was told ever falls while the node lives
 */

#include "runtime/node/handling.h"
#include "runtime/troupe_dead_letters.h"

struct trp_supervisor;

/* Counters, and behind them gauges of those alive. */
enum trp_total {
	TRP_TOTAL_RECEIVED,
	TRP_TOTAL_SENT,
	TRP_TOTAL_REFUSED,
	TRP_TOTAL_DROPPED,
	TRP_TOTAL_UNWOKEN,
	TRP_TOTAL_RESTARTS,
	TRP_TOTAL_CPU_NS,
	TRP_TOTAL_ENDS, /* by enum troupe_cause */
	TRP_TOTAL_LETTERS = TRP_TOTAL_ENDS + TROUPE_NOCONNECTION + 1,
	TRP_TOTAL_UNTOLD = TRP_TOTAL_LETTERS + TROUPE_DEAD_CAUSES,
	TRP_TOTAL_HANDLED, /* by bucket of node/handling.h */
	TRP_TOTAL_HANDLING_NS = TRP_TOTAL_HANDLED + TRP_HANDLING_BUCKETS,
	TRP_TOTAL_ALIVE,  /* have a process */
	TRP_TOTAL_DOWN,	  /* wait for their restart, or for an order */
	TRP_TOTAL_ASLEEP, /* wait for mail, without a process */
	TRP_TOTAL_UNREAD_BYTES,
	TRP_TOTALS,
	TRP_TOTALS_FALL = TRP_TOTAL_ALIVE /* those from it on may fall */
};

enum { TRP_TOTALS_LABEL = 128, TRP_TOTALS_CLASSES = 512 };

/* An order of troupe.guest.Totals.Kind. */
enum trp_totals_kind { TRP_TOTALS_CLASS, TRP_TOTALS_PATTERN, TRP_TOTALS_NODE };

struct trp_totals_entry {
	enum trp_totals_kind kind;
	char label[TRP_TOTALS_LABEL];
	uint64_t ended[TRP_TOTALS]; /* of processes that have ended */
	uint64_t told[TRP_TOTALS];
};

/* The first is of the node: what the others do not have.  All zeros is one that
 * counts nothing. */
struct trp_totals {
	struct trp_totals_entry *entry;
	size_t count, patterns; /* those follow the first */
	struct troupe_dead_counts before;
};

/* patterns: as fnmatch(3) knows them, with commas between; "": none. */
int trp_totals_init(struct trp_totals *totals, const char *patterns);
void trp_totals_fini(struct trp_totals *totals);

/*
 * A process has ended: before its dead letters are counted, and thereafter,
 * while its names, its place and its memory are still there.
 */
void trp_totals_ending(struct trp_supervisor *supervisor);
void trp_totals_ended(struct trp_supervisor *supervisor, uint32_t slot,
		      const struct troupe_end *end, bool is_final);
/* The same of a process whose end nobody is told: no end is counted. */
void trp_totals_slept(struct trp_supervisor *supervisor, uint32_t slot,
		      const struct troupe_end *end);

/*
 * As it is now: sets `told` of each entry.  It visits all that live, about 2 us
 * each.
 */
void trp_totals_take(struct trp_supervisor *supervisor);
