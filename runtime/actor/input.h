/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A source of events: a watch and its handler, which runs once for each event,
 * between messages.  A ready watch is removed at once and queued; it is set
 * again only when its handler has returned.
 */

#include "ipc/wait.h"

struct trp_input {
	struct trp_watch watch;
	void *owner; /* NULL: removed, and freed in its turn */
	struct trp_input *
		*link; /* the owner's pointer to this; NULL again at its end */
	int (*run)(const struct trp_input *source, void *owner);
	const short *wanted; /* events, read when the watch is set; or NULL */
	unsigned left;	     /* runs; 0: any number */

	/* private: */
	struct trp_input *next; /* of those that are ready */
	uint32_t events;
	bool is_queued;
};

/* Copies `source` and sets *source->link.  0, or as trp_wait_add(). */
int trp_input_add(const struct trp_input *source);

/* Returns the result of an operation.  Does nothing for NULL. */
int trp_input_remove(struct trp_input *source);

bool trp_input_is_any(void);
void trp_input_check(void);

/* Runs one that is ready.  As a turn. */
int trp_input_turn(void);
