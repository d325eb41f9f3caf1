/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/watcher.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/node/watch.h"

enum { BUCKETS_FIRST = 64 };

static void put(struct trp_watcher *watcher, enum trp_watcher_list list,
		struct trp_watcher **first)
{
	watcher->in[list] = (struct trp_watcher_place) { *first, first };
	if (*first)
		(*first)->in[list].link = &watcher->in[list].next;
	*first = watcher;
}

static void take(struct trp_watcher *watcher, enum trp_watcher_list list)
{
	struct trp_watcher_place *place = &watcher->in[list];

	if (!place->link)
		return;
	assert(*place->link == watcher);
	*place->link = place->next;
	if (place->next)
		place->next->in[list].link = place->link;
	*place = (struct trp_watcher_place) { 0 };
}

/* An actor counts its ids up, and so do the others. */
static struct trp_watcher **bucket_of(const struct trp_watchers *table,
				      troupe_ref watcher, uint64_t id)
{
	uint64_t key = id * UINT64_C(0x9e3779b97f4a7c15) ^ watcher;

	key *= UINT64_C(0xbf58476d1ce4e5b9);
	return &table->bucket[(key ^ key >> 32) & (table->buckets - 1)];
}

void trp_watcher_check(const struct trp_watchers *table)
{
	size_t count = 0;

	for (size_t i = 0; i < table->buckets; i++)
		for (const struct trp_watcher *w = table->bucket[i]; w;
		     w = w->in[TRP_WATCHER_IN_BUCKET].next, count++) {
			assert(bucket_of(table, w->watcher, w->id) ==
			       &table->bucket[i]);
			for (int list = 0; list < TRP_WATCHER_LISTS; list++)
				assert(w->in[list].link &&
				       *w->in[list].link == w);
			assert(trp_watch_kind(w->id) != TRP_WATCH_LINK ||
			       trp_watcher_find(table, w->target,
						trp_watch_link(w->watcher)));
		}
	assert(count == table->count);
}

/* As long as there is no memory for more, lists are longer. */
static void grow(struct trp_watchers *table)
{
	struct trp_watchers more = {
		.buckets = table->buckets ? 2 * table->buckets : BUCKETS_FIRST,
		.count = table->count,
	};
	struct trp_watcher *watcher;

	more.bucket = calloc(more.buckets, sizeof(*more.bucket));
	if (!more.bucket)
		return;
	for (size_t i = 0; i < table->buckets; i++)
		while ((watcher = table->bucket[i])) {
			take(watcher, TRP_WATCHER_IN_BUCKET);
			put(watcher, TRP_WATCHER_IN_BUCKET,
			    bucket_of(&more, watcher->watcher, watcher->id));
		}
	free(table->bucket);
	*table = more;
	TRP_CHECK(trp_watcher_check(table));
}

int trp_watcher_add(struct trp_watchers *table,
		    const struct trp_watcher *watcher,
		    struct trp_watcher **of_target,
		    struct trp_watcher **of_watcher)
{
	struct trp_watcher *entry = malloc(sizeof(*entry));
	char *name = watcher->name ? strdup(watcher->name) : NULL;

	if (entry && table->count == table->buckets)
		grow(table);
	if (!entry || !table->buckets || (watcher->name && !name)) {
		free(entry);
		free(name);
		return -ENOMEM;
	}
	*entry = *watcher;
	entry->name = name;
	put(entry, TRP_WATCHER_OF_TARGET, of_target);
	put(entry, TRP_WATCHER_OF_WATCHER, of_watcher);
	put(entry, TRP_WATCHER_IN_BUCKET,
	    bucket_of(table, entry->watcher, entry->id));
	table->count++;
	return 0;
}

struct trp_watcher *trp_watcher_find(const struct trp_watchers *table,
				     troupe_ref watcher, uint64_t id)
{
	struct trp_watcher *entry =
		table->buckets ? *bucket_of(table, watcher, id) : NULL;

	while (entry && (entry->watcher != watcher || entry->id != id))
		entry = entry->in[TRP_WATCHER_IN_BUCKET].next;
	return entry;
}

void trp_watcher_target_ended(struct trp_watchers *table,
			      struct trp_watcher *watcher)
{
	take(watcher, TRP_WATCHER_OF_WATCHER);
	take(watcher, TRP_WATCHER_IN_BUCKET);
	assert(table->count > 0);
	table->count--;
}

void trp_watcher_free(struct trp_watchers *table, struct trp_watcher *watcher)
{
	if (watcher->in[TRP_WATCHER_IN_BUCKET].link)
		trp_watcher_target_ended(table, watcher);
	take(watcher, TRP_WATCHER_OF_TARGET);
	free((char *)watcher->name);
	free(watcher);
}
