/* SPDX-License-Identifier: MIT */
#include "runtime/election/beacon_state.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * The life of a beacon (BEACON 1.6, 1.9, 1.12).  Each state has one deadline
 * and one thing to do then:
 *
 *	state		deadline			then
 *	STARTING	C + U[1.5,2) G			STOPPED, -ETIMEDOUT
 *	IDLE		the own turn			ping; WAITING
 *	WAITING		T0 + G				TAG; IT
 *	IT		T0 + C + G/2			UNTAG; IDLE
 *
 * T0 is when the own ping went out.  Who wakes up so late that its time as it
 * is over does not become it.
 */

#define PEERS_MAX  4096
#define INIT_TRIES 3

/* ---- calling out -------------------------------------------------------- */

void trp_beacon_send(struct trp_beacon *beacon, const struct trp_wire *message)
{
	beacon->counts.sent[message->type]++;
	beacon->is_calling = true;
	beacon->calls->send(beacon->user, message);
	beacon->is_calling = false;
}

void trp_beacon_emit(struct trp_beacon *beacon,
		     const struct trp_beacon_event *event)
{
	beacon->is_calling = true;
	beacon->calls->event(beacon->user, event);
	beacon->is_calling = false;
}

double trp_beacon_draw(struct trp_beacon *beacon)
{
	return beacon->calls->random(beacon->user);
}

void trp_beacon_send_vers(struct trp_beacon *beacon)
{
	beacon->vers_due = TRP_NEVER;
	trp_beacon_send(beacon,
			&(struct trp_wire) { .type = TRP_WIRE_VERS,
					     .node = beacon->config_node,
					     .config = beacon->config });
}

void trp_beacon_send_list(struct trp_beacon *beacon, enum trp_wire_type type,
			  struct trp_beacon_peer *const *peers, size_t count)
{
	const char *names[TRP_WIRE_HISTORY_MAX];
	size_t i;

	if (count > (size_t)beacon->config.splits)
		count = (size_t)beacon->config.splits;
	for (i = 0; i < count; i++)
		names[i] = peers[i]->name;
	trp_beacon_send(beacon,
			&(struct trp_wire) {
				.type = type,
				.node = type == TRP_WIRE_PING ? names[0] : NULL,
				.value = peers[0]->value,
				.history = names,
				.history_length = count });
}

/* ---- taking turns ------------------------------------------------------- */

static void enter(struct trp_beacon *beacon, enum trp_beacon_state state,
		  struct trp_time due)
{
	beacon->state = state;
	beacon->due = due;
	beacon->turn = due;
}

void trp_beacon_wait_turn(struct trp_beacon *beacon, struct trp_time now)
{
	double gap_ns = (double)trp_beacon_gap_ns(beacon);
	int64_t slot_ns = (int64_t)(trp_beacon_slot(beacon) * gap_ns);

	enter(beacon, TRP_BEACON_IDLE,
	      trp_after(now, trp_beacon_cycle_ns(beacon) + slot_ns));
}

/* However much is said, the turns of a list keep their order, and come. */
void trp_beacon_hold_turn(struct trp_beacon *beacon, int64_t duration_ns,
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

void trp_beacon_yield(struct trp_beacon *beacon,
		      enum trp_beacon_event_type type, const char *winner)
{
	bool was_it = beacon->state == TRP_BEACON_IT;

	if (was_it || beacon->state == TRP_BEACON_WAITING)
		enter(beacon, TRP_BEACON_IDLE,
		      trp_after(beacon->sent_at,
				trp_beacon_cycle_ns(beacon) +
					2 * trp_beacon_gap_ns(beacon)));
	if (was_it)
		trp_beacon_emit(beacon, &(struct trp_beacon_event) {
						.type = type, .node = winner });
}

static void stop_waiting_to_tell(struct trp_beacon *beacon)
{
	if (beacon->pinger)
		beacon->pinger->pins--;
	beacon->pinger = NULL;
	beacon->ping_due = TRP_NEVER;
}

/* A later ping within the time takes the place of the earlier one. */
void trp_beacon_queue_ping(struct trp_beacon *beacon,
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
		trp_beacon_emit(beacon, &(struct trp_beacon_event) {
						.type = TRP_BEACON_PING,
						.node = pinger->name,
						.value = &pinger->value });
	stop_waiting_to_tell(beacon);
}

static void fail(struct trp_beacon *beacon, int error)
{
	trp_beacon_yield(beacon, TRP_BEACON_UNTAG, NULL);
	trp_beacon_drop_notices(beacon);
	stop_waiting_to_tell(beacon);
	beacon->vers_due = TRP_NEVER;
	enter(beacon, TRP_BEACON_STOPPED, TRP_NEVER);
	trp_beacon_emit(beacon,
			&(struct trp_beacon_event) { .type = TRP_BEACON_FAILED,
						     .error = error });
}

/* What the application says at this moment, where it wants to be asked. */
static int refresh_value(struct trp_beacon *beacon, bool may_become_it)
{
	const struct trp_scalar *value;

	if (!beacon->calls->value)
		return 0;
	beacon->is_calling = true;
	value = beacon->calls->value(beacon->user, may_become_it);
	beacon->is_calling = false;
	return trp_beacon_set_value(beacon, value);
}

static void ping(struct trp_beacon *beacon, struct trp_time now)
{
	struct trp_rotation *rotation = &beacon->rotation;
	bool may_become_it = rotation->count > 0;

	if (refresh_value(beacon, may_become_it) < 0 ||
	    trp_peers_hear(&beacon->peers, beacon->me, &beacon->value, now) <
		    0 ||
	    trp_rotation_insert(rotation, beacon->me) < 0) {
		fail(beacon, -ENOMEM);
		return;
	}
	beacon->misses = 0;
	beacon->sent_at = now;
	beacon->repeats = 0;
	beacon->repeat_due = TRP_NEVER;
	beacon->is_lone = may_become_it && rotation->count == 1;
	beacon->me->pinged = now;
	if (may_become_it)
		enter(beacon, TRP_BEACON_WAITING,
		      trp_after(now, trp_beacon_gap_ns(beacon)));
	else
		trp_beacon_wait_turn(beacon, now);
	trp_beacon_send_list(beacon, TRP_WIRE_PING, rotation->at,
			     rotation->count);
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
		trp_beacon_yield(beacon, TRP_BEACON_UNTAG, NULL);
		return;
	}
	enter(beacon, TRP_BEACON_IT, end);
	beacon->was_it = now;
	beacon->counts.tags++;
	trp_beacon_emit(beacon, &(struct trp_beacon_event) {
					.type = TRP_BEACON_TAG,
					.node = beacon->me->name,
					.value = &beacon->me->value });
}

static void stop_being_it(struct trp_beacon *beacon, struct trp_time now)
{
	trp_beacon_yield(beacon, TRP_BEACON_UNTAG, NULL);
}

static void hear_nothing(struct trp_beacon *beacon, struct trp_time now)
{
	fail(beacon, -ETIMEDOUT);
}

/* ---- beginning ---------------------------------------------------------- */

static void send_init(struct trp_beacon *beacon, struct trp_time now)
{
	beacon->init_at = now;
	beacon->init_tries++;
	beacon->init_echoes = 0;
	trp_beacon_send(beacon,
			&(struct trp_wire) { .type = TRP_WIRE_INIT,
					     .node = beacon->me->name });
}

int trp_beacon_start(struct trp_beacon *beacon, struct trp_time now)
{
	double draw = 1.5 + trp_beacon_draw(beacon) / 2;
	int64_t wait_ns = (int64_t)(draw * (double)trp_beacon_gap_ns(beacon));
	int r;

	if (beacon->state != TRP_BEACON_NEW &&
	    beacon->state != TRP_BEACON_STOPPED)
		return -EALREADY;
	r = refresh_value(beacon, false);
	if (r < 0)
		return r;
	trp_rotation_clear(&beacon->rotation);
	beacon->init_tries = 0;
	enter(beacon, TRP_BEACON_STARTING,
	      trp_after(now, trp_beacon_cycle_ns(beacon) + wait_ns));
	send_init(beacon, now);
	trp_beacon_send_vers(beacon);
	return 0;
}

static void take_part(struct trp_beacon *beacon, struct trp_time now)
{
	int64_t bound = beacon->config.nodes;

	trp_rotation_clear(&beacon->rotation);
	beacon->rotation.bound = bound > 0 ? (size_t)bound : 0;
	beacon->was_it = now;
	ping(beacon, now);
	trp_beacon_meet_rival(beacon, now);
}

/*
 * Two echoes of one init: another node of this name has started at the same
 * moment, or the channel has doubled the message.  In the first case the same
 * happens again to both, so init is sent anew a few times.  An init that comes
 * later than that is another node's, which lives, and this one ends.
 */
void trp_beacon_hear_echo(struct trp_beacon *beacon, struct trp_time now)
{
	int64_t window_ns = 2 * trp_beacon_gap_ns(beacon);

	beacon->init_echoes++;
	if (beacon->init_echoes > 1) {
		if (now.ns - beacon->init_at.ns < window_ns &&
		    beacon->init_tries < INIT_TRIES)
			send_init(beacon, now);
		else
			fail(beacon, -EEXIST);
		return;
	}
	if (beacon->state != TRP_BEACON_STARTING)
		return;
	if (beacon->is_disabled)
		enter(beacon, TRP_BEACON_DISABLED, TRP_NEVER);
	else
		take_part(beacon, now);
}

static int init(struct trp_beacon *beacon,
		const struct trp_beacon_options *options)
{
	trp_peers_init(&beacon->peers,
		       options->peers_max ? options->peers_max : PEERS_MAX);
	beacon->config = options->config;
	strcpy(beacon->config_node, options->node);
	beacon->is_disabled = options->is_disabled;
	beacon->wants_raw = options->wants_raw;
	beacon->ping_due = TRP_NEVER;
	beacon->vers_due = TRP_NEVER;
	beacon->repeat_due = TRP_NEVER;
	enter(beacon, TRP_BEACON_NEW, TRP_NEVER);
	return trp_peers_make(&beacon->peers, options->node, &beacon->me);
}

int trp_beacon_new(struct trp_beacon **ret_beacon,
		   const struct trp_beacon_options *options,
		   const struct trp_beacon_calls *calls, void *user)
{
	struct trp_beacon *beacon;
	struct trp_wire hello = { .type = TRP_WIRE_INIT,
				  .node = options->node };
	int r;

	if (!trp_wire_is_valid(&hello) ||
	    !trp_wire_config_is_valid(&options->config))
		return -EINVAL;
	beacon = calloc(1, sizeof(*beacon));
	if (!beacon)
		return -ENOMEM;
	beacon->calls = calls;
	beacon->user = user;
	r = init(beacon, options);
	if (r < 0) {
		trp_beacon_free(beacon);
		return r;
	}
	beacon->me->pins++;
	*ret_beacon = beacon;
	return 0;
}

void trp_beacon_free(struct trp_beacon *beacon)
{
	if (!beacon)
		return;
	trp_beacon_drop_notices(beacon);
	trp_rotation_fini(&beacon->rotation);
	trp_scalar_fini(&beacon->value);
	trp_peers_fini(&beacon->peers);
	free(beacon);
}

/* ---- time --------------------------------------------------------------- */

static void (*const when_due[TRP_BEACON_STATES])(struct trp_beacon *beacon,
						 struct trp_time now) = {
	[TRP_BEACON_STARTING] = hear_nothing,
	[TRP_BEACON_IDLE] = ping,
	[TRP_BEACON_WAITING] = become_it,
	[TRP_BEACON_IT] = stop_being_it,
};

void trp_beacon_tick(struct trp_beacon *beacon, struct trp_time now)
{
	assert(!beacon->is_calling);
	trp_beacon_send_notices(beacon, now);
	if (beacon->vers_due.ns <= now.ns)
		trp_beacon_send_vers(beacon);
	if (beacon->ping_due.ns <= now.ns)
		tell_ping(beacon);
	if (beacon->due.ns > now.ns)
		return;
	assert(when_due[beacon->state]);
	when_due[beacon->state](beacon, now);
}

static struct trp_time earlier(struct trp_time a, struct trp_time b)
{
	return a.ns < b.ns ? a : b;
}

struct trp_time trp_beacon_deadline(const struct trp_beacon *beacon)
{
	const struct trp_notice *notice;
	struct trp_time due = beacon->due;

	due = earlier(due, beacon->ping_due);
	due = earlier(due, beacon->vers_due);
	due = earlier(due, beacon->repeat_due);
	for (notice = beacon->notices; notice; notice = notice->next)
		due = earlier(due, notice->due);
	return due;
}

/* ---- steering ----------------------------------------------------------- */

int trp_beacon_set_value(struct trp_beacon *beacon,
			 const struct trp_scalar *value)
{
	if (trp_scalar_has_span(value) &&
	    value->span.length > TRP_WIRE_VALUE_MAX)
		return -EMSGSIZE;
	return trp_scalar_copy(&beacon->value, value);
}

void trp_beacon_set_ready(struct trp_beacon *beacon)
{
	beacon->is_ready = true;
}

void trp_beacon_set_eager(struct trp_beacon *beacon, bool is_eager)
{
	beacon->is_eager = is_eager;
}

static bool has_begun(const struct trp_beacon *beacon)
{
	return beacon->state >= TRP_BEACON_DISABLED &&
	       beacon->state <= TRP_BEACON_IT;
}

int trp_beacon_enable(struct trp_beacon *beacon, int64_t length,
		      struct trp_time now)
{
	struct trp_wire_config config = beacon->config;
	int r;

	if (!has_begun(beacon))
		return -ENOTCONN;
	if (beacon->state != TRP_BEACON_DISABLED)
		return -EALREADY;
	if (config.nodes > 0 && length > config.nodes) {
		config.nodes = length;
		config.version++;
		r = trp_beacon_configure(beacon, &config);
		if (r < 0)
			return r;
	}
	beacon->is_disabled = false;
	take_part(beacon, now);
	return 0;
}

int trp_beacon_disable(struct trp_beacon *beacon)
{
	if (!has_begun(beacon))
		return -ENOTCONN;
	trp_beacon_yield(beacon, TRP_BEACON_UNTAG, NULL);
	trp_beacon_drop_notices(beacon);
	trp_rotation_clear(&beacon->rotation);
	beacon->vers_due = TRP_NEVER;
	beacon->is_disabled = true;
	enter(beacon, TRP_BEACON_DISABLED, TRP_NEVER);
	return 0;
}

int trp_beacon_configure(struct trp_beacon *beacon,
			 const struct trp_wire_config *config)
{
	if (!trp_wire_config_is_valid(config))
		return -EINVAL;
	if (config->version <= beacon->config.version)
		return -ESTALE;
	beacon->config = *config;
	strcpy(beacon->config_node, beacon->me->name);
	if (has_begun(beacon))
		trp_beacon_send_vers(beacon);
	return 0;
}

void trp_beacon_malformed(struct trp_beacon *beacon)
{
	beacon->counts.malformed++;
}
