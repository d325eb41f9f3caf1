/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A connection to a NATS server, by libnats.  The threads of the library put
 * what they hear into a list, and ring the bus, whose own thread takes it.
 */

#include <nats/nats.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trp_bus;
struct trp_nats_link;

struct trp_nats_heard {
	struct trp_nats_heard *next;
	natsMsg *message; /* with all of these */
	const char *subject, *reply;
	const void *data;
	size_t length;
	bool is_nobody; /* the server: nobody listens to what had that reply */
};

/* Connects.  0, or a negative errno. */
int trp_nats_link_open(struct trp_bus *bus, struct trp_nats_link **ret_link);
/* Frames that were sent go out before. */
void trp_nats_link_close(struct trp_nats_link *link);

/* ret_subscription: NULL: as long as the link. */
int trp_nats_link_subscribe(struct trp_nats_link *link, const char *subject,
			    natsSubscription **ret_subscription);
void trp_nats_link_unsubscribe(natsSubscription *subscription);
/* All that was asked is in force; blocks for an answer of the server. */
int trp_nats_link_settle(struct trp_nats_link *link);

/*
 * With a reply the server tells there if nobody listens to the subject.  Blocks
 * while the connection takes no more.
 */
int trp_nats_link_publish(struct trp_nats_link *link, const char *subject,
			  const char *reply, const void *data, size_t length);

/*
 * All that was heard, in order, each for trp_nats_link_forget().  A negative
 * errno: the link is lost, or, before the bus is up, access is refused.
 */
int trp_nats_link_take(struct trp_nats_link *link,
		       struct trp_nats_heard **ret_first);
void trp_nats_link_forget(struct trp_nats_heard *heard);
