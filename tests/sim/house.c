/* SPDX-License-Identifier: MIT */
#include "tests/sim/house.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

const struct sim_faults house_quick = { .delay_min_ns = 100000,
					.delay_max_ns = 2000000 };

/* A singleton takes that long to stop: no other may start before. */
#define STOP_NS (SIM_GAP * 3 / 4)

static int number_of(const struct sim_node *node)
{
	return (int)(node - node->net->nodes);
}

static const struct trp_scalar *say(struct sim_node *node, bool may_become_it)
{
	struct house *house = node->net->watch_data;
	int i = number_of(node);

	bool is_text = trp_dialect_is_text(&house->dialect[i], node->beacon,
					   may_become_it);

	cr_assert(trp_leadership_announce(&house->at[i], node->beacon,
					  may_become_it, sim_local(node),
					  "rest", house->text[i] + 1,
					  sizeof(house->text[i]) - 1) > 0);
	house->text[i][0] = trp_dialect_letter(&house->dialect[i]);
	house->value[i] = house->note[i] =
		(struct trp_scalar) { .type = TRP_SCALAR_NONE };
	if (is_text)
		house->value[i] = trp_scalar_text(house->text[i] + 1);
	else
		house->note[i] = trp_scalar_text(house->text[i]);
	return &house->value[i];
}

static const struct trp_scalar *note(struct sim_node *node)
{
	struct house *house = node->net->watch_data;

	return &house->note[number_of(node)];
}

static bool is_in_the_way(const struct sim_node *other,
			  const struct sim_node *node)
{
	const struct house *house = node->net->watch_data;
	int i = number_of(other);

	if (other == node || other->side != node->side || house->is_dead[i])
		return false;
	return house->ran[i] ||
	       node->net->now_ns - house->stopped_ns[i] < STOP_NS;
}

static void note_start(struct sim_node *node)
{
	struct house *house = node->net->watch_data;
	uint64_t fence = trp_leadership_fence(&house->at[number_of(node)]);
	int i;

	house->starts++;
	for (i = 0; i < node->net->node_count; i++)
		house->clashes += is_in_the_way(&node->net->nodes[i], node);
	house->regressions += fence <= house->fence_max;
	if (fence > house->fence_max)
		house->fence_max = fence;
}

void house_note_changes(struct sim_node *node)
{
	struct house *house = node->net->watch_data;
	int i = number_of(node);
	bool runs = trp_leadership_may_run(&house->at[i]);

	if (runs == house->ran[i])
		return;
	if (node->net->is_loud)
		fprintf(stderr, "%10.4f %s %s, term %llu\n",
			(double)node->net->now_ns / 1e9, node->name,
			runs ? "RUNS" : "stops",
			(unsigned long long)house->at[i].term);
	house->ran[i] = runs;
	trp_beacon_set_eager(node->beacon, runs);
	if (runs)
		note_start(node);
	else
		house->stopped_ns[i] = node->net->now_ns;
}

static void watch(struct sim_node *node, const struct trp_beacon_event *event)
{
	struct house *house = node->net->watch_data;
	int i = number_of(node);

	if (!node->beacon)
		return;
	if (event->type == TRP_BEACON_RAW)
		trp_dialect_hear(&house->dialect[i], node->beacon,
				 event->message);
	trp_leadership_event(&house->at[i], node->beacon, event,
			     sim_local(node));
	house_note_changes(node);
}

void house_begin(struct sim_net *net, struct house *house, int number,
		 uint64_t floor, bool is_roving)
{
	house->is_dead[number] = false;
	house->ran[number] = false;
	house->stopped_ns[number] = INT64_MIN / 2;
	house->dialect[number] = (struct trp_dialect) { TRP_DIALECT_OPEN };
	cr_assert(trp_leadership_init(&house->at[number],
				      net->nodes[number].name, floor,
				      is_roving) == 0);
	sim_start(net, number);
	if (net->is_plain)
		trp_dialect_stay_plain(&house->dialect[number],
				       net->nodes[number].beacon);
}

void house_leave(struct sim_net *net, struct house *house, int number)
{
	sim_kill(net, number);
	trp_leadership_stop(&house->at[number]);
	house->is_dead[number] = true;
	house->ran[number] = false;
}

void house_init(struct sim_net *net, struct house *house, uint64_t seed,
		int count, const struct sim_faults *faults)
{
	memset(house, 0, sizeof(*house));
	sim_init(net, seed, count, &trp_wire_defaults, faults);
	net->value = say;
	net->note = note;
	net->watch = watch;
	net->watch_data = house;
}

void house_begin_all(struct sim_net *net, struct house *house, uint64_t seed,
		     int count, const struct sim_faults *faults, bool is_roving)
{
	int i;

	house_init(net, house, seed, count, faults);
	for (i = 0; i < count; i++) {
		house_begin(net, house, i, 1000, is_roving);
		sim_run(net, (int64_t)(sim_draw(net) * 3e9));
	}
	sim_run(net, 20 * SIM_CYCLE);
}

int house_running(const struct sim_net *net, int side)
{
	const struct house *house = net->watch_data;
	int i, count = 0;

	for (i = 0; i < net->node_count; i++)
		count += house->ran[i] && net->nodes[i].side == side;
	return count;
}

void house_until_one_runs(struct sim_net *net)
{
	int i;

	for (i = 0; i < 3 && house_running(net, 0) != 1; i++)
		sim_run(net, SIM_CYCLE);
	sim_assert(net, house_running(net, 0) == 1);
}

int house_runner(const struct sim_net *net)
{
	const struct house *house = net->watch_data;
	int i;

	for (i = 0; i < net->node_count; i++)
		if (house->ran[i])
			return i;
	return -1;
}
