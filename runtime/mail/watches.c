/* SPDX-License-Identifier: MIT */
#include "runtime/mail/watches.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include "runtime/actor/away.h"
#include "runtime/actor/post.h"
#include "runtime/actor/request.h"
#include "runtime/mail/outward.h"
#include "runtime/mail/service.pb-c.h"
#include "runtime/node/away.pb-c.h"
#include "runtime/node/end.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/node/watch.h"
#include "runtime/troupe_monitor.h"
#include "serialize/type.h"

enum { BUCKETS = 1024, WATCHES_MOST = 1 << 16 /* by one node */ };

/* ---- of actors here, by actors of other nodes ---------------------------- */

/* The tag of its monitor is its address; those of others have none. */
static struct watch {
	struct watch *next; /* in its bucket, by `from` and `id` */
	uint64_t monitor;
	troupe_ref from, ref;
	uint64_t id, tag;
} * watches[BUCKETS];

static struct watch **find_watch(troupe_ref from, uint64_t id)
{
	uint64_t mixed = (from ^ id * 0x9e3779b97f4a7c15) * 0x9e3779b97f4a7c15;
	struct watch **link = &watches[(mixed >> 32) % BUCKETS];

	while (*link && ((*link)->from != from || (*link)->id != id))
		link = &(*link)->next;
	return link;
}

static void take_out(struct watch **link)
{
	struct watch *watch = *link;
	struct trp_mail_peer *peer = trp_mail_peers_find(
		&trp_mail_post.peers, trp_ref_node(watch->from));

	if (peer)
		peer->watches--;
	*link = watch->next;
	free(watch);
}

/* Goes on where `link` points to. */
#define FOR_ALL(link)                           \
	for (size_t i_ = 0; i_ < BUCKETS; i_++) \
		for (struct watch **link = &watches[i_]; *link;)

static bool is_link(const struct watch *watch)
{
	return trp_watch_kind(watch->id) == TRP_WATCH_LINK;
}

static void tell_linked(const struct watch *watch)
{
	Troupe__Away__Linked linked = TROUPE__AWAY__LINKED__INIT;

	linked.ref = watch->from;
	trp_mail_post_tell(watch->ref, &linked.base);
	trp_sessions_watch(trp_mail_post.sessions, trp_ref_node(watch->from),
			   trp_time_now());
}

/* An id stays that of one watch, so none is there twice. */
static void stop_watching(troupe_ref from, uint64_t id)
{
	struct watch **link = find_watch(from, id);

	if (!*link)
		return;
	troupe_demonitor((*link)->monitor);
	take_out(link);
}

static int monitor(struct watch *watch)
{
	const struct troupe_monitor_options options = {
		.tag = (uintptr_t)watch,
	};

	return troupe_monitor_with(watch->ref, &options, &watch->monitor);
}

/* 0, -ENOBUFS, -ENOMEM, or as troupe_monitor(). */
static int begin(const struct troupe_message *message,
		 const Troupe__Away__Watch *order)
{
	struct trp_mail_peer *peer =
		trp_mail_post_peer(trp_ref_node(message->sender));
	struct watch **link = find_watch(message->sender, order->id), *watch;
	int r;

	if (*link)
		return 0;
	if (peer && peer->watches >= WATCHES_MOST)
		return -ENOBUFS;
	watch = peer ? calloc(1, sizeof(*watch)) : NULL;
	if (!watch)
		return -ENOMEM;
	*watch = (struct watch) { .from = message->sender,
				  .ref = order->ref,
				  .id = order->id,
				  .tag = order->tag };
	r = monitor(watch);
	if (r < 0) {
		free(watch);
		return r;
	}
	peer->watches++;
	*link = watch;
	if (is_link(watch))
		tell_linked(watch);
	return 0;
}

/* It would wait for a report that nobody makes. */
static void refuse(const struct troupe_message *message,
		   const Troupe__Away__Watch *order, int error)
{
	Troupe__Control__Ended ended = TROUPE__CONTROL__ENDED__INIT;

	ended.ref = order->ref;
	ended.watch = order->id;
	ended.tag = order->tag;
	ended.cause = TROUPE_NOCONNECTION;
	ended.code = error;
	trp_mail_outward_tell(message->sender, &ended.base);
}

int trp_mail_watches_on_watch(const struct troupe_message *message)
{
	const Troupe__Away__Watch *order = message->body;
	int r;

	if (!trp_ref_is_elsewhere(message->sender) ||
	    trp_watch_kind(order->id) >= TRP_WATCH_SIGNAL)
		return 0;
	/* It is this actor, whose end is told as that of the session. */
	if (trp_ref_slot(order->ref) == TRP_SLOT_SUPERVISOR)
		return 0;
	if (order->is_over) {
		stop_watching(message->sender, order->id);
		return 0;
	}
	r = begin(message, order);
	if (r < 0)
		refuse(message, order, r);
	return 0;
}

static void watched_has_ended(struct watch *watch, const struct troupe_end *end)
{
	struct watch **link = find_watch(watch->from, watch->id);
	Troupe__Control__Ended ended;

	assert(*link == watch);
	trp_end_write(end, watch->id, &ended);
	ended.tag = watch->tag;
	ended.ref = watch->ref;
	trp_mail_outward_tell(watch->from, &ended.base);
	if (!end->will_restart)
		take_out(link);
}

/* The watcher has ended as told, or its node is lost. */
static void end_watches_of(troupe_ref from, uint32_t number,
			   Troupe__Control__Ended *ended)
{
	FOR_ALL(link)
	{
		struct watch *watch = *link;

		if (from ? watch->from != from
			 : trp_ref_node(watch->from) != number) {
			link = &watch->next;
			continue;
		}
		if (is_link(watch)) {
			ended->ref = watch->from;
			ended->watch = trp_watch_link(watch->from);
			trp_mail_post_tell(watch->ref, &ended->base);
		}
		troupe_demonitor(watch->monitor);
		take_out(link);
	}
}

int trp_mail_watches_on_ended(const struct troupe_message *message)
{
	Troupe__Control__Ended ended =
		*(const Troupe__Control__Ended *)message->body;

	if (message->sender == trp_away_mail_of(trp_ref_node(ended.ref)) &&
	    !ended.will_restart)
		end_watches_of(ended.ref, 0, &ended);
	return 0;
}

/* ---- by actors here, of actors of other nodes ---------------------------- */

static struct watcher {
	struct watcher *next;
	uint64_t monitor;
	troupe_ref ref;
	uint32_t count; /* of the nodes where it watches something */
	uint32_t node[];
} * watchers;

static bool has(const struct watcher *watcher, uint32_t node)
{
	for (uint32_t i = 0; i < watcher->count; i++)
		if (watcher->node[i] == node)
			return true;
	return false;
}

static void add(troupe_ref ref, uint32_t node)
{
	struct watcher **link = &watchers, *watcher;
	uint32_t count;

	while (*link && (*link)->ref != ref)
		link = &(*link)->next;
	if (*link && has(*link, node))
		return;
	count = *link ? (*link)->count : 0;
	watcher = realloc(*link,
			  sizeof(*watcher) + (count + 1) * sizeof(uint32_t));
	if (!watcher)
		return;
	if (!*link)
		*watcher = (struct watcher) { .ref = ref };
	watcher->node[count] = node;
	watcher->count = count + 1;
	*link = watcher;
	if (!watcher->monitor)
		troupe_monitor(ref, &watcher->monitor);
}

void trp_mail_watches_note(troupe_ref to, const struct trp_envelope *envelope)
{
	troupe_ref from = envelope->sender;

	if ((envelope->type != trp_type_of(&troupe__away__watch__descriptor) &&
	     envelope->type !=
		     trp_type_of(&troupe__service__start__descriptor)) ||
	    trp_ref_slot(to) != TRP_SLOT_SUPERVISOR)
		return;
	add(trp_ref_is_alias(from) ? trp_actor_post_owner(from) : from,
	    trp_ref_node(to));
	trp_sessions_watch(trp_mail_post.sessions, trp_ref_node(to),
			   trp_time_now());
}

/* As a message of this mail actor to those there. */
static void watcher_has_ended(const struct troupe_end *end)
{
	struct watcher **link = &watchers, *watcher;
	Troupe__Control__Ended ended;

	while (*link && (*link)->monitor != end->monitor)
		link = &(*link)->next;
	watcher = *link;
	if (!watcher)
		return;
	trp_end_write(end, 0, &ended);
	/* A successor knows nothing of what was watched, and has no links. */
	ended.will_restart = false;
	for (uint32_t i = 0; i < watcher->count; i++)
		trp_mail_outward_order(watcher->node[i], &ended.base);
	if (!end->will_restart) {
		*link = watcher->next;
		free(watcher);
	}
}

int trp_mail_watches_down(const struct troupe_end *end)
{
	if (end->tag)
		watched_has_ended((struct watch *)(uintptr_t)end->tag, end);
	else
		watcher_has_ended(end);
	return 0;
}

void trp_mail_watches_lost(uint32_t number)
{
	Troupe__Control__Ended ended = TROUPE__CONTROL__ENDED__INIT;

	ended.cause = TROUPE_NOCONNECTION;
	ended.code = -EHOSTUNREACH;
	end_watches_of(0, number, &ended);
}

/* ---- other orders -------------------------------------------------------- */

int trp_mail_watches_on_unlink(const struct troupe_message *message)
{
	const Troupe__Away__Unlink *order = message->body;
	Troupe__Away__Unlinked unlinked = TROUPE__AWAY__UNLINKED__INIT;

	unlinked.ref = message->sender;
	if (trp_ref_is_elsewhere(message->sender) &&
	    trp_ref_is_here(order->ref))
		trp_mail_post_tell(order->ref, &unlinked.base);
	return 0;
}

int trp_mail_watches_on_stop(const struct troupe_message *message)
{
	if (trp_ref_is_elsewhere(message->sender))
		trp_actor_request(message->body, NULL);
	return 0;
}
