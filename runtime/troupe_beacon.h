/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_BEACON_H
#define TROUPE_BEACON_H

/*
 * The beacon of this node, steered by its application: a value, readiness,
 * settings, and messages to all nodes.  Errors and ownership as in
 * troupe_mesh.h; -ENOTCONN: the node is in no mesh.
 */

#include "troupe_mesh.h"
#include "troupe_value.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the value ----------------------------------------------------------- */

enum { TROUPE_BEACON_TEXT_MOST = 255, TROUPE_BEACON_SAY_MOST = 2048 };

/*
 * A value of this node for all others, with its next ping.  Where two nodes
 * ping at once the greater value wins: none, then numbers (true is 1), then
 * texts by their bytes; so the application decides on priority.  NULL or null:
 * none, as at first.  It outlives the actor that sets it. Returns 0; -EINVAL:
 * not null, a bool, a finite number or a text without control characters;
 * -EMSGSIZE: a longer text; -ENOTCONN; -ENOMEM.
 */
TROUPE_API int troupe_beacon_set_value(const struct troupe_value *value);

/*
 * The value of a node as last heard; NULL: of this node, as set.  The caller
 * frees it.
 * Returns 0; -ENOENT: it was not heard, or has none; -ENOTCONN; -ENOMEM.
 */
TROUPE_API int troupe_beacon_value(const char *node,
				   struct troupe_value **ret_value);

/* ---- taking part --------------------------------------------------------- */

/*
 * A node that is not ready leaves turns to nodes with values, and does not
 * claim the leadership; it keeps it if it has it.  A node is ready unless this
 * says otherwise.  0, -ENOTCONN.
 */
TROUPE_API int troupe_beacon_set_ready(bool is_ready);

/*
 * A disabled node sends nothing, is neither it nor the leader, and hears the
 * others.  Enabled, it pings at once.  Again is 0.  0, -ENOTCONN.
 */
TROUPE_API int troupe_beacon_enable(void);
TROUPE_API int troupe_beacon_disable(void);

/* ---- settings ------------------------------------------------------------ */

/* As the options of troupe(1). */
struct troupe_beacon_config {
	int64_t version;
	double cycle_s;
	double gap_s;
	int64_t listed; /* 0: any number */
	int64_t splits;
	int64_t hosts;
	bool force_in;
};

/* Those in force. 0, -ENOTCONN, -ENOMEM. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" /* C++: the name of a struct too */
TROUPE_API int troupe_beacon_config(struct troupe_beacon_config *ret_config);
#pragma GCC diagnostic pop

/*
 * Settings for all nodes from now on.  version 0: the next but one, as nodes
 * count one up by themselves.
 * Returns 0; -EINVAL: impossible ones; -ESTALE: the version is not above the
 * one in force; -ENOTCONN.
 */
TROUPE_API int troupe_beacon_configure(
	const struct troupe_beacon_config *config);

/* ---- messages and events ------------------------------------------------- */

/*
 * Sends bytes to all nodes, this one included: their subscribers get
 * TROUPE_MESH_SAID.  It may be lost on the way, as any message of the bus.
 * Returns 0; -EMSGSIZE: more than the bus takes, or than
 * TROUPE_BEACON_SAY_MOST; -ENETDOWN: the bus is down; -EHOSTDOWN: the node is
 * disabled, or still joins; -EAGAIN: the bus lags behind; -ENOTCONN.
 */
TROUPE_API int troupe_beacon_say(const void *bytes, size_t size);

enum { TROUPE_BEACON_PAST_MOST = 64 };

/*
 * troupe_mesh_subscribe() with as many of the latest events first, which are
 * marked is_past.  The subscription lasts until the actor ends for good, also
 * where a supervisor restarts it.  0, -ENOTCONN, -ENOMEM.
 */
TROUPE_API int troupe_beacon_subscribe(unsigned past);

#ifdef __cplusplus
}
#endif

#endif
