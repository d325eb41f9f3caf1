/* SPDX-License-Identifier: MIT */
#include "runtime/election/beacon_join.h"

#include <errno.h>

#include "runtime/election/beacon_output.h"
#include "runtime/election/beacon_turn.h"

/* The start of a node: by its init, and among others that start. */

#define INIT_TRIES 3

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

static void take_part(struct trp_beacon *beacon, struct trp_time now)
{
	if (beacon->is_disabled) {
		hold_rival(beacon, NULL);
		trp_beacon_turn_enter(beacon, TRP_BEACON_DISABLED, TRP_NEVER);
		return;
	}
	trp_beacon_turn_begin(beacon, now);
	meet_rival(beacon, now);
}

/*
 * Two echoes of one init: another node has this name, or the channel has
 * doubled the message.  In the first case the same happens again, so init is
 * repeated a few times.
 */
static void hear_double(struct trp_beacon *beacon, struct trp_time now)
{
	if (beacon->init_tries < INIT_TRIES)
		trp_beacon_turn_send_init(beacon, now);
	else
		trp_beacon_turn_fail(beacon, -EEXIST);
}

/*
 * A node that was there stays, and answers by its init, as often as a newcomer
 * asks; then that one ends.  One that asks more often was there, too: so both
 * came together, and this one has had no part in it for a while.
 */
static void answer(struct trp_beacon *beacon, struct trp_time now)
{
	if (beacon->init_answers == 0)
		trp_beacon_output_event(beacon,
					&(struct trp_beacon_event) {
						.type = TRP_BEACON_CLASH,
						.node = beacon->me->name });
	if (beacon->init_answers++ == INIT_TRIES)
		trp_beacon_turn_fail(beacon, -EEXIST);
	else
		trp_beacon_turn_send_init(beacon, now);
}

void trp_beacon_join_echo(struct trp_beacon *beacon, struct trp_time now)
{
	int64_t window_ns = 2 * trp_beacon_gap_ns(beacon);
	bool is_late = now.ns - beacon->init_at.ns >= window_ns;

	if (beacon->state == TRP_BEACON_LISTENING) {
		trp_beacon_turn_fail(beacon, -EEXIST);
		return;
	}
	if (beacon->state == TRP_BEACON_STARTING) {
		beacon->init_echoes++;
		take_part(beacon, now);
		return;
	}
	if (is_late) {
		beacon->init_answers = 0;
		beacon->is_settled = true;
	} else if (++beacon->init_echoes == 1) {
		return; /* our own */
	}
	if (beacon->is_disabled)
		trp_beacon_turn_fail(beacon, -EEXIST);
	else if (beacon->is_settled)
		answer(beacon, now);
	else
		hear_double(beacon, now);
}
