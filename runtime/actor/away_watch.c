/* SPDX-License-Identifier: MIT */
#include "runtime/actor/away_watch.h"

#include <errno.h>
#include <stdlib.h>
#include "runtime/actor/away.h"
#include "runtime/actor/ended.h"
#include "runtime/actor/post.h"
#include "runtime/node/watch.h"

enum { BUCKETS = 1024 };

static struct watched {
	struct watched *next;
	troupe_ref ref;
	uint64_t id, tag;
	bool is_lost; /* its end comes after mail */
} * *bucket;	      /* by id; NULL: nothing was watched yet */

static struct watched **find(uint64_t id)
{
	static struct watched *none;
	struct watched **link =
		bucket ? &bucket[(id >> TRP_WATCH_NUMBER) % BUCKETS] : &none;

	while (*link && (*link)->id != id)
		link = &(*link)->next;
	return link;
}

static void take_out(struct watched **link)
{
	struct watched *one = *link;

	*link = one->next;
	free(one);
}

static int put(troupe_ref ref, uint64_t id, uint64_t tag)
{
	struct watched *one = malloc(sizeof(*one));

	if (!bucket)
		bucket = calloc(BUCKETS, sizeof(struct watched *));
	if (!one || !bucket) {
		free(one);
		return -ENOMEM;
	}
	*one = (struct watched) { .ref = ref, .id = id, .tag = tag };
	*find(id) = one;
	/* It is to be told when that node is lost. */
	trp_store_release(&trp_self.status->asks_away, 1);
	return 0;
}

/* Past mail, as requests to the supervisor are, and never refused. */
int trp_away_watch_order(troupe_ref ref, const ProtobufCMessage *order)
{
	struct trp_envelope envelope = trp_actor_post_envelope(TRP_MESSAGE);

	return trp_actor_post(trp_away_mail_of(trp_ref_node(ref)), TRP_REPLY,
			      &envelope, order, NULL);
}

static int ask(const struct watched *one, bool is_over)
{
	Troupe__Away__Watch watch = TROUPE__AWAY__WATCH__INIT;

	watch.ref = one->ref;
	watch.id = one->id;
	watch.tag = one->tag;
	watch.is_over = is_over;
	watch.is_link = trp_watch_kind(one->id) == TRP_WATCH_LINK;
	return trp_away_watch_order(one->ref, &watch.base);
}

int trp_away_watch_add(troupe_ref ref, uint64_t id, uint64_t tag)
{
	int r;

	if (*find(id))
		return 0;
	r = put(ref, id, tag);
	if (r < 0)
		return r;
	r = ask(*find(id), false);
	if (r < 0)
		take_out(find(id));
	return r;
}

bool trp_away_watch_remove(uint64_t id)
{
	struct watched **link = find(id);

	if (!*link)
		return false;
	ask(*link, true);
	take_out(link);
	return true;
}

/* Of its restart nothing is known here: who waits for answers has none. */
void trp_away_watch_ended(Troupe__Control__Ended *ended)
{
	struct watched **link = find(ended->watch);

	if (!*link || (*link)->ref != ended->ref)
		return;
	ended->tag = (*link)->tag;
	ended->taken = UINT64_MAX;
	if (!ended->will_restart)
		take_out(link);
	trp_ended_take(ended);
}

void trp_away_watch_linked(troupe_ref other)
{
	if (trp_ref_is_elsewhere(other) && !*find(trp_watch_link(other)))
		put(other, trp_watch_link(other), 0);
}

void trp_away_watch_unlinked(troupe_ref other)
{
	struct watched **link = find(trp_watch_link(other));

	if (*link && (*link)->ref == other)
		take_out(link);
}

/* Whether it ends with this news. */
static bool is_over(struct watched *one, const Troupe__Away__Lost *news)
{
	if (!trp_ref_is_of_node(one->ref, news->node))
		return false;
	one->is_lost |= news->has_mail;
	return news->is_after
		       ? one->is_lost
		       : !news->has_mail || trp_watch_is_awaited(one->id);
}

static void lose(struct watched **link, const Troupe__Away__Lost *news)
{
	Troupe__Control__Ended ended = TROUPE__CONTROL__ENDED__INIT;

	while (*link) {
		if (!is_over(*link, news)) {
			link = &(*link)->next;
			continue;
		}
		ended.ref = (*link)->ref;
		ended.watch = (*link)->id;
		ended.tag = (*link)->tag;
		ended.cause = TROUPE_NOCONNECTION;
		ended.code = -EHOSTUNREACH;
		take_out(link);
		trp_ended_take(&ended);
	}
}

void trp_away_watch_lost(const Troupe__Away__Lost *news)
{
	for (int i = 0; bucket && i < BUCKETS; i++)
		lose(&bucket[i], news);
}

void trp_away_watch_leave(void)
{
	for (int i = 0; bucket && i < BUCKETS; i++)
		while (bucket[i])
			take_out(&bucket[i]);
	free(bucket);
	bucket = NULL;
}
