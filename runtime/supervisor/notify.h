/* SPDX-License-Identifier: MIT */
#pragma once

/* Notices, orders and answers for actors, and the kill of one that cannot get
 * them. */

#include <protobuf-c/protobuf-c.h>
#include "ipc/lane.h"

struct trp_supervisor;

/*
 * Sends to an actor; -ESRCH: it is gone.  Without memory for the message it is
 * killed: an actor never goes on after a missed notice.
 */
int trp_notify_tell(struct trp_supervisor *supervisor, uint32_t slot,
		    enum trp_stream stream, uint64_t correlation,
		    const ProtobufCMessage *message);

/* The same for a message, which it handles like any other. */
int trp_notify_send(struct trp_supervisor *supervisor, uint32_t slot,
		    const ProtobufCMessage *message);

/* A guest is expelled, another process gets SIGKILL. */
void trp_notify_kill(struct trp_supervisor *supervisor, uint32_t slot);
