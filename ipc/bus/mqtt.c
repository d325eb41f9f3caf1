/* SPDX-License-Identifier: MIT */
#include "ipc/bus/mqtt.h"

#include <errno.h>
#include <stdlib.h>
#include "ipc/bus/bus.h"
#include "ipc/bus/mqtt_client.h"
#include "ipc/bus/mqtt_mail.h"
#include "ipc/library.h"
#include "libraries.h"

/*
 * A topic of an MQTT broker; QoS 1 both ways.  Messages that were unsent when
 * the link broke are never sent later.
 */

/* clang-format off */
#define FUNCTIONS(F) \
	F(mosquitto_, connect_callback_set) F(mosquitto_, publish) \
	F(mosquitto_, message_callback_set) F(mosquitto_, subscribe) \
	F(mosquitto_, subscribe_callback_set)
/* clang-format on */
TRP_LIBRARY(mosquitto, LIBRARY_LIBMOSQUITTO, FUNCTIONS);

/* MQTT 3.1.1, 3.2.2.3 */
static void on_connect(struct mosquitto *client, void *user, int code)
{
	struct trp_bus *bus = user;
	struct trp_mqtt_client *mqtt = bus->state;

	if (code)
		mqtt->error = code == 4 || code == 5 ? -EACCES : -ECONNREFUSED;
	else
		mqtt->error = trp_mqtt_client_error(mosquitto.subscribe(
			client, NULL, bus->address.path, 1));
}

static void on_subscribe(struct mosquitto *client, void *user, int id,
			 int count, const int *granted)
{
	struct trp_bus *bus = user;
	struct trp_mqtt_client *mqtt = bus->state;

	if (count < 1 || granted[0] > 2)
		mqtt->error = -EACCES;
	else
		trp_bus_up(bus);
}

static void on_message(struct mosquitto *client, void *user,
		       const struct mosquitto_message *message)
{
	struct trp_bus *bus = user;

	if (message->payloadlen > 0 && message->payloadlen <= TRP_BUS_SIZE_MAX)
		bus->calls->deliver(bus->user, message->payload,
				    (size_t)message->payloadlen);
	else
		bus->lost++;
}

static void mqtt_disconnect(struct trp_bus *bus)
{
	trp_mqtt_client_drop(bus->state);
	free(bus->state);
}

static int mqtt_connect(struct trp_bus *bus)
{
	struct trp_mqtt_client *client;
	int r = trp_library_load(&mosquitto_library);

	if (r < 0)
		return r;
	client = calloc(1, sizeof(*client));
	if (!client)
		return -ENOMEM;
	r = trp_mqtt_client_new(bus, client);
	if (r < 0) {
		free(client);
		return r;
	}
	bus->state = client;
	mosquitto.connect_callback_set(client->handle, on_connect);
	mosquitto.subscribe_callback_set(client->handle, on_subscribe);
	mosquitto.message_callback_set(client->handle, on_message);
	r = trp_mqtt_client_connect(bus, client);
	if (r < 0) {
		bus->state = NULL;
		trp_mqtt_client_drop(client);
		free(client);
	}
	return r;
}

static int mqtt_ready(struct trp_bus *bus)
{
	int r = trp_mqtt_client_read(bus->state);

	return r < 0 ? r : trp_mqtt_client_write(bus, bus->state);
}

static int mqtt_send(struct trp_bus *bus, const void *payload, size_t length)
{
	struct trp_mqtt_client *client = bus->state;
	int r = mosquitto.publish(client->handle, NULL, bus->address.path,
				  (int)length, payload, 1, false);

	if (r)
		return trp_mqtt_client_error(r);
	return trp_mqtt_client_watch(bus, client);
}

const struct trp_bus_kind trp_bus_mqtt = {
	.name = "mqtt",
	.join = "/",
	.port = 1883,
	.has_user = true,
	.refuses = "+#",
	.connect = mqtt_connect,
	.disconnect = mqtt_disconnect,
	.ready = mqtt_ready,
	.send = mqtt_send,
	.pause_ns = 1000000000,
	.mail = &trp_bus_mqtt_mail,
};
