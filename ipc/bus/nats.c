/* SPDX-License-Identifier: MIT */
#include "ipc/bus/nats.h"

#include "ipc/bus/bus.h"
#include "ipc/bus/nats_link.h"
#include "ipc/bus/nats_mail.h"

/* A subject of a NATS server. */

static void nats_disconnect(struct trp_bus *bus)
{
	trp_nats_link_close(bus->state);
}

static int nats_connect(struct trp_bus *bus)
{
	struct trp_nats_link *link;
	int r = trp_nats_link_open(bus, &link);

	if (r < 0)
		return r;
	r = trp_nats_link_subscribe(link, bus->address.path, NULL);
	if (r == 0)
		r = trp_nats_link_settle(link);
	if (r < 0)
		trp_nats_link_close(link);
	else
		bus->state = link;
	return r;
}

static void deliver(struct trp_bus *bus, const struct trp_nats_heard *heard)
{
	if (heard->length > 0 && heard->length <= TRP_BUS_SIZE_MAX)
		bus->calls->deliver(bus->user, heard->data, heard->length);
	else
		bus->lost++;
}

static int nats_ready(struct trp_bus *bus)
{
	struct trp_nats_heard *heard, *next;
	int r = trp_nats_link_take(bus->state, &heard);

	if (r == 0)
		trp_bus_up(bus);
	for (; heard; heard = next) {
		next = heard->next;
		deliver(bus, heard);
		trp_nats_link_forget(heard);
	}
	return r;
}

static int nats_send(struct trp_bus *bus, const void *payload, size_t length)
{
	return trp_nats_link_publish(bus->state, bus->address.path, NULL,
				     payload, length);
}

const struct trp_bus_kind trp_bus_nats = {
	.name = "nats",
	.join = ".",
	.port = 4222,
	.has_user = true,
	.refuses = " \t*>",
	.connect = nats_connect,
	.disconnect = nats_disconnect,
	.ready = nats_ready,
	.send = nats_send,
	.mail = &trp_bus_nats_mail,
};
