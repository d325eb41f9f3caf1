/* SPDX-License-Identifier: MIT */
#include "runtime/election/beacon.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/election/beacon_listen.h"
#include "runtime/election/beacon_notice.h"
#include "runtime/election/beacon_output.h"
#include "runtime/election/beacon_turn.h"

#define PEERS_MAX 4096

static void check_notices(const struct trp_beacon *beacon)
{
	const struct trp_notice *one, *other;

	for (one = beacon->notices; one; one = one->next) {
		assert(one->count > 0 && one->at[0]->pins > 0);
		for (other = one->next; other; other = other->next)
			assert(one->at[0] != other->at[0]);
	}
}

void trp_beacon_check(const struct trp_beacon *beacon)
{
	bool is_off = beacon->state == TRP_BEACON_NEW ||
		      beacon->state == TRP_BEACON_STOPPED;
	bool is_idle = is_off || beacon->state == TRP_BEACON_DISABLED;

	assert(!beacon->is_calling && beacon->me->pins > 0);
	assert((beacon->state != TRP_BEACON_WAITING &&
		beacon->state != TRP_BEACON_IT) ||
	       trp_rotation_head(&beacon->rotation) == beacon->me);
	assert((beacon->due.ns == TRP_NEVER.ns) == is_idle);
	assert((beacon->ping_due.ns == TRP_NEVER.ns) == !beacon->pinger);
	assert(!beacon->pinger || beacon->pinger->pins > 0);
	assert(!beacon->rival || beacon->rival->pins > 0);
	assert(!is_off || !beacon->pinger);
	assert(!is_idle || !beacon->notices);
	assert(beacon->state != TRP_BEACON_DISABLED || beacon->is_disabled);
	check_notices(beacon);
}

static int init(struct trp_beacon *beacon,
		const struct trp_beacon_options *options)
{
	trp_peers_init(&beacon->peers,
		       options->peers_max ? options->peers_max : PEERS_MAX);
	beacon->config = options->config;
	strcpy(beacon->config_node, options->node);
	beacon->wants_raw = options->wants_raw;
	beacon->ping_due = TRP_NEVER;
	beacon->vers_due = TRP_NEVER;
	beacon->repeat_due = TRP_NEVER;
	trp_beacon_turn_enter(beacon, TRP_BEACON_NEW, TRP_NEVER);
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
	trp_beacon_notice_drop(beacon);
	trp_rotation_fini(&beacon->rotation);
	trp_scalar_fini(&beacon->value);
	trp_peers_fini(&beacon->peers);
	free(beacon);
}

int trp_beacon_start(struct trp_beacon *beacon, struct trp_time now)
{
	int r;

	if (beacon->state != TRP_BEACON_NEW &&
	    beacon->state != TRP_BEACON_STOPPED)
		return -EALREADY;
	r = trp_beacon_output_ask_value(beacon, false);
	if (r < 0)
		return r;
	trp_rotation_clear(&beacon->rotation);
	if (beacon->is_plain)
		trp_beacon_listen_begin(beacon, now);
	else
		trp_beacon_turn_greet(beacon, now);
	TRP_CHECK(trp_beacon_check(beacon));
	return 0;
}

/* ---- time --------------------------------------------------------------- */

void trp_beacon_tick(struct trp_beacon *beacon, struct trp_time now)
{
	assert(!beacon->is_calling);
	trp_beacon_notice_send(beacon, now);
	if (beacon->vers_due.ns <= now.ns)
		trp_beacon_output_vers(beacon);
	trp_beacon_turn_tick(beacon, now);
	TRP_CHECK(trp_beacon_check(beacon));
}

static struct trp_time earlier(struct trp_time a, struct trp_time b)
{
	return a.ns < b.ns ? a : b;
}

struct trp_time trp_beacon_deadline(const struct trp_beacon *beacon)
{
	const struct trp_notice *notice;
	struct trp_time due = earlier(beacon->due, beacon->ping_due);

	due = earlier(due, beacon->vers_due);
	due = earlier(due, beacon->repeat_due);
	for (notice = beacon->notices; notice; notice = notice->next)
		due = earlier(due, notice->due);
	return due;
}

/* ---- control ------------------------------------------------------------ */

void trp_beacon_set_ready(struct trp_beacon *beacon, bool is_ready)
{
	beacon->is_ready = is_ready;
}

void trp_beacon_set_eager(struct trp_beacon *beacon, bool is_eager)
{
	beacon->is_eager = is_eager;
}

void trp_beacon_disable(struct trp_beacon *beacon)
{
	assert(!beacon->is_calling);
	beacon->is_disabled = true;
	if (trp_beacon_is_active(beacon))
		trp_beacon_turn_rest(beacon, TRP_BEACON_DISABLED);
	TRP_CHECK(trp_beacon_check(beacon));
}

void trp_beacon_enable(struct trp_beacon *beacon, struct trp_time now)
{
	assert(!beacon->is_calling);
	beacon->is_disabled = false;
	if (beacon->state == TRP_BEACON_DISABLED)
		trp_beacon_turn_begin(beacon, now);
	TRP_CHECK(trp_beacon_check(beacon));
}

bool trp_beacon_is_enabled(const struct trp_beacon *beacon)
{
	return !beacon->is_disabled;
}

static bool may_speak(const struct trp_beacon *beacon)
{
	return trp_beacon_is_active(beacon) ||
	       (beacon->state == TRP_BEACON_STARTING && !beacon->is_disabled);
}

int trp_beacon_configure(struct trp_beacon *beacon,
			 const struct trp_wire_config *config)
{
	assert(!beacon->is_calling);
	if (!trp_wire_config_is_valid(config))
		return -EINVAL;
	if (config->version <= beacon->config.version)
		return -ESTALE;
	beacon->config = *config;
	strcpy(beacon->config_node, beacon->me->name);
	trp_rotation_limit(&beacon->rotation, config->nodes);
	if (may_speak(beacon))
		trp_beacon_output_vers(beacon);
	return 0;
}

int trp_beacon_say(struct trp_beacon *beacon, const void *data, size_t length)
{
	const struct trp_scalar said = { TRP_SCALAR_BYTES,
					 .span = { data, length } };

	if (length > TRP_WIRE_VALUE_MAX)
		return -EMSGSIZE;
	if (!may_speak(beacon))
		return -EHOSTDOWN;
	trp_beacon_output_say(beacon, &said);
	return 0;
}

void trp_beacon_set_plain(struct trp_beacon *beacon)
{
	if (!beacon->is_plain)
		trp_peers_forget_texts(&beacon->peers);
	beacon->is_plain = true;
}

void trp_beacon_malformed(struct trp_beacon *beacon)
{
	beacon->counts.malformed++;
}

/* ---- looking ------------------------------------------------------------ */

enum trp_beacon_state trp_beacon_state(const struct trp_beacon *beacon)
{
	return beacon->state;
}

const char *trp_beacon_node(const struct trp_beacon *beacon)
{
	return beacon->me->name;
}

const struct trp_wire_config *trp_beacon_config(const struct trp_beacon *beacon)
{
	return &beacon->config;
}

const struct trp_beacon_counts *trp_beacon_counts(const struct trp_beacon *b)
{
	return &b->counts;
}

const char *trp_beacon_listed(const struct trp_beacon *beacon, size_t place)
{
	if (place >= beacon->rotation.count)
		return NULL;
	return beacon->rotation.at[place]->name;
}

static struct trp_beacon_sight sight_of(const struct trp_beacon_peer *peer)
{
	return (struct trp_beacon_sight) { .node = peer->name,
					   .value = &peer->value,
					   .note = &peer->note,
					   .heard = peer->heard };
}

bool trp_beacon_find(const struct trp_beacon *beacon, const char *node,
		     struct trp_beacon_sight *ret_sight)
{
	const struct trp_beacon_peer *peer =
		trp_peers_find(&beacon->peers, node);

	if (!peer || !peer->is_heard)
		return false;
	*ret_sight = sight_of(peer);
	return true;
}

void trp_beacon_each(const struct trp_beacon *beacon,
		     void (*see)(void *user,
				 const struct trp_beacon_sight *sight),
		     void *user)
{
	const struct trp_beacon_peer *peer;
	struct trp_beacon_sight sight;

	for (size_t i = 0; i < beacon->peers.count; i++) {
		peer = beacon->peers.at[i];
		if (peer->is_heard) {
			sight = sight_of(peer);
			see(user, &sight);
		}
	}
}

int64_t trp_beacon_cycle_max_ns(const struct trp_beacon *beacon)
{
	return trp_beacon_silence_ns(beacon);
}

unsigned trp_beacon_waited(const struct trp_beacon *beacon, struct trp_time now)
{
	if (!trp_beacon_is_active(beacon))
		return 0;
	return (unsigned)((now.ns - beacon->was_it.ns) /
			  trp_beacon_cycle_max_ns(beacon));
}
