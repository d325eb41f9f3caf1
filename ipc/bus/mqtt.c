/* SPDX-License-Identifier: MIT */
#include "ipc/bus/mqtt.h"

#include <errno.h>
#include <mosquitto.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "ipc/bus/bus.h"
#include "ipc/library.h"
#include "libraries.h"

/*
 * A topic of an MQTT broker, by libmosquitto without its threads; QoS 1 both
 * ways.  Each link is a new client and a clean session: messages that were
 * unsent when the link broke are never sent later.
 */

#define KEEPALIVE_S  10
#define READ_PACKETS 64

/* clang-format off */
#define FUNCTIONS(F) \
	F(mosquitto_, connect) F(mosquitto_, connect_callback_set) \
	F(mosquitto_, destroy) F(mosquitto_, disconnect) \
	F(mosquitto_, lib_init) F(mosquitto_, loop_misc) \
	F(mosquitto_, loop_read) F(mosquitto_, loop_write) \
	F(mosquitto_, message_callback_set) F(mosquitto_, new) \
	F(mosquitto_, publish) F(mosquitto_, socket) F(mosquitto_, subscribe) \
	F(mosquitto_, subscribe_callback_set) F(mosquitto_, tls_insecure_set) \
	F(mosquitto_, tls_set) F(mosquitto_, username_pw_set) \
	F(mosquitto_, want_write)
/* clang-format on */
TRP_LIBRARY(mosquitto, LIBRARY_LIBMOSQUITTO, FUNCTIONS);

struct mqtt {
	struct mosquitto *client;
	int socket;
	int error; /* what a callback found */
};

static int from_mosquitto(int r)
{
	switch (r) {
	case MOSQ_ERR_SUCCESS:
		return 0;
	case MOSQ_ERR_NOMEM:
		return -ENOMEM;
	case MOSQ_ERR_NO_CONN:
	case MOSQ_ERR_CONN_LOST:
		return -ECONNRESET;
	case MOSQ_ERR_CONN_REFUSED:
		return -ECONNREFUSED;
	case MOSQ_ERR_AUTH:
	case MOSQ_ERR_ACL_DENIED:
		return -EACCES;
	case MOSQ_ERR_TLS:
		return -EPROTO;
	case MOSQ_ERR_EAI:
		return -EHOSTUNREACH;
	case MOSQ_ERR_PAYLOAD_SIZE:
	case MOSQ_ERR_OVERSIZE_PACKET:
		return -EMSGSIZE;
	case MOSQ_ERR_ERRNO:
		return errno ? -errno : -EIO;
	default:
		return -EIO;
	}
}

/* MQTT 3.1.1, 3.2.2.3 */
static void on_connect(struct mosquitto *client, void *user, int code)
{
	struct trp_bus *bus = user;
	struct mqtt *mqtt = bus->state;

	if (code)
		mqtt->error = code == 4 || code == 5 ? -EACCES : -ECONNREFUSED;
	else
		mqtt->error = from_mosquitto(mosquitto.subscribe(
			client, NULL, bus->address.path, 1));
}

static void on_subscribe(struct mosquitto *client, void *user, int id,
			 int count, const int *granted)
{
	struct trp_bus *bus = user;
	struct mqtt *mqtt = bus->state;

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

/* For a missing file the library reports only a failure. */
static int look_at(const char *path)
{
	return *path && access(path, R_OK) < 0 ? -errno : 0;
}

static int look_at_files(const struct trp_bus_address *address)
{
	int r = look_at(address->ca);

	if (r == 0)
		r = look_at(address->cert);
	return r == 0 ? look_at(address->key) : r;
}

static int set_tls(struct mosquitto *client,
		   const struct trp_bus_address *address)
{
	const char *ca = *address->ca ? address->ca : NULL;
	const char *cert = *address->cert ? address->cert : NULL;
	const char *key = *address->key ? address->key : NULL;
	int r;

	if (!address->is_tls)
		return 0;
	r = look_at_files(address);
	if (r < 0)
		return r;
	r = mosquitto.tls_set(client, ca, ca ? NULL : "/etc/ssl/certs", cert,
			      key, NULL);
	if (r == 0 && address->is_insecure)
		r = mosquitto.tls_insecure_set(client, true);
	return from_mosquitto(r);
}

static int set_up(struct mosquitto *client,
		  const struct trp_bus_address *address)
{
	const char *password = *address->password ? address->password : NULL;
	int r = 0;

	mosquitto.connect_callback_set(client, on_connect);
	mosquitto.subscribe_callback_set(client, on_subscribe);
	mosquitto.message_callback_set(client, on_message);
	if (*address->user)
		r = from_mosquitto(mosquitto.username_pw_set(
			client, address->user, password));
	return r < 0 ? r : set_tls(client, address);
}

/* Polls for output only while there is something to write. */
static int watch(struct trp_bus *bus)
{
	struct mqtt *mqtt = bus->state;
	uint32_t events = EPOLLIN;

	mqtt->socket = mosquitto.socket(mqtt->client);
	if (mqtt->socket < 0)
		return -ECONNRESET;
	if (mosquitto.want_write(mqtt->client))
		events |= EPOLLOUT;
	return trp_bus_watch(bus, mqtt->socket, events);
}

static void init_library(void)
{
	mosquitto.lib_init();
}

static void mqtt_disconnect(struct trp_bus *bus)
{
	struct mqtt *mqtt = bus->state;

	mosquitto.disconnect(mqtt->client);
	mosquitto.destroy(mqtt->client);
	free(mqtt);
}

static int mqtt_connect(struct trp_bus *bus)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct mqtt *mqtt;
	int r = trp_library_load(&mosquitto_library);

	if (r < 0)
		return r;
	mqtt = calloc(1, sizeof(*mqtt));
	if (!mqtt)
		return -ENOMEM;
	pthread_once(&once, init_library);
	bus->state = mqtt;
	mqtt->client = mosquitto.new(NULL, true, bus);
	if (!mqtt->client) {
		free(mqtt);
		return -ENOMEM;
	}
	r = set_up(mqtt->client, &bus->address);
	if (r == 0)
		r = from_mosquitto(
			mosquitto.connect(mqtt->client, bus->address.host,
					  bus->address.port, KEEPALIVE_S));
	if (r == 0)
		r = watch(bus);
	if (r < 0)
		mqtt_disconnect(bus);
	return r;
}

static int mqtt_ready(struct trp_bus *bus)
{
	struct mqtt *mqtt = bus->state;
	int r = mosquitto.loop_read(mqtt->client, READ_PACKETS);

	if (r == 0)
		r = mosquitto.loop_write(mqtt->client, 1);
	if (r == 0)
		r = mosquitto.loop_misc(mqtt->client);
	if (mqtt->error)
		return mqtt->error;
	return r ? from_mosquitto(r) : watch(bus);
}

static int mqtt_send(struct trp_bus *bus, const void *payload, size_t length)
{
	struct mqtt *mqtt = bus->state;
	int r = mosquitto.publish(mqtt->client, NULL, bus->address.path,
				  (int)length, payload, 1, false);

	if (r)
		return from_mosquitto(r);
	return watch(bus);
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
};
