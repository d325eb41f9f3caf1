/* SPDX-License-Identifier: MIT */
/* Networks in which nodes with the original's rules take turns with ours. */
#include "tests/sim/net.h"

#include <criterion/criterion.h>

static const struct sim_faults quick = { .delay_min_ns = 100000,
					 .delay_max_ns = 2000000 };
static const struct sim_faults lossy = { .delay_min_ns = 100000,
					 .delay_max_ns = 2000000,
					 .loss = 0.05 };
static const double shares[] = { 0, 0.2, 0.5, 0.8, 1 };

enum { SHARES = sizeof(shares) / sizeof(shares[0]) };

/* Of all runs, per run; `late` is a share. */
struct sum {
	int runs;
	double tags, pings, overlaps, hists, recovers, detags, late;
};

static double count(const struct sim_net *net, enum trp_beacon_event_type type)
{
	unsigned int sum = 0;
	int i;

	for (i = 0; i < net->node_count; i++)
		sum += net->nodes[i].events[type];
	return sum;
}

static void forget(struct sim_net *net)
{
	enum trp_beacon_event_type type;
	int i;

	net->tags = net->overlaps = 0;
	for (i = 0; i < TRP_WIRE_TYPES; i++)
		net->sent[i] = 0;
	for (i = 0; i < net->node_count; i++)
		for (type = 0; type < TRP_BEACON_EVENTS; type++)
			net->nodes[i].events[type] = 0;
}

static void add(struct sum *sum, const struct sim_net *net)
{
	sum->tags += (double)net->tags / sum->runs;
	sum->overlaps += (double)net->overlaps / sum->runs;
	sum->pings += (double)net->sent[TRP_WIRE_PING] / sum->runs;
	sum->hists += (double)net->sent[TRP_WIRE_HIST] / sum->runs;
	sum->recovers += count(net, TRP_BEACON_RECOVER) / sum->runs;
	sum->detags += count(net, TRP_BEACON_DETAG) / sum->runs;
	sim_assert(net, count(net, TRP_BEACON_FAILED) == 0);
}

/* One after the other, each an original with that probability. */
static void start_mixed(struct sim_net *net, double share)
{
	int i;

	for (i = 0; i < net->node_count; i++) {
		if (sim_draw(net) < share)
			sim_start_original(net, i);
		else
			sim_start(net, i);
		sim_run(net, (int64_t)(sim_draw(net) * 4 * (double)SIM_CYCLE));
	}
	sim_run(net, 40 * SIM_CYCLE);
}

static struct sum run_mixed(uint64_t first, uint64_t times, double share,
			    int nodes, const struct sim_faults *faults)
{
	struct sim_seeds seeds = sim_seeds(first, times);
	struct sum sum = { .runs = (int)(seeds.end - seeds.first) };
	struct sim_net net;
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		sim_init(&net, seed, nodes, &trp_wire_defaults, faults);
		net.is_loud = seeds.is_loud;
		start_mixed(&net, share);
		forget(&net);
		sim_run(&net, 3800 * SIM_SECOND);
		sim_land(&net);
		if (!faults->loss) {
			sim_assert(&net, net.overlaps == 0);
			sim_assert(&net, sim_is_agreed(&net));
		}
		add(&sum, &net);
		sim_fini(&net);
	}
	return sum;
}

/* Its model is right: BEACON's figures are of one run each. */
Test(mixed, originals_alone_do_as_they_were_seen_to)
{
	struct sum whole = run_mixed(400000, 20, 1, 5, &quick);
	struct sum loss = run_mixed(401000, 100, 1, 5, &lossy);

	cr_log_info(
		"originals, 5 %% loss: %.0f tags, %.0f overlaps, %.0f hist, "
		"%.0f RECOVER, %.0f DETAG",
		loss.tags, loss.overlaps, loss.hists, loss.recovers,
		loss.detags);
	/* Seen: 335; and 393, 46, 217, 236, 33. */
	cr_assert(whole.tags >= 335 && whole.tags <= 337);
	cr_assert(loss.tags >= 360 && loss.tags <= 410);
	cr_assert(loss.overlaps >= 25 && loss.overlaps <= 60);
	cr_assert(loss.hists >= 160 && loss.hists <= 260);
	cr_assert(loss.recovers >= 180 && loss.recovers <= 280);
	cr_assert(loss.detags >= 20 && loss.detags <= 45);
}

Test(mixed, in_a_whole_net_one_ping_a_cycle_and_never_two_it)
{
	struct sum five = run_mixed(402000, 400, 0.5, 5, &quick);
	struct sum ten = run_mixed(403000, 400, 0.5, 10, &quick);

	cr_assert(five.pings >= 335 && five.pings <= 337);
	cr_assert(five.hists == 0);
	cr_assert(ten.pings >= 335 && ten.pings <= 340);
}

Test(mixed, the_more_of_ours_the_fewer_overlaps_under_loss)
{
	double before = 0;
	struct sum sum;
	int i;

	for (i = 0; i < SHARES; i++) {
		sum = run_mixed(404000, 100, shares[i], 5, &lossy);
		cr_log_info("5 %% loss, %3.0f %% originals: %.1f overlaps, "
			    "%.0f hist",
			    100 * shares[i], sum.overlaps, sum.hists);
		cr_assert(sum.overlaps > before);
		before = sum.overlaps;
	}
}

static struct sum run_heals(uint64_t first, uint64_t times, double share,
			    int parts)
{
	struct sim_seeds seeds = sim_seeds(first, times);
	struct sum sum = { .runs = (int)(seeds.end - seeds.first) };
	struct sim_net net;
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		sim_init(&net, seed, 3 * parts, &trp_wire_defaults, &quick);
		net.is_loud = seeds.is_loud;
		start_mixed(&net, share);
		sim_split(&net, parts);
		sim_run(&net, 15 * SIM_CYCLE + (int64_t)(sim_draw(&net) * 2 *
							 (double)SIM_CYCLE));
		sim_land(&net);
		forget(&net);
		sim_split(&net, 1);
		sim_run(&net, SIM_CYCLE + SIM_GAP);
		sim_land(&net);
		sum.late += !sim_is_agreed(&net) / (double)sum.runs;
		add(&sum, &net);
		sim_run(&net, 3 * (SIM_CYCLE + SIM_GAP));
		forget(&net);
		sim_run(&net, 10 * SIM_CYCLE);
		sim_land(&net);
		sim_assert(&net, sim_is_agreed(&net));
		sim_assert(&net, net.overlaps == 0);
		sim_fini(&net);
	}
	return sum;
}

Test(mixed, the_more_of_ours_the_sooner_a_split_heals)
{
	int i, parts;
	struct sum sum, before;

	for (parts = 2; parts <= 4; parts++) {
		before = (struct sum) { .late = -1 };
		for (i = 0; i < SHARES; i++) {
			sum = run_heals(405000, 400, shares[i], parts);
			cr_log_info("%d sides of 3, %3.0f %% originals: "
				    "%4.1f %% late, %.1f hist, %.1f RECOVER",
				    parts, 100 * shares[i], 100 * sum.late,
				    sum.hists, sum.recovers);
			cr_assert(sum.late > before.late);
			cr_assert(sum.hists > before.hists);
			cr_assert(sum.recovers > before.recovers);
			before = sum;
		}
	}
}
