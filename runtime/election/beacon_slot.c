/* SPDX-License-Identifier: MIT */
#include "runtime/election/beacon_slot.h"

#include "runtime/election/beacon_output.h"

/*
 * When a node sends its ping, in gaps after the end of the cycle (BEACON 1.7):
 *
 *	[0, 1/16)	an eager leader
 *	[0, 1/3)	newcomers, with a small probability
 *	.875, .9375 ..	members of the list, its tail first
 *	[1.5, 2)	nodes off the list, when no member did
 *	[1.7, 1.9)	the list is empty
 *	2		the last sender
 *	[2, 2.33)	nodes that are not ready, if others are
 */

/* One pass over the list, up to the configured length. */
struct walk {
	size_t length;
	size_t place;	     /* own; TRP_ROTATION_NOWHERE */
	size_t first_valued; /* from 1; 0: none */
};

static struct walk walk_list(const struct trp_beacon *beacon)
{
	const struct trp_rotation *rotation = &beacon->rotation;
	struct walk walk = { .place = TRP_ROTATION_NOWHERE };
	size_t i, end = rotation->count;

	if (beacon->config.nodes > 0 && end > (size_t)beacon->config.nodes)
		end = (size_t)beacon->config.nodes;
	for (i = 0; i < end; i++) {
		if (rotation->at[i] == beacon->me)
			walk.place = i;
		if (!walk.first_valued &&
		    rotation->at[i]->value.type != TRP_SCALAR_NONE)
			walk.first_valued = i + 1;
	}
	walk.length = end;
	return walk;
}

/* The minimum number of nodes. */
static double population(const struct trp_beacon *beacon)
{
	double heard = (double)beacon->peers.heard;
	double floor = (double)beacon->config.n_hosts;

	if (heard > floor)
		return heard;
	return floor > 1 ? floor : 1;
}

static double forced_slot(struct trp_beacon *beacon)
{
	double total = population(beacon);
	double draw = trp_beacon_output_draw(beacon);

	if (beacon->misses >= total)
		return draw / 4;
	if (draw > (beacon->misses - 1.0) / total)
		return 0.5 + trp_beacon_output_draw(beacon) / 2;
	return trp_beacon_output_draw(beacon) / 2;
}

static double newcomer_slot(struct trp_beacon *beacon)
{
	double todo =
		(double)beacon->config.nodes - (double)beacon->rotation.count;
	double total = population(beacon);
	double early;

	if (beacon->config.nodes <= 0)
		todo = 1;
	if (todo > 0) {
		early = 1 / (todo * total);
	} else {
		beacon->misses++;
		early = 1 / (total * total);
	}
	if (trp_beacon_output_draw(beacon) < early)
		return trp_beacon_output_draw(beacon) / 3;
	return 1.5 + trp_beacon_output_draw(beacon) / 2;
}

double trp_beacon_slot(struct trp_beacon *beacon)
{
	struct walk walk;

	if (!beacon->rotation.count)
		return 1.9 - 0.2 * trp_beacon_output_draw(beacon);
	if (trp_rotation_head(&beacon->rotation) == beacon->me)
		return 2;
	walk = walk_list(beacon);
	if (!beacon->is_ready && walk.first_valued > (walk.length + 1) / 2)
		return 2 + trp_beacon_output_draw(beacon) / 3;
	if (walk.place != TRP_ROTATION_NOWHERE)
		return 1 - trp_beacon_halved(walk.length - walk.place + 2);
	if (beacon->is_eager)
		return trp_beacon_output_draw(beacon) / 16;
	if (beacon->config.force_in)
		return forced_slot(beacon);
	return newcomer_slot(beacon);
}
