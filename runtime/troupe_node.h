/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_NODE_H
#define TROUPE_NODE_H

/*
 * Other nodes of the mesh (troupe_mesh.h), over a bus that carries mail:
 * whether they are there, their actors by name, and new actors on them.  A
 * reference of another node is used as any other; functions that cannot reach
 * there return -ENOTSUP.  Errors and ownership as in troupe.h.
 */

#include "troupe.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The name of this node; "" in a guest.  Static. */
TROUPE_API const char *troupe_node_name(void);

/*
 * A node has a name (--node), and each of its runs a number, which is in its
 * references: those of a run that has ended reach nobody.
 *
 * From now on events TROUPE_MESH_NODE_UP and TROUPE_MESH_NODE_DOWN about runs
 * of that node come as messages, to be read by troupe_mesh_event(); NULL: of
 * all nodes but this one.  The first tells how it is now: NODE_DOWN if nobody
 * of that name is heard of within two seconds.  A run that is followed by
 * another is told as down before that is told as up.  Again is 0.
 * Returns 0; -EINVAL: not the name of a node; -ENOTCONN: this node is in no
 * such mesh; -ENOMEM.
 */
TROUPE_API int troupe_monitor_node(const char *node);
TROUPE_API int troupe_demonitor_node(const char *node);

/*
 * The actor that is registered under `name` there; or, if that begins with '/',
 * the one at that address (troupe_tree.h).  Waits, and no handler runs
 * meanwhile; it ends the answer of an earlier troupe_ask().
 * Returns 0; -ENOENT: nobody there has it; -EHOSTUNREACH: that node is down;
 * -ETIMEDOUT; -ECANCELED: told to stop; -EINVAL; -ENOTCONN; -ENOMEM; or as
 * troupe_ask().
 */
TROUPE_API int troupe_whereis_at(const char *node, const char *name,
				 struct troupe_time deadline,
				 troupe_ref *ret_ref);

/*
 * The classes that other nodes may start here: an application defines the
 * table, which ends with NULL, and exports it.
 *
 *	const struct troupe_class *const troupe_classes[] = { &clerk, NULL };
 */
extern const struct troupe_class *const troupe_classes[];

/*
 * Starts an actor of the class of that name on another node that runs the same
 * build of the same application.  It is no child of the caller, but stopped
 * when the caller ends or their nodes lose each other; to hear of its end,
 * monitor it.  On that node it is a child of the mail actor.  Otherwise as
 * troupe_whereis_at().  Also -ENOENT: that application exports no such class;
 * -EPROTO: that node runs another build; -EMSGSIZE; or as troupe_spawn(),
 * there.
 */
TROUPE_API int troupe_spawn_at(const char *node, const char *klass,
			       const ProtobufCMessage *arguments,
			       struct troupe_time deadline,
			       troupe_ref *ret_ref);

#ifdef __cplusplus
}
#endif

#endif
