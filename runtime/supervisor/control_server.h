/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The control socket of a node: DIR/NODE.sock (ipc/runtime_dir.h), where
 * processes of the same user, or root, ask the supervisor.  Each connection is
 * a session.
 *
 * Nothing here waits.  An answer is pulled: more() is called whenever there is
 * room for an item; what says something by itself (a subscription) calls
 * trp_control_server_say() and counts what is refused.
 *
 *	kept != NULL ==> the socket was full; more() is not called
 *	more == NULL <==> no answer is under way: the session may ask
 */

#include <protobuf-c/protobuf-c.h>
#include "ipc/wait.h"
#include "runtime/node/options.h"
#include "runtime/node/timers.h"

struct trp_supervisor;

enum { TRP_CONTROL_SESSIONS = 256 };

/* Results of more(), beside 0 or -errno: the answer is complete. */
enum {
	TRP_CONTROL_MORE = 1,  /* something was said: call again */
	TRP_CONTROL_LATER = 2, /* not before the session is heard of again */
};

struct trp_control_session {
	struct trp_supervisor *supervisor;
	struct trp_control_session *next, **link;
	struct trp_watch watch;
	int64_t heard_at; /* troupe_now() */
	bool is_waiting;  /* for the end of the node */
	pid_t pid;	  /* when it came; not 0 */
	void *module;	  /* the state of the one that was asked last */
	int (*more)(struct trp_control_session *session);
	/* It goes: `data` is to be given up.  NULL: nothing to do. */
	void (*gone)(struct trp_control_session *session);
	void *data;
	uint32_t cursor;
	const char *why; /* told with a failure; static, or NULL */
	void *kept;	 /* a packet that had no room yet */
	size_t kept_size;
};

/*
 * Begins the answer to a request of that type.  0 or -errno: that is the whole
 * answer; TRP_CONTROL_MORE: session->more is set.  -EBADMSG: drop the session.
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
 * Opens the socket of the node of that name; "": there is to be none.  Names of
 * dead nodes are removed.  0; -EADDRINUSE: such a node is running; or as
 * trp_runtime_dir_make() and bind(2).
 */
int trp_control_server_open(struct trp_supervisor *supervisor, const char *node,
			    trp_control_ask *ask);

/* Everybody is sent away, and the name is removed. */
void trp_control_server_close(struct trp_supervisor *supervisor);

/*
 * Says an item.  0, also when it is kept until there is room; -EAGAIN: one is
 * kept already, this one is lost; -EMSGSIZE, -ENOMEM.
 */
int trp_control_server_say(struct trp_control_session *session,
			   const ProtobufCMessage *message);

/* The same with descriptors (borrowed), which are not kept: -EAGAIN. */
int trp_control_server_say_with(struct trp_control_session *session,
				const ProtobufCMessage *message, const int *fds,
				size_t count);

/* Sends it away; the session is no more. */
void trp_control_server_drop(struct trp_control_session *session);
