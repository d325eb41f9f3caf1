/* SPDX-License-Identifier: MIT */
#pragma once

/* The inside of a beacon, for the files beacon*.c; README.md has their order.
 */

#include "runtime/election/beacon.h"
#include "runtime/election/rotation.h"

/* A hist that will be sent unless another node is first; its head is at[0]. */
struct trp_notice {
	struct trp_notice *next;
	struct trp_time due;
	bool is_firm; /* also if others send it */
	size_t count;
	struct trp_beacon_peer *at[]; /* pinned */
};

struct trp_beacon {
	const struct trp_beacon_calls *calls;
	void *user;
	bool is_calling; /* inside a callback */

	struct trp_wire_config config;
	char config_node[TRP_WIRE_NAME_MAX + 1];
	bool is_ready;
	bool is_disabled;
	bool is_plain; /* texts are none */
	bool is_eager;
	bool wants_raw;

	enum trp_beacon_state state;
	struct trp_time due;	    /* of the state */
	struct trp_time turn;	    /* the same, before it was held */
	struct trp_time sent_at;    /* the own last ping: T0 */
	unsigned int repeats;	    /* of that ping */
	struct trp_time repeat_due; /* of the next */
	bool is_lone;		    /* it followed ours, and no other */
	struct trp_time was_it;	    /* last became it, or joined again */

	struct trp_time listens_from;
	struct trp_time counted_at; /* the last ping that counts */
	unsigned int nameless; /* in a row, and their lists lack this name */
	bool is_free;	       /* the name is nobody's */

	struct trp_time init_at; /* the last init was sent */
	unsigned int init_tries;
	unsigned int init_echoes;  /* of the last init sent */
	unsigned int init_answers; /* to others of this name, lately */
	bool is_settled;	   /* it was here before they were */
	unsigned int unheard;	   /* own pings since one was heard */

	struct trp_peers peers;
	struct trp_beacon_peer *me;
	struct trp_scalar value; /* the last result of calls->value() */
	struct trp_rotation rotation;
	unsigned int misses; /* turns missed while off a full list */

	struct trp_beacon_peer
		*rival; /* the best first ping heard before ours */
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

/* Between two pings that are heard. */
static inline int64_t trp_beacon_silence_ns(const struct trp_beacon *beacon)
{
	return trp_beacon_cycle_ns(beacon) + trp_beacon_gap_ns(beacon) * 5 / 2;
}

static inline bool trp_beacon_is_active(const struct trp_beacon *beacon)
{
	return beacon->state == TRP_BEACON_IDLE ||
	       beacon->state == TRP_BEACON_WAITING ||
	       beacon->state == TRP_BEACON_IT;
}

/*
 * All nodes hear messages that are further apart in the same order: this must
 * be twice the longest delay.
 */
static inline int64_t trp_beacon_crossing_ns(const struct trp_beacon *beacon)
{
	return trp_beacon_gap_ns(beacon) / 64;
}

/* By then the answer of a head was heard. */
static inline int64_t trp_beacon_answer_ns(const struct trp_beacon *beacon)
{
	return 2 * trp_beacon_crossing_ns(beacon);
}

/* 2^-times */
static inline double trp_beacon_halved(size_t times)
{
	return times < 64 ? 1 / (double)(UINT64_C(1) << times) : 0;
}
