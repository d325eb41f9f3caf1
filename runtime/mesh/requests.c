/* SPDX-License-Identifier: MIT */
/* What actors are told of the mesh, and ask about it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/mesh/beacon_event.pb-c.h"
#include "runtime/mesh/mesh.h"
#include "runtime/supervisor/notify.h"
#include "runtime/supervisor/supervisor.h"

/* ---- events ------------------------------------------------------------- */

static void tell_one(struct trp_mesh *mesh,
		     const struct trp_subscriber *subscriber,
		     const struct troupe_mesh_event *event)
{
	Troupe__BeaconEvent message = TROUPE__BEACON_EVENT__INIT;

	message.kind = (uint32_t)event->kind;
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
	/* No memory, no room: the next look at the mesh shows what is so. */
	if (subscriber->session)
		trp_control_server_say(subscriber->session, &message.base);
	else
		trp_notify_send(mesh->supervisor, trp_ref_slot(subscriber->ref),
				&message.base);
}

/* Those that have ended are taken off on the way. */
void trp_mesh_subscribers_tell(struct trp_mesh *mesh,
			       const struct troupe_mesh_event *event)
{
	struct trp_subscriber **link = &mesh->subscribers;
	struct trp_subscriber *subscriber;

	while ((subscriber = *link)) {
		if (!subscriber->session &&
		    !trp_child_find(&mesh->supervisor->children,
				    subscriber->ref)) {
			*link = subscriber->next;
			free(subscriber);
			continue;
		}
		tell_one(mesh, subscriber, event);
		link = &subscriber->next;
	}
}

void trp_mesh_subscribers_fini(struct trp_mesh *mesh)
{
	struct trp_subscriber *subscriber;

	while ((subscriber = mesh->subscribers)) {
		mesh->subscribers = subscriber->next;
		if (subscriber->session)
			subscriber->session->gone = NULL;
		free(subscriber);
	}
}

static troupe_ref sender_of(const struct trp_request *request)
{
	const struct trp_child_table *children = &request->supervisor->children;

	return trp_ref(request->sender,
		       children->child[request->sender].generation);
}

static void remove_at(struct trp_subscriber **link)
{
	struct trp_subscriber *subscriber = *link;

	*link = subscriber->next;
	free(subscriber);
}

/* The first that it is told is whether the bus is up. */
static int add_at(struct trp_mesh *mesh, struct trp_subscriber **link,
		  troupe_ref ref, struct trp_control_session *session)
{
	struct trp_subscriber *subscriber = calloc(1, sizeof(*subscriber));

	if (!subscriber)
		return -ENOMEM;
	subscriber->ref = ref;
	subscriber->session = session;
	*link = subscriber;
	tell_one(
		mesh, subscriber,
		&(struct troupe_mesh_event) {
			.kind = mesh->is_up ? TROUPE_MESH_UP : TROUPE_MESH_DOWN,
			.node = "",
			.error = mesh->bus_error });
	return 0;
}

int trp_mesh_on_subscribe(struct trp_request *request)
{
	const Troupe__Mesh__Subscribe *wish =
		(const Troupe__Mesh__Subscribe *)request->message;
	struct trp_mesh *mesh = request->supervisor->mesh;
	troupe_ref ref = sender_of(request);
	struct trp_subscriber **link;

	if (!mesh)
		return -ENOTCONN;
	link = &mesh->subscribers;
	while (*link && (*link)->ref != ref)
		link = &(*link)->next;
	if (wish->is_over && *link)
		remove_at(link);
	else if (!wish->is_over && !*link)
		return add_at(mesh, link, ref, NULL);
	return 0;
}

/* ---- sessions ----------------------------------------------------------- */

static int ask(struct trp_control_session *session, struct trp_mesh **ret_mesh)
{
	*ret_mesh = session->supervisor->mesh;
	if (*ret_mesh)
		return 0;
	session->why = "this node is in no mesh: it was started without "
		       "--beacon";
	return -ENOTCONN;
}

static void stop_watching(struct trp_control_session *session)
{
	struct trp_subscriber **link = &session->supervisor->mesh->subscribers;

	while ((*link)->session != session)
		link = &(*link)->next;
	remove_at(link);
}

/* Events are said as they come. */
static int watch(struct trp_control_session *session)
{
	return TRP_CONTROL_LATER;
}

int trp_mesh_ask_watch(struct trp_control_session *session, const void *message)
{
	struct trp_mesh *mesh;
	struct trp_subscriber **link;
	int r = ask(session, &mesh);

	if (r < 0)
		return r;
	link = &mesh->subscribers;
	while (*link)
		link = &(*link)->next;
	r = add_at(mesh, link, 0, session);
	if (r < 0)
		return r;
	session->gone = stop_watching;
	session->more = watch;
	return TRP_CONTROL_MORE;
}

static int view_for(struct trp_control_session *session,
		    Troupe__Mesh__View **ret_view)
{
	ProtobufCBinaryData bytes;
	struct trp_mesh *mesh;
	int r = ask(session, &mesh);

	if (r == 0)
		r = trp_mesh_view(mesh, "", &bytes);
	if (r < 0)
		return r;
	*ret_view = troupe__mesh__view__unpack(NULL, bytes.len, bytes.data);
	free(bytes.data);
	return *ret_view ? 0 : -ENOMEM;
}

int trp_mesh_ask_status(struct trp_control_session *session,
			const void *message)
{
	Troupe__Mesh__View *view;
	int r = view_for(session, &view);
	size_t count;

	if (r < 0)
		return r;
	count = view->n_nodes;
	view->n_nodes = 0;
	r = trp_control_server_say(session, &view->base);
	view->n_nodes = count;
	troupe__mesh__view__free_unpacked(view, NULL);
	return r;
}

static void drop_view(struct trp_control_session *session)
{
	troupe__mesh__view__free_unpacked(session->data, NULL);
	session->data = NULL;
	session->gone = NULL;
}

static int more_nodes(struct trp_control_session *session)
{
	const Troupe__Mesh__View *view = session->data;
	int r;

	if (session->cursor == view->n_nodes) {
		drop_view(session);
		return 0;
	}
	r = trp_control_server_say(session,
				   &view->nodes[session->cursor++]->base);
	return r < 0 ? r : TRP_CONTROL_MORE;
}

int trp_mesh_ask_nodes(struct trp_control_session *session, const void *message)
{
	Troupe__Mesh__View *view;
	int r = view_for(session, &view);

	if (r < 0)
		return r;
	session->data = view;
	session->gone = drop_view;
	session->cursor = 0;
	session->more = more_nodes;
	return TRP_CONTROL_MORE;
}

/* ---- looking ------------------------------------------------------------ */

int trp_mesh_on_look(struct trp_request *request)
{
	struct trp_mesh *mesh = request->supervisor->mesh;

	if (!mesh)
		return -ENOTCONN;
	return trp_mesh_view(
		mesh, ((const Troupe__Mesh__Look *)request->message)->offer,
		&request->more);
}

int trp_mesh_on_offer(struct trp_request *request)
{
	const Troupe__Mesh__Offer *offer =
		(const Troupe__Mesh__Offer *)request->message;

	if (!request->supervisor->mesh)
		return -ENOTCONN;
	return trp_registry_offer(&request->supervisor->registry, offer->name,
				  offer->is_over ? NULL : offer->where);
}
