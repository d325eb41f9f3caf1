/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The latest lines of a node's log, on the board of its arena, where each of
 * its processes writes and any may read.  A line takes one piece of 256 bytes,
 * or some in a row:
 *
 *	piece n	at n % PIECES, with a stamp: 4n + 1 while it is written, 4n + 2
 *		that of the beginning of a line, 4n + 3 of what follows
 *
 * A process that dies in the middle leaves a piece that is no line; one that
 * stops in the middle until the ring has gone round may spoil a later line.  So
 * pieces are a line only with their stamps and their hash.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "runtime/troupe_types.h"

enum { TRP_LOG_TITLE = 96, TRP_LOG_TEXT = 880 };

struct trp_log_line {
	uint64_t number; /* of its first piece, from 1 on */
	int64_t at_ns;	 /* CLOCK_REALTIME */
	troupe_ref ref;	 /* 0: of no actor */
	int32_t pid;
	uint32_t level; /* enum troupe_level */
	char title[TRP_LOG_TITLE];
	char text[TRP_LOG_TEXT]; /* as it was said, without ends of line */
};

/* On that board; NULL: none, so nothing is kept.  fork() inherits it. */
void trp_log_ring_begin(void *board);

/* Of all processes, at once; without a ring, of this one. */
void trp_log_ring_set_level(uint32_t level);
uint32_t trp_log_ring_level(void);

/* Sets its number, if there is a ring.  is_own: not of a child of the actor. */
void trp_log_ring_add(struct trp_log_line *line, bool is_own);
/* The number of the latest own line of an actor with that slot; 0: none. */
uint64_t trp_log_ring_latest(uint32_t slot);

/* The number of the next line; its first piece is not yet taken. */
uint64_t trp_log_ring_next(void);
/* The oldest that may still be there, below that. */
uint64_t trp_log_ring_oldest(void);

/* Its writer is through with that piece, or was overtaken. */
bool trp_log_ring_is_written(uint64_t number);

/* Its pieces; 0: no line begins there (any more), or it is not whole. */
unsigned trp_log_ring_read(uint64_t number, struct trp_log_line *ret_line);
