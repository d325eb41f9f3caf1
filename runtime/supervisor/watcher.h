/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The actors that are to be told of an end: each watcher is in three lists, and
 * is taken out of them in constant time.  Pure.
 *
 *	w is in a list		<==> in[list].link != NULL
 *	in[list].link != NULL	 ==> *in[list].link == w
 *	count			 ==  those in a bucket, which is by watcher, id
 *	a is linked to b	<==> b is linked to a
 */

#include <stddef.h>
#include <stdint.h>
#include "runtime/node/ref.h"

enum trp_watcher_list {
	TRP_WATCHER_OF_TARGET,	/* all that watch the same */
	TRP_WATCHER_OF_WATCHER, /* all of the same watcher */
	TRP_WATCHER_IN_BUCKET,
	TRP_WATCHER_LISTS
};

struct trp_watcher {
	struct trp_watcher_place {
		struct trp_watcher *next, **link;
	} in[TRP_WATCHER_LISTS];
	troupe_ref watcher;
	troupe_ref target;
	uint64_t id;
	uint64_t tag; /* of a monitor, for its reports; and the name, or NULL */
	const char *name;
};

struct trp_watchers {
	struct trp_watcher **bucket;
	size_t buckets; /* a power of two, or 0 */
	size_t count;
};

/* Asserts the above of the table; it visits all watchers. */
void trp_watcher_check(const struct trp_watchers *table);

/* A copy, also of its name, first in those lists and in its bucket.  0 or
 * -ENOMEM. */
int trp_watcher_add(struct trp_watchers *table,
		    const struct trp_watcher *watcher,
		    struct trp_watcher **of_target,
		    struct trp_watcher **of_watcher);

/* NULL: there is none. */
struct trp_watcher *trp_watcher_find(const struct trp_watchers *table,
				     troupe_ref watcher, uint64_t id);

/* Its target has ended: it is in the list of that alone. */
void trp_watcher_target_ended(struct trp_watchers *table,
			      struct trp_watcher *watcher);

/* Takes it out of all lists that it is in, and frees it. */
void trp_watcher_free(struct trp_watchers *table, struct trp_watcher *watcher);
