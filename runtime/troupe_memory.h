/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_MEMORY_H
#define TROUPE_MEMORY_H

/*
 * A policy for mail when memory is short: a hook that runs before each message,
 * call and loan, and allows it, warns, or refuses.
 */

#include "troupe.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The figures.  They are read at most ten times a second, and again when a
 * sixteenth of the free memory has been sent; in between, the bytes sent are
 * subtracted.
 */
struct troupe_memory {
	uint64_t wanted;    /* bytes: the message's, or the loan's */
	troupe_ref to;	    /* 0: a loan */
	uint64_t available; /* of this machine; UINT64_MAX: not known */
	uint64_t headroom;  /* of the control groups; UINT64_MAX: no limit */
	int32_t pressure;   /* PSI, "some", 10 s, in 1/100 %; -1: not known */
};

/* A policy returns 0: allowed; TROUPE_WARN; or a negative errno. */
enum { TROUPE_WARN = 1 };

/*
 * The policy for all sends of this actor from now on; NULL, the default: none.
 * A call in init() sets the policy of a class; a call in a constructor of the
 * application, that of every actor of the node.
 *
 * A refused send returns the policy's errno (-ENOMEM or -EAGAIN, by
 * convention); so does a loan, and a call completes with it.  TROUPE_WARN
 * allows it and logs a line, at most one a second.  The policy does not run for
 * answers and for messages of the runtime.  It must not send.
 */
TROUPE_API void troupe_memory_policy(
	int (*policy)(const struct troupe_memory *memory));

#ifdef __cplusplus
}
#endif

#endif
