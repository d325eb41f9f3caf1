/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_MESH_H
#define TROUPE_MESH_H

/*
 * Several nodes: the live nodes, which one is it, their offers, and singletons.
 * A node is in a mesh if it was started with --beacon, see troupe(1); otherwise
 * all functions return -ENOTCONN.  Where the bus carries mail, an offer has the
 * reference of its actor (troupe_node.h); and a string that says where else to
 * connect.  Errors and ownership as in troupe.h.
 */

#include "troupe.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TROUPE_NODE_SIZE = 256, TROUPE_WHERE_SIZE = 64 };

/* ---- events -------------------------------------------------------------- */

enum troupe_mesh_kind {
	TROUPE_MESH_IT = 1,   /* this node is it, for most of a cycle */
	TROUPE_MESH_NOT_IT,   /* no longer; node: the winner, or "" */
	TROUPE_MESH_OTHER_IT, /* node is it */
	TROUPE_MESH_CAME,     /* node is live */
	TROUPE_MESH_WENT,     /* node was not heard for too long */
	/*
	 * A split is healed.  local: the list of this side, in which this node
	 * had place prio; remote: that of the other side, in force now if
	 * is_replaced.
	 */
	TROUPE_MESH_HEALED,
	TROUPE_MESH_LEADING,   /* singletons run here; term, fence */
	TROUPE_MESH_FOLLOWING, /* they stop; node: the leader, or "" */
	TROUPE_MESH_UP,	       /* the bus is up */
	TROUPE_MESH_DOWN,      /* the bus is down; error */
	TROUPE_MESH_LOST, /* out of the mesh for good; error: -EEXIST: a node of
			     this name is there */
	TROUPE_MESH_SETUP, /* the settings of node are in force; version */
	TROUPE_MESH_DEAF,  /* this node does not hear its own messages, though
			      the bus is up: it claims nothing */
	/*
	 * This node has no value, but node has; remote: those nodes of its list
	 * that have one too.  See troupe_beacon.h.
	 */
	TROUPE_MESH_GOOD_NODES,
	TROUPE_MESH_SAID,      /* node said this, by troupe_beacon_say() */
	TROUPE_MESH_NODE_UP,   /* a run of node is there; see troupe_node.h */
	TROUPE_MESH_NODE_DOWN, /* it has gone, or none is there; error */
};

struct troupe_mesh_event {
	enum troupe_mesh_kind kind;
	const char *node; /* "": none */
	uint64_t term;
	uint64_t fence;
	int error;
	unsigned prio;
	bool is_replaced;
	const char *const *local;
	size_t local_count;
	const char *const *remote;
	size_t remote_count;
	int64_t version;
	int64_t at_ms;		   /* when it happened, since 1970 */
	bool is_past;		   /* before the subscription */
	const char *const *listed; /* the list then, the latest first */
	size_t listed_count;
	const char *value; /* of node, as JSON; "": not known */
	const void *said;
	size_t said_size;
	uint32_t run; /* its number in references; 0: none was heard of */
};

/* The type of messages with events; their sender is 0. */
extern TROUPE_API const ProtobufCMessageDescriptor
	troupe__beacon_event__descriptor;

/*
 * Events come as messages from now on; the first shows whether the bus is up.
 * Returns 0, -ENOTCONN, -ENOMEM; again is 0.  unsubscribe: 0, -ENOTCONN.
 */
TROUPE_API int troupe_mesh_subscribe(void);
TROUPE_API int troupe_mesh_unsubscribe(void);

/*
 * Reads such a message; ret_event borrows from it.
 * Returns 0, or -EINVAL: it is of another type.
 */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" /* C++: the name of a struct too */
TROUPE_API int troupe_mesh_event(const struct troupe_message *message,
				 struct troupe_mesh_event *ret_event);
#pragma GCC diagnostic pop

/* ---- live nodes, and their offers ---------------------------------------- */

/*
 * Offers the actor registered under `name` on this node, until it ends or the
 * name is free.  where: how to connect to it, up to 63 bytes without control
 * characters; NULL: "".  Other nodes get it with this node's next ping.  Offers
 * that do not fit into a message of the bus (Serf: 512 bytes) are left out and
 * logged.
 * Returns 0; -ENOENT: nothing is registered so; -EINVAL; -ENOMEM; -ENOTCONN.
 */
TROUPE_API int troupe_mesh_offer(const char *name, const char *where);
/* 0, -ENOENT, -ENOTCONN. */
TROUPE_API int troupe_mesh_withdraw(const char *name);

struct troupe_mesh_offer {
	char name[TROUPE_NAME_SIZE];
	char where[TROUPE_WHERE_SIZE];
	troupe_ref ref; /* of the actor; 0: that bus carries no mail */
};

struct troupe_mesh_node {
	char name[TROUPE_NODE_SIZE];
	bool is_self;
	bool is_it;
	bool is_leader;
	int64_t silent_ms;    /* since it was last heard */
	uint64_t incarnation; /* its start: ms since 1970; 0: unknown */
	double load;	      /* of its machine, over a minute */
	uint32_t actors;
	size_t offer_count;
	const struct troupe_mesh_offer *offer;
};

struct troupe_mesh_view {
	char mesh[TROUPE_NODE_SIZE];
	bool is_up;		       /* the bus */
	char it[TROUPE_NODE_SIZE];     /* "": not known */
	char leader[TROUPE_NODE_SIZE]; /* its holder; "": none */
	uint64_t term;		       /* the highest known */
	uint64_t sent, received;       /* beacon messages */
	uint64_t malformed;	       /* messages received */
	uint64_t lost;		       /* not sent, or not received */
	size_t count;
	const struct troupe_mesh_node *node; /* the live ones, by name */
};

/*
 * look: all live nodes.  find: those that offer `name`.  One block of memory,
 * for troupe_mesh_view_free().
 * Return 0, -ENOTCONN, -ENOMEM, -EINVAL.
 */
TROUPE_API int troupe_mesh_look(struct troupe_mesh_view **ret_view);
TROUPE_API int troupe_mesh_find(const char *name,
				struct troupe_mesh_view **ret_view);
TROUPE_API void troupe_mesh_view_free(struct troupe_mesh_view *view);

/* ---- singletons ---------------------------------------------------------- */

/*
 * An actor that runs only on the leader: declare it on every
 * node that may run it.  When a node becomes leader, it starts the actor as a
 * child of the supervisor, registered and offered as `name`.  When the node
 * is leader no longer, the actor is told to stop; after three quarters of the
 * gap it is killed with all that it has spawned, before another node starts it.
 * If it dies while its node leads, it is restarted in place (troupe_restart.h)
 * after a pause that grows from 0.1 to 15 s; if it ends normally, not before
 * the next term, unless its class is restarted always.
 *
 * In a split there may be one on each side: the resource that it guards must
 * refuse a smaller fence than it has seen.
 *
 * klass, arguments: as for troupe_spawn().  A second declaration replaces the
 * arguments for the next start.  The declaration outlives its actor.  Returns
 * 0; -EEXIST: declared with another class; -EINVAL, -EMSGSIZE, -ENOMEM,
 * -ENOTCONN.  end: it stops, and its declaration is removed; 0, -ENOENT,
 * -ENOTCONN.
 */
TROUPE_API int troupe_singleton(const char *name,
				const struct troupe_class *klass,
				const ProtobufCMessage *arguments);
TROUPE_API int troupe_singleton_end(const char *name);

/*
 * The fencing token of this singleton, greater in each term; and its term.  The
 * same in all actors that it has spawned; 0: not a singleton.
 */
TROUPE_API uint64_t troupe_fence(void);
TROUPE_API uint64_t troupe_term(void);

#ifdef __cplusplus
}
#endif

#endif
