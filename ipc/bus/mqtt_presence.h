/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The presence of runs by an MQTT broker: a node's runs say at TOPIC/at/NODE,
 * retained, that they are there.  The last will of a run says there that it has
 * gone.
 *
 * - A will may come after the next run of that name has spoken, and replace
 *   what the broker keeps: each run listens to its own topic, and says again
 *   that it is there.
 * - What a dead run has left in the broker is swept by those who find it, and
 *   by a run that ends in order.
 */

#include <mosquitto.h>
#include "ipc/bus/bus.h"

struct trp_mqtt_presence {
	bool is_listening; /* to its own topic */
	bool has_said;
};

/* Before it connects. */
int trp_mqtt_presence_will(struct trp_bus *bus, struct mosquitto *client);

/* Says and asks what is new. */
int trp_mqtt_presence_say(struct trp_bus *bus, struct mosquitto *client,
			  struct trp_mqtt_presence *state);

/* The node of such a topic; NULL: it is another one. */
const char *trp_mqtt_presence_node(const struct trp_bus *bus,
				   const char *topic);

/* Takes a message of that topic; not within a callback of the client. */
void trp_mqtt_presence_hear(struct trp_bus *bus, struct mosquitto *client,
			    const char *node, const void *bytes, size_t length,
			    bool is_kept);

/* Before it disconnects in order. */
void trp_mqtt_presence_leave(struct trp_bus *bus, struct mosquitto *client,
			     const struct trp_mqtt_presence *state);
