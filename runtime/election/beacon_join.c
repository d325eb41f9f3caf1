/* SPDX-License-Identifier: MIT */
#include "runtime/election/beacon_join.h"

#include <errno.h>
#include <string.h>

#include "runtime/election/beacon_output.h"
#include "runtime/election/beacon_turn.h"

/* The start of a node: by its init, and among others that start. */

#define INIT_TRIES 3

void trp_beacon_join_send_init(struct trp_beacon *beacon, struct trp_time now)
{
	beacon->init_at = now;
	beacon->init_tries++;
	beacon->init_echoes = 0;
	trp_beacon_output_send(beacon,
			       &(struct trp_wire) { .type = TRP_WIRE_INIT,
						    .node = beacon->me->name });
}

static void hold_rival(struct trp_beacon *beacon, struct trp_beacon_peer *rival)
{
	if (rival)
		rival->pins++;
	if (beacon->rival)
		beacon->rival->pins--;
	beacon->rival = rival;
}

void trp_beacon_join_rival(struct trp_beacon *beacon,
			   const struct trp_wire *message,
			   struct trp_beacon_peer *sender)
{
	if (message->type == TRP_WIRE_PING && message->history_length == 1 &&
	    (!beacon->rival || trp_peers_has_priority(sender, beacon->rival)))
		hold_rival(beacon, sender);
}

static void meet_rival(struct trp_beacon *beacon, struct trp_time now)
{
	struct trp_beacon_peer *rival = beacon->rival;

	if (!rival)
		return;
	if (trp_peers_has_priority(rival, beacon->me)) {
		trp_rotation_clear(&beacon->rotation);
		trp_rotation_push(&beacon->rotation, rival);
		trp_beacon_turn_accept(beacon, rival, now);
	}
	hold_rival(beacon, NULL);
}

/* Starts with an empty list and an immediate ping. */
static void take_part(struct trp_beacon *beacon, struct trp_time now)
{
	int64_t bound = beacon->config.nodes;

	trp_rotation_clear(&beacon->rotation);
	beacon->rotation.bound = bound > 0 ? (size_t)bound : 0;
	beacon->was_it = now;
	trp_beacon_turn_ping(beacon, now);
	meet_rival(beacon, now);
}

/*
 * Two echoes of one init: another node of this name has started at the same
 * moment, or the channel has doubled the message.  In the first case the same
 * happens again to both, so init is repeated a few times.  A later init is from
 * another, live node, and this one ends.
 */
void trp_beacon_join_echo(struct trp_beacon *beacon, struct trp_time now)
{
	int64_t window_ns = 2 * trp_beacon_gap_ns(beacon);

	beacon->init_echoes++;
	if (beacon->init_echoes > 1) {
		if (now.ns - beacon->init_at.ns < window_ns &&
		    beacon->init_tries < INIT_TRIES)
			trp_beacon_join_send_init(beacon, now);
		else
			trp_beacon_turn_fail(beacon, -EEXIST);
		return;
	}
	if (beacon->state == TRP_BEACON_STARTING)
		take_part(beacon, now);
}
