/* SPDX-License-Identifier: MIT */
#include "runtime/election/beacon_state.h"

/* What a beacon shows of itself. */

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

const struct trp_scalar *trp_beacon_value(const struct trp_beacon *beacon,
					  const char *node)
{
	const struct trp_beacon_peer *peer =
		trp_peers_find(&beacon->peers, node);

	return peer && peer->is_heard ? &peer->value : NULL;
}

void trp_beacon_each(const struct trp_beacon *beacon,
		     void (*see)(void *user, const char *node,
				 const struct trp_scalar *value,
				 struct trp_time heard),
		     void *user)
{
	const struct trp_beacon_peer *peer;
	size_t i;

	for (i = 0; i < beacon->peers.count; i++) {
		peer = beacon->peers.at[i];
		if (peer->is_heard)
			see(user, peer->name, &peer->value, peer->heard);
	}
}

int64_t trp_beacon_cycle_max_ns(const struct trp_beacon *beacon)
{
	return trp_beacon_cycle_ns(beacon) + trp_beacon_gap_ns(beacon) * 5 / 2;
}

unsigned trp_beacon_waited(const struct trp_beacon *beacon, struct trp_time now)
{
	if (!trp_beacon_is_active(beacon))
		return 0;
	return (unsigned)((now.ns - beacon->was_it.ns) /
			  trp_beacon_cycle_max_ns(beacon));
}
