/* SPDX-License-Identifier: MIT */
/*
 * The round trip of a broker: two clients by libmosquitto, each with a topic,
 * QoS 0, and nothing held back.  One way there is nothing to compare: without a
 * credit of their own a broker drops what its queues do not hold.
 */
#include "tests/bench/peers/peer.h"

#include <mosquitto.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "tests/bench/servers.h"

static pid_t broker;
static int port, met[2]; /* side 1 has subscribed */
static struct mosquitto *client;
static char own[32], others[32];
static bool is_subscribed;
static char message[4096];
static int length; /* of `message`; -1: none */

static int prepare(size_t largest)
{
	return pipe(met) < 0
		       ? -errno
		       : servers_start_broker("mosquitto", &broker, &port);
}

static void on_subscribe(struct mosquitto *handle, void *user, int id,
			 int count, const int *granted)
{
	is_subscribed = true;
}

static void on_message(struct mosquitto *handle, void *user,
		       const struct mosquitto_message *heard)
{
	length = heard->payloadlen;
	memcpy(message, heard->payload, (size_t)length);
}

static int meet(int side)
{
	char byte = 0;

	while (!is_subscribed)
		if (mosquitto_loop(client, -1, 1))
			return -EIO;
	if (side == 1)
		return write(met[1], &byte, 1) == 1 ? 0 : -EIO;
	return read(met[0], &byte, 1) == 1 ? 0 : -EIO;
}

static int enter(int side)
{
	snprintf(own, sizeof(own), "troupe-bench/%d", side);
	snprintf(others, sizeof(others), "troupe-bench/%d", !side);
	mosquitto_lib_init();
	client = mosquitto_new(NULL, true, NULL);
	if (!client)
		return -ENOMEM;
	mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION,
			     MQTT_PROTOCOL_V5);
	mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
	mosquitto_subscribe_callback_set(client, on_subscribe);
	mosquitto_message_callback_set(client, on_message);
	if (mosquitto_connect(client, "127.0.0.1", port, 60) ||
	    mosquitto_subscribe(client, NULL, own, 0))
		return -EIO;
	return meet(side);
}

static int send_bytes(const void *bytes, size_t size)
{
	return mosquitto_publish(client, NULL, others, (int)size, bytes, 0,
				 false)
		       ? -EIO
		       : 0;
}

static ssize_t receive(const void **ret_bytes)
{
	length = -1;
	while (length < 0)
		if (mosquitto_loop(client, -1, 1))
			return -EIO;
	*ret_bytes = message;
	return length;
}

static void leave(void)
{
	mosquitto_disconnect(client);
	mosquitto_destroy(client);
	mosquitto_lib_cleanup();
}

static void finish(void)
{
	servers_stop_broker(broker);
}

const struct peer peer = {
	.prepare = prepare,
	.enter = enter,
	.send = send_bytes,
	.receive = receive,
	.leave = leave,
	.finish = finish,
};
