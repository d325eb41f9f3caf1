/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The children of one actor that supervises: which are started and stopped, in
 * which order, and what follows from the end of one.  Pure: it knows neither
 * processes nor timers.  It is told events, with the time, and answers with
 * actions, which its caller takes with trp_supervision_next() after each event.
 *
 *	         start           it is ready
 *	DOWN  ----------> STARTING ----------> UP
 *	  ^                  |  |  stop        |  stop
 *	  |                  |  +----> STOPPING <---+
 *	  |     it ended     |            |         |
 *	  +------------------+------------+---------+
 *	  |                      it ended
 *	  v
 *	WAITING, until it is due
 *
 * The behaviour is that of OTP's supervisor(3), with two differences.  Each
 * restart after a failure comes after a pause.  A supervisor without another
 * above it does not end beyond its intensity: its children stay down.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trp_strategy {
	TRP_ONE_FOR_ONE,
	TRP_ONE_FOR_ALL,
	TRP_REST_FOR_ONE,
	TRP_NONE_FOR_ONE, /* all end when one has failed */
};

enum trp_restart_type { TRP_PERMANENT, TRP_TRANSIENT, TRP_TEMPORARY };

enum trp_auto_shutdown { TRP_STAY, TRP_ANY_SIGNIFICANT, TRP_ALL_SIGNIFICANT };

enum trp_supervised_state {
	TRP_DOWN,
	TRP_WAITING, /* down, until the pause is over */
	TRP_STARTING,
	TRP_UP,
	TRP_STOPPING,
};

/* The plan for a child. */
enum trp_intent {
	TRP_WANT_RUN,
	TRP_WANT_REST,	   /* it ended, and is not started again by itself */
	TRP_WANT_HELD,	   /* stopped by hand */
	TRP_WANT_GIVEN_UP, /* its supervisor had too many failures */
	TRP_WANT_ASLEEP,   /* it runs as soon as it has mail */
};

/* How a child has ended. */
enum trp_supervised_end {
	TRP_END_NORMAL,
	TRP_END_SHUTDOWN, /* it was told to stop */
	TRP_END_FAILURE,
	TRP_END_UNBORN, /* a failure: it had no process */
};

/* The caller's part. */
enum trp_supervision_act {
	TRP_ACT_NONE,
	TRP_ACT_START,
	TRP_ACT_START_LATER, /* after a pause: then trp_supervision_due() */
	TRP_ACT_STOP,
	TRP_ACT_FORGET,	 /* the child is no longer here: the caller's again */
	TRP_ACT_READY,	 /* all children have started for the first time */
	TRP_ACT_GAVE_UP, /* all children are down */
	TRP_ACT_END,	 /* all children are down, for `why` */
};

struct trp_supervised {
	enum trp_restart_type restart;
	bool is_significant;
	void *data; /* of the caller */
	/* Private from here on. */
	enum trp_supervised_state state;
	enum trp_intent intent;
	bool is_marked; /* to be stopped, in its turn */
	bool is_again;	/* started as soon as it is down */
	bool is_woken;	/* it was asleep, and has not started yet */
	struct trp_supervised *previous, *next;
	enum trp_supervision_act act; /* to be taken; the caller's */
	struct trp_supervised *todo;  /* whose is taken next */
};

struct trp_supervision_options {
	enum trp_strategy strategy;
	enum trp_auto_shutdown auto_shutdown;
	int32_t intensity; /* restarts within period_ms; -1: no limit */
	int32_t period_ms;
	bool is_parallel; /* children are stopped at once, not in turn */
	bool has_above;	  /* another supervisor decides when this one ends */
};

enum trp_supervision_phase {
	TRP_SUPERVISION_STARTING, /* for the first time */
	TRP_SUPERVISION_RUNNING,
	TRP_SUPERVISION_ENDING,
	TRP_SUPERVISION_ENDED,
};

enum trp_supervision_end {
	TRP_ENDED_BY_ORDER,
	TRP_ENDED_BY_START,	  /* a child failed to start */
	TRP_ENDED_BY_INTENSITY,	  /* too many restarts */
	TRP_ENDED_BY_SIGNIFICANT, /* auto-shutdown */
	TRP_ENDED_BY_FAILURE,	  /* of one child, where none is restarted */
};

struct trp_supervision_action {
	enum trp_supervision_act act;
	struct trp_supervised *child; /* whose; of END and GAVE_UP: the cause */
	enum trp_supervision_end why;
};

struct trp_supervision {
	struct trp_supervision_options options;
	enum trp_supervision_phase phase;
	enum trp_supervision_end why;
	struct trp_supervised *cause;
	struct trp_supervised *first, *last; /* in the order of start */
	size_t count[TRP_STOPPING + 1];	     /* of children by state */
	size_t marked;
	bool is_in_order; /* starts wait for those before them */
	bool is_giving_up;
	struct trp_supervised *gate; /* no start in order before it is due */
	int64_t *restarted_at;	     /* the latest `intensity`, a ring */
	uint64_t restarts;
	struct trp_supervised *todo_first, *todo_last;
	enum trp_supervision_act todo; /* after those of the children */
};

/*
 * 0; -EINVAL: an intensity below -1 or above 10,000, or a period below 1 ms;
 * -ENOMEM.
 */
int trp_supervision_init(struct trp_supervision *supervision,
			 const struct trp_supervision_options *options);
/* The children are the caller's. */
void trp_supervision_fini(struct trp_supervision *supervision);
void trp_supervision_check(const struct trp_supervision *supervision);

/*
 * Adds a child (zeroed except its first members, and perhaps an intent
 * TRP_WANT_HELD) as the last; it is started with the others, or at once if
 * these have started.  Borrowed until TRP_ACT_FORGET.  0; -EINVAL: significant
 * where nothing is to follow, or permanent and significant; -ESHUTDOWN;
 * -EBUSY: all are being stopped after too many failures.
 */
int trp_supervision_add(struct trp_supervision *supervision,
			struct trp_supervised *child);

void trp_supervision_begin(struct trp_supervision *supervision);

/* False if there is nothing more to do after the last event. */
bool trp_supervision_next(struct trp_supervision *supervision,
			  struct trp_supervision_action *ret_action);

/* ---- events ------------------------------------------------------------- */

/* Its init() has returned. */
void trp_supervision_ready(struct trp_supervision *supervision,
			   struct trp_supervised *child);

/* In any state but DOWN and WAITING; of one that is STARTING: in vain. */
void trp_supervision_ended(struct trp_supervision *supervision,
			   struct trp_supervised *child,
			   enum trp_supervised_end how, int64_t now_ms);

/*
 * One that is STARTING was asked, and does not start; which counts as nothing.
 * It waits for another pause, or (is_held) stays down as one that was stopped
 * by hand.
 */
void trp_supervision_declined(struct trp_supervision *supervision,
			      struct trp_supervised *child, bool is_held);

/* One that is UP has ended, until trp_supervision_start(): which counts as
 * nothing. */
void trp_supervision_slept(struct trp_supervision *supervision,
			   struct trp_supervised *child);

/* The pause is over.  Ignored if it no longer waits. */
void trp_supervision_due(struct trp_supervision *supervision,
			 struct trp_supervised *child);

/* The order to end. */
void trp_supervision_shut_down(struct trp_supervision *supervision);

/* ---- by hand -------------------------------------------------------------
 *
 * These end no sibling, count as no restart and are no end of a significant
 * child.  Each returns 0, or -ESHUTDOWN: all are being stopped.
 */

/* Until trp_supervision_start(), whatever happens. */
int trp_supervision_stop(struct trp_supervision *supervision,
			 struct trp_supervised *child);
/* -EALREADY: it runs or is being started; -EBUSY: it is being stopped. */
int trp_supervision_start(struct trp_supervision *supervision,
			  struct trp_supervised *child);
/* Stops it, if it runs, and starts it. */
int trp_supervision_restart(struct trp_supervision *supervision,
			    struct trp_supervised *child);
/* -EBUSY: it is not down, or will be started again. */
int trp_supervision_delete(struct trp_supervision *supervision,
			   struct trp_supervised *child);
/* All that were given up, in order; earlier failures do not count.  -EALREADY:
 * none was. */
int trp_supervision_start_again(struct trp_supervision *supervision);
