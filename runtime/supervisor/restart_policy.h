/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which actors are started again, and when.  Pure: it is handed the time and
 * randomness, and knows neither processes nor slots.
 *
 *	event	        UP       STARTING  PAUSING  DUE       GIVEN_UP
 *	ended           PAUSING  PAUSING   -        -         -
 *	pause over      -        -         DUE      -         -
 *	due()           -        -         -        STARTING  -
 *	up, or START_MS -        UP        -        -         -
 *
 *	n	      ==  ends in succession: since a life of rules->quiet_ms
 *	ended, n == limit ==> GIVEN_UP, in place of PAUSING
 *	pause	      in  (1 - jitter) p .. p,  p = min(first * 2^n, last)
 *	under_way     ==  those that are STARTING, <= most
 *	due() takes the one that has been DUE for longest
 */

#include <stdbool.h>
#include <stdint.h>
#include "runtime/node/timers.h"

struct trp_restart_rules {
	int64_t first_ms, last_ms; /* pauses */
	int64_t quiet_ms;	/* after such a life all ends are forgotten */
	int32_t jitter_percent; /* each pause is shorter by up to that */
	int32_t limit;		/* of ends in succession; -1: none */
};

/* 100 ms to 15 s, less up to 20 %; a minute; 20. */
extern const struct trp_restart_rules trp_restart_policy_rules;
/* The same without a limit. */
extern const struct trp_restart_rules trp_restart_policy_endless;

enum trp_restart_state {
	TRP_RESTART_NONE, /* not in the table; all zeros */
	TRP_RESTART_UP,
	TRP_RESTART_STARTING,
	TRP_RESTART_PAUSING,
	TRP_RESTART_DUE, /* and held by the brake */
	TRP_RESTART_GIVEN_UP,
};

/* In the caller's memory, which must not move. */
struct trp_restart_entry {
	const struct trp_restart_rules *rules;
	enum trp_restart_state state;
	int32_t in_succession;
	int64_t since; /* when its present life began, ns */
	struct troupe_timer timer;
	struct trp_restart_entry *next; /* DUE */
	/* The caller's: what to do with it when it is due. */
	void (*start)(struct trp_restart_entry *entry);
	void *data;
};

struct trp_restart_table {
	struct trp_timers timers;
	struct trp_restart_entry *first, **last; /* DUE */
	uint32_t under_way, most;
};

/* most: starts under way at a time.  fini: the entries stay the callers'. */
void trp_restart_policy_init(struct trp_restart_table *table, uint32_t most);
void trp_restart_policy_fini(struct trp_restart_table *table);
void trp_restart_policy_check(const struct trp_restart_table *table);

/* NONE -> UP: it was started now, for the first time. */
void trp_restart_policy_join(struct trp_restart_entry *entry,
			     const struct trp_restart_rules *rules,
			     struct troupe_time now);
/* NONE -> DUE: it is to be started, for the first time. */
void trp_restart_policy_begin(struct trp_restart_table *table,
			      struct trp_restart_entry *entry,
			      const struct trp_restart_rules *rules);
/* -> NONE, from any state. */
void trp_restart_policy_leave(struct trp_restart_table *table,
			      struct trp_restart_entry *entry);

/*
 * One that is UP or STARTING has ended, or could not be started.  The pause in
 * ns; -1: it is GIVEN_UP.
 */
int64_t trp_restart_policy_ended(struct trp_restart_table *table,
				 struct trp_restart_entry *entry,
				 struct troupe_time now, uint64_t random);

/* One that is STARTING, or UP already, is up. */
void trp_restart_policy_is_up(struct trp_restart_table *table,
			      struct trp_restart_entry *entry);

/* One that the caller has to start now: it is STARTING.  NULL: none. */
struct trp_restart_entry *trp_restart_policy_due(
	struct trp_restart_table *table, struct troupe_time now);

/* When to ask the last one again, or TROUPE_NEVER. */
struct troupe_time trp_restart_policy_next(
	const struct trp_restart_table *table);
