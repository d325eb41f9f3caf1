/* SPDX-License-Identifier: MIT */
/*
 * The round trip of a NATS server: two clients by libnats, each with a subject,
 * and each frame sent at once.  The library has threads, so it begins after the
 * forks.
 */
#include "tests/bench/peers/peer.h"

#include <nats/nats.h>
#include <stdio.h>
#include <unistd.h>
#include "tests/bench/servers.h"

static pid_t server;
static int port, met[2]; /* side 1 has subscribed */
static natsConnection *connection;
static natsSubscription *subscription;
static natsMsg *message;
static char others[32];

static int prepare(size_t largest)
{
	return pipe(met) < 0
		       ? -errno
		       : servers_start_broker("nats-server", &server, &port);
}

static int error_of(natsStatus status)
{
	return status == NATS_OK ? 0 : -EIO;
}

static natsStatus connect_to_server(void)
{
	natsOptions *options;
	char url[64];
	natsStatus s = natsOptions_Create(&options);

	if (s != NATS_OK)
		return s;
	snprintf(url, sizeof(url), "nats://127.0.0.1:%d", port);
	s = natsOptions_SetURL(options, url);
	if (s == NATS_OK)
		s = natsOptions_SetSendAsap(options, true);
	if (s == NATS_OK)
		s = natsConnection_Connect(&connection, options);
	natsOptions_Destroy(options);
	return s;
}

static int meet(int side)
{
	char byte = 0;

	if (side == 1)
		return write(met[1], &byte, 1) == 1 ? 0 : -EIO;
	return read(met[0], &byte, 1) == 1 ? 0 : -EIO;
}

static int enter(int side)
{
	char own[32];
	natsStatus s = connect_to_server();

	snprintf(own, sizeof(own), "troupe-bench.%d", side);
	snprintf(others, sizeof(others), "troupe-bench.%d", !side);
	if (s == NATS_OK)
		s = natsConnection_SubscribeSync(&subscription, connection,
						 own);
	if (s == NATS_OK)
		s = natsConnection_Flush(connection);
	return s == NATS_OK ? meet(side) : -EIO;
}

static int send_bytes(const void *bytes, size_t size)
{
	return error_of(
		natsConnection_Publish(connection, others, bytes, (int)size));
}

static ssize_t receive(const void **ret_bytes)
{
	enum { PATIENCE_MS = 60000 };

	natsMsg_Destroy(message);
	message = NULL;
	if (natsSubscription_NextMsg(&message, subscription, PATIENCE_MS) !=
	    NATS_OK)
		return -EIO;
	*ret_bytes = natsMsg_GetData(message);
	return natsMsg_GetDataLength(message);
}

static void leave(void)
{
	enum { PARTING_MS = 1000 };

	natsMsg_Destroy(message);
	natsConnection_FlushTimeout(connection, PARTING_MS);
	natsSubscription_Destroy(subscription);
	natsConnection_Destroy(connection);
	nats_CloseAndWait(PARTING_MS);
}

static void finish(void)
{
	servers_stop_broker(server);
}

const struct peer peer = {
	.prepare = prepare,
	.enter = enter,
	.send = send_bytes,
	.receive = receive,
	.leave = leave,
	.finish = finish,
};
