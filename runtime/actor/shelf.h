/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Copies of mail that was put aside, in this actor's region, where a successor
 * finds them.  They are a list from the newest to the oldest, which one store
 * changes, so it is whole at each instruction:
 *
 *	add	write the copy, its `older`; then status.shelf
 *	remove	the `older` of the next newer one, or status.shelf
 *
 * A record is done with only after its copy is on the shelf.  A death between
 * leaves both; then `handling` names the record, and the copy is passed.
 */

#include "ipc/mailbox.h"

struct trp_shelved; /* in the region */

/* A place on the shelf; all zeros: none. */
struct trp_shelf {
	struct trp_shelved *copy;
	uint64_t offset;
	struct trp_shelf *newer, *older;
};

/* number: rises with each.  False: there is no room, or nobody will want it. */
bool trp_shelf_add(struct trp_shelf *shelf, const struct trp_mail *mail,
		   uint64_t number, uint32_t deaths);
/* Also of one that is not there. */
void trp_shelf_remove(struct trp_shelf *shelf);

/* The bytes and the attachment of that copy, in place of those of `mail`. */
void trp_shelf_point(const struct trp_shelf *shelf, struct trp_mail *mail);

/* Mail with that number is in a handler; 0: none. */
void trp_shelf_work(uint64_t number);
