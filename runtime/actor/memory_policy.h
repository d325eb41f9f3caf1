/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Calls the policy for memory.  Without one a send pays one load and a branch.
 */

#include <stdbool.h>
#include "runtime/troupe_memory.h"
#include "serialize/envelope.h"
#include "serialize/message.h"

/*
 * Fills in available, headroom and pressure, or "not known".  proc, cgroup:
 * /proc and /sys/fs/cgroup, except in tests.
 */
void trp_memory_policy_read(const char *proc, const char *cgroup,
			    struct troupe_memory *ret);

extern bool trp_memory_policy_has_policy;

/* 0, or the result of the send.  now_ns: of the monotonic clock. */
int trp_memory_policy_ask(troupe_ref to, uint64_t wanted, int64_t now_ns);

static inline int trp_memory_policy_check(troupe_ref to,
					  const ProtobufCMessage *message,
					  const struct trp_envelope *envelope)
{
	return trp_memory_policy_has_policy
		       ? trp_memory_policy_ask(to, trp_message_size(message),
					       envelope->created)
		       : 0;
}

/* For tests: replaces the files of this machine; NULL: restores them. */
void trp_memory_policy_look_at(void (*read)(struct troupe_memory *ret));
