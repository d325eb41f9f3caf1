/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Memory for unpacked messages: allocation adds to a position, and release
 * takes the position back to a mark, last marked first released.  Chunks are
 * made when first needed, each twice the one before, and kept: a process that
 * has seen its usual messages calls neither malloc nor free for them.
 *
 * Not for more than one thread.  After fork() the child has its own copy.
 */

#include <stddef.h>

struct trp_scratch_chunk;

struct trp_scratch {
	struct trp_scratch_chunk *first;
	struct trp_scratch_chunk *current; /* NULL: empty */
	size_t used; /* bytes of current; what is behind it is empty */
	size_t held;
	size_t max;
};

/* Copyable; invalid after the release of an earlier mark. */
struct trp_scratch_mark {
	struct trp_scratch_chunk *chunk;
	size_t used;
};

enum {
	TRP_SCRATCH_FIRST = 4096,   /* bytes of the first chunk */
	TRP_SCRATCH_KEPT = 4 << 20, /* held by an empty scratch at most */
	TRP_SCRATCH_MAX = 1 << 30,  /* the bound where none is given */
};

/* max: bytes that may be held at any time; 0 is TRP_SCRATCH_MAX. */
void trp_scratch_init(struct trp_scratch *scratch, size_t max);
void trp_scratch_fini(struct trp_scratch *scratch);
void trp_scratch_check(const struct trp_scratch *scratch);

/*
 * Aligned to 16 bytes, not cleared, valid until the release of an earlier
 * mark.  NULL: more than the bound allows, or no memory.
 */
void *trp_scratch_alloc(struct trp_scratch *scratch, size_t size);

struct trp_scratch_mark trp_scratch_mark(const struct trp_scratch *scratch);

/*
 * Drops what was allocated since the mark.  A release that empties the scratch
 * frees memory above TRP_SCRATCH_KEPT.
 */
void trp_scratch_release(struct trp_scratch *scratch,
			 struct trp_scratch_mark mark);
