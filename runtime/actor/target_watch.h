/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Ends of those from whom this actor expects something: an answer, room, that
 * a descriptor is fetched.  The supervisor tells of them, which wakes us.
 */

#include "runtime/troupe.h"

/* The end of `target` will be told; once is as good as twice. */
void trp_target_watch(troupe_ref target);

/* Is told of each end, from the first trp_target_watch_listen() on. */
struct trp_target_listener {
	struct trp_target_listener *next;
	void (*ended)(const struct troupe_end *end);
	bool is_listening;
};
void trp_target_watch_listen(struct trp_target_listener *listener);

void trp_target_watch_ended(const struct troupe_end *end);

/* A guest leaves: nobody is watched any more. */
void trp_target_watch_leave(void);
