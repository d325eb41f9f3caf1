/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The beacon election: on a channel where all hear all, one node a cycle sends
 * a ping, and is "it" until the next one does.  The protocol is asyncactor's
 * (0.26.4), exact on the wire; election/README.md says where behaviour is
 * better.
 *
 * A pure state machine: it is handed the time, messages and randomness, and
 * calls back with messages to send and events.  Callbacks must not call into
 * the same beacon.  Single-threaded; nothing in it survives fork() specially.
 */

#include "ipc/time.h"
#include "serialize/beacon/wire.h"

enum trp_beacon_event_type {
	TRP_BEACON_TAG,	      /* this node is it */
	TRP_BEACON_UNTAG,     /* this node is it no more: its time is over */
	TRP_BEACON_DETAG,     /* the same, because `node` wins over it */
	TRP_BEACON_PING,      /* `node` is it */
	TRP_BEACON_GOOD_NODE, /* this one has no value; `remote` have */
	TRP_BEACON_RECOVER,   /* a split is healed; see below */
	TRP_BEACON_SETUP,     /* `config` of `node` is in force */
	TRP_BEACON_RAW,	      /* `message` has come; only when asked for */
	TRP_BEACON_FAILED,    /* the beacon has stopped: `error` */
	TRP_BEACON_EVENTS
};

struct trp_beacon_names {
	const char *const *at;
	size_t count;
};

/* All pointers are borrowed for the time of the callback. */
struct trp_beacon_event {
	enum trp_beacon_event_type type;
	const char *node;
	const struct trp_scalar *value;	      /* TAG, PING */
	const struct trp_wire *message;	      /* RAW */
	const struct trp_wire_config *config; /* SETUP */

	/*
	 * RECOVER: `local` is this node's list from before, in which it had
	 * place `prio`; `remote` is the other side's.  `is_replaced` says that
	 * the remote list is in force now.
	 */
	struct trp_beacon_names local, remote;
	size_t prio;
	bool is_replaced;

	/* FAILED: -ETIMEDOUT: the own init was not heard; -EEXIST: another
	 * node has this name; -ENOMEM. */
	int error;
};

struct trp_beacon_calls {
	/* `message` is borrowed.  The node must hear its own messages. */
	void (*send)(void *user, const struct trp_wire *message);
	void (*event)(void *user, const struct trp_beacon_event *event);
	/* Uniform in [0, 1). */
	double (*random)(void *user);
	/*
	 * May be NULL.  Asked for this node's value right before each ping; a
	 * ping that finds an empty list never makes its sender it.
	 */
	const struct trp_scalar *(*value)(void *user, bool may_become_it);
};

struct trp_beacon_options {
	const char *node;	       /* copied */
	struct trp_wire_config config; /* trp_wire_defaults */
	bool wants_raw;		       /* RAW events */
	size_t peers_max;	       /* nodes remembered; 0: 4096 */
};

enum trp_beacon_state {
	TRP_BEACON_NEW,
	TRP_BEACON_STARTING, /* waits for its own init */
	TRP_BEACON_IDLE,     /* takes part */
	TRP_BEACON_WAITING,  /* has pinged, and waits for objections */
	TRP_BEACON_IT,
	TRP_BEACON_STOPPED, /* has failed */
	TRP_BEACON_STATES
};

struct trp_beacon_counts {
	uint64_t sent[TRP_WIRE_TYPES];
	uint64_t received[TRP_WIRE_TYPES];
	uint64_t malformed;  /* bytes or messages that made no sense */
	uint64_t stale;	     /* pings that came again or far too late */
	uint64_t collisions; /* pings that followed another one than ours */
	uint64_t tags;
	uint64_t lost; /* not taken in for lack of memory */
};

struct trp_beacon;

/* Returns 0; -EINVAL for an impossible name or configuration; -ENOMEM. */
int trp_beacon_new(struct trp_beacon **ret_beacon,
		   const struct trp_beacon_options *options,
		   const struct trp_beacon_calls *calls, void *user);
void trp_beacon_free(struct trp_beacon *beacon);

/*
 * Begins: the channel must be listened to already.  Returns 0, or -EALREADY
 * unless the beacon is new or has failed.
 */
int trp_beacon_start(struct trp_beacon *beacon, struct trp_time now);

/* Counts bytes that could not be decoded. */
void trp_beacon_malformed(struct trp_beacon *beacon);

/* Does what is due.  To be called at the deadline; early or late is safe. */
void trp_beacon_tick(struct trp_beacon *beacon, struct trp_time now);

/* When trp_beacon_tick() is next to be called; changes with every call here. */
struct trp_time trp_beacon_deadline(const struct trp_beacon *beacon);

/* The application works: no more holding back behind nodes that have values. */
void trp_beacon_set_ready(struct trp_beacon *beacon);

/*
 * A node that would be missed when it is silent: off the list it pings before
 * newcomers, in [0, G/16), from its next turn on, and so is heard within a
 * cycle, however many wait for a place.  At most one node is to be so.  Also
 * within a callback.
 */
void trp_beacon_set_eager(struct trp_beacon *beacon, bool is_eager);

/* ---- looking ------------------------------------------------------------ */

enum trp_beacon_state trp_beacon_state(const struct trp_beacon *beacon);
const char *trp_beacon_node(const struct trp_beacon *beacon);
const struct trp_wire_config *trp_beacon_config(const struct trp_beacon *b);
const struct trp_beacon_counts *trp_beacon_counts(const struct trp_beacon *b);

/* The list, head first; NULL behind its end. */
const char *trp_beacon_listed(const struct trp_beacon *beacon, size_t place);

/* Calls back for each node that was heard, in the order of names. */
void trp_beacon_each(const struct trp_beacon *beacon,
		     void (*see)(void *user, const char *node,
				 const struct trp_scalar *value,
				 struct trp_time heard),
		     void *user);

/*
 * For how many cycles it takes part and did not become it.  Values that begin
 * with this let the one that has waited longest win where two ping at once; so
 * each has its turn, on channels that are too slow for the gap, too.
 */
unsigned trp_beacon_waited(const struct trp_beacon *beacon,
			   struct trp_time now);

/* The longest time between two signs (TAG, PING) that all is well. */
int64_t trp_beacon_cycle_max_ns(const struct trp_beacon *beacon);
