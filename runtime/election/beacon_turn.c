/* SPDX-License-Identifier: MIT */
#include "runtime/election/beacon_turn.h"

#include <assert.h>
#include <errno.h>

#include "runtime/election/beacon_notice.h"
#include "runtime/election/beacon_output.h"
#include "runtime/election/beacon_slot.h"

/*
 * Taking turns (BEACON 1.6, 1.9, 1.12).  Each state has one deadline and one
 * thing to do then:
 *
 *	state		deadline			then
 *	LISTENING	C + 2.5 G after a ping		init; STARTING
 *	STARTING	C + U[1.5,2) G			STOPPED, -ETIMEDOUT
 *	IDLE		the own turn			ping; WAITING
 *	WAITING		T0 + G				TAG; IT
 *	IT		T0 + C + G/2			UNTAG; IDLE
 *
 * T0 is when the own ping went out.  A node that wakes up so late that its
 * time as it is over does not become it.
 */

static void (*const when_due[TRP_BEACON_STATES])(struct trp_beacon *beacon,
						 struct trp_time now);

void trp_beacon_turn_enter(struct trp_beacon *beacon,
			   enum trp_beacon_state state, struct trp_time due)
{
	assert((due.ns == TRP_NEVER.ns) == !when_due[state]);
	beacon->state = state;
	beacon->due = due;
	beacon->turn = due;
}

/* A ping was accepted: when is our turn? */
static void wait_turn(struct trp_beacon *beacon, struct trp_time now)
{
	double gap_ns = (double)trp_beacon_gap_ns(beacon);
	int64_t slot_ns = (int64_t)(trp_beacon_slot(beacon) * gap_ns);

	trp_beacon_turn_enter(
		beacon, TRP_BEACON_IDLE,
		trp_after(now, trp_beacon_cycle_ns(beacon) + slot_ns));
}

/* However many messages there are, the turns of a list keep their order, and
 * come. */
void trp_beacon_turn_hold(struct trp_beacon *beacon, int64_t duration_ns,
			  struct trp_time now)
{
	int64_t end_ns = now.ns + duration_ns, last_ns;

	if (beacon->state != TRP_BEACON_IDLE)
		return;
	last_ns = beacon->turn.ns + trp_beacon_gap_ns(beacon) / 8;
	if (end_ns > last_ns)
		end_ns = last_ns;
	if (beacon->due.ns < end_ns)
		beacon->due.ns = end_ns;
}

void trp_beacon_turn_yield(struct trp_beacon *beacon,
			   enum trp_beacon_event_type type, const char *winner)
{
	bool was_it = beacon->state == TRP_BEACON_IT;

	if (was_it || beacon->state == TRP_BEACON_WAITING)
		trp_beacon_turn_enter(
			beacon, TRP_BEACON_IDLE,
			trp_after(beacon->sent_at,
				  trp_beacon_cycle_ns(beacon) +
					  2 * trp_beacon_gap_ns(beacon)));
	if (was_it)
		trp_beacon_output_event(
			beacon, &(struct trp_beacon_event) { .type = type,
							     .node = winner });
}

static void stop_waiting_to_tell(struct trp_beacon *beacon)
{
	assert(!beacon->pinger || beacon->pinger->pins > 0);
	if (beacon->pinger)
		beacon->pinger->pins--;
	beacon->pinger = NULL;
	beacon->ping_due = TRP_NEVER;
}

/* Reported later, unless another ping arrives meanwhile. */
static void queue_ping(struct trp_beacon *beacon,
		       struct trp_beacon_peer *pinger, struct trp_time now)
{
	struct trp_time due = beacon->ping_due;

	if (due.ns == TRP_NEVER.ns)
		due = trp_after(now, 2 * trp_beacon_gap_ns(beacon));
	pinger->pins++;
	stop_waiting_to_tell(beacon);
	beacon->pinger = pinger;
	beacon->ping_due = due;
}

static void tell_ping(struct trp_beacon *beacon)
{
	struct trp_beacon_peer *pinger = beacon->pinger;

	if (beacon->state == TRP_BEACON_IDLE ||
	    beacon->state == TRP_BEACON_DISABLED)
		trp_beacon_output_event(
			beacon,
			&(struct trp_beacon_event) { .type = TRP_BEACON_PING,
						     .node = pinger->name,
						     .value = &pinger->value });
	stop_waiting_to_tell(beacon);
}

void trp_beacon_turn_rest(struct trp_beacon *beacon,
			  enum trp_beacon_state state)
{
	trp_beacon_turn_yield(beacon, TRP_BEACON_UNTAG, NULL);
	trp_beacon_notice_drop(beacon);
	stop_waiting_to_tell(beacon);
	beacon->vers_due = TRP_NEVER;
	trp_beacon_turn_enter(beacon, state, TRP_NEVER);
}

void trp_beacon_turn_fail(struct trp_beacon *beacon, int error)
{
	trp_beacon_turn_rest(beacon, TRP_BEACON_STOPPED);
	trp_beacon_output_event(
		beacon, &(struct trp_beacon_event) { .type = TRP_BEACON_FAILED,
						     .error = error });
}

/* A node that does not hear itself may not hear others either. */
static void listen_for_echo(struct trp_beacon *beacon)
{
	enum { ALLOWED = 2 };

	if (beacon->unheard++ == ALLOWED)
		trp_beacon_output_event(
			beacon,
			&(struct trp_beacon_event) { .type = TRP_BEACON_DEAF });
}

void trp_beacon_turn_ping(struct trp_beacon *beacon, struct trp_time now)
{
	struct trp_rotation *rotation = &beacon->rotation;
	bool may_become_it = rotation->count > 0;

	if (trp_beacon_output_ask_value(beacon, may_become_it) < 0 ||
	    trp_peers_hear(&beacon->peers, beacon->me, &beacon->value, now) <
		    0 ||
	    trp_rotation_insert(rotation, beacon->me) < 0) {
		trp_beacon_turn_fail(beacon, -ENOMEM);
		return;
	}
	listen_for_echo(beacon);
	beacon->misses = 0;
	beacon->sent_at = now;
	beacon->repeats = 0;
	beacon->repeat_due = TRP_NEVER;
	beacon->is_lone = may_become_it && rotation->count == 1;
	beacon->me->pinged = now;
	if (may_become_it)
		trp_beacon_turn_enter(
			beacon, TRP_BEACON_WAITING,
			trp_after(now, trp_beacon_gap_ns(beacon)));
	else
		wait_turn(beacon, now);
	trp_beacon_output_note(beacon);
	trp_beacon_output_list(beacon, TRP_WIRE_PING, rotation->at,
			       rotation->count);
}

void trp_beacon_turn_begin(struct trp_beacon *beacon, struct trp_time now)
{
	trp_rotation_clear(&beacon->rotation);
	trp_rotation_limit(&beacon->rotation, beacon->config.nodes);
	beacon->was_it = now;
	beacon->unheard = 0;
	trp_beacon_turn_ping(beacon, now);
}

static struct trp_time end_of_tag(const struct trp_beacon *beacon)
{
	return trp_after(beacon->sent_at,
			 trp_beacon_cycle_ns(beacon) +
				 trp_beacon_gap_ns(beacon) / 2);
}

static void become_it(struct trp_beacon *beacon, struct trp_time now)
{
	struct trp_time end = end_of_tag(beacon);

	if (now.ns >= end.ns) {
		trp_beacon_turn_yield(beacon, TRP_BEACON_UNTAG, NULL);
		return;
	}
	assert(trp_rotation_head(&beacon->rotation) == beacon->me);
	trp_beacon_turn_enter(beacon, TRP_BEACON_IT, end);
	beacon->was_it = now;
	beacon->counts.tags++;
	trp_beacon_output_event(beacon, &(struct trp_beacon_event) {
						.type = TRP_BEACON_TAG,
						.node = beacon->me->name,
						.value = &beacon->me->value });
}

static void stop_being_it(struct trp_beacon *beacon, struct trp_time now)
{
	trp_beacon_turn_yield(beacon, TRP_BEACON_UNTAG, NULL);
}

void trp_beacon_turn_send_init(struct trp_beacon *beacon, struct trp_time now)
{
	beacon->init_at = now;
	beacon->init_tries++;
	beacon->init_echoes = 0;
	trp_beacon_output_send(beacon,
			       &(struct trp_wire) { .type = TRP_WIRE_INIT,
						    .node = beacon->me->name });
}

void trp_beacon_turn_greet(struct trp_beacon *beacon, struct trp_time now)
{
	double draw = 1.5 + trp_beacon_output_draw(beacon) / 2;
	int64_t wait_ns = (int64_t)(draw * (double)trp_beacon_gap_ns(beacon));

	trp_rotation_clear(&beacon->rotation);
	beacon->init_tries = 0;
	beacon->init_answers = 0;
	beacon->is_settled = false;
	trp_beacon_turn_enter(
		beacon, TRP_BEACON_STARTING,
		trp_after(now, trp_beacon_cycle_ns(beacon) + wait_ns));
	trp_beacon_turn_send_init(beacon, now);
	trp_beacon_output_vers(beacon);
}

static void hear_nothing(struct trp_beacon *beacon, struct trp_time now)
{
	trp_beacon_turn_fail(beacon, -ETIMEDOUT);
}

void trp_beacon_turn_accept(struct trp_beacon *beacon,
			    struct trp_beacon_peer *sender, struct trp_time now)
{
	sender->pinged = now;
	if (beacon->state != TRP_BEACON_DISABLED)
		wait_turn(beacon, now);
	queue_ping(beacon, sender, now);
}

static void (*const when_due[TRP_BEACON_STATES])(struct trp_beacon *beacon,
						 struct trp_time now) = {
	[TRP_BEACON_LISTENING] = trp_beacon_turn_greet,
	[TRP_BEACON_STARTING] = hear_nothing,
	[TRP_BEACON_IDLE] = trp_beacon_turn_ping,
	[TRP_BEACON_WAITING] = become_it,
	[TRP_BEACON_IT] = stop_being_it,
};

void trp_beacon_turn_tick(struct trp_beacon *beacon, struct trp_time now)
{
	if (beacon->ping_due.ns <= now.ns)
		tell_ping(beacon);
	if (beacon->due.ns > now.ns)
		return;
	assert(when_due[beacon->state]);
	when_due[beacon->state](beacon, now);
}
