/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_MESH_H
#define TRP_RUNTIME_MESH_H

/*
 * The node in its mesh: the supervisor's side.  It runs the beacon, whose
 * messages come and go through the bus actor, and knows who is there, who is
 * it, and who holds the seat.
 *
 *	mesh.c		the beacon's life in the supervisor
 *	mesh_bus.c	the bus actor: bytes, client libraries
 *	mesh_pack.c	beacon messages between the two
 *	mesh_value.c	what a node says of itself in its value
 *	mesh_desk.c	what actors and sessions ask, and are told
 *	mesh_view.c	all that is known, as a message
 *	mesh_roster.c	who is live
 *	mesh_seat.c	singletons
 */

#include "ipc/bus/bus.h"
#include "runtime/supervisor/control_server.h"
#include "runtime/supervisor/restart.h"
#include "runtime/mesh/mesh.pb-c.h"
#include "runtime/mesh/members.h"
#include "runtime/node/options.h"
#include "runtime/supervisor/requests.h"
#include "runtime/election/leadership.h"
#include "runtime/troupe_mesh.h"

struct trp_singleton {
	struct trp_singleton *next;
	struct trp_restart restart;
	bool is_declared;
};

struct trp_subscriber {
	struct trp_subscriber *next;
	troupe_ref ref;			     /* an actor, or */
	struct trp_control_session *session; /* one at the control socket */
};

struct trp_mesh {
	struct trp_supervisor *supervisor;
	const struct trp_mesh_options *options;
	const char *node;
	uint64_t incarnation; /* milliseconds of the calendar at its start */
	size_t value_max;     /* bytes of a ping that the bus takes */

	struct trp_beacon *beacon;
	struct trp_leadership leadership;
	struct troupe_timer due; /* of the beacon, or when it starts again */
	char value[TRP_WIRE_VALUE_MAX + 1];
	struct trp_scalar value_scalar;
	char it[TRP_WIRE_NAME_MAX + 1]; /* who is it, as far as is known */
	int clashes;			/* of its name, lately */
	struct troupe_time clashed;
	bool is_lost;  /* it has given up */
	bool is_short; /* said already: not all offers fit the value */

	struct trp_restart bus;
	char channel[600]; /* the bus, for people */
	bool is_up;
	int bus_error;		       /* why it is down */
	struct trp_time leader_missed; /* its holder is not missed before */
	unsigned unanswered;
	struct troupe_time asked; /* the oldest of these */
	uint64_t unsaid, lost;

	struct trp_mesh_members members;
	bool are_members_stale;
	bool is_leader; /* as the singletons know it */
	struct trp_singleton *singletons;
	struct trp_subscriber *subscribers;
};

/* The actor that has the bus; it finds its options in trp_node. */
extern const struct troupe_class trp_mesh_bus_actor;

/*
 * Joins the mesh that the options name.  Returns 0; -EINVAL, when it has
 * logged why; -ENOMEM.
 */
int trp_mesh_open(struct trp_supervisor *supervisor,
		  const struct trp_options *options);
/* The node ends: nothing of it is to run when others begin. */
void trp_mesh_leave(struct trp_supervisor *supervisor);
void trp_mesh_close(struct trp_supervisor *supervisor);

/* The codec that a bus of this kind speaks unless told; NULL: none is built. */
const char *trp_mesh_codec(const struct trp_bus_kind *kind);

/* ---- requests, see requests.h ------------------------------------------- */

int trp_mesh_on_heard(struct trp_request *request);
int trp_mesh_on_changed(struct trp_request *request);
int trp_mesh_on_said(struct trp_request *request);
int trp_mesh_on_subscribe(struct trp_request *request);
int trp_mesh_on_look(struct trp_request *request);
int trp_mesh_on_offer(struct trp_request *request);
int trp_mesh_singleton_request(struct trp_request *request);

/* ---- for sessions, see sessions.c ---------------------------------------- */

int trp_mesh_ask_status(struct trp_control_session *session,
			const void *message);
int trp_mesh_ask_nodes(struct trp_control_session *session,
		       const void *message);
int trp_mesh_ask_watch(struct trp_control_session *session,
		       const void *message);

/* ---- between the files -------------------------------------------------- */

/* What this node says of itself behind the leadership's record. */
void trp_mesh_announcement_say(struct trp_mesh *mesh, char *space, size_t size);

/* What another one has said; `text` need not end in NUL. */
struct trp_mesh_announcement {
	uint64_t incarnation;
	uint32_t load; /* of a hundredth of a processor, over a minute */
	uint32_t actors;
	const char *offers; /* trp_mesh_announcement_offer() */
	size_t length;
};
/* Returns 0 or -EBADMSG: it says nothing that we know. */
int trp_mesh_announcement_read(const char *text, size_t length,
			       struct trp_mesh_announcement *ret_said);
/* Takes one offer off.  False: there is none left. */
struct trp_mesh_offer {
	char name[TROUPE_NAME_SIZE];
	char where[TROUPE_WHERE_SIZE];
};
bool trp_mesh_announcement_offer(struct trp_mesh_announcement *said,
				 struct trp_mesh_offer *ret_offer);

/* Tells all subscribers. */
void trp_mesh_subscribers_tell(struct trp_mesh *mesh,
			       const struct troupe_mesh_event *event);
void trp_mesh_subscribers_fini(struct trp_mesh *mesh);

/* All that is known; for free(), packed; offer "": of all nodes.  -ENOMEM. */
int trp_mesh_view(struct trp_mesh *mesh, const char *offer,
		  ProtobufCBinaryData *ret_view);

/* Starts or stops the singletons, when the seat has come or gone. */
void trp_mesh_singleton_look(struct trp_mesh *mesh);
void trp_mesh_singleton_fini(struct trp_mesh *mesh);

/* How long a singleton has to stop: before the next one may begin. */
int64_t trp_mesh_singleton_grace_ms(const struct trp_mesh *mesh);

#endif
