/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The control socket of a node: DIR/NODE.sock (ipc/runtime_dir.h), where
 * processes of the same user, or root, ask the supervisor.  Each connection is
 * a session.
 *
 * Nothing here waits.  An answer is pulled: more() is called whenever there is
 * room for an item; a subscription, which sends by itself, calls
 * trp_control_server_say() and counts refused items.
 */

#include <protobuf-c/protobuf-c.h>
#include "ipc/wait.h"
#include "runtime/node/options.h"
#include "runtime/node/timers.h"

struct trp_supervisor;

enum { TRP_CONTROL_SESSIONS = 256 };

/* Results of more(), beside 0 or -errno: the answer is complete. */
enum {
	TRP_CONTROL_MORE = 1,  /* an item was sent: call again */
	TRP_CONTROL_LATER = 2, /* only after the session sends again */
};

struct trp_control_session {
	struct trp_supervisor *supervisor;
	struct trp_control_session *next, **link;
	struct trp_watch watch;
	int64_t heard_at; /* troupe_now() */
	bool is_waiting;  /* for the end of the node */
	pid_t pid;	  /* when it came; not 0 */
	void *module;	  /* the state of the module that was asked last */
	/* NULL: no answer is under way, and it may ask. */
	int (*more)(struct trp_control_session *session);
	/* It ends: free `data`.  NULL: nothing to do. */
	void (*gone)(struct trp_control_session *session);
	void *data;
	uint32_t cursor;
	const char *why; /* sent with a failure; static, or NULL */
	void *kept;	 /* a packet that waits for room: no more() */
	size_t kept_size;
};

/*
 * Starts the answer to a request of that type.  0 or -errno: the whole answer;
 * TRP_CONTROL_MORE: session->more is set.  -EBADMSG: drop the session.
 */
typedef int trp_control_ask(struct trp_control_session *session, uint64_t type,
			    const void *body, size_t size);

struct trp_control_server {
	trp_control_ask *ask;
	struct trp_watch listener;
	struct troupe_timer pause;
	struct trp_control_session *sessions;
	uint32_t count;
	int dir;
	uint64_t device, inode;	       /* of the socket's name */
	char node[TRP_NODE_NAME_SIZE]; /* "": it is not open */
};

/*
 * Opens the socket of the node of that name; "": none.  Names of dead nodes are
 * removed.  0; -EADDRINUSE: such a node is running; or as
 * trp_runtime_dir_make() and bind(2).
 */
int trp_control_server_open(struct trp_supervisor *supervisor, const char *node,
			    trp_control_ask *ask);

/* Closes all sessions, and removes the name. */
void trp_control_server_close(struct trp_supervisor *supervisor);

/*
 * Sends an item.  0, also if it is kept until there is room; -EAGAIN: one is
 * kept already, this one is lost; -EMSGSIZE, -ENOMEM.
 */
int trp_control_server_say(struct trp_control_session *session,
			   const ProtobufCMessage *message);

/* The same with descriptors (borrowed), which are not kept: -EAGAIN. */
int trp_control_server_say_with(struct trp_control_session *session,
				const ProtobufCMessage *message, const int *fds,
				size_t count);

/* Closes it; the session is freed. */
void trp_control_server_drop(struct trp_control_session *session);
