/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The supervisor's table of children: their slots, parents and watchers.  Pure:
 * it knows neither processes nor memory.
 *
 *	state	NONE -> ORDERED -> RUNNING -> NONE or DEAD -> NONE
 *		           ^          |
 *		           +-- DOWN <-+
 *	NONE	the slot may be given away, at its next generation, once it is
 *		offered
 *	ORDERED	the zygote was asked for it; no pid yet
 *	DOWN	its process has ended, and its owner will start the next
 *		incarnation of it, or bury it
 *	DEAD	dead, but not all that it sent has been read
 *
 * A child that is ORDERED, RUNNING or DOWN is alive: it is in the list of its
 * parent's, which is alive, or the supervisor's when that has ended.
 *
 * A slot whose last generation has ended rests: it begins again with the first
 * when no other slot is left, and not before TRP_SLOT_REST is over.  So where
 * end(R) is the end of the actor with reference R:
 *
 *	R becomes a stranger's at t  ==>  t - end(R) >= TRP_SLOT_REST and
 *		each slot had all its generations, is in use, or is not offered
 */

#include <stdbool.h>
#include <stdint.h>
#include "runtime/node/ref.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/node/timers.h"
#include "runtime/supervisor/restart_policy.h"
#include "runtime/supervisor/watcher.h"

#define TRP_SLOT_REST (INT64_C(24) * 3600 * 1000000000) /* ns */

enum trp_child_state {
	CHILD_NONE,
	CHILD_ORDERED,
	CHILD_RUNNING,
	CHILD_DOWN,
	CHILD_DEAD
};

struct trp_supervisor;
struct trp_guest;
struct trp_child;

/*
 * It decides what becomes of a child that has ended, and must in the end start
 * or bury one that it keeps down.  It is not asked while the node ends, nor
 * where the parent has ended (is_final): then the child is buried.
 */
struct trp_owner {
	/*
	 * It has ended, and nobody has been told yet.  True: it is DOWN. False:
	 * it is buried.
	 */
	bool (*ended)(struct trp_supervisor *supervisor, uint32_t slot,
		      const struct troupe_end *end);
	/* Its process was asked (`asks`), and does not start: it is DOWN as
	 * before, and nobody is told. */
	void (*declined)(struct trp_supervisor *supervisor, uint32_t slot);
	/* It has fallen asleep, and is DOWN: nobody is told, and mail() follows
	 * when there is any.  NULL: it may not. */
	void (*slept)(struct trp_supervisor *supervisor, uint32_t slot);
	/* Mail waits for one that is DOWN: of trp_asleep_begin(). */
	void (*mail)(struct trp_supervisor *supervisor, uint32_t slot);
	/* init() of its present incarnation has returned, or run() begins. */
	void (*ready)(struct trp_supervisor *supervisor, uint32_t slot);
	/* It is no longer; the owner is not asked again. */
	void (*buried)(struct trp_supervisor *supervisor, uint32_t slot);
	/* troupe_stop() of one that is DOWN changes nothing; else it is buried.
	 */
	bool keeps;
	/* The state of one that is DOWN, for ps: a State of control.proto;
	 * NULL: that. */
	uint32_t (*state)(const struct trp_child *child);
};

/* An actor that supervises: in what order its children stop. */
struct trp_group {
	/* It is about to end, or has died: its children are to stop, or (that
	 * it is to be killed with all of its own) to be killed. */
	void (*stop)(struct trp_supervisor *supervisor, uint32_t slot,
		     bool is_kill);
	/* It is no longer. */
	void (*over)(struct trp_supervisor *supervisor, uint32_t slot);
};
struct trp_restart;
struct trp_saved;
struct trp_watched;
struct trp_awaited;

struct trp_child {
	enum trp_child_state state;
	uint32_t generation;
	pid_t pid;
	uint32_t parent, first, next, previous; /* slots; 0: none */
	int64_t rests_until; /* NONE, in the queue of `next`; ns */
	uint32_t count;	     /* of children */
	bool is_told;	     /* to stop */
	bool is_doomed;	     /* to be killed as soon as it has a pid */
	bool is_ready;	     /* its process has begun */
	bool has_ended;	     /* the pid may be another's by now */
	int32_t grace_ms;
	struct troupe_timer grace;	 /* until it is killed */
	int64_t spawned_at;		 /* CLOCK_MONOTONIC, ns */
	uint64_t stop_children;		 /* the waiting request, or 0 */
	struct trp_watcher *watchers;	 /* of this one */
	struct trp_watcher *watching;	 /* what this one watches */
	struct trp_registered *names;	 /* it is registered under */
	struct trp_groups_place *groups; /* that it is in, or follows */
	struct trp_restart *restart;	 /* of it or of an ancestor; or NULL */
	const struct trp_owner *owner;	 /* or NULL: it is always buried */
	void *owner_data;
	const struct trp_group *group; /* of its children; or NULL */
	void *group_data;
	uint64_t klass;	  /* its address in the application; or 0 */
	uint32_t asks;	  /* whether it starts: enum troupe_start; or 0 */
	bool has_no_core; /* its next incarnation, at first */
	bool is_parked;	  /* DOWN for good, as its parent may come back */
	bool is_final;	  /* it ends with its parent */
	bool is_sleepy;	  /* it may fall asleep, or has: asleep.h */
	struct trp_saved *saved; /* by it when it fell asleep; for free() */
	struct trp_restart_entry entry; /* of the owner */
	Troupe__Control__Spawn *spawn;	/* where it has an owner */
	uint32_t incarnation;		/* the number of its process */
	bool is_unborn;			/* which was never made */
	uint32_t starts;		/* tried, after the first */
	uint32_t restarts;		/* of these after an end, no sleep */
	uint64_t calls;			/* below it are numbers of calls made */
	bool is_due; /* DOWN, until its children are gone and mail is read */
	char label[TROUPE_NAME_SIZE];	 /* its name, or else its class */
	char of_class[TROUPE_NAME_SIZE]; /* or of its function */
	char name[TROUPE_NAME_SIZE];	 /* among its siblings */
	bool is_listed;
	uint32_t next_in_bucket;  /* a slot; 0: none */
	bool is_guest;		  /* we neither kill nor reap it */
	bool is_held;		  /* it may still write its region: guest.h */
	uint32_t next_dead;	  /* a slot that is DEAD; 0: none */
	uint32_t next_former;	  /* a slot that has formers, of which */
	uint32_t formers;	  /* so many regions are not released */
	uint64_t taken, taken_by; /* of the latest death; see exit.c */
	struct trp_lost *lost;	  /* at its own latest death; for free() */
	struct trp_awaited *awaited; /* its spawn waits: readiness.h; or NULL */
	uint32_t awaits;	     /* a child in that slot; or 0 */
	struct trp_watched *watched; /* by the watchdog; or NULL */
	uint64_t number;	     /* of its status, when it was looked at, */
	int64_t number_since;	     /* and when that was new; ns */
	struct trp_guest *guest;     /* until it is dead */
	void (*expel)(struct trp_guest *guest); /* instead of a signal */
};

struct trp_child_table {
	struct trp_child *child; /* by slot; slot 0 is the supervisor */
	uint32_t slots;
	uint32_t alive; /* ORDERED and RUNNING */
	uint32_t *free; /* a stack of slots */
	uint32_t free_count;
	uint32_t rest_first, rest_last; /* a queue by `next` */
	uint32_t generations;		/* of a slot, until it rests */
	uint16_t *slot_of;		/* by pid */
	struct trp_watchers watchers;
	uint32_t *bucket; /* slots, by parent and name */
	uint32_t buckets; /* a power of two */
};

/* 0 or -ENOMEM.  Uses memory for pids that have occurred, a page for 2048. */
int trp_child_init(struct trp_child_table *table, uint32_t slots);
void trp_child_fini(struct trp_child_table *table);

/* The first of each slot has that generation, the supervisor 1. */
void trp_child_begin_at(struct trp_child_table *table, uint32_t generation);

void trp_child_check(const struct trp_child_table *table);

/* A free slot becomes ORDERED, a child of `parent`.  0: there is none. */
uint32_t trp_child_add(struct trp_child_table *table, uint32_t parent);

/* ORDERED -> RUNNING. */
void trp_child_born(struct trp_child_table *table, uint32_t slot, pid_t pid);

static inline bool trp_child_is_alive(const struct trp_child *child)
{
	return child->state == CHILD_ORDERED || child->state == CHILD_RUNNING ||
	       child->state == CHILD_DOWN;
}

static inline troupe_ref trp_child_ref(const struct trp_child_table *table,
				       uint32_t slot)
{
	return trp_ref(slot, table->child[slot].generation);
}

/* Has children, other than those that are parked. */
bool trp_child_has_any(const struct trp_child_table *table, uint32_t slot);

/* RUNNING or ORDERED -> DOWN: without a process, and it watches nobody, except
 * by links. */
void trp_child_down(struct trp_child_table *table, uint32_t slot);
/* DOWN -> ORDERED: its next incarnation. */
void trp_child_again(struct trp_child_table *table, uint32_t slot);

/* Its status has that number: how long it had, as far as was seen. */
int64_t trp_child_seen(struct trp_child *child, uint64_t number,
		       int64_t now_ns);

/* NULL: no such living child. */
struct trp_child *trp_child_find(struct trp_child_table *table, troupe_ref ref);
/* 0: nobody's. */
uint32_t trp_child_by_pid(const struct trp_child_table *table, pid_t pid);

/*
 * Dead: out of its parent's children; its own become the supervisor's.
 * -> DEAD.  Its watchers stay for the caller to notify and free; its own
 * watches are dropped.
 */
void trp_child_ended(struct trp_child_table *table, uint32_t slot);

/* DEAD -> NONE. */
void trp_child_free(struct trp_child_table *table, uint32_t slot);
/* The slot, which is NONE, may be given away: before those offered earlier, or
 * after its rest. */
void trp_child_offer(struct trp_child_table *table, uint32_t slot,
		     struct troupe_time now);
/* No other slot is free: those that have rested may be given away. */
void trp_child_end_rest(struct trp_child_table *table, struct troupe_time now);
/* From now on the lowest slots go first. */
void trp_child_offer_lowest(struct trp_child_table *table);

/* 0 or -ENOMEM.  target must be alive. */
int trp_child_watch(struct trp_child_table *table, uint32_t watcher,
		    uint32_t target, uint64_t id);
/* The same for a monitor whose reports have that tag and name (or NULL). */
int trp_child_monitor(struct trp_child_table *table, uint32_t watcher,
		      uint32_t target, uint64_t id, uint64_t tag,
		      const char *name);
/* True if it was there. */
bool trp_child_unwatch(struct trp_child_table *table, uint32_t watcher,
		       uint64_t id);

/* A link is two watches, of the other by each.  0, also if there was one and
 * for one alone; or -ENOMEM.  Both must be alive. */
int trp_child_link(struct trp_child_table *table, uint32_t a, uint32_t b);
void trp_child_unlink(struct trp_child_table *table, troupe_ref a,
		      troupe_ref b);
