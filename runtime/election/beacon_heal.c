/* SPDX-License-Identifier: MIT */
#include "runtime/election/beacon_heal.h"

#include <stdlib.h>

#include "runtime/election/beacon_notice.h"
#include "runtime/election/beacon_output.h"
#include "runtime/election/beacon_turn.h"

/* Sides that meet have exchanged all news within a gap, or missed it. */
static bool is_recent(const struct trp_beacon *beacon, struct trp_time then,
		      struct trp_time now)
{
	return now.ns - then.ns < trp_beacon_gap_ns(beacon);
}

/*
 * When the sending side was met, by any of its names.  Each side counts
 * separately: one that joins later has not heard earlier messages.
 */
static bool is_known_side(const struct trp_beacon *beacon,
			  const struct trp_wire *message, struct trp_time now,
			  struct trp_time *ret_met)
{
	const struct trp_beacon_peer *peer;

	for (size_t i = 0; i < message->history_length; i++) {
		peer = trp_peers_find(&beacon->peers, message->history[i]);
		if (peer && is_recent(beacon, peer->recovered, now)) {
			*ret_met = peer->recovered;
			return true;
		}
	}
	*ret_met = now;
	return false;
}

/*
 * They have not heard messages from before the sides met, unless these crossed
 * theirs; nor has a node that has just started.
 */
static bool is_told(const struct trp_beacon *beacon,
		    const struct trp_wire *message, struct trp_time met,
		    struct trp_time now)
{
	const struct trp_beacon_peer *head =
		trp_rotation_head(&beacon->rotation);

	if (message->type == TRP_WIRE_PING && message->history_length == 1)
		return now.ns - head->told.ns < trp_beacon_gap_ns(beacon) / 4;
	return head->told.ns >= met.ns - trp_beacon_crossing_ns(beacon) &&
	       is_recent(beacon, head->told, now);
}

static void mark(const struct trp_beacon *beacon, struct trp_beacon_peer *peer,
		 struct trp_time now)
{
	if (!is_recent(beacon, peer->recovered, now))
		peer->recovered = now;
}

static void mark_sides(struct trp_beacon *beacon,
		       const struct trp_wire *message, struct trp_time now)
{
	struct trp_beacon_peer *peer;

	for (size_t i = 0; i < message->history_length; i++)
		if (trp_peers_make(&beacon->peers, message->history[i],
				   &peer) == 0)
			mark(beacon, peer, now);
	for (size_t i = 0; i < beacon->rotation.count; i++)
		mark(beacon, beacon->rotation.at[i], now);
}

static void emit_recover(struct trp_beacon *beacon,
			 const struct trp_wire *message, size_t place,
			 bool is_replaced)
{
	size_t i, count = beacon->rotation.count;
	const char **names = reallocarray(NULL, count, sizeof(*names));

	if (!names) {
		beacon->counts.lost++;
		return;
	}
	for (i = 0; i < count; i++)
		names[i] = beacon->rotation.at[i]->name;
	trp_beacon_output_event(
		beacon,
		&(struct trp_beacon_event) {
			.type = TRP_BEACON_RECOVER,
			.node = trp_wire_about(message),
			.local = { names, count },
			.remote = { message->history, message->history_length },
			.prio = place,
			.is_replaced = is_replaced });
	free(names);
}

/*
 * A node without a value has nothing to recover, but sends hists like any
 * other: otherwise no node would if the next in line had no value.
 */
void trp_beacon_heal(struct trp_beacon *beacon, const struct trp_wire *message,
		     bool is_replaced, struct trp_time now)
{
	size_t place = trp_rotation_place(&beacon->rotation, beacon->me);
	struct trp_time met;
	bool is_known = is_known_side(beacon, message, now, &met);
	bool must_tell = !is_told(beacon, message, met, now);

	mark_sides(beacon, message, now);
	if (!is_known && beacon->is_eager)
		trp_beacon_output_note(beacon); /* they may have another */
	/* Until the head has told them; otherwise hists would compete with
	 * pings. */
	if (must_tell && !is_replaced)
		trp_beacon_turn_hold(beacon, trp_beacon_answer_ns(beacon), now);
	if (place == TRP_ROTATION_NOWHERE)
		return;
	if (!is_known &&
	    (beacon->value.type != TRP_SCALAR_NONE || beacon->is_plain))
		emit_recover(beacon, message, place, is_replaced);
	if (must_tell)
		trp_beacon_notice_add(beacon, place, now);
}
