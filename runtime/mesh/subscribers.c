/* SPDX-License-Identifier: MIT */
#include "runtime/mesh/subscribers.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include "runtime/mesh/app_value.h"
#include "runtime/mesh/beacon_event.pb-c.h"
#include "runtime/mesh/mesh.h"
#include "runtime/supervisor/notify.h"
#include "runtime/supervisor/supervisor.h"
#include "serialize/message.h"

struct trp_mesh_subscriber {
	struct trp_mesh_subscriber *next;
	troupe_ref ref;			     /* an actor, or */
	struct trp_control_session *session; /* one at the control socket */
};

/* No memory, no room: the next view of the mesh shows the state. */
static void send_to(struct trp_mesh *mesh,
		    const struct trp_mesh_subscriber *subscriber,
		    const Troupe__BeaconEvent *event)
{
	if (subscriber->session)
		trp_control_server_say(subscriber->session, &event->base);
	else
		trp_notify_send(mesh->supervisor, trp_ref_slot(subscriber->ref),
				&event->base);
}

/* The value of that node, as JSON for free(); NULL: not known. */
static char *value_of(const struct trp_mesh *mesh, const char *node)
{
	struct trp_beacon_sight sight;
	struct trp_scalar value;

	if (!node || !trp_beacon_find(mesh->beacon, node, &sight))
		return NULL;
	value = trp_mesh_voice_of(sight.value, sight.note);
	return value.type == TRP_SCALAR_NONE ? NULL
					     : trp_mesh_app_value_json(&value);
}

/* The list is borrowed from the beacon, up to `most` names. */
static size_t list_of(const struct trp_mesh *mesh, char **names, size_t most)
{
	const char *listed;
	size_t count = 0;

	while (count < most &&
	       (listed = trp_beacon_listed(mesh->beacon, count)))
		names[count++] = (char *)listed;
	return count;
}

static void keep(struct trp_mesh_past *past, const Troupe__BeaconEvent *event)
{
	ProtobufCBinaryData *at = &past->at[past->count % TRP_MESH_PAST];
	ProtobufCBinaryData bytes;

	if (trp_message_to_bytes(&event->base, &bytes) < 0)
		return;
	free(at->data);
	*at = bytes;
	past->count++;
}

static void describe(const struct troupe_mesh_event *event,
		     Troupe__BeaconEvent *message)
{
	message->kind = (uint32_t)event->kind;
	if (event->node)
		message->node = (char *)event->node;
	message->term = event->term;
	message->version = event->version;
	message->fence = event->fence;
	message->error = event->error;
	message->prio = event->prio;
	message->is_replaced = event->is_replaced;
	message->n_local = event->local_count;
	message->local = (char **)event->local;
	message->n_remote = event->remote_count;
	message->remote = (char **)event->remote;
	message->said.len = event->said_size;
	message->said.data = (uint8_t *)event->said;
	message->at_ms = trp_mesh_calendar_ms();
}

/* The latest `count` of those that are kept. */
static void tell_past(struct trp_mesh *mesh,
		      const struct trp_mesh_subscriber *subscriber,
		      uint32_t count)
{
	const struct trp_mesh_past *past = &mesh->past;
	Troupe__BeaconEvent *event;
	uint64_t i;

	if (count > TRP_MESH_PAST)
		count = TRP_MESH_PAST;
	i = past->count > count ? past->count - count : 0;
	for (; i < past->count; i++) {
		const ProtobufCBinaryData *at = &past->at[i % TRP_MESH_PAST];

		event = troupe__beacon_event__unpack(NULL, at->len, at->data);
		if (!event)
			continue;
		event->is_past = true;
		send_to(mesh, subscriber, event);
		troupe__beacon_event__free_unpacked(event, NULL);
	}
}

void trp_mesh_subscribers_tell(struct trp_mesh *mesh,
			       const struct troupe_mesh_event *event)
{
	struct trp_mesh_subscriber **link = &mesh->subscribers;
	struct trp_mesh_subscriber *subscriber;
	Troupe__BeaconEvent message = TROUPE__BEACON_EVENT__INIT;
	char *names[TRP_WIRE_HISTORY_MAX];
	char *value = value_of(mesh, event->node);

	describe(event, &message);
	message.listed = names;
	message.n_listed = list_of(mesh, names, TRP_WIRE_HISTORY_MAX);
	if (value)
		message.value = value;
	keep(&mesh->past, &message);
	while ((subscriber = *link)) {
		if (!subscriber->session &&
		    !trp_child_find(&mesh->supervisor->children,
				    subscriber->ref)) {
			*link = subscriber->next;
			free(subscriber);
			continue;
		}
		send_to(mesh, subscriber, &message);
		link = &subscriber->next;
	}
	free(value);
}

void trp_mesh_subscribers_fini(struct trp_mesh *mesh)
{
	struct trp_mesh_subscriber *subscriber;

	while ((subscriber = mesh->subscribers)) {
		mesh->subscribers = subscriber->next;
		if (subscriber->session)
			subscriber->session->gone = NULL;
		free(subscriber);
	}
	for (size_t i = 0; i < TRP_MESH_PAST; i++)
		free(mesh->past.at[i].data);
}

static struct trp_mesh_subscriber **find(
	struct trp_mesh *mesh, troupe_ref ref,
	const struct trp_control_session *session)
{
	struct trp_mesh_subscriber **link = &mesh->subscribers;

	while (*link && ((*link)->ref != ref || (*link)->session != session))
		link = &(*link)->next;
	return link;
}

void trp_mesh_subscribers_remove(struct trp_mesh *mesh, troupe_ref ref,
				 const struct trp_control_session *session)
{
	struct trp_mesh_subscriber **link = find(mesh, ref, session);
	struct trp_mesh_subscriber *subscriber = *link;

	if (!subscriber)
		return;
	*link = subscriber->next;
	free(subscriber);
}

int trp_mesh_subscribers_add(struct trp_mesh *mesh, troupe_ref ref,
			     struct trp_control_session *session, uint32_t past)
{
	struct trp_mesh_subscriber **link = find(mesh, ref, session);
	struct trp_mesh_subscriber *subscriber;
	Troupe__BeaconEvent state = TROUPE__BEACON_EVENT__INIT;

	assert(!ref == (session != NULL));
	if (*link)
		return 0;
	subscriber = calloc(1, sizeof(*subscriber));
	if (!subscriber)
		return -ENOMEM;
	subscriber->ref = ref;
	subscriber->session = session;
	*link = subscriber;
	tell_past(mesh, subscriber, past);
	describe(
		&(struct troupe_mesh_event) {
			.kind = mesh->is_up ? TROUPE_MESH_UP : TROUPE_MESH_DOWN,
			.error = mesh->bus_error },
		&state);
	send_to(mesh, subscriber, &state);
	return 0;
}
