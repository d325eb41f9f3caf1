/* SPDX-License-Identifier: MIT */
#include "runtime/mesh/news.h"

#include <string.h>
#include "runtime/mesh/mesh.h"
#include "runtime/mesh/subscribers.h"

static void tell_said(struct trp_mesh *mesh, const struct trp_wire *message)
{
	const struct troupe_mesh_event told = {
		.kind = TROUPE_MESH_SAID,
		.node = message->from,
		.said = message->said.span.data,
		.said_size = message->said.span.length,
	};

	trp_mesh_subscribers_tell(mesh, &told);
}

static bool has_value(const struct trp_mesh *mesh, const char *node)
{
	struct trp_beacon_sight sight;

	return trp_beacon_find(mesh->beacon, node, &sight) &&
	       trp_mesh_voice_of(sight.value, sight.note).type !=
		       TRP_SCALAR_NONE;
}

/* This node has no value, and may ask those that have. */
static void meet_good_nodes(struct trp_mesh *mesh,
			    const struct trp_wire *message)
{
	const char *about = trp_wire_about(message);
	const char *names[TRP_WIRE_HISTORY_MAX] = { about };
	struct troupe_mesh_event told = { .kind = TROUPE_MESH_GOOD_NODES,
					  .node = about,
					  .remote = names,
					  .remote_count = 1 };

	if (mesh->voice.own.type != TRP_SCALAR_NONE ||
	    strcmp(about, mesh->node) == 0 ||
	    (trp_mesh_voice_of(&message->value, &message->note).type ==
		     TRP_SCALAR_NONE &&
	     !has_value(mesh, about)))
		return;
	for (size_t i = 1; i < message->history_length; i++)
		if (strcmp(message->history[i], mesh->node) != 0 &&
		    has_value(mesh, message->history[i]))
			names[told.remote_count++] = message->history[i];
	trp_mesh_subscribers_tell(mesh, &told);
}

void trp_mesh_news_hear(struct trp_mesh *mesh, const struct trp_wire *message)
{
	if (message->type == TRP_WIRE_PING || message->type == TRP_WIRE_HIST)
		meet_good_nodes(mesh, message);
	if (message->type == TRP_WIRE_VERS && message->from &&
	    message->said.type == TRP_SCALAR_BYTES)
		tell_said(mesh, message);
}
