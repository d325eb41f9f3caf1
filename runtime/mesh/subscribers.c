/* SPDX-License-Identifier: MIT */
#include "runtime/mesh/subscribers.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include "runtime/mesh/beacon_event.pb-c.h"
#include "runtime/mesh/mesh.h"
#include "runtime/supervisor/notify.h"
#include "runtime/supervisor/supervisor.h"

struct trp_mesh_subscriber {
	struct trp_mesh_subscriber *next;
	troupe_ref ref;			     /* an actor, or */
	struct trp_control_session *session; /* one at the control socket */
};

static void tell(struct trp_mesh *mesh,
		 const struct trp_mesh_subscriber *subscriber,
		 const struct troupe_mesh_event *event)
{
	Troupe__BeaconEvent message = TROUPE__BEACON_EVENT__INIT;

	message.kind = (uint32_t)event->kind;
	if (event->node)
		message.node = (char *)event->node;
	message.term = event->term;
	message.version = event->version;
	message.fence = event->fence;
	message.error = event->error;
	message.prio = event->prio;
	message.is_replaced = event->is_replaced;
	message.n_local = event->local_count;
	message.local = (char **)event->local;
	message.n_remote = event->remote_count;
	message.remote = (char **)event->remote;
	/* No memory, no room: the next view of the mesh shows the state. */
	if (subscriber->session)
		trp_control_server_say(subscriber->session, &message.base);
	else
		trp_notify_send(mesh->supervisor, trp_ref_slot(subscriber->ref),
				&message.base);
}

void trp_mesh_subscribers_tell(struct trp_mesh *mesh,
			       const struct troupe_mesh_event *event)
{
	struct trp_mesh_subscriber **link = &mesh->subscribers;
	struct trp_mesh_subscriber *subscriber;

	while ((subscriber = *link)) {
		if (!subscriber->session &&
		    !trp_child_find(&mesh->supervisor->children,
				    subscriber->ref)) {
			*link = subscriber->next;
			free(subscriber);
			continue;
		}
		tell(mesh, subscriber, event);
		link = &subscriber->next;
	}
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
			     struct trp_control_session *session)
{
	struct trp_mesh_subscriber **link = find(mesh, ref, session);
	struct trp_mesh_subscriber *subscriber;

	assert(!ref == (session != NULL));
	if (*link)
		return 0;
	subscriber = calloc(1, sizeof(*subscriber));
	if (!subscriber)
		return -ENOMEM;
	subscriber->ref = ref;
	subscriber->session = session;
	*link = subscriber;
	tell(mesh, subscriber,
	     &(struct troupe_mesh_event) {
		     .kind = mesh->is_up ? TROUPE_MESH_UP : TROUPE_MESH_DOWN,
		     .error = mesh->bus_error });
	return 0;
}
