/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_MEMORY_H
#define TROUPE_MEMORY_H

/*
 * A policy for mail when memory is short: a hook that is asked before each
 * message, call and loan, and lets it pass, warns, or refuses.
 */

#include "troupe.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The facts.  They are looked up at most ten times a second, and anew when a
 * sixteenth of what was free then has been sent since; in between what was sent
 * is subtracted.
 */
struct troupe_memory {
	uint64_t wanted;    /* bytes: the message's, or the loan's */
	troupe_ref to;	    /* 0: a loan */
	uint64_t available; /* of this machine; UINT64_MAX: not known */
	uint64_t headroom;  /* of the control groups; UINT64_MAX: no limit */
	int32_t pressure;   /* PSI, "some", 10 s, in 1/100 %; -1: not known */
};

/* A policy returns 0: let it pass; TROUPE_WARN; or a negative errno. */
enum { TROUPE_WARN = 1 };

/*
 * The policy for all that this actor sends from now on; NULL: none, as at
 * first. Called from init() it is the policy of a class; from a constructor of
 * the application, that of every actor of the node.
 *
 * A send that it refuses returns its errno (-ENOMEM or -EAGAIN, by custom); so
 * does a loan, and a call completes with it.  TROUPE_WARN lets it pass and logs
 * a line, one a second at most.  Answers, and what the runtime itself sends,
 * are not asked for.  It must not send.
 */
TROUPE_API void troupe_memory_policy(
	int (*policy)(const struct troupe_memory *memory));

#ifdef __cplusplus
}
#endif

#endif
