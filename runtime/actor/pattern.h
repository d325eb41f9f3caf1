/* SPDX-License-Identifier: MIT */
#pragma once

/* Matches messages against a pattern of troupe_receive(). */

#include "runtime/troupe.h"
#include "serialize/scratch.h"

/*
 * Registers the types of the patterns (types.h).  0; -EINVAL: one has two
 * types, or has an example that is no message; -EEXIST, -ENOMEM.
 */
int trp_pattern_check(const struct troupe_pattern *patterns, size_t count);

/* The only type that it matches; NULL: any. */
const ProtobufCMessageDescriptor *trp_pattern_type(
	const struct troupe_pattern *pattern);

/* It matches ends or exit signals, and no mail. */
bool trp_pattern_is_for_ends(const struct troupe_pattern *pattern);

/* Matches the body of a message of its type; the sender is checked already. */
bool trp_pattern_matches(const struct troupe_pattern *pattern,
			 const struct troupe_message *message);

/*
 * An equal number for patterns that match the same messages, now and later; 0:
 * none, as a predicate may change its answer, or no memory.
 */
uint64_t trp_pattern_print(const struct troupe_pattern *patterns, size_t count,
			   struct trp_scratch *scratch);
