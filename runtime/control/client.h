/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The other end of a control socket: asks a running node.  It waits for the
 * answers, TRP_CLIENT_MS at most for each item unless told otherwise.
 */

#include "runtime/node/options.h"
#include "runtime/control/protocol.h"
#include "serialize/scratch.h"

enum { TRP_CLIENT_MS = 10000, TRP_CLIENT_WHY = 512 };

struct trp_client {
	int fd; /* for poll(2); closed with the client */
	struct trp_scratch scratch;
	struct trp_scratch_mark mark;
	struct trp_protocol_packet packet;
	char node[TRP_NODE_NAME_SIZE];
	char why[TRP_CLIENT_WHY]; /* of the last failure, for people */
};

/*
 * Connects to the node of that name; NULL: the one in $TROUPE_NODE, else the
 * only one that is running.  A failure sets client->why, and leaves nothing to
 * close.
 * 0; -ENOENT: no such node, or none at all; -EUSERS: several are running;
 * -EINVAL: not a node name; -EPERM: the directory is not private; -ETIMEDOUT: a
 * signal has stopped it; or as connect(2).
 */
int trp_client_open(struct trp_client *client, const char *node);

/*
 * The same; root is let in to the nodes of any user, to ask.  It must neither
 * map the memory of such a node nor load its application: that may be anything.
 */
int trp_client_open_any(struct trp_client *client, const char *node);
void trp_client_close(struct trp_client *client);

/* The longest wait for each item; -1: for ever. */
void trp_client_patience(struct trp_client *client, int64_t ms);

/* Sends a request.  0; or as trp_protocol_send(), with client->why. */
int trp_client_ask(struct trp_client *client, const ProtobufCMessage *request);

/*
 * The next item of the answer, of that type, borrowed until the next call:
 * 1; 0: the answer is complete; negative: the request's failure, or -ETIMEDOUT;
 * -ECONNRESET: the node has ended; -EPROTO: another type of item.  fds: the
 * most descriptors that may come with it, in client->packet.
 */
int trp_client_next(struct trp_client *client,
		    const ProtobufCMessageDescriptor *type, size_t fds,
		    const ProtobufCMessage **ret_item);

/*
 * A request whose answer is at most one item: 0 with it in *ret_item (NULL:
 * there was none), or as above.
 */
int trp_client_get(struct trp_client *client, const ProtobufCMessage *request,
		   const ProtobufCMessageDescriptor *type,
		   const ProtobufCMessage **ret_item);
