/* SPDX-License-Identifier: MIT */
#include "ipc/bus/mqtt_mail.h"

#include <assert.h>
#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/bus/bus.h"
#include "ipc/bus/claim.h"
#include "ipc/bus/mqtt_client.h"
#include "ipc/bus/mqtt_presence.h"
#include "ipc/library.h"
#include "libraries.h"

/*
 * Mail by an MQTT 5 broker: each run subscribes to TOPIC/n/NUMBER.  QoS 0, as
 * sessions repeat what is lost; a frame that must be sure to find its number
 * goes by QoS 1, whose PUBACK tells that nobody has subscribed.
 *
 * - A number is ours when such a frame to it found nobody, and when nobody
 *   answers the claim that we send to it once we have subscribed.  Two that
 *   claim it at once both hear the other, and both give up.
 * - libmosquitto must not be called by its own callbacks: these only keep what
 *   they hear until it has returned.
 * - Its queue of unsent packets has no bound: nothing is given to it while
 *   something waits there.
 */

#define PACKETS_AT_ONCE 64
#define SURE_MOST	64

/* clang-format off */
#define FUNCTIONS(F) \
	F(mosquitto_, connect_callback_set) F(mosquitto_, int_option) \
	F(mosquitto_, message_callback_set) F(mosquitto_, publish_v5) \
	F(mosquitto_, publish_v5_callback_set) F(mosquitto_, subscribe_v5) \
	F(mosquitto_, subscribe_callback_set)
/* clang-format on */
TRP_LIBRARY(mosquitto, LIBRARY_LIBMOSQUITTO, FUNCTIONS);

struct heard {
	struct heard *next;
	char node[TRP_PRESENCE_NODE_SIZE]; /* of a presence; "": a frame */
	bool is_kept;			   /* it was, by the broker */
	size_t length;
	uint8_t payload[];
};

/* Of a frame whose PUBACK is awaited; mid 0: none. */
struct sure {
	int mid;
	uint32_t number;
};

struct mail {
	struct trp_mqtt_client client; /* first: `state` of the client, too */
	struct trp_claim claim;
	int probe; /* mid of the frame that asks whether the number is free */
	int inbox; /* that of the subscription */
	bool is_free, is_subscribed;
	bool was_full;
	struct heard *heard, **heard_end;
	struct trp_mqtt_presence presence;
	struct sure sure[SURE_MOST];
	unsigned int sure_next;
	uint32_t nobody[SURE_MOST];
	unsigned int nobody_count;
};

static int publish(struct trp_bus *bus, uint32_t number, const void *payload,
		   size_t length, int qos, int *ret_mid)
{
	struct mail *mail = bus->state;
	char topic[sizeof(bus->address.path) + 16];

	snprintf(topic, sizeof(topic), "%s/n/%u", bus->address.path, number);
	return trp_mqtt_client_error(
		mosquitto.publish_v5(mail->client.handle, ret_mid, topic,
				     (int)length, payload, qos, false, NULL));
}

static int say_claim(struct trp_bus *bus, const char *word, int qos,
		     int *ret_mid)
{
	struct mail *mail = bus->state;
	struct trp_claim claim = trp_claim_say(&mail->claim, word);

	return publish(bus, bus->number, &claim, sizeof(claim), qos, ret_mid);
}

static int subscribe(struct trp_bus *bus)
{
	struct mail *mail = bus->state;
	char topic[sizeof(bus->address.path) + 16];

	snprintf(topic, sizeof(topic), "%s/n/%u", bus->address.path,
		 bus->number);
	return trp_mqtt_client_error(mosquitto.subscribe_v5(
		mail->client.handle, &mail->inbox, topic, 0, 0, NULL));
}

/* ---- callbacks ----------------------------------------------------------- */

/* MQTT 5, 3.2.2.2; a broker of MQTT 3.1.1 answers 1 (protocol). */
static void on_connect(struct mosquitto *client, void *user, int code)
{
	struct trp_bus *bus = user;
	struct mail *mail = bus->state;

	switch (code) {
	case MQTT_RC_SUCCESS:
		if (bus->has_claimed)
			mail->is_free = true;
		else
			mail->client.error =
				say_claim(bus, "probe", 1, &mail->probe);
		break;
	case MQTT_RC_BAD_USERNAME_OR_PASSWORD:
	case MQTT_RC_NOT_AUTHORIZED:
		mail->client.error = -EACCES;
		break;
	case 1:
	case MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION:
		mail->client.error = -EPROTO;
		break;
	default:
		mail->client.error = -ECONNREFUSED;
	}
}

static void on_publish(struct mosquitto *client, void *user, int mid, int code,
		       const mosquitto_property *properties)
{
	struct trp_bus *bus = user;
	struct mail *mail = bus->state;
	bool is_nobody = code == MQTT_RC_NO_MATCHING_SUBSCRIBERS;

	if (mid == mail->probe) {
		mail->probe = 0;
		mail->is_free = is_nobody;
		if (!is_nobody)
			mail->client.error = code < 128 ? -EEXIST : -EACCES;
		return;
	}
	bus->lost += code >= 128; /* refused */
	for (int i = 0; i < SURE_MOST; i++) {
		if (mail->sure[i].mid != mid)
			continue;
		mail->sure[i].mid = 0;
		if (is_nobody && mail->nobody_count < SURE_MOST)
			mail->nobody[mail->nobody_count++] =
				mail->sure[i].number;
	}
}

static void on_subscribe(struct mosquitto *client, void *user, int id,
			 int count, const int *granted)
{
	struct trp_bus *bus = user;
	struct mail *mail = bus->state;
	bool is_refused = count < 1 || granted[0] > 2;

	if (id != mail->inbox)
		bus->lost += is_refused; /* of others' presence */
	else if (is_refused)
		mail->client.error = -EACCES;
	else
		mail->is_subscribed = true;
}

static void on_message(struct mosquitto *client, void *user,
		       const struct mosquitto_message *message)
{
	struct trp_bus *bus = user;
	struct mail *mail = bus->state;
	struct heard *heard;
	const char *node = trp_mqtt_presence_node(bus, message->topic);
	size_t length = (size_t)message->payloadlen;

	if (message->payloadlen < !node || length > TRP_BUS_SIZE_MAX ||
	    !(heard = malloc(sizeof(*heard) + length))) {
		bus->lost++;
		return;
	}
	*heard =
		(struct heard) { .length = length, .is_kept = message->retain };
	if (node)
		strcpy(heard->node, node);
	if (length)
		memcpy(heard->payload, message->payload, length);
	*mail->heard_end = heard;
	mail->heard_end = &heard->next;
}

/* ---- links --------------------------------------------------------------- */

static void drop(struct mail *mail)
{
	struct heard *heard;

	while ((heard = mail->heard)) {
		mail->heard = heard->next;
		free(heard);
	}
	trp_mqtt_client_drop(&mail->client);
	free(mail);
}

static void mqtt_disconnect(struct trp_bus *bus)
{
	struct mail *mail = bus->state;

	trp_mqtt_presence_leave(bus, mail->client.handle, &mail->presence);
	drop(mail);
}

static int begin(struct trp_bus *bus, struct mail *mail)
{
	struct mosquitto *client = mail->client.handle;
	int r = mosquitto.int_option(client, MOSQ_OPT_PROTOCOL_VERSION,
				     MQTT_PROTOCOL_V5);

	if (r == 0)
		r = mosquitto.int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
	if (r)
		return trp_mqtt_client_error(r);
	mosquitto.connect_callback_set(client, on_connect);
	mosquitto.publish_v5_callback_set(client, on_publish);
	mosquitto.subscribe_callback_set(client, on_subscribe);
	mosquitto.message_callback_set(client, on_message);
	r = trp_mqtt_presence_will(bus, client);
	return r < 0 ? r : trp_mqtt_client_connect(bus, &mail->client);
}

static int mqtt_connect(struct trp_bus *bus)
{
	struct mail *mail;
	int r = trp_library_load(&mosquitto_library);

	if (r < 0)
		return r;
	mail = calloc(1, sizeof(*mail));
	if (!mail)
		return -ENOMEM;
	mail->heard_end = &mail->heard;
	r = trp_claim_init(&mail->claim);
	if (r == 0)
		r = trp_mqtt_client_new(bus, &mail->client);
	if (r < 0) {
		free(mail);
		return r;
	}
	bus->state = mail;
	r = begin(bus, mail);
	if (r < 0) {
		bus->state = NULL;
		drop(mail);
	}
	return r;
}

/* ---- what was heard ------------------------------------------------------ */

static int hear(struct trp_bus *bus, const struct heard *heard)
{
	struct mail *mail = bus->state;

	if (heard->node[0]) {
		trp_mqtt_presence_hear(bus, mail->client.handle, heard->node,
				       heard->payload, heard->length,
				       heard->is_kept);
		return 0;
	}
	switch (trp_claim_hear(&mail->claim, heard->payload, heard->length)) {
	case TRP_CLAIM_IGNORED:
		return 0;
	case TRP_CLAIM_CONTESTED:
		return say_claim(bus, "held", 0, NULL);
	case TRP_CLAIM_HELD:
		return -EEXIST;
	case TRP_CLAIM_NONE:
		break;
	}
	if (bus->is_up)
		bus->calls->receive(bus->user, heard->payload, heard->length);
	return 0;
}

static int hear_all(struct trp_bus *bus)
{
	struct mail *mail = bus->state;
	struct heard *heard;
	int r = 0;

	for (unsigned int i = 0; i < mail->nobody_count; i++)
		bus->calls->nobody(bus->user, mail->nobody[i]);
	mail->nobody_count = 0;
	while (r == 0 && (heard = mail->heard)) {
		mail->heard = heard->next;
		if (!mail->heard)
			mail->heard_end = &mail->heard;
		r = hear(bus, heard);
		free(heard);
	}
	return r;
}

/* The number is free: subscribe; subscribed: claim, and be up. */
static int go_on(struct trp_bus *bus)
{
	struct mail *mail = bus->state;
	int r = 0;

	if (mail->is_free) {
		mail->is_free = false;
		return subscribe(bus);
	}
	if (mail->is_subscribed) {
		mail->is_subscribed = false;
		r = say_claim(bus, "claim", 0, NULL);
		if (r == 0)
			trp_bus_up(bus);
	}
	return r;
}

/* Nothing is given to a queue that waits. */
static int say(struct trp_bus *bus)
{
	struct mail *mail = bus->state;

	return bus->is_up && !trp_mqtt_client_is_full(&mail->client)
		       ? trp_mqtt_presence_say(bus, mail->client.handle,
					       &mail->presence)
		       : 0;
}

/* libmosquitto reads a packet at a time. */
static int read_all(struct mail *mail)
{
	struct heard **before;
	int r = 0;

	for (int i = 0; i < PACKETS_AT_ONCE && r == 0; i++) {
		before = mail->heard_end;
		r = trp_mqtt_client_read(&mail->client);
		if (mail->heard_end == before)
			break;
	}
	return r;
}

static int mqtt_ready(struct trp_bus *bus)
{
	struct mail *mail = bus->state;
	int r = read_all(mail);

	if (r == 0)
		r = go_on(bus);
	if (r == 0)
		r = hear_all(bus);
	if (r == 0)
		r = say(bus);
	if (r == 0)
		r = trp_mqtt_client_write(bus, &mail->client);
	if (r < 0 || !mail->was_full || trp_mqtt_client_is_full(&mail->client))
		return r;
	mail->was_full = false;
	bus->calls->writable(bus->user);
	return 0;
}

static int mqtt_send_to(struct trp_bus *bus, uint32_t number, const void *frame,
			size_t length, bool is_sure)
{
	struct mail *mail = bus->state;
	int mid = 0, r;

	if (trp_mqtt_client_is_full(&mail->client)) {
		mail->was_full = true;
		return -EAGAIN;
	}
	r = publish(bus, number, frame, length, is_sure, &mid);
	if (r == 0 && is_sure)
		mail->sure[mail->sure_next++ % SURE_MOST] =
			(struct sure) { mid, number };
	return r < 0 ? r : trp_mqtt_client_watch(bus, &mail->client);
}

const struct trp_bus_kind trp_bus_mqtt_mail = {
	.name = "mqtt",
	.join = "/",
	.connect = mqtt_connect,
	.disconnect = mqtt_disconnect,
	.ready = mqtt_ready,
	.send_to = mqtt_send_to,
	.pause_ns = 1000000000,
};
