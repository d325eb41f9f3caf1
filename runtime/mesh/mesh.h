/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The node in its mesh: the supervisor's side, one of its modules.  It runs the
 * beacon, whose messages go through the bus actor, and knows which nodes are
 * live, which of them is it, and which leads.
 */

#include <protobuf-c/protobuf-c.h>
#include <time.h>
#include "ipc/bus/bus.h"
#include "ipc/bus/kinds.h"
#include "runtime/election/leadership.h"
#include "runtime/mesh/members.h"
#include "runtime/mesh/voice.h"
#include "runtime/node/options.h"
#include "runtime/supervisor/module.h"
#include "runtime/supervisor/restart.h"

/* The latest events, packed; a ring. */
enum { TRP_MESH_PAST = 64, TRP_MESH_BUSY = 16 };
struct trp_mesh_past {
	ProtobufCBinaryData at[TRP_MESH_PAST];
	uint64_t count; /* of all that there were */
};

struct trp_mesh_singleton;
struct trp_mesh_subscriber;

struct trp_mesh {
	struct trp_supervisor *supervisor;
	const struct trp_mesh_options *options;
	const char *node;
	uint64_t incarnation; /* milliseconds of the calendar at its start */
	size_t value_max;     /* bytes of a ping that the bus takes */
	bool carries_mail;    /* the bus */

	struct trp_beacon *beacon;
	struct trp_leadership leadership;
	struct troupe_timer due; /* of the beacon, or when it starts again */
	struct trp_mesh_voice voice;
	char it[TRP_WIRE_NAME_MAX + 1]; /* which node is it, as known */
	int clashes;			/* of its name, lately */
	struct troupe_time clashed;
	bool is_lost;  /* it has given up */
	bool is_ready; /* its application says so */
	bool is_deaf;  /* the bus does not deliver its messages to it */
	bool is_short; /* logged already: not all offers fit the value */

	struct trp_restart bus;
	char channel[600]; /* the bus, for people */
	bool is_up;
	int bus_error;		       /* why it is down */
	struct trp_time leader_missed; /* the leader is not missed before */
	unsigned unanswered;	  /* from TRP_MESH_BUSY on it lags behind */
	struct troupe_time asked; /* the oldest of these */
	uint64_t unsaid, lost;

	struct trp_mesh_members members;
	bool are_members_stale;
	bool is_leader; /* as the singletons know it */
	struct trp_mesh_singleton *singletons;
	struct trp_mesh_subscriber *subscribers;
	struct trp_mesh_past past;
};

static inline int64_t trp_mesh_calendar_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The mesh as a module of the supervisor. */
extern const struct trp_module trp_mesh_module;

/* The default codec of a bus of this kind; NULL: none is built. */
const char *trp_mesh_codec(const struct trp_bus_kind *kind);
