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
		return trp_mesh_subscribers_add(request->module,
						request->sender, NULL);
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
	int r = trp_mesh_subscribers_add(session->module, 0, session);

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
	int r = trp_mesh_view(session->module, "", &bytes);

	if (r < 0)
		return r;
	*ret_view = troupe__mesh__view__unpack(NULL, bytes.len, bytes.data);
	free(bytes.data);
	return *ret_view ? 0 : -ENOMEM;
}

int trp_mesh_requests_status(struct trp_control_session *session,
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

int trp_mesh_requests_nodes(struct trp_control_session *session,
			    const void *message)
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
