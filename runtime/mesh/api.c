/* SPDX-License-Identifier: MIT */
/* The mesh as actors see it: requests to the supervisor, and their answers. */
#include "runtime/troupe_mesh.h"
#include "runtime/troupe_beacon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/actor/request.h"
#include "runtime/actor/self.h"
#include "runtime/actor/spawn.h"
#include "runtime/mesh/beacon_event.pb-c.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/node/types.h"
#include "runtime/mesh/mesh.pb-c.h"
#include "serialize/message.h"

/* ---- events ------------------------------------------------------------- */

int troupe_mesh_subscribe(void)
{
	return troupe_beacon_subscribe(0);
}

int troupe_mesh_unsubscribe(void)
{
	Troupe__Mesh__Subscribe request = TROUPE__MESH__SUBSCRIBE__INIT;

	request.is_over = true;
	return trp_actor_request(&request.base, NULL);
}

int troupe_mesh_event(const struct troupe_message *message,
		      struct troupe_mesh_event *ret_event)
{
	const Troupe__BeaconEvent *event = message->body;

	if (message->type != &troupe__beacon_event__descriptor)
		return -EINVAL;
	*ret_event = (struct troupe_mesh_event) {
		.kind = (enum troupe_mesh_kind)event->kind,
		.node = event->node,
		.term = event->term,
		.version = event->version,
		.fence = event->fence,
		.error = event->error,
		.prio = event->prio,
		.is_replaced = event->is_replaced,
		.local = (const char *const *)event->local,
		.local_count = event->n_local,
		.remote = (const char *const *)event->remote,
		.remote_count = event->n_remote,
		.at_ms = event->at_ms,
		.is_past = event->is_past,
		.listed = (const char *const *)event->listed,
		.listed_count = event->n_listed,
		.value = event->value,
		.said = event->said.data,
		.said_size = event->said.len,
		.run = event->run,
	};
	return 0;
}

/* ---- offers ------------------------------------------------------------- */

static bool is_word(const char *text, size_t size)
{
	size_t i;

	for (i = 0; text[i]; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 127)
			return false;
	return i < size;
}

static int offer(const char *name, const char *where, bool is_over)
{
	Troupe__Mesh__Offer request = TROUPE__MESH__OFFER__INIT;

	if (!name || !is_word(where, TROUPE_WHERE_SIZE))
		return -EINVAL;
	request.name = (char *)name;
	request.where = (char *)where;
	request.is_over = is_over;
	return trp_actor_request(&request.base, NULL);
}

int troupe_mesh_offer(const char *name, const char *where)
{
	return offer(name, where ? where : "", false);
}

int troupe_mesh_withdraw(const char *name)
{
	return offer(name, "", true);
}

/* ---- looking ------------------------------------------------------------ */

static void copy_name(char to[TROUPE_NODE_SIZE],
		      const ProtobufCBinaryData *from)
{
	size_t length =
		from->len < TROUPE_NODE_SIZE ? from->len : TROUPE_NODE_SIZE - 1;

	if (length)
		memcpy(to, from->data, length);
	to[length] = '\0';
}

static void copy_offers(const Troupe__Mesh__Node *from,
			struct troupe_mesh_node *to,
			struct troupe_mesh_offer *space)
{
	to->offer_count = from->n_offer;
	to->offer = space;
	for (size_t i = 0; i < from->n_offer; i++) {
		strncpy(space[i].name, from->offer[i]->name,
			sizeof(space[i].name) - 1);
		strncpy(space[i].where, from->offer[i]->where,
			sizeof(space[i].where) - 1);
		space[i].ref = from->offer[i]->ref;
	}
}

static void copy_node(const Troupe__Mesh__Node *from,
		      struct troupe_mesh_node *to)
{
	copy_name(to->name, &from->name);
	to->is_self = from->is_self;
	to->is_it = from->is_it;
	to->is_leader = from->is_leader;
	to->silent_ms = from->silent_ms;
	to->incarnation = from->incarnation;
	to->load = from->load / 100.0;
	to->actors = from->actors;
}

static void copy_counts(const Troupe__Mesh__Counts *from,
			struct troupe_mesh_view *to)
{
	for (size_t i = 0; i < from->n_sent; i++)
		to->sent += from->sent[i];
	for (size_t i = 0; i < from->n_received; i++)
		to->received += from->received[i];
	to->malformed = from->malformed;
	to->lost = from->unsaid + from->lost;
}

/* One block: the view, its nodes, their offers. */
static struct troupe_mesh_view *view_of(const Troupe__Mesh__View *from)
{
	struct troupe_mesh_view *view;
	struct troupe_mesh_offer *offers;
	struct troupe_mesh_node *nodes;
	size_t i, live = 0, count = 0;

	for (i = 0; i < from->n_nodes; i++) {
		live += from->nodes[i]->is_live;
		count += from->nodes[i]->n_offer;
	}
	view = calloc(1, sizeof(*view) + live * sizeof(*nodes) +
				 count * sizeof(*offers));
	if (!view)
		return NULL;
	nodes = (struct troupe_mesh_node *)(view + 1);
	offers = (struct troupe_mesh_offer *)(nodes + live);
	strncpy(view->mesh, from->mesh, sizeof(view->mesh) - 1);
	view->is_up = from->is_up;
	copy_name(view->it, &from->it);
	copy_name(view->leader, &from->leader);
	view->term = from->term;
	view->node = nodes;
	if (from->counts)
		copy_counts(from->counts, view);
	for (i = 0; i < from->n_nodes; i++) {
		if (!from->nodes[i]->is_live)
			continue;
		copy_node(from->nodes[i], &nodes[view->count]);
		copy_offers(from->nodes[i], &nodes[view->count++], offers);
		offers += from->nodes[i]->n_offer;
	}
	return view;
}

static int look(const char *wanted, struct troupe_mesh_view **ret_view)
{
	Troupe__Mesh__Look request = TROUPE__MESH__LOOK__INIT;
	ProtobufCBinaryData bytes = { 0 };
	struct troupe_mesh_view *view = NULL;
	Troupe__Mesh__View *message;
	int r;

	request.offer = (char *)wanted;
	r = trp_actor_request_more(&request.base, &bytes);
	if (r < 0)
		return r;
	message = troupe__mesh__view__unpack(NULL, bytes.len, bytes.data);
	free(bytes.data);
	if (message)
		view = view_of(message);
	troupe__mesh__view__free_unpacked(message, NULL);
	if (!view)
		return -ENOMEM;
	*ret_view = view;
	return 0;
}

int troupe_mesh_look(struct troupe_mesh_view **ret_view)
{
	return look("", ret_view);
}

int troupe_mesh_find(const char *name, struct troupe_mesh_view **ret_view)
{
	return name && *name ? look(name, ret_view) : -EINVAL;
}

void troupe_mesh_view_free(struct troupe_mesh_view *view)
{
	free(view);
}

/* ---- singletons --------------------------------------------------------- */

static int ask_for_singleton(const Troupe__Control__Spawn *spawn, bool is_over)
{
	Troupe__Mesh__Singleton request = TROUPE__MESH__SINGLETON__INIT;
	int r;

	if (trp_message_size(&spawn->base) > TRP_LIMIT_MAX / 2)
		return -EMSGSIZE;
	r = trp_message_to_bytes(&spawn->base, &request.spawn);
	if (r < 0)
		return r;
	request.is_over = is_over;
	r = trp_actor_request(&request.base, NULL);
	free(request.spawn.data);
	return r;
}

int troupe_singleton(const char *name, const struct troupe_class *klass,
		     const ProtobufCMessage *arguments)
{
	Troupe__Control__Birth birth = TROUPE__CONTROL__BIRTH__INIT;
	Troupe__Control__Spawn spawn = TROUPE__CONTROL__SPAWN__INIT;
	int r;

	if (!name || !klass)
		return -EINVAL;
	spawn.birth = &birth;
	r = trp_actor_spawn_describe(klass, arguments, &spawn);
	if (r < 0)
		return r;
	birth.label = (char *)name;
	spawn.name = (char *)name;
	r = ask_for_singleton(&spawn, false);
	free(birth.arguments.data);
	return r;
}

int troupe_singleton_end(const char *name)
{
	Troupe__Control__Spawn spawn = TROUPE__CONTROL__SPAWN__INIT;

	if (!name)
		return -EINVAL;
	spawn.name = (char *)name;
	return ask_for_singleton(&spawn, true);
}

uint64_t troupe_fence(void)
{
	return trp_self.fence;
}

uint64_t troupe_term(void)
{
	return trp_self.fence >> 16;
}
