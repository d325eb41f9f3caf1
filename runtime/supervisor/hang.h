/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * When a callback counts as hung, and what follows.  Pure: it is handed what
 *was seen of an actor at each tick.
 *
 *	          it has lasted             and for grace_ns
 *	          for limit_ns              after that
 *	CALM ----------------------> TOLD -------------------> KILLED
 *	  ^                            |
 *	  +----------------------------+  it has ended, or waits
 *
 * A callback lasts only while it could have gone on.  Between two ticks that is
 *
 *	its process runs, or is to run	as long as it had a processor
 *	sleeps				the time, at most two ticks' (a late
 *tick says that the machine or the node stood still), less the wait for a
 *processor is stopped, traced or dead	nothing
 */

#include <stdbool.h>
#include <stdint.h>

struct trp_hang_rules {
	int64_t limit_ns;
	int64_t grace_ns; /* -1: for ever */
	int64_t tick_ns;
};

/* A process, as proc(5) has it. */
struct trp_hang_process {
	char state;
	int64_t run_ns;	  /* it had a processor */
	int64_t delay_ns; /* it waited for one */
};

enum trp_hang_phase { TRP_HANG_CALM, TRP_HANG_TOLD, TRP_HANG_KILLED };

enum trp_hang_act {
	TRP_HANG_NONE,
	TRP_HANG_LOOK,	 /* at its process: trp_hang_lasts() */
	TRP_HANG_REPORT, /* it hangs: it gets its signal */
	TRP_HANG_KILL,
	TRP_HANG_OVER, /* it was told, and goes on */
};

/* Zeroed at first, and for each new process. */
struct trp_hang {
	enum trp_hang_phase phase;
	uint64_t number, waited; /* of the callback that is watched */
	bool has_process;
	struct trp_hang_process process; /* at the last tick, */
	int64_t seen_at;		 /* and when that was, ns */
	int64_t lasted_ns;
	int64_t told_ns; /* lasted_ns at the report */
};

/*
 * number, waited: as struct trp_activity; is_running: a callback runs and does
 * not wait.  NONE, LOOK or OVER.
 */
enum trp_hang_act trp_hang_look(struct trp_hang *hang, uint64_t number,
				uint64_t waited, bool is_running);

/* The same callback still runs.  NONE, REPORT or KILL. */
enum trp_hang_act trp_hang_lasts(struct trp_hang *hang,
				 const struct trp_hang_rules *rules,
				 const struct trp_hang_process *process,
				 int64_t now_ns);
