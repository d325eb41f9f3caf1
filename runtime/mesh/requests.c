/* SPDX-License-Identifier: MIT */
#include "runtime/mesh/requests.h"

#include <errno.h>
#include <stdlib.h>
#include "runtime/mesh/mesh.pb-c.h"
#include "runtime/mesh/subscribers.h"
#include "runtime/mesh/view.h"
#include "runtime/supervisor/control_server.h"
#include "runtime/supervisor/requests.h"
#include "runtime/supervisor/supervisor.h"

/* ---- of actors ---------------------------------------------------------- */

int trp_mesh_requests_subscribe(struct trp_request *request)
{
	const Troupe__Mesh__Subscribe *wish = request->message;

	if (!wish->is_over)
		return trp_mesh_subscribers_add(
			request->module, request->sender, NULL, wish->past);
	trp_mesh_subscribers_remove(request->module, request->sender, NULL);
	return 0;
}

int trp_mesh_requests_look(struct trp_request *request)
{
	const Troupe__Mesh__Look *look = request->message;

	return trp_mesh_view(request->module, look->offer, &request->more);
}

int trp_mesh_requests_offer(struct trp_request *request)
{
	const Troupe__Mesh__Offer *offer = request->message;

	return trp_registry_offer(&request->supervisor->registry, offer->name,
				  offer->is_over ? NULL : offer->where);
}

/* ---- over the control socket -------------------------------------------- */

static void stop_watching(struct trp_control_session *session)
{
	trp_mesh_subscribers_remove(session->module, 0, session);
}

/* Events are sent as they happen. */
static int watch(struct trp_control_session *session)
{
	return TRP_CONTROL_LATER;
}

int trp_mesh_requests_watch(struct trp_control_session *session,
			    const void *message)
{
	const Troupe__Mesh__Watch *wish = message;
	int r = trp_mesh_subscribers_add(session->module, 0, session,
					 wish->past);

	if (r < 0)
		return r;
	session->gone = stop_watching;
	session->more = watch;
	return TRP_CONTROL_MORE;
}

static void drop_view(struct trp_control_session *session)
{
	troupe__mesh__view__free_unpacked(session->data, NULL);
	session->data = NULL;
	session->gone = NULL;
}

/* The view without its nodes, and then these. */
static int more_of_view(struct trp_control_session *session)
{
	Troupe__Mesh__View *view = session->data;
	uint32_t said = session->cursor++;
	size_t count = view->n_nodes;
	int r;

	if (said > count) {
		drop_view(session);
		return 0;
	}
	if (said > 0) {
		r = trp_control_server_say(session,
					   &view->nodes[said - 1]->base);
	} else {
		view->n_nodes = 0;
		r = trp_control_server_say(session, &view->base);
		view->n_nodes = count;
	}
	return r < 0 ? r : TRP_CONTROL_MORE;
}

int trp_mesh_requests_status(struct trp_control_session *session,
			     const void *message)
{
	ProtobufCBinaryData bytes;
	int r = trp_mesh_view(session->module, "", &bytes);

	if (r < 0)
		return r;
	session->data = troupe__mesh__view__unpack(NULL, bytes.len, bytes.data);
	free(bytes.data);
	if (!session->data)
		return -ENOMEM;
	session->gone = drop_view;
	session->cursor = 0;
	session->more = more_of_view;
	return TRP_CONTROL_MORE;
}
