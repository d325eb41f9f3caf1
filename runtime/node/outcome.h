/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The words that an actor ends with, beside its exit record: the whole text of
 * its reason, and a message (troupe_result.h).  They lie in its region, from
 * when they are said, and its status block has their place:
 *
 *	offset, size	set before the exit record is complete
 *	counts		only with an exit record: who is killed has said nothing
 *	freed		by the actor, when it says something else; with its
 *			region
 *
 * Read by the supervisor from memory of a dead process, or of a guest, which
 * may still write: so a copy is made first, and that is checked.
 */

#include "runtime/node/status.h"

struct trp_outcome {
	uint64_t type; /* of the message; 0: there is none */
	uint64_t sender, flow;
	int64_t created;
	uint32_t hop;
	uint32_t text_size; /* with its NUL; 0: there is none */
	uint32_t body_size, attachment_size;
	unsigned char bytes[]; /* text, body, attachment */
};

size_t trp_outcome_size(const struct trp_outcome *outcome);

/* For free(), or NULL: `bytes` are none, or there is no memory. */
struct trp_outcome *trp_outcome_copy(const void *bytes, size_t size);

/* The same of an actor that has left an exit record. */
struct trp_outcome *trp_outcome_of(const struct trp_arena *arena,
				   troupe_ref ref,
				   const struct trp_status *status);

/* NULL: there is none, or it is not known to be a text. */
const char *trp_outcome_text(const struct trp_outcome *outcome);
/* Its text is that of the reason, which may have only the beginning. */
bool trp_outcome_is_whole(const struct trp_outcome *outcome,
			  const struct troupe_reason *reason);
const unsigned char *trp_outcome_body(const struct trp_outcome *outcome);
const unsigned char *trp_outcome_attachment(const struct trp_outcome *outcome);
