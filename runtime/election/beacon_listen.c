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
 * - of lists without a bound, when a node pings again;
 * - after two rounds in any case.
 * A node that waits for a place on a full list is not found.
 */

void trp_beacon_listen_longer(struct trp_beacon *beacon, struct trp_time now)
{
	if (beacon->state == TRP_BEACON_LISTENING)
		trp_beacon_turn_enter(
			beacon, TRP_BEACON_LISTENING,
			trp_after(now, trp_beacon_cycle_max_ns(beacon)));
}

/* Nodes with newer settings answer by them. */
void trp_beacon_listen_begin(struct trp_beacon *beacon, struct trp_time now)
{
	beacon->listens_from = now;
	beacon->counted_at = (struct trp_time) { INT64_MIN / 2 };
	beacon->foreign = beacon->nameless = 0;
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

static bool is_enough(const struct trp_beacon *beacon,
		      const struct trp_wire *message, bool has_returned)
{
	int64_t bound = beacon->config.nodes, splits = beacon->config.splits;
	int64_t needed = bound > splits ? bound - splits + 1 : 1;

	if (bound <= 0 && has_returned)
		return true;
	if (beacon->nameless && message->history_length < (size_t)splits)
		return true;
	return bound > 0 &&
	       (beacon->nameless >= needed || beacon->foreign > 2 * bound);
}

/* One in each cycle: others collide with it.  The first of a new node has a
 * list of its own. */
static bool counts(const struct trp_beacon *beacon,
		   const struct trp_wire *message, bool has_returned,
		   struct trp_time now)
{
	return (message->history_length > 1 || has_returned) &&
	       now.ns - beacon->counted_at.ns >=
		       trp_beacon_cycle_ns(beacon) / 2;
}

/* The name is said when the head has become it: so no turn is disturbed. */
static void note_ping(struct trp_beacon *beacon, const struct trp_wire *message,
		      bool has_returned, struct trp_time now)
{
	double draw = 2 + trp_beacon_output_draw(beacon);

	beacon->counted_at = now;
	beacon->foreign++;
	beacon->nameless = names_me(beacon, message) ? 0 : beacon->nameless + 1;
	beacon->is_free = is_enough(beacon, message, has_returned);
	if (beacon->is_free)
		trp_beacon_turn_enter(
			beacon, TRP_BEACON_LISTENING,
			trp_after(now,
				  (int64_t)(draw * (double)trp_beacon_gap_ns(
							   beacon))));
}

bool trp_beacon_listen_hear(struct trp_beacon *beacon,
			    const struct trp_wire *message,
			    const struct trp_beacon_peer *sender,
			    struct trp_time now)
{
	bool has_returned =
		sender->is_heard && sender->heard.ns >= beacon->listens_from.ns;

	if (message->type != TRP_WIRE_PING)
		return false;
	if (sender == beacon->me) {
		trp_beacon_turn_fail(beacon, -EEXIST);
		return true;
	}
	if (beacon->is_free)
		return false;
	trp_beacon_listen_longer(beacon, now);
	if (counts(beacon, message, has_returned, now))
		note_ping(beacon, message, has_returned, now);
	return false;
}
