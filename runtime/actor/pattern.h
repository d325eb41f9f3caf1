/* SPDX-License-Identifier: MIT */
#pragma once

/* The demands of a pattern of troupe_receive() on a message. */

#include "runtime/troupe.h"
#include "serialize/scratch.h"

/*
 * Makes the types of the patterns known (types.h).  0; -EINVAL: one asks for
 * two types, or has an example that is no message; -EEXIST, -ENOMEM.
 */
int trp_pattern_check(const struct troupe_pattern *patterns, size_t count);

/* The only type that it matches; NULL: any. */
const ProtobufCMessageDescriptor *trp_pattern_type(
	const struct troupe_pattern *pattern);

/* It is for ends, and for no mail. */
bool trp_pattern_is_for_ends(const struct troupe_pattern *pattern);

/* Its demands on the body of a message of its type; the sender is checked. */
bool trp_pattern_matches(const struct troupe_pattern *pattern,
			 const struct troupe_message *message);

/*
 * A number that is the same for patterns that match the same messages, now and
 * later; 0: there is none, as a predicate may change its mind, or no memory.
 */
uint64_t trp_pattern_print(const struct troupe_pattern *patterns, size_t count,
			   struct trp_scratch *scratch);
