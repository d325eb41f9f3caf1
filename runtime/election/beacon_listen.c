/* SPDX-License-Identifier: MIT */
#include "runtime/election/beacon_listen.h"

#include <errno.h>
#include <string.h>

#include "runtime/election/beacon_output.h"
#include "runtime/election/beacon_turn.h"

/*
 * A name is taken if a ping of it is heard.  That it is in a list proves
 * nothing: an earlier life of this node may have left it there.  It is free
 * - after a cycle without any ping;
 * - after a ping whose list is there as a whole, and does not have it;
 * - after so many such pings in a row that a node behind the end of what they
 *   carry would have had its turn;
 * - after a round: a node that was followed pings again, or one does alone.
 * A node that waits for a place on a full list is not found.
 */

void trp_beacon_listen_longer(struct trp_beacon *beacon, struct trp_time now)
{
	if (beacon->state == TRP_BEACON_LISTENING)
		trp_beacon_turn_enter(
			beacon, TRP_BEACON_LISTENING,
			trp_after(now, trp_beacon_silence_ns(beacon)));
}

/* Nodes with newer settings answer by them. */
void trp_beacon_listen_begin(struct trp_beacon *beacon, struct trp_time now)
{
	beacon->listens_from = now;
	beacon->counted_at = trp_after(now, -trp_beacon_cycle_ns(beacon));
	beacon->nameless = 0;
	beacon->is_free = false;
	beacon->state = TRP_BEACON_LISTENING;
	trp_beacon_listen_longer(beacon, now);
	trp_beacon_output_config(beacon);
}

static bool names_me(const struct trp_beacon *beacon,
		     const struct trp_wire *message)
{
	for (size_t i = 0; i < message->history_length; i++)
		if (strcmp(message->history[i], beacon->me->name) == 0)
			return true;
	return false;
}

static bool was_heard(const struct trp_beacon *beacon,
		      const struct trp_beacon_peer *peer)
{
	return peer && peer->is_heard &&
	       peer->heard.ns > beacon->listens_from.ns;
}

/* It follows none that has pinged since it did. */
static bool is_alone(const struct trp_beacon *beacon,
		     const struct trp_beacon_peer *sender,
		     const struct trp_beacon_peer *before)
{
	return sender == trp_rotation_head(&beacon->rotation) &&
	       !was_heard(beacon, before);
}

static bool is_enough(const struct trp_beacon *beacon,
		      const struct trp_wire *message,
		      const struct trp_beacon_peer *sender,
		      const struct trp_beacon_peer *before)
{
	int64_t bound = beacon->config.nodes, splits = beacon->config.splits;
	int64_t needed = bound > splits ? bound - splits + 1 : 1;

	if (beacon->nameless && message->history_length < (size_t)splits)
		return true;
	return (bound > 0 && beacon->nameless >= needed) ||
	       sender->pinged.ns > beacon->listens_from.ns ||
	       is_alone(beacon, sender, before);
}

/* One in each cycle: others collide with it.  The first of a new node has a
 * list of its own. */
static bool counts(const struct trp_beacon *beacon,
		   const struct trp_wire *message,
		   const struct trp_beacon_peer *sender, struct trp_time now)
{
	return (message->history_length > 1 || was_heard(beacon, sender)) &&
	       now.ns - beacon->counted_at.ns >=
		       trp_beacon_cycle_ns(beacon) / 2;
}

/* The name is said when the head has become it: so no turn is disturbed. */
static void note_ping(struct trp_beacon *beacon, const struct trp_wire *message,
		      struct trp_beacon_peer *sender, struct trp_time now)
{
	double draw = 2 + trp_beacon_output_draw(beacon);
	struct trp_beacon_peer *before = NULL;

	if (message->history_length > 1)
		before = trp_peers_find(&beacon->peers, message->history[1]);
	beacon->nameless = names_me(beacon, message) ? 0 : beacon->nameless + 1;
	beacon->is_free = is_enough(beacon, message, sender, before);
	if (before)
		before->pinged = beacon->counted_at;
	beacon->counted_at = now;
	trp_rotation_clear(&beacon->rotation);
	if (trp_rotation_reserve(&beacon->rotation, 1) == 0)
		trp_rotation_push(&beacon->rotation, sender);
	if (beacon->is_free)
		trp_beacon_turn_enter(
			beacon, TRP_BEACON_LISTENING,
			trp_after(now,
				  (int64_t)(draw * (double)trp_beacon_gap_ns(
							   beacon))));
}

void trp_beacon_listen_hear(struct trp_beacon *beacon,
			    const struct trp_wire *message,
			    struct trp_beacon_peer *sender, struct trp_time now)
{
	if (message->type != TRP_WIRE_PING)
		return;
	if (sender == beacon->me) {
		trp_beacon_turn_fail(beacon, -EEXIST);
		return;
	}
	if (beacon->is_free)
		return;
	trp_beacon_listen_longer(beacon, now);
	if (counts(beacon, message, sender, now))
		note_ping(beacon, message, sender, now);
}
