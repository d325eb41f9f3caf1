/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Ids of watches: the low bits tell for what an end was watched.  Id 0 is the
 * end of a child, which needs no watch.
 */

#include <stdint.h>

enum trp_watch_kind {
	TRP_WATCH_CHILD,
	TRP_WATCH_MONITOR, /* troupe_monitor() */
	TRP_WATCH_WAIT,	   /* troupe_wait() */
	TRP_WATCH_TARGET,  /* of calls, and others that await an answer */
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
