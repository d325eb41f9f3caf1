/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Ids of watches: what an actor is told an end for lies in the low bits.  An
 * end that is told with id 0 is that of a child, which nobody asked for.
 */

#include <stdint.h>

enum trp_watch_kind {
	TRP_WATCH_CHILD,
	TRP_WATCH_MONITOR, /* troupe_monitor() */
	TRP_WATCH_WAIT,	   /* troupe_wait() */
	TRP_WATCH_TARGET,  /* of calls, and what else is owed an answer */
	TRP_WATCH_KINDS,
};

/* number: unique among the watches of that actor. */
static inline uint64_t trp_watch_id(enum trp_watch_kind kind, uint64_t number)
{
	return number * TRP_WATCH_KINDS + kind;
}

static inline enum trp_watch_kind trp_watch_kind(uint64_t id)
{
	return (enum trp_watch_kind)(id % TRP_WATCH_KINDS);
}
