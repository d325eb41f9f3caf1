/* SPDX-License-Identifier: MIT */
/* The leader in networks that are whole, split, lossy and restarted.
 */
#include "tests/sim/house.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(leadership, in_a_whole_net_one_runs_and_stays)
{
	struct sim_seeds seeds = sim_seeds(400000, 500);
	struct house house;
	struct sim_net net;
	uint64_t seed;
	int starts;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		house_begin_all(&net, &house, seed, 1 + (int)(seed % 5),
				&house_quick, false);
		sim_assert(&net, house_running(&net, 0) == 1);
		starts = house.starts;
		sim_run(&net, 50 * SIM_CYCLE);
		sim_assert(&net, house.starts == starts);
		sim_assert(&net, house.clashes == 0);
		sim_assert(&net, house.regressions == 0);
		sim_fini(&net);
	}
}

/* It is off the list now and then, and must not count as gone. */
Test(leadership, where_many_wait_for_a_place_the_leader_stays_too)
{
	struct sim_seeds seeds = sim_seeds(405000, 300);
	struct house house;
	struct sim_net net;
	uint64_t seed;
	int starts;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		house_begin_all(&net, &house, seed, 6 + (int)(seed % 11),
				&house_quick, false);
		net.is_loud = seeds.is_loud;
		house_until_one_runs(&net);
		starts = house.starts;
		sim_run(&net, 100 * SIM_CYCLE);
		sim_assert(&net, house.starts == starts);
		sim_assert(&net, house.clashes == 0);
		sim_assert(&net, house.regressions == 0);
		sim_fini(&net);
	}
}

Test(leadership, the_leader_dies_and_another_runs_with_a_greater_fence)
{
	struct sim_seeds seeds = sim_seeds(410000, 500);
	struct house house;
	struct sim_net net;
	uint64_t seed;
	int i, dead, count;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		count = 2 + (int)(seed % 9);
		house_begin_all(&net, &house, seed, count, &house_quick, false);
		net.is_loud = seeds.is_loud;
		for (i = 0; i < 5; i++) {
			house_until_one_runs(&net);
			dead = house_runner(&net);
			house_leave(&net, &house, dead);
			sim_run(&net, (count + 3) * SIM_CYCLE);
			house_until_one_runs(&net);
			sim_assert(&net, house_runner(&net) != dead);
			house_begin(&net, &house, dead, 1000, false);
			sim_run(&net, (count + 3) * SIM_CYCLE);
		}
		sim_assert(&net, house.clashes == 0);
		sim_assert(&net, house.regressions == 0);
		sim_fini(&net);
	}
}

/* Its node has much to stop, and pings meanwhile. */
Test(leadership, one_that_leaves_runs_nothing_while_it_still_takes_part)
{
	struct sim_seeds seeds = sim_seeds(475000, 200);
	struct house house;
	struct sim_net net;
	uint64_t seed;
	int starts, leaver;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		house_begin_all(&net, &house, seed, 1 + (int)(seed % 5),
				&house_quick, seed % 7 == 0);
		net.is_loud = seeds.is_loud;
		house_until_one_runs(&net);
		leaver = house_runner(&net);
		trp_leadership_stop(&house.at[leaver]);
		house_note_changes(&net.nodes[leaver]);
		starts = house.starts;
		for (int i = 0; i < 40; i++) {
			sim_run(&net, SIM_CYCLE / 4);
			sim_assert(&net, !house.ran[leaver]);
		}
		/* It goes on leading, and keeps the others from it. */
		sim_assert(&net, house.starts == starts || seed % 7 == 0);
		sim_fini(&net);
	}
}

Test(leadership,
     a_leader_that_comes_back_at_once_has_a_new_fence_or_another_has)
{
	struct sim_seeds seeds = sim_seeds(470000, 500);
	struct house house;
	struct sim_net net;
	uint64_t seed;
	int leader;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		house_begin_all(&net, &house, seed, 1 + (int)(seed % 5),
				&house_quick, false);
		net.is_loud = seeds.is_loud;
		house_until_one_runs(&net);
		leader = house_runner(&net);
		house_leave(&net, &house, leader);
		sim_run(&net, (int64_t)(sim_draw(&net) * 3e9));
		house_begin(&net, &house, leader, 2000, false);
		sim_run(&net, (net.node_count + 3) * SIM_CYCLE);
		house_until_one_runs(&net);
		sim_assert(&net, house.clashes == 0);
		sim_assert(&net, house.regressions == 0);
		sim_fini(&net);
	}
}

Test(leadership, a_roving_one_goes_round_and_stops_before_it_starts_elsewhere)
{
	struct sim_seeds seeds = sim_seeds(420000, 300);
	struct house house;
	struct sim_net net;
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		house_begin_all(&net, &house, seed, 2 + (int)(seed % 4),
				&house_quick, true);
		net.is_loud = seeds.is_loud;
		house.clashes = 0;
		house.starts = 0;
		sim_run(&net, 50 * SIM_CYCLE);
		sim_assert(&net, house.starts >= 40);
		sim_assert(&net, house.clashes == 0);
		sim_assert(&net, house.regressions == 0);
		sim_fini(&net);
	}
}

Test(leadership, each_side_of_a_split_has_its_own_and_one_survives_the_heal)
{
	struct sim_seeds seeds = sim_seeds(430000, 1000);
	struct house house;
	struct sim_net net;
	uint64_t seed;
	int side, parts, i;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		parts = 2 + (int)(seed % 3);
		house_begin_all(&net, &house, seed, 2 * parts + (int)(seed % 4),
				&house_quick, false);
		net.is_loud = seeds.is_loud;
		for (i = 0; i < 3; i++) {
			sim_split(&net, parts);
			sim_run(&net, 25 * SIM_CYCLE);
			for (side = 0; side < parts; side++)
				sim_assert(&net,
					   house_running(&net, side) == 1);
			sim_split(&net, 1);
			sim_run(&net, 6 * SIM_CYCLE);
			house_until_one_runs(&net);
			/* The present leader has the last word at the
			 * resource. */
			sim_assert(&net,
				   trp_leadership_fence(
					   &house.at[house_runner(&net)]) ==
					   house.fence_max);
		}
		sim_fini(&net);
	}
}

Test(leadership, all_nodes_restart_and_the_fence_still_grows_with_the_calendar)
{
	struct sim_seeds seeds = sim_seeds(440000, 200);
	struct house house;
	struct sim_net net;
	uint64_t seed;
	int i, life;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		house_begin_all(&net, &house, seed, 2 + (int)(seed % 5),
				&house_quick, false);
		net.is_loud = seeds.is_loud;
		for (life = 0; life < 3; life++) {
			for (i = 0; i < net.node_count; i++)
				house_leave(&net, &house, i);
			sim_run(&net, SIM_SECOND);
			for (i = 0; i < net.node_count; i++)
				house_begin(
					&net, &house, i,
					1000 + (uint64_t)(net.now_ns / 1000000),
					false);
			sim_run(&net, 20 * SIM_CYCLE);
			house_until_one_runs(&net);
			sim_assert(&net, house.regressions == 0);
		}
		sim_fini(&net);
	}
}

/* Lost claims leave two running, until the next ping is heard. */
Test(leadership, loss_makes_few_clashes_and_none_that_lasts)
{
	struct sim_seeds seeds = sim_seeds(450000, 200);
	struct sim_faults faults = house_quick;
	int clashes = 0, starts = 0, i, both, longest = 0;
	double runs = (double)(seeds.end - seeds.first);
	struct house house;
	struct sim_net net;
	uint64_t seed;

	faults.loss = 0.05;
	for (seed = seeds.first; seed < seeds.end; seed++) {
		house_begin_all(&net, &house, seed, 5, &faults, false);
		net.is_loud = seeds.is_loud;
		for (both = 0, i = 0; i < 3800; i++) {
			sim_run(&net, SIM_SECOND);
			both = house_running(&net, 0) > 1 ? both + 1 : 0;
			if (both > longest)
				longest = both;
		}
		clashes += house.clashes;
		starts += house.starts;
		sim_fini(&net);
	}
	cr_log_info("5 %% loss, 3,800 s: %.2f starts, %.2f clashes, the "
		    "longest %d s",
		    (double)starts / runs, (double)clashes / runs, longest);
	cr_assert(longest <= 30);
	cr_assert(clashes <= runs);
}

Test(leadership, a_newcomer_with_a_late_calendar_moves_nothing)
{
	struct sim_seeds seeds = sim_seeds(460000, 200);
	struct house house;
	struct sim_net net;
	uint64_t seed;
	int starts, other;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		house_begin_all(&net, &house, seed, 4, &house_quick, false);
		net.is_loud = seeds.is_loud;
		house_until_one_runs(&net);
		starts = house.starts;
		other = (house_runner(&net) + 1) % 4;
		house_leave(&net, &house, other);
		sim_run(&net, 8 * SIM_CYCLE);
		house_begin(&net, &house, other, 1000000, false);
		sim_run(&net, 20 * SIM_CYCLE);
		sim_assert(&net, house.starts == starts);
		sim_fini(&net);
	}
}

Test(leadership, values_that_are_no_records_are_passed_over)
{
	static const char *const bad[] = {
		"",
		"x",
		"00000000000000zz 0a;",
		"0000000000000001 0a",
		"0000000000000001 2a;",
		"0000000000000001 0;",
		"0000000000000000 0a;",
		"0000000000000001 1a;",
		"ffffffffffffffff 0a;",
		"0000000000000001x0a;",
	};
	struct trp_leadership_record record;
	struct trp_scalar value;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		value = trp_scalar_text(bad[i]);
		cr_assert(trp_leadership_read(&value, &record) == -EBADMSG,
			  "%s", bad[i]);
	}
	value = trp_scalar_text("00000000000000ff 0node;and;more");
	cr_assert(trp_leadership_read(&value, &record) == 0);
	cr_assert(record.term == 255 && record.state == TRP_LEADERSHIP_HELD);
	cr_assert_str_eq(record.leader, "node");
	cr_assert(record.rest.span.length == 8);
	cr_assert(memcmp(record.rest.span.data, "and;more", 8) == 0);
}
