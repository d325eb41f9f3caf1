/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A node's arena, seen from outside: which actor waits for which, the unread
 * mail in each lane, and which pages are left at the end.
 */

#include <stdio.h>
#include <sys/types.h>
#include "ipc/endpoint.h"

/*
 * Maps for reading what `its` is in the living process `pid`, a supervisor.
 * 0; -ENOENT: there is no such arena any more; or as open(2) and mmap(2).
 */
int lanes_attach(pid_t pid, const struct trp_arena *its,
		 struct trp_arena *ret_arena);
void lanes_detach(struct trp_arena *arena);

/* Prints each actor, its target, and its unread records at others. */
void lanes_dump(FILE *file, const struct trp_arena *arena);

/* Records that `receiver` has not finished with; -1: they cannot be read. */
long lanes_unread(const struct trp_arena *arena, uint32_t sender,
		  uint32_t receiver, enum trp_stream stream);

/*
 * Pages of slots other than the supervisor's, for the one that has the arena's
 * file open.  A slot that is free keeps a few for its next owner; and who is
 * about to look at its first page, or to ring its doorbell, may bring that
 * back.
 */
struct lanes_pages {
	long left;   /* of regions that are free and have more than a few */
	long kept;   /* of the others that are free; doorbells */
	long unread; /* of the dead, whose mail was never read */
};
void lanes_count_pages(const struct trp_arena *arena,
		       struct lanes_pages *ret_pages);
