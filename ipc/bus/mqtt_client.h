/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A client of an MQTT broker, by libmosquitto without its threads.  Each link
 * is a new client and a clean session.  Its user is the bus.
 */

#include <mosquitto.h>
#include <stdbool.h>

struct trp_bus;

struct trp_mqtt_client {
	struct mosquitto *handle;
	int socket;
	uint32_t events; /* that are watched */
	int error;	 /* what a callback found */
};

/* Loads the library; with user, password and TLS of the address.  0, or a
 * negative errno, and nothing is to be dropped. */
int trp_mqtt_client_new(struct trp_bus *bus, struct trp_mqtt_client *client);
void trp_mqtt_client_drop(struct trp_mqtt_client *client);

int trp_mqtt_client_connect(struct trp_bus *bus,
			    struct trp_mqtt_client *client);

/* Reads a packet or more; callbacks are called.  A negative errno: the link is
 * lost, or a callback has set an error. */
int trp_mqtt_client_read(struct trp_mqtt_client *client);

/* After what was read: writes, keeps alive, and watches the socket. */
int trp_mqtt_client_write(struct trp_bus *bus, struct trp_mqtt_client *client);

/* Polls for output only while there is something to write. */
int trp_mqtt_client_watch(struct trp_bus *bus, struct trp_mqtt_client *client);

/* Something waits to be written. */
bool trp_mqtt_client_is_full(const struct trp_mqtt_client *client);

/* A result of libmosquitto as 0 or a negative errno. */
int trp_mqtt_client_error(int r);
