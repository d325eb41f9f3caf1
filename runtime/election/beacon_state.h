/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_BEACON_STATE_H
#define TRP_RUNTIME_BEACON_STATE_H

/*
 * The inside of a beacon, for beacon.c (its life), beacon_hear.c (what
 * messages do to it), beacon_heal.c (split nets) and beacon_slot.c (when it is
 * whose turn).
 */

#include "runtime/election/beacon.h"
#include "runtime/election/rotation.h"

/* A hist that will be sent unless somebody else is first; its head is at[0]. */
struct trp_notice {
	struct trp_notice *next;
	struct trp_time due;
	bool is_firm; /* also when others say it */
	size_t count;
	struct trp_beacon_peer *at[]; /* pinned */
};

/*
 * Invariants:
 *	state WAITING or IT	 ==> rotation head == me
 *	due is TRP_NEVER	<==> state NEW, DISABLED or STOPPED
 *	ping_due is not NEVER	<==> pinger != NULL
 *	notices differ in their heads
 */
struct trp_beacon {
	const struct trp_beacon_calls *calls;
	void *user;
	bool is_calling; /* inside a callback */

	struct trp_wire_config config;
	char config_node[TRP_WIRE_NAME_MAX + 1];
	bool is_disabled;
	bool is_ready;
	bool is_eager;
	bool wants_raw;

	enum trp_beacon_state state;
	struct trp_time due;	    /* of the state */
	struct trp_time turn;	    /* the same, before it was held */
	struct trp_time sent_at;    /* the own last ping: T0 */
	unsigned int repeats;	    /* of that ping */
	struct trp_time repeat_due; /* of the next */
	bool is_lone;		    /* it followed the own one, nobody else's */
	struct trp_time was_it;	    /* last became it, or took part again */

	struct trp_time init_at; /* the last init was sent */
	unsigned int init_tries;
	unsigned int init_echoes; /* of the last init sent */

	struct trp_peers peers;
	struct trp_beacon_peer *me;
	struct trp_scalar value; /* set_value() */
	struct trp_rotation rotation;
	unsigned int misses; /* turns passed by while off a full list */

	struct trp_beacon_peer
		*rival; /* the best first ping heard before the own */
	struct trp_beacon_peer *pinger; /* of a PING event to come; pinned */
	struct trp_time ping_due;
	struct trp_time vers_due; /* the configuration is sent again */
	struct trp_notice *notices;

	struct trp_beacon_counts counts;
};

static inline struct trp_time trp_after(struct trp_time start,
					int64_t duration_ns)
{
	return (struct trp_time) { start.ns + duration_ns };
}

static inline int64_t trp_beacon_cycle_ns(const struct trp_beacon *beacon)
{
	return (int64_t)(beacon->config.cycle_s * 1e9);
}

static inline int64_t trp_beacon_gap_ns(const struct trp_beacon *beacon)
{
	return (int64_t)(beacon->config.gap_s * 1e9);
}

static inline bool trp_beacon_is_active(const struct trp_beacon *beacon)
{
	return beacon->state == TRP_BEACON_IDLE ||
	       beacon->state == TRP_BEACON_WAITING ||
	       beacon->state == TRP_BEACON_IT;
}

/*
 * What is said further apart than this is heard by all in that order: it must
 * be twice the longest delay.
 */
static inline int64_t trp_beacon_crossing_ns(const struct trp_beacon *beacon)
{
	return trp_beacon_gap_ns(beacon) / 64;
}

/* By then what a head has to say to it was heard. */
static inline int64_t trp_beacon_answer_ns(const struct trp_beacon *beacon)
{
	return 2 * trp_beacon_crossing_ns(beacon);
}

/* 2^-times */
static inline double trp_beacon_halved(size_t times)
{
	return times < 64 ? 1 / (double)(UINT64_C(1) << times) : 0;
}

/* beacon.c */
void trp_beacon_send(struct trp_beacon *beacon, const struct trp_wire *message);
void trp_beacon_emit(struct trp_beacon *beacon,
		     const struct trp_beacon_event *event);
double trp_beacon_draw(struct trp_beacon *beacon);
void trp_beacon_send_vers(struct trp_beacon *beacon);
/* `peers` are the names, head first; cut to what a message carries. */
void trp_beacon_send_list(struct trp_beacon *beacon, enum trp_wire_type type,
			  struct trp_beacon_peer *const *peers, size_t count);
/* The own init was heard. */
void trp_beacon_hear_echo(struct trp_beacon *beacon, struct trp_time now);
/* A ping was accepted: when is the own turn? */
void trp_beacon_wait_turn(struct trp_beacon *beacon, struct trp_time now);
/* The own turn does not come before that much later, if it can wait. */
void trp_beacon_hold_turn(struct trp_beacon *beacon, int64_t duration_ns,
			  struct trp_time now);
/* Leaves WAITING or IT, with that event in the latter. */
void trp_beacon_yield(struct trp_beacon *beacon,
		      enum trp_beacon_event_type type, const char *winner);
void trp_beacon_queue_ping(struct trp_beacon *beacon,
			   struct trp_beacon_peer *pinger, struct trp_time now);

/* beacon_hear.c: the own first ping is out; who else began just before? */
void trp_beacon_meet_rival(struct trp_beacon *beacon, struct trp_time now);

/* beacon_slot.c: the own turn is this many gaps after the end of a cycle. */
double trp_beacon_slot(struct trp_beacon *beacon);

/* beacon_heal.c */
/* Head's ping or hist came by: nobody need be told of it any more. */
void trp_beacon_cancel_notice(struct trp_beacon *beacon,
			      const struct trp_beacon_peer *head);
/* Says who heads the own list, in its turn among those on it. */
void trp_beacon_notify(struct trp_beacon *beacon, size_t place,
		       struct trp_time now);
/* The same, but the head says so by its ping. */
void trp_beacon_repeat(struct trp_beacon *beacon, size_t place,
		       struct trp_time now);
/* The own ping crossed what it lost to, the head: says so in any case. */
void trp_beacon_concede(struct trp_beacon *beacon, struct trp_time now);
void trp_beacon_send_notices(struct trp_beacon *beacon, struct trp_time now);
void trp_beacon_drop_notices(struct trp_beacon *beacon);
/* The own side meets another one, from which `message` comes. */
void trp_beacon_recover(struct trp_beacon *beacon,
			const struct trp_wire *message, bool is_replaced,
			struct trp_time now);
/* Half the gap the later, the further back in the list: 0, .5, .75 ... */
int64_t trp_beacon_stagger_ns(const struct trp_beacon *beacon, size_t place);

#endif
