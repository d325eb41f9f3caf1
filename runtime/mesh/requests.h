/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Requests about the mesh: of actors (supervisor/requests.h), and over the
 * control socket (supervisor/control_server.h).
 */

struct trp_request;
struct trp_control_session;

int trp_mesh_requests_subscribe(struct trp_request *request);
int trp_mesh_requests_look(struct trp_request *request);
int trp_mesh_requests_offer(struct trp_request *request);

int trp_mesh_requests_status(struct trp_control_session *session,
			     const void *message);
int trp_mesh_requests_watch(struct trp_control_session *session,
			    const void *message);
