/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The beacon election: on a broadcast channel, one node per cycle sends a ping,
 * and is "it" until the next one does.  The protocol is asyncactor's (0.26.4),
 * exact on the wire; election/README.md has the improvements.  A pure state
 * machine: the caller passes in time, messages and randomness, and gets
 * callbacks for messages to send and events.  Callbacks must not call into the
 * same beacon.  Single-threaded; fork() needs no care.
 */

#include "ipc/time.h"
#include "serialize/beacon/wire.h"

enum trp_beacon_event_type {
	TRP_BEACON_TAG,	      /* this node is it */
	TRP_BEACON_UNTAG,     /* this node is no longer it: its time is over */
	TRP_BEACON_DETAG,     /* the same, because `node` wins over it */
	TRP_BEACON_PING,      /* `node` is it */
	TRP_BEACON_GOOD_NODE, /* this node has no value; those in `remote`
			       * have */
	TRP_BEACON_RECOVER,   /* a split is healed; see below */
	TRP_BEACON_SETUP,     /* `config` of `node` is in force */
	TRP_BEACON_RAW,	      /* `message` has arrived; only if requested */
	TRP_BEACON_FAILED,    /* the beacon has stopped: `error` */
	TRP_BEACON_DEAF,      /* two own pings in a row were not heard */
	TRP_BEACON_CLASH,     /* a node that starts has this name, and is told
			       */
	TRP_BEACON_EVENTS
};

struct trp_beacon_names {
	const char *const *at;
	size_t count;
};

/* All pointers are borrowed during the callback. */
struct trp_beacon_event {
	enum trp_beacon_event_type type;
	const char *node;
	const struct trp_scalar *value;	      /* TAG, PING */
	const struct trp_wire *message;	      /* RAW */
	const struct trp_wire_config *config; /* SETUP */

	/*
	 * RECOVER: `local` is this node's earlier list, in which it had place
	 * `prio`; `remote` is the other side's.  `is_replaced`: the remote list
	 * is in force now.
	 */
	struct trp_beacon_names local, remote;
	size_t prio;
	bool is_replaced;

	/* FAILED: -ETIMEDOUT: the node did not hear its own init; -EEXIST:
	 * another node has this name; -ENOMEM. */
	int error;
};

struct trp_beacon_calls {
	/* `message` is borrowed.  The node must hear its own messages. */
	void (*send)(void *user, const struct trp_wire *message);
	void (*event)(void *user, const struct trp_beacon_event *event);
	/* Uniform in [0, 1). */
	double (*random)(void *user);
	/*
	 * May be NULL.  Called for this node's value right before each ping; a
	 * ping with an empty list never makes its sender it.
	 */
	const struct trp_scalar *(*value)(void *user, bool may_become_it);
	/*
	 * May be NULL.  Called after `value` for a TEXT that the node sends
	 * beside its value, in a vers; NULL: nothing.
	 */
	const struct trp_scalar *(*note)(void *user);
};

struct trp_beacon_options {
	const char *node;	       /* copied */
	struct trp_wire_config config; /* trp_wire_defaults */
	bool wants_raw;		       /* RAW events */
	size_t peers_max;	       /* nodes remembered; 0: 4096 */
};

enum trp_beacon_state {
	TRP_BEACON_NEW,
	TRP_BEACON_LISTENING, /* has not said its name yet */
	TRP_BEACON_STARTING,  /* waits for its own init */
	TRP_BEACON_IDLE,      /* takes part */
	TRP_BEACON_WAITING,   /* has pinged, and waits for objections */
	TRP_BEACON_IT,
	TRP_BEACON_DISABLED, /* listens */
	TRP_BEACON_STOPPED,  /* has failed */
	TRP_BEACON_STATES
};

struct trp_beacon_counts {
	uint64_t sent[TRP_WIRE_TYPES];
	uint64_t received[TRP_WIRE_TYPES];
	uint64_t malformed;  /* bytes or messages that made no sense */
	uint64_t stale;	     /* repeated or very late pings */
	uint64_t collisions; /* pings that followed another head than ours */
	uint64_t tags;
	uint64_t lost; /* dropped for lack of memory */
};

struct trp_beacon;

/* Returns 0; -EINVAL for an impossible name or configuration; -ENOMEM. */
int trp_beacon_new(struct trp_beacon **ret_beacon,
		   const struct trp_beacon_options *options,
		   const struct trp_beacon_calls *calls, void *user);
void trp_beacon_free(struct trp_beacon *beacon);
void trp_beacon_check(const struct trp_beacon *beacon);

/*
 * Starts: the channel must be subscribed already.  A disabled beacon only
 * greets, and then listens.  Returns 0, or -EALREADY unless the beacon is new
 * or has failed.
 */
int trp_beacon_start(struct trp_beacon *beacon, struct trp_time now);

/* Counts bytes that could not be decoded. */
void trp_beacon_malformed(struct trp_beacon *beacon);

/* Does due work.  Call it at the deadline; early or late is safe. */
void trp_beacon_tick(struct trp_beacon *beacon, struct trp_time now);

/* When to call trp_beacon_tick() next; every call here may change it. */
struct trp_time trp_beacon_deadline(const struct trp_beacon *beacon);

/* Whether the application works; if not, the node yields to those with values.
 */
void trp_beacon_set_ready(struct trp_beacon *beacon, bool is_ready);

/*
 * For a node that must not be silent: off the list it pings before newcomers,
 * in [0, G/16), from its next turn on, and so is heard within a cycle, however
 * many wait for a place.  It also sends its note to nodes that start, and to
 * other sides.  At most one node may be eager.  Also allowed in a callback.
 */
void trp_beacon_set_eager(struct trp_beacon *beacon, bool is_eager);

/*
 * A disabled node sends nothing, is not it, and reports the pings of others;
 * enabled again, it pings at once, from an empty list.  Nothing changes if it
 * is so already.
 */
void trp_beacon_disable(struct trp_beacon *beacon);
void trp_beacon_enable(struct trp_beacon *beacon, struct trp_time now);
bool trp_beacon_is_enabled(const struct trp_beacon *beacon);

/*
 * Settings of this node for all.  Returns 0; -EINVAL: impossible ones; -ESTALE:
 * their version is not above the present one.
 */
int trp_beacon_configure(struct trp_beacon *beacon,
			 const struct trp_wire_config *config);

/*
 * Sends bytes of the application to all nodes; each hears them as a RAW vers.
 * Returns 0; -EMSGSIZE: more than TRP_WIRE_VALUE_MAX; -EHOSTDOWN: it is
 * disabled, or has not started.
 */
int trp_beacon_say(struct trp_beacon *beacon, const void *data, size_t length);

/*
 * The node is among originals.  Texts can be compared with no value of theirs,
 * which would die of one: so from now on texts count as none, and none is sent.
 * When it starts, it listens until its name is known to be free, as its init
 * would end an original of that name.  Also allowed in a callback.
 */
void trp_beacon_set_plain(struct trp_beacon *beacon);

/* ---- looking ------------------------------------------------------------ */

enum trp_beacon_state trp_beacon_state(const struct trp_beacon *beacon);
const char *trp_beacon_node(const struct trp_beacon *beacon);
const struct trp_wire_config *trp_beacon_config(const struct trp_beacon *b);
const struct trp_beacon_counts *trp_beacon_counts(const struct trp_beacon *b);

/* The list, head first; NULL behind its end. */
const char *trp_beacon_listed(const struct trp_beacon *beacon, size_t place);

/*
 * A node that was heard: its value, and its note, which is NONE unless it is
 * news beside the value.
 */
struct trp_beacon_sight {
	const char *node;
	const struct trp_scalar *value, *note;
	struct trp_time heard;
};

/* Borrowed until the next call.  False: it was not heard. */
bool trp_beacon_find(const struct trp_beacon *beacon, const char *node,
		     struct trp_beacon_sight *ret_sight);

/* Calls back for each, in the order of names. */
void trp_beacon_each(const struct trp_beacon *beacon,
		     void (*see)(void *user,
				 const struct trp_beacon_sight *sight),
		     void *user);

/*
 * The number of cycles since it joined or was it.  With values that start with
 * this number, the node that has waited longest wins if two ping at once; so
 * each has its turn, even on channels that are too slow for the gap.
 */
unsigned trp_beacon_waited(const struct trp_beacon *beacon,
			   struct trp_time now);

/* The longest time between two signs of life (TAG, PING). */
int64_t trp_beacon_cycle_max_ns(const struct trp_beacon *beacon);
