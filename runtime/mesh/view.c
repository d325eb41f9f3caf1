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
#include "runtime/supervisor/supervisor.h"
#include "serialize/message.h"

/*
 * A view borrows names and values from the beacon, which does not change until
 * it is packed; other parts are in the supervisor's scratch.
 */
struct view {
	struct trp_mesh *mesh;
	const char *offer; /* "": all */
	struct trp_time now;
	Troupe__Mesh__View message;
	Troupe__Mesh__Counts counts;
	struct trp_mesh_pack_encoded config;
	size_t size; /* approximate, of the content so far */
	int error;   /* once set, nothing more is allocated */
};

enum { VIEW_MOST = 1 << 20 };

/* Zeros; NULL: view->error is set. */
static void *take(struct view *view, size_t size)
{
	void *space = view->error
			      ? NULL
			      : trp_scratch_alloc(
					&view->mesh->supervisor->scratch, size);

	if (!space)
		view->error = -ENOMEM;
	return space ? memset(space, 0, size) : NULL;
}

struct offer {
	Troupe__Mesh__Offer message;
	struct trp_mesh_offer text;
};

/* Returns whether it has the wanted offer. */
static bool read_offers(struct view *view, struct trp_mesh_announcement *said,
			Troupe__Mesh__Node *node)
{
	bool is_wanted = !*view->offer;
	size_t lines = 1;
	struct offer *offer;

	for (size_t i = 0; i < said->length; i++)
		lines += said->offers[i] == '\n';
	node->offer = take(view, lines * sizeof(*node->offer));
	while ((offer = take(view, sizeof(*offer))) &&
	       trp_mesh_announcement_offer(said, &offer->text)) {
		troupe__mesh__offer__init(&offer->message);
		offer->message.name = offer->text.name;
		offer->message.where = offer->text.where;
		offer->message.ref = offer->text.ref;
		node->offer[node->n_offer++] = &offer->message;
		is_wanted |= strcmp(offer->text.name, view->offer) == 0;
	}
	return is_wanted;
}

/* Nodes of other implementations have values of any type. */
static ProtobufCBinaryData value_bytes(struct view *view,
				       const struct trp_scalar *value)
{
	enum { NUMBER = 64 };
	char *text;

	if (value->type == TRP_SCALAR_TEXT || value->type == TRP_SCALAR_BYTES)
		return (ProtobufCBinaryData) { value->span.length,
					       (uint8_t *)value->span.data };
	text = take(view, NUMBER);
	if (!text)
		return (ProtobufCBinaryData) { 0 };
	if (value->type == TRP_SCALAR_BOOL)
		strcpy(text, value->flag ? "true" : "false");
	else if (value->type == TRP_SCALAR_INT)
		snprintf(text, NUMBER, "%" PRId64, value->integer);
	else if (value->type == TRP_SCALAR_REAL)
		snprintf(text, NUMBER, "%g", value->real);
	return trp_mesh_pack_text(text); /* "": none, a list, a map */
}

/* NULL: NONE. */
static Troupe__Mesh__Scalar *scalar_of(struct view *view,
				       struct trp_scalar value)
{
	Troupe__Mesh__Scalar *scalar;

	if (value.type == TRP_SCALAR_NONE)
		return NULL;
	scalar = take(view, sizeof(*scalar));
	if (scalar)
		trp_mesh_pack_scalar(&value, scalar);
	return scalar;
}

static bool read_text(struct view *view, const struct trp_beacon_sight *sight,
		      Troupe__Mesh__Node *node)
{
	struct trp_leadership_record record;
	struct trp_mesh_announcement said = { 0 };
	struct trp_scalar space;
	const struct trp_scalar *text =
		trp_dialect_text(sight->value, sight->note, &space);

	node->value = value_bytes(view, sight->value);
	node->said =
		scalar_of(view, trp_mesh_voice_of(sight->value, sight->note));
	if (!text || trp_leadership_read(text, &record) < 0 ||
	    trp_mesh_announcement_read(record.rest.span.data,
				       record.rest.span.length, &said) < 0)
		return !*view->offer;
	node->incarnation = said.incarnation;
	node->load = said.load;
	node->actors = said.actors;
	return read_offers(view, &said, node);
}

static void count_node(void *user, const struct trp_beacon_sight *sight)
{
	++*(size_t *)user;
}

static void see_node(void *user, const struct trp_beacon_sight *sight)
{
	struct view *view = user;
	const char *name = sight->node;
	struct trp_time heard = sight->heard;
	struct trp_mesh *mesh = view->mesh;
	Troupe__Mesh__Node *node;

	if (view->size > VIEW_MOST)
		return;
	node = take(view, sizeof(*node));
	if (!node)
		return;
	troupe__mesh__node__init(node);
	node->name = trp_mesh_pack_text(name);
	node->is_self = strcmp(name, mesh->node) == 0;
	node->is_it = strcmp(name, mesh->it) == 0;
	node->is_leader = strcmp(name, mesh->leadership.leader) == 0;
	node->is_live =
		trp_mesh_members_is_live(mesh->beacon, name, heard, view->now);
	node->silent_ms = (view->now.ns - heard.ns) / 1000000;
	if (!read_text(view, sight, node))
		return;
	view->message.nodes[view->message.n_nodes++] = node;
	view->size += troupe__mesh__node__get_packed_size(node);
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

static void see_lists(struct view *view)
{
	struct trp_mesh *mesh = view->mesh;
	Troupe__Mesh__View *message = &view->message;
	const struct trp_mesh_singleton *singleton;
	size_t i, listed = 0, count = 0;

	while (trp_beacon_listed(mesh->beacon, listed))
		listed++;
	for (singleton = mesh->singletons; singleton;
	     singleton = singleton->next)
		count++;
	message->listed = take(view, (listed + 1) * sizeof(*message->listed));
	message->singleton =
		take(view, (count + 1) * sizeof(*message->singleton));
	if (view->error)
		return;
	for (i = 0; i < listed; i++)
		message->listed[i] =
			trp_mesh_pack_text(trp_beacon_listed(mesh->beacon, i));
	message->n_listed = listed;
	for (singleton = mesh->singletons; singleton;
	     singleton = singleton->next)
		message->singleton[message->n_singleton++] =
			singleton->restart.spawn->name;
}

int trp_mesh_view(struct trp_mesh *mesh, const char *offer,
		  ProtobufCBinaryData *ret_view)
{
	struct view view = { .mesh = mesh,
			     .offer = offer,
			     .now = trp_time_now() };
	struct trp_scratch *scratch = &mesh->supervisor->scratch;
	struct trp_scratch_mark mark = trp_scratch_mark(scratch);
	Troupe__Mesh__View *message = &view.message;
	size_t nodes = 0;
	int r;

	troupe__mesh__view__init(message);
	see_beacon(&view);
	message->mesh = (char *)mesh->options->name;
	message->node = (char *)mesh->node;
	message->bus = mesh->channel;
	message->is_up = mesh->is_up;
	message->error = mesh->bus_error;
	message->it = trp_mesh_pack_text(mesh->it);
	message->leader = trp_mesh_pack_text(mesh->leadership.leader);
	message->term = mesh->leadership.term;
	message->fence = trp_leadership_fence(&mesh->leadership);
	message->is_enabled = trp_beacon_is_enabled(mesh->beacon);
	message->is_ready = mesh->is_ready;
	message->is_plain = mesh->voice.dialect.kind == TRP_DIALECT_PLAIN;
	message->said = scalar_of(&view, mesh->voice.own);
	trp_beacon_each(mesh->beacon, count_node, &nodes);
	message->nodes = take(&view, nodes * sizeof(*message->nodes));
	trp_beacon_each(mesh->beacon, see_node, &view);
	see_lists(&view);
	r = view.error ? view.error
		       : trp_message_to_bytes(&message->base, ret_view);
	trp_scratch_release(scratch, mark);
	return r;
}
