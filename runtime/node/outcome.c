/* SPDX-License-Identifier: MIT */
#include "runtime/node/outcome.h"

#include <stdlib.h>
#include <string.h>
#include "runtime/troupe_result.h"

size_t trp_outcome_size(const struct trp_outcome *outcome)
{
	return sizeof(*outcome) + (size_t)outcome->text_size +
	       outcome->body_size + outcome->attachment_size;
}

static bool is_valid(const struct trp_outcome *outcome, size_t size)
{
	return trp_outcome_size(outcome) == size && outcome->created >= 0 &&
	       (outcome->type ||
		(!outcome->body_size && !outcome->attachment_size)) &&
	       (!outcome->text_size ||
		strnlen((const char *)outcome->bytes, outcome->text_size) ==
			outcome->text_size - 1);
}

struct trp_outcome *trp_outcome_copy(const void *bytes, size_t size)
{
	struct trp_outcome *outcome;

	if (size < sizeof(*outcome) ||
	    size > sizeof(*outcome) + TROUPE_RESULT_SIZE)
		return NULL;
	outcome = malloc(size);
	if (!outcome)
		return NULL;
	memcpy(outcome, bytes, size);
	if (is_valid(outcome, size))
		return outcome;
	free(outcome);
	return NULL;
}

struct trp_outcome *trp_outcome_of(const struct trp_arena *arena,
				   troupe_ref ref,
				   const struct trp_status *status)
{
	uint64_t offset = trp_load_relaxed(&status->outcome);
	uint32_t size = status->outcome_size;
	const void *bytes =
		offset ? trp_arena_at(
				 arena,
				 trp_arena_region(arena, trp_ref_slot(ref)),
				 offset, size)
		       : NULL;

	return bytes ? trp_outcome_copy(bytes, size) : NULL;
}

const char *trp_outcome_text(const struct trp_outcome *outcome)
{
	return outcome && outcome->text_size ? (const char *)outcome->bytes
					     : NULL;
}

bool trp_outcome_is_whole(const struct trp_outcome *outcome,
			  const struct troupe_reason *reason)
{
	const char *text = trp_outcome_text(outcome);
	size_t size = strlen(reason->text);

	return text &&
	       strncmp(text, reason->text,
		       size < TRP_STATUS_TEXT - 1 ? size + 1 : size) == 0;
}

const unsigned char *trp_outcome_body(const struct trp_outcome *outcome)
{
	return outcome->bytes + outcome->text_size;
}

const unsigned char *trp_outcome_attachment(const struct trp_outcome *outcome)
{
	return outcome->attachment_size
		       ? trp_outcome_body(outcome) + outcome->body_size
		       : NULL;
}
