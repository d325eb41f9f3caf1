/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which node leads, and so runs the singletons.  The beacon rotates; leadership
 * does not.  A node that is about to ping, and finds that there is no leader or
 * that the leader has left the list, claims a new term in that ping; all nodes
 * that hear it know the term and its leader a gap before that node may start,
 * which is when the old leader stops.  A leader stays it until a higher term is
 * claimed.  The record travels at the start of each node's value:
 *
 *	TTTTTTTTTTTTTTTT 0LEADER;REST	term in hex, and its leader
 *	TTTTTTTTTTTTTTTT 1;REST		two have claimed this term: void
 *
 * so that values order by term, and the side with the higher term wins when a
 * split heals.  election/README.md has the guarantees.  Pure: the caller passes
 * in values, events and the time.
 */

#include "runtime/election/beacon.h"

enum trp_leadership_state {
	TRP_LEADERSHIP_NONE, /* nothing is known */
	TRP_LEADERSHIP_HELD,
	TRP_LEADERSHIP_VOID, /* two claimed the same term */
};

struct trp_leadership {
	char node[TRP_WIRE_NAME_MAX + 1];
	bool is_roving; /* it goes with the beacon: TAG to UNTAG */
	uint64_t floor;

	/* The highest record heard.  leader is "" unless HELD. */
	uint64_t term;
	enum trp_leadership_state state;
	char leader[TRP_WIRE_NAME_MAX + 1];
	struct trp_time leader_listed; /* and still was on the list */
	struct trp_time leader_heard;

	bool has_claimed; /* that term, in this life */
	bool has_left;	  /* the net; it may take part for a while yet */
	bool is_running;
};

/* The record of a value. */
struct trp_leadership_record {
	uint64_t term;
	enum trp_leadership_state state;
	char leader[TRP_WIRE_NAME_MAX + 1];
	struct trp_scalar rest; /* TEXT, borrowed from the value */
};

/*
 * A node that has heard of no term claims at least `floor`: a number kept from
 * its last run, or the calendar time in milliseconds.  Returns 0, or -EINVAL
 * for a name that is too long or has a ';' in it.
 */
int trp_leadership_init(struct trp_leadership *leadership, const char *node,
			uint64_t floor, bool is_roving);

void trp_leadership_check(const struct trp_leadership *leadership);

/* Returns 0, or -EBADMSG: the value has no such record. */
int trp_leadership_read(const struct trp_scalar *value,
			struct trp_leadership_record *ret_record);

/*
 * Takes the beacon's events: RAW (options.wants_raw), TAG, UNTAG, DETAG and
 * FAILED count.  Afterwards trp_leadership_may_run() may have changed.
 */
void trp_leadership_event(struct trp_leadership *leadership,
			  const struct trp_beacon *beacon,
			  const struct trp_beacon_event *event,
			  struct trp_time now);

/*
 * The value for the present ping (trp_beacon_calls.value), with the claim if
 * this node makes one.  Returns the length, which is less than `size`, or
 * -ENOSPC.
 */
int trp_leadership_announce(struct trp_leadership *leadership,
			    const struct trp_beacon *beacon, bool may_become_it,
			    struct trp_time now, const char *rest, char *space,
			    size_t size);

/* It runs no singleton until it has claimed a new term. */
void trp_leadership_resign(struct trp_leadership *leadership);

/* The node leaves: it runs no singleton any more, and claims nothing. */
void trp_leadership_stop(struct trp_leadership *leadership);

/* Whether singletons run here. */
bool trp_leadership_may_run(const struct trp_leadership *leadership);

/*
 * The fencing token for the guarded resource, which must refuse a smaller one
 * than it has seen.  0 unless singletons may run here.
 */
uint64_t trp_leadership_fence(const struct trp_leadership *leadership);
