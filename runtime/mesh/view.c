/* SPDX-License-Identifier: MIT */
#include "runtime/mesh/view.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/wait.h"
#include "runtime/mesh/announcement.h"
#include "runtime/mesh/mesh.h"
#include "runtime/mesh/mesh.pb-c.h"
#include "runtime/mesh/pack.h"
#include "runtime/mesh/singleton.h"

/* Everything that a view points to; borrowed, but for the arrays. */
struct view {
	struct trp_mesh *mesh;
	const char *offer; /* "": all */
	struct trp_time now;
	Troupe__Mesh__View message;
	Troupe__Mesh__Counts counts;
	struct trp_mesh_pack_encoded config;
	size_t room;
	size_t size; /* of what was put in so far, about */
	int error;
};

enum { VIEW_MOST = 1 << 20 };

static ProtobufCBinaryData text_bytes(const char *text)
{
	return (ProtobufCBinaryData) { strlen(text), (uint8_t *)text };
}

static void free_node(Troupe__Mesh__Node *node)
{
	troupe__mesh__node__free_unpacked(node, NULL);
}

static int add_offer(Troupe__Mesh__Node *node,
		     const struct trp_mesh_offer *offer)
{
	Troupe__Mesh__Offer **list = reallocarray(
		node->offer, node->n_offer + 1, sizeof(*node->offer));
	Troupe__Mesh__Offer *entry;

	if (!list)
		return -ENOMEM;
	node->offer = list;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	troupe__mesh__offer__init(entry);
	entry->name = strdup(offer->name);
	entry->where = strdup(offer->where);
	node->offer[node->n_offer++] = entry;
	return entry->name && entry->where ? 0 : -ENOMEM;
}

/* Returns whether it offers what is looked for, or an error. */
static int read_offers(const char *wanted, struct trp_mesh_announcement *said,
		       Troupe__Mesh__Node *node)
{
	struct trp_mesh_offer offer;
	int r = !*wanted;

	while (r >= 0 && trp_mesh_announcement_offer(said, &offer)) {
		if (add_offer(node, &offer) < 0)
			r = -ENOMEM;
		else if (strcmp(offer.name, wanted) == 0)
			r = 1;
	}
	return r;
}

static int copy_bytes(ProtobufCBinaryData *to, const char *from, size_t length)
{
	to->data = malloc(length + 1);
	if (!to->data)
		return -ENOMEM;
	memcpy(to->data, from, length);
	to->len = length;
	return 0;
}

/* Nodes that are not ours have values of any type. */
static int copy_value(ProtobufCBinaryData *to, const struct trp_scalar *value)
{
	char text[64] = "";

	switch (value->type) {
	case TRP_SCALAR_NONE:
	case TRP_SCALAR_RAW: /* a list, a map */
		break;
	case TRP_SCALAR_BOOL:
		snprintf(text, sizeof(text), "%s",
			 value->flag ? "true" : "false");
		break;
	case TRP_SCALAR_INT:
		snprintf(text, sizeof(text), "%" PRId64, value->integer);
		break;
	case TRP_SCALAR_REAL:
		snprintf(text, sizeof(text), "%g", value->real);
		break;
	case TRP_SCALAR_TEXT:
	case TRP_SCALAR_BYTES:
		return copy_bytes(to, value->span.data, value->span.length);
	}
	return copy_bytes(to, text, strlen(text));
}

static int read_value(const char *wanted, const struct trp_scalar *value,
		      Troupe__Mesh__Node *node)
{
	struct trp_leadership_record record;
	struct trp_mesh_announcement said = { 0 };

	if (copy_value(&node->value, value) < 0)
		return -ENOMEM;
	if (trp_leadership_read(value, &record) < 0 ||
	    trp_mesh_announcement_read(record.rest.span.data,
				       record.rest.span.length, &said) < 0)
		return !*wanted;
	node->incarnation = said.incarnation;
	node->load = said.load;
	node->actors = said.actors;
	return read_offers(wanted, &said, node);
}

static int keep_node(struct view *view, Troupe__Mesh__Node *node)
{
	size_t room = view->room ? 2 * view->room : 16;
	Troupe__Mesh__Node **nodes = view->message.nodes;

	if (view->message.n_nodes == view->room) {
		nodes = reallocarray(nodes, room, sizeof(*nodes));
		if (!nodes)
			return -ENOMEM;
		view->message.nodes = nodes;
		view->room = room;
	}
	nodes[view->message.n_nodes++] = node;
	view->size += troupe__mesh__node__get_packed_size(node);
	return 0;
}

static void see_node(void *user, const char *name,
		     const struct trp_scalar *value, struct trp_time heard)
{
	struct view *view = user;
	struct trp_mesh *mesh = view->mesh;
	Troupe__Mesh__Node *node;
	int r;

	if (view->error || view->size > VIEW_MOST)
		return;
	node = calloc(1, sizeof(*node));
	if (!node) {
		view->error = -ENOMEM;
		return;
	}
	troupe__mesh__node__init(node);
	node->is_self = strcmp(name, mesh->node) == 0;
	node->is_it = strcmp(name, mesh->it) == 0;
	node->has_seat = strcmp(name, mesh->leadership.holder) == 0;
	node->is_live =
		trp_mesh_members_is_live(mesh->beacon, name, heard, view->now);
	node->silent_ms = (view->now.ns - heard.ns) / 1000000;
	r = copy_bytes(&node->name, name, strlen(name));
	if (r == 0)
		r = read_value(view->offer, value, node);
	if (r == 1)
		r = keep_node(view, node) < 0 ? -ENOMEM : 1;
	if (r <= 0)
		free_node(node);
	if (r < 0)
		view->error = r;
}

static void see_beacon(struct view *view)
{
	struct trp_mesh *mesh = view->mesh;
	const struct trp_beacon_counts *counts =
		trp_beacon_counts(mesh->beacon);
	Troupe__Mesh__View *message = &view->message;
	const struct trp_wire wire = { .type = TRP_WIRE_VERS,
				       .config = *trp_beacon_config(
					       mesh->beacon) };

	trp_mesh_pack_encode(&wire, &view->config);
	message->config = &view->config.config;
	view->counts = (Troupe__Mesh__Counts)TROUPE__MESH__COUNTS__INIT;
	view->counts.n_sent = view->counts.n_received = TRP_WIRE_TYPES;
	view->counts.sent = (uint64_t *)counts->sent;
	view->counts.received = (uint64_t *)counts->received;
	view->counts.malformed = counts->malformed;
	view->counts.stale = counts->stale;
	view->counts.collisions = counts->collisions;
	view->counts.tags = counts->tags;
	view->counts.unsaid = mesh->unsaid;
	view->counts.lost = mesh->lost;
	message->counts = &view->counts;
	message->state = (uint32_t)trp_beacon_state(mesh->beacon);
}

static int see_lists(struct view *view)
{
	struct trp_mesh *mesh = view->mesh;
	const struct trp_mesh_singleton *singleton;
	size_t listed = 0, count = 0;

	while (trp_beacon_listed(mesh->beacon, listed))
		listed++;
	for (singleton = mesh->singletons; singleton;
	     singleton = singleton->next)
		count++;
	view->message.listed =
		calloc(listed + 1, sizeof(*view->message.listed));
	view->message.singleton =
		calloc(count + 1, sizeof(*view->message.singleton));
	if (!view->message.listed || !view->message.singleton)
		return -ENOMEM;
	for (size_t i = 0; i < listed; i++)
		view->message.listed[i] =
			text_bytes(trp_beacon_listed(mesh->beacon, i));
	view->message.n_listed = listed;
	for (singleton = mesh->singletons; singleton;
	     singleton = singleton->next)
		view->message.singleton[view->message.n_singleton++] =
			singleton->restart.spawn->name;
	return 0;
}

static int pack(const Troupe__Mesh__View *message,
		ProtobufCBinaryData *ret_view)
{
	size_t size = troupe__mesh__view__get_packed_size(message);
	uint8_t *bytes = malloc(size + 1);

	if (!bytes)
		return -ENOMEM;
	troupe__mesh__view__pack(message, bytes);
	*ret_view = (ProtobufCBinaryData) { size, bytes };
	return 0;
}

int trp_mesh_view(struct trp_mesh *mesh, const char *offer,
		  ProtobufCBinaryData *ret_view)
{
	struct view view = { .mesh = mesh, .offer = offer, .now = trp_now() };
	Troupe__Mesh__View *message = &view.message;
	int r;

	troupe__mesh__view__init(message);
	see_beacon(&view);
	message->mesh = (char *)mesh->options->name;
	message->node = (char *)mesh->node;
	message->bus = mesh->channel;
	message->is_up = mesh->is_up;
	message->error = mesh->bus_error;
	message->it = text_bytes(mesh->it);
	message->seat = text_bytes(mesh->leadership.holder);
	message->term = mesh->leadership.term;
	message->fence = trp_leadership_fence(&mesh->leadership);
	trp_beacon_each(mesh->beacon, see_node, &view);
	r = view.error;
	if (r == 0)
		r = see_lists(&view);
	if (r == 0)
		r = pack(message, ret_view);
	for (size_t i = 0; i < message->n_nodes; i++)
		free_node(message->nodes[i]);
	free(message->nodes);
	free(message->listed);
	free(message->singleton);
	return r;
}
