/* SPDX-License-Identifier: MIT */
#pragma once

/* The order in which a router tries its members. */

#include "runtime/router/table.h"

struct trp_choice {
	struct trp_router *router;
	uint64_t key;
	int64_t now;
	size_t start;
};

/* key: of the message, for TROUPE_BY_KEY. */
struct trp_choice trp_choice_begin(struct trp_router *router, uint64_t key,
				   int64_t now);

/*
 * The next member to try; NULL: there is no more.  Members may leave between
 * two calls.
 */
struct trp_router_member *trp_choice_next(struct trp_choice *choice);

/* That one has got it. */
void trp_choice_end(struct trp_choice *choice,
		    struct trp_router_member *member);

/* Has it nothing to do, as far as others can see? */
bool trp_choice_is_idle(struct trp_router_member *member, int64_t now);
