/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Ends of actors that owe this one something: an answer, room, the fetching of
 * a descriptor.  The supervisor reports them, which wakes us.
 */

#include "runtime/troupe.h"

/* Watches for the end of `target`; a repeated call has no effect. */
void trp_target_watch(troupe_ref target);

/* Called for each end, from the first trp_target_watch_listen() on. */
struct trp_target_listener {
	struct trp_target_listener *next;
	/* taken: below it, what was posted there was handed out. */
	void (*ended)(const struct troupe_end *end, uint64_t taken);
	bool is_first; /* called before the others */
	bool is_listening;
};
void trp_target_watch_listen(struct trp_target_listener *listener);

void trp_target_watch_ended(const struct troupe_end *end, uint64_t taken);

/* A guest leaves: no actor is watched any more. */
void trp_target_watch_leave(void);
