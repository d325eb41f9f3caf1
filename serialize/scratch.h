/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Memory for unpacked messages: allocation adds to a position, and release
 * takes the position back to a mark, last marked first released.  Chunks are
 * made when first needed, each twice the one before, and kept: a process that
 * has seen its usual messages calls neither malloc nor free for them, and
 * touches no new page.
 *
 * A chunk larger than TRP_SCRATCH_KEPT is of huge pages if the machine has
 * them. While it is empty the kernel may take them (MADV_FREE), which costs
 * nothing unless it does; if it was not used between two calls of
 * trp_scratch_cool() it is given back.
 *
 * Not for more than one thread.  After fork() the child has its own copy.
 */

#include <stdbool.h>
#include <stddef.h>

struct trp_scratch_chunk;

struct trp_scratch {
	struct trp_scratch_chunk *first;
	struct trp_scratch_chunk *current; /* NULL: empty */
	size_t used; /* bytes of current; what is behind it is empty */
	size_t held;
	size_t max;
	bool is_large; /* some of it is in a mapped chunk, or was since it was
			  empty */
	bool is_warm;  /* that was so since the last cooling */
};

/* Copyable; invalid after the release of an earlier mark. */
struct trp_scratch_mark {
	struct trp_scratch_chunk *chunk;
	size_t used;
};

enum {
	TRP_SCRATCH_FIRST = 768,      /* bytes of the first chunk */
	TRP_SCRATCH_KEPT = 4 << 20,   /* held by an idle scratch at most */
	TRP_SCRATCH_WARM = 256 << 20, /* held by an empty one at most */
	TRP_SCRATCH_MAX = 1 << 30,    /* the bound where none is given */
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
 * Drops what was allocated since the mark, and frees what is then empty above
 * TRP_SCRATCH_WARM.
 */
void trp_scratch_release(struct trp_scratch *scratch,
			 struct trp_scratch_mark mark);

/*
 * Now and then: frees memory above TRP_SCRATCH_KEPT that was not used since the
 * last call.
 */
void trp_scratch_cool(struct trp_scratch *scratch);
