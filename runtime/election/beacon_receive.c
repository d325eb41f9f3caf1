/* SPDX-License-Identifier: MIT */
#include "runtime/election/beacon_receive.h"

#include <assert.h>
#include <string.h>

#include "runtime/election/beacon_heal.h"
#include "runtime/election/beacon_join.h"
#include "runtime/election/beacon_listen.h"
#include "runtime/election/beacon_notice.h"
#include "runtime/election/beacon_output.h"
#include "runtime/election/beacon_turn.h"

/*
 * The effect of messages (BEACON 1.8).  A ping whose predecessor is the head of
 * our list follows it; any other is a collision.  Its winner is the same for
 * all nodes that see both, in any order: no value < a value, the greater value,
 * the smaller name.
 *
 * Beyond the original, for channels that lose, double and delay:
 * - a repeated ping that was accepted already is ignored;
 * - a node that pings as if the head had not pinged may have missed the head's
 *   ping, and would be it beside the head.  So the list in force is repeated:
 * by the head soon, with its ping, and by the next in line with a hist;
 * - a follower brings its list along, not only its name: ours may have another
 *   tail;
 * - a ping and a message of another side may cross, and be judged by one head
 * or the next, in the order of arrival.  The sender of the ping then sends the
 *   list in force.
 */

static bool has_crossed_ours(const struct trp_beacon *beacon,
			     struct trp_time now)
{
	return beacon->state == TRP_BEACON_WAITING &&
	       now.ns - beacon->sent_at.ns < trp_beacon_crossing_ns(beacon);
}

/* ---- configuration ------------------------------------------------------ */

static void adopt_config(struct trp_beacon *beacon,
			 const struct trp_wire *message)
{
	beacon->config = message->config;
	strcpy(beacon->config_node, message->node);
	trp_rotation_limit(&beacon->rotation, message->config.nodes);
	beacon->vers_due = TRP_NEVER;
	trp_beacon_output_event(beacon, &(struct trp_beacon_event) {
						.type = TRP_BEACON_SETUP,
						.node = beacon->config_node,
						.config = &beacon->config });
}

/* A node has an older version: the first of us announces the newer. */
static void answer_config(struct trp_beacon *beacon, struct trp_time now)
{
	size_t place = trp_rotation_place(&beacon->rotation, beacon->me);

	if (!trp_beacon_is_active(beacon))
		return;
	if (beacon->state != TRP_BEACON_IDLE)
		trp_beacon_output_vers(beacon);
	else if (place != TRP_ROTATION_NOWHERE &&
		 beacon->vers_due.ns == TRP_NEVER.ns)
		beacon->vers_due = trp_after(
			now, trp_beacon_notice_stagger_ns(beacon, place));
}

static void hear_note(struct trp_beacon *beacon, const struct trp_wire *message)
{
	struct trp_beacon_peer *sender;

	if (!message->from || message->note.type != TRP_SCALAR_TEXT)
		return;
	if (trp_peers_make(&beacon->peers, message->from, &sender) < 0 ||
	    trp_peers_note(sender, &message->note) < 0)
		beacon->counts.lost++;
}

static void hear_vers(struct trp_beacon *beacon, const struct trp_wire *message,
		      struct trp_time now)
{
	int64_t version = message->config.version;

	hear_note(beacon, message);
	if (version > beacon->config.version) {
		adopt_config(beacon, message);
		trp_beacon_listen_longer(beacon, now);
	} else if (version == beacon->config.version)
		beacon->vers_due = TRP_NEVER;
	else
		answer_config(beacon, now);
}

static void hear_init(struct trp_beacon *beacon, const struct trp_wire *message,
		      struct trp_time now)
{
	if (strcmp(message->node, beacon->me->name) == 0)
		trp_beacon_join_echo(beacon, now);
	else if (beacon->is_eager && trp_beacon_is_active(beacon))
		trp_beacon_output_note(beacon); /* by which it knows us */
}

/* ---- the list ----------------------------------------------------------- */

/*
 * The second of both lists is the same; or neither has one, as among new nodes.
 * A node that has rotated alone is a separate side.
 */
static bool is_same_second(const struct trp_beacon *beacon,
			   const struct trp_wire *message)
{
	const struct trp_rotation *rotation = &beacon->rotation;

	if (message->history_length < 2 || rotation->count < 2)
		return message->history_length < 2 && rotation->count < 2 &&
		       !beacon->is_lone;
	return strcmp(message->history[1], rotation->at[1]->name) == 0;
}

static bool is_of_this_cycle(const struct trp_beacon *beacon,
			     const struct trp_beacon_peer *sender,
			     struct trp_time now)
{
	return now.ns - sender->pinged.ns < trp_beacon_cycle_ns(beacon);
}

/*
 * `message` matches our list: sender, then that node.  So it is a repetition;
 * or the head has followed the sender, which does not know.  No node pings
 * twice in a cycle, so a hist about a node that was followed in this one is
 * old, too; and so is one about the second of the list if the head is of this
 * cycle.
 */
static bool is_old_news(const struct trp_beacon *beacon,
			const struct trp_wire *message,
			const struct trp_beacon_peer *sender,
			struct trp_time now)
{
	const struct trp_rotation *rotation = &beacon->rotation;
	size_t place = trp_rotation_place(rotation, sender);
	bool is_recent = is_of_this_cycle(beacon, sender, now);

	if (place == TRP_ROTATION_NOWHERE || (place > 1 && !is_recent))
		return false;
	if (message->type == TRP_WIRE_HIST && place == 1)
		is_recent |= is_of_this_cycle(beacon, rotation->at[0], now);
	if (message->type == TRP_WIRE_HIST && is_recent)
		return true;
	if (place + 1 == rotation->count)
		return message->history_length == 1;
	return message->history_length > 1 &&
	       strcmp(message->history[1], rotation->at[place + 1]->name) == 0;
}

static void push_names(struct trp_beacon *beacon,
		       const struct trp_wire *message)
{
	struct trp_beacon_peer *peer;

	for (size_t i = 0; i < message->history_length; i++) {
		if (trp_peers_make(&beacon->peers, message->history[i],
				   &peer) == 0)
			trp_rotation_push(&beacon->rotation, peer);
		else
			beacon->counts.lost++;
	}
}

static void adopt_list(struct trp_beacon *beacon,
		       const struct trp_wire *message)
{
	struct trp_rotation *rotation = &beacon->rotation;

	if (trp_rotation_reserve(rotation, message->history_length) < 0) {
		beacon->counts.lost++;
		return;
	}
	trp_rotation_clear(rotation);
	trp_rotation_limit(rotation, beacon->config.nodes);
	push_names(beacon, message);
}

/*
 * The list of the head is in force, as far as it was sent; then ours.  They
 * differ if sides have split, or a ping was missed.
 */
static void take_order(struct trp_beacon *beacon,
		       const struct trp_wire *message)
{
	struct trp_rotation own = beacon->rotation;
	bool is_all = message->history_length < (size_t)beacon->config.splits;
	size_t i, count = is_all ? message->history_length : own.count;

	beacon->rotation = (struct trp_rotation) { .bound = own.bound };
	if (trp_rotation_reserve(&beacon->rotation,
				 message->history_length + own.count) < 0) {
		beacon->rotation = own;
		beacon->counts.lost++;
		return;
	}
	push_names(beacon, message);
	for (i = 0; i < own.count && beacon->rotation.count < count; i++)
		trp_rotation_push(&beacon->rotation, own.at[i]);
	trp_rotation_fini(&own);
}

/* Also after a hist, which the original ignores: its ping was missed. */
static void follow(struct trp_beacon *beacon, const struct trp_wire *message,
		   struct trp_beacon_peer *sender, struct trp_time now)
{
	if (trp_rotation_insert(&beacon->rotation, sender) < 0) {
		beacon->counts.lost++;
		return;
	}
	take_order(beacon, message);
	trp_beacon_turn_yield(beacon, TRP_BEACON_UNTAG, NULL);
	trp_beacon_turn_accept(beacon, sender, now);
}

/* Two pings followed the same one; one sender may not know. */
static void tell_again(struct trp_beacon *beacon, struct trp_time now)
{
	size_t place = trp_rotation_place(&beacon->rotation, beacon->me);

	if (beacon->rotation.count > 1 && place != TRP_ROTATION_NOWHERE)
		trp_beacon_notice_repeat(beacon, place, now);
}

static void collide(struct trp_beacon *beacon, const struct trp_wire *message,
		    bool is_same, struct trp_beacon_peer *sender,
		    struct trp_time now)
{
	struct trp_beacon_peer *head = trp_rotation_head(&beacon->rotation);
	bool wins = trp_peers_has_priority(sender, head);
	bool has_crossed = wins && has_crossed_ours(beacon, now);

	beacon->counts.collisions++;
	if (wins)
		trp_beacon_turn_yield(beacon, TRP_BEACON_DETAG, sender->name);
	if (!is_same)
		trp_beacon_heal(beacon, message, wins, now);
	if (wins) {
		head->pinged = TRP_LONG_AGO;
		adopt_list(beacon, message);
		trp_beacon_turn_accept(beacon, sender, now);
	}
	if (is_same)
		tell_again(beacon, now);
	else if (has_crossed)
		trp_beacon_notice_concede(beacon, now);
}

/* ---- hearing ------------------------------------------------------------ */

/* This node has no value, but the sender has: ask these for theirs. */
static void meet_good_nodes(struct trp_beacon *beacon,
			    const struct trp_wire *message)
{
	const char *names[TRP_WIRE_HISTORY_MAX];
	const struct trp_beacon_peer *peer;
	size_t i, count = 0;

	for (i = 0; i < message->history_length; i++) {
		peer = trp_peers_find(&beacon->peers, message->history[i]);
		if (peer && peer->value.type != TRP_SCALAR_NONE)
			names[count++] = peer->name;
	}
	trp_beacon_output_event(beacon, &(struct trp_beacon_event) {
						.type = TRP_BEACON_GOOD_NODE,
						.node = trp_wire_about(message),
						.remote = { names, count } });
}

static void take_value(struct trp_beacon *beacon,
		       const struct trp_wire *message,
		       struct trp_beacon_peer *sender, struct trp_time now)
{
	static const struct trp_scalar none = { .type = TRP_SCALAR_NONE };
	bool is_none =
		beacon->is_plain && message->value.type == TRP_SCALAR_TEXT;

	if (is_none && trp_peers_note(sender, &message->value) < 0)
		beacon->counts.lost++;
	if (trp_peers_hear(&beacon->peers, sender,
			   is_none ? &none : &message->value, now) < 0)
		beacon->counts.lost++;
	if (beacon->value.type == TRP_SCALAR_NONE &&
	    sender->value.type != TRP_SCALAR_NONE)
		meet_good_nodes(beacon, message);
}

/*
 * This node has just followed the sender, which has just followed an earlier
 * ping of this node: both thought that it was their turn.  Each would yield to
 * the other for ever, so it is a collision.
 */
static bool is_crossing(const struct trp_beacon *beacon,
			const struct trp_wire *message,
			const struct trp_beacon_peer *sender)
{
	return message->type == TRP_WIRE_PING &&
	       beacon->state == TRP_BEACON_WAITING &&
	       beacon->rotation.count > 1 && beacon->rotation.at[1] == sender;
}

static void hear_list_of(struct trp_beacon *beacon,
			 const struct trp_wire *message,
			 struct trp_beacon_peer *sender, struct trp_time now)
{
	const struct trp_beacon_peer *head =
		trp_rotation_head(&beacon->rotation);

	assert(head);
	if (message->history_length < 2 ||
	    strcmp(message->history[1], head->name) != 0)
		collide(beacon, message, is_same_second(beacon, message),
			sender, now);
	else if (is_crossing(beacon, message, sender))
		collide(beacon, message, true, sender, now);
	else
		follow(beacon, message, sender, now);
}

/*
 * A hist may put this node at the head again after it has yielded to another
 * one: the others act on it, so it does, too.
 */
static void hear_of_me(struct trp_beacon *beacon,
		       const struct trp_wire *message, struct trp_time now)
{
	if (message->type == TRP_WIRE_HIST && trp_beacon_is_active(beacon) &&
	    beacon->me != trp_rotation_head(&beacon->rotation) &&
	    !is_old_news(beacon, message, beacon->me, now))
		hear_list_of(beacon, message, beacon->me, now);
}

/* It has had its turn again, after others that we did not hear, or alone. */
static void hear_of_head(struct trp_beacon *beacon,
			 const struct trp_wire *message,
			 struct trp_beacon_peer *sender, struct trp_time now)
{
	if (!trp_beacon_is_active(beacon) &&
	    beacon->state != TRP_BEACON_DISABLED)
		return;
	take_order(beacon, message);
	if (message->type != TRP_WIRE_PING ||
	    is_of_this_cycle(beacon, sender, now))
		return;
	take_value(beacon, message, sender, now);
	trp_beacon_turn_accept(beacon, sender, now);
}

static void hear_other(struct trp_beacon *beacon,
		       const struct trp_wire *message,
		       struct trp_beacon_peer *sender, struct trp_time now)
{
	if (trp_beacon_is_active(beacon) &&
	    is_old_news(beacon, message, sender, now)) {
		beacon->counts.stale++;
		if (message->type == TRP_WIRE_PING &&
		    !is_of_this_cycle(beacon, sender, now))
			tell_again(beacon, now);
		return;
	}
	take_value(beacon, message, sender, now);
	if (beacon->state == TRP_BEACON_DISABLED)
		follow(beacon, message, sender, now);
	if (beacon->state == TRP_BEACON_STARTING)
		trp_beacon_join_rival(beacon, message, sender);
	if (trp_beacon_is_active(beacon))
		hear_list_of(beacon, message, sender, now);
}

/*
 * That side announces itself, also by a later head.  A head that repeats its
 * ping does not count, as a node that missed it once may miss it again.
 */
static void cancel_notices(struct trp_beacon *beacon,
			   const struct trp_wire *message)
{
	const struct trp_beacon_peer *peer;
	size_t i = message->type == TRP_WIRE_PING;

	for (; i < message->history_length && beacon->notices; i++) {
		peer = trp_peers_find(&beacon->peers, message->history[i]);
		if (peer)
			trp_beacon_notice_cancel(beacon, peer);
	}
}

static void overhear(struct trp_beacon *beacon, const struct trp_wire *message,
		     struct trp_beacon_peer *sender, struct trp_time now)
{
	sender->pins++;
	trp_beacon_listen_hear(beacon, message, sender, now);
	if (sender != beacon->me)
		take_value(beacon, message, sender, now);
	sender->pins--;
}

static void hear_list(struct trp_beacon *beacon, const struct trp_wire *message,
		      struct trp_time now)
{
	struct trp_beacon_peer *sender;

	if (trp_peers_make(&beacon->peers, trp_wire_about(message), &sender) <
	    0) {
		beacon->counts.lost++;
		return;
	}
	if (beacon->state == TRP_BEACON_LISTENING) {
		overhear(beacon, message, sender, now);
		return;
	}
	cancel_notices(beacon, message);
	/*
	 * A ping right behind a hist might overtake it on the way to some
	 * nodes, which would judge the hist by another head.
	 */
	if (message->type == TRP_WIRE_HIST) {
		sender->told = now;
		trp_beacon_turn_hold(beacon, trp_beacon_crossing_ns(beacon),
				     now);
	}
	if (sender == beacon->me) {
		if (message->type == TRP_WIRE_PING)
			beacon->unheard = 0;
		hear_of_me(beacon, message, now);
		return;
	}
	sender->pins++;
	if (sender == trp_rotation_head(&beacon->rotation))
		hear_of_head(beacon, message, sender, now);
	else
		hear_other(beacon, message, sender, now);
	sender->pins--;
}

void trp_beacon_receive(struct trp_beacon *beacon,
			const struct trp_wire *message, struct trp_time now)
{
	static void (*const hear[])(struct trp_beacon * beacon,
				    const struct trp_wire *message,
				    struct trp_time now) = {
		[TRP_WIRE_INIT] = hear_init,
		[TRP_WIRE_VERS] = hear_vers,
		[TRP_WIRE_PING] = hear_list,
		[TRP_WIRE_HIST] = hear_list,
	};

	assert(!beacon->is_calling);
	if (beacon->state == TRP_BEACON_NEW ||
	    beacon->state == TRP_BEACON_STOPPED)
		return;
	if (!trp_wire_is_valid(message)) {
		beacon->counts.malformed++;
		return;
	}
	beacon->counts.received[message->type]++;
	if (beacon->wants_raw)
		trp_beacon_output_event(beacon, &(struct trp_beacon_event) {
							.type = TRP_BEACON_RAW,
							.message = message });
	hear[message->type](beacon, message, now);
}
