/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Ids of watches: the low bits tell for what an end was watched.  Id 0 is the
 * end of a child, which needs no watch.
 */

#include "runtime/node/ref.h"

enum trp_watch_kind {
	TRP_WATCH_CHILD,
	TRP_WATCH_MONITOR, /* troupe_monitor() */
	TRP_WATCH_WAIT,	   /* troupe_wait() */
	TRP_WATCH_TARGET,  /* of calls, and others that await an answer */
	TRP_WATCH_ALIAS,   /* the same with an alias, which has its number */
	TRP_WATCH_LINK,	   /* troupe_link(): its number is the other side */
	TRP_WATCH_SIGNAL,  /* no end: troupe_exit_signal() of a living actor */
	TRP_WATCH_KINDS,
};
enum { TRP_WATCH_NUMBER = 3 }; /* its lowest bit */
static_assert(TRP_WATCH_KINDS <= 1 << TRP_WATCH_NUMBER, "they have 3 bits");

/* number: unique among the watches of that actor. */
static inline uint64_t trp_watch_id(enum trp_watch_kind kind, uint64_t number)
{
	return number << TRP_WATCH_NUMBER | kind;
}

static inline enum trp_watch_kind trp_watch_kind(uint64_t id)
{
	return (enum trp_watch_kind)(id & ((1 << TRP_WATCH_NUMBER) - 1));
}

/* Its actor does nothing else until it hears the end, or an answer. */
static inline bool trp_watch_is_awaited(uint64_t id)
{
	return trp_watch_kind(id) == TRP_WATCH_WAIT ||
	       trp_watch_kind(id) == TRP_WATCH_TARGET;
}

/* The same of a monitor, whose id tells whose it is: nobody takes back that of
 * another. */
enum { TRP_WATCH_OWNER = 40 }; /* the lowest bit of its slot and generation */

static inline uint64_t trp_watch_own(enum trp_watch_kind kind, troupe_ref owner,
				     uint64_t number)
{
	uint64_t who =
		trp_ref_slot(owner) << 9 | (trp_ref_generation(owner) & 0x1ff);

	return who << TRP_WATCH_OWNER | trp_watch_id(kind, number);
}

static inline bool trp_watch_is_of(uint64_t id, troupe_ref owner)
{
	return id >> TRP_WATCH_OWNER ==
	       trp_watch_own(TRP_WATCH_CHILD, owner, 0) >> TRP_WATCH_OWNER;
}

/* Of a monitor with an alias. */
static inline uint32_t trp_watch_number(uint64_t id)
{
	return (uint32_t)(id >> TRP_WATCH_NUMBER);
}

/* The announcement of a signal of that actor. */
static inline uint64_t trp_watch_signal(troupe_ref sender)
{
	return trp_watch_id(TRP_WATCH_SIGNAL, trp_ref_in_node(sender));
}

static inline uint64_t trp_watch_link(troupe_ref other)
{
	return trp_watch_id(TRP_WATCH_LINK, trp_ref_in_node(other));
}
