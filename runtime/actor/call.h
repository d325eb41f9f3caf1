/* SPDX-License-Identifier: MIT */
#pragma once

/* Calls that this actor makes, until they are answered. */

#include "runtime/actor/self.h"

/* A call with a deadline of its own (INT64_MAX: never). */
void trp_call_start(struct troupe_proxy *proxy, unsigned method,
		    const ProtobufCMessage *input, ProtobufCClosure closure,
		    void *data, int64_t deadline);

/* A call that is not sent: it completes later with that error, which goes
 * there. */
void trp_call_refuse(struct troupe_proxy *proxy, ProtobufCClosure closure,
		     void *data, int error, int *ret_error);

/* The same with an envelope: its deadline, and what trp_actor_post_envelope()
 * has set. */
void trp_call_ask(struct troupe_proxy *proxy, unsigned method,
		  struct trp_envelope *envelope, const ProtobufCMessage *input,
		  ProtobufCClosure closure, void *data);

/*
 * That call, whose closure has that data, waits for another target now; 0: for
 * none, as long as its record is not sent.  False: it is over.
 */
bool trp_call_moved(uint64_t correlation, troupe_ref to, uint64_t position,
		    void **ret_data);
/* How many wait, of that proxy. */
unsigned trp_call_count(const struct troupe_proxy *proxy);

void trp_call_answered(const struct trp_mail *mail,
		       const struct trp_envelope *envelope);

/* Fails those to actors of that node, which is lost; 0: of all others. */
void trp_call_lost(uint32_t node);

/* Fails calls that are due; returns when to check them next. */
void trp_call_expire(struct troupe_time now);
struct troupe_time trp_call_next(void);

/* Runs the closures of calls refused by now. */
void trp_call_run_refused(void);

/* ---- the calls of proxies first[0..count - 1] ------------------------- */

/* The one target that all pending calls of this actor wait for, and since when;
 * or 0. */
troupe_ref trp_call_sole(const struct troupe_proxy *first, size_t count,
			 int64_t *ret_since);
/* Completes them with that error. */
void trp_call_fail(const struct troupe_proxy *first, size_t count, int error,
		   const char *text);
/* Abandons them: their closures do not run. */
void trp_call_forget(const struct troupe_proxy *first, size_t count);

/* A guest leaves: all fail. */
void trp_call_leave(void);
