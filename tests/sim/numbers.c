/* SPDX-License-Identifier: MIT */
/*
 * Originals, whose values are numbers, texts or none, with nodes of ours, which
 * have a leader: an original dies when it compares a number with a text.
 */
#include "tests/sim/house.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { NODES = 8 };

static double count(const struct sim_net *net, enum trp_beacon_event_type type)
{
	unsigned int sum = 0;

	for (int i = 0; i < net->node_count; i++)
		sum += net->nodes[i].events[type];
	return sum;
}

/* Each value of its kind; sim_init() gives numbers. */
static void give_values(struct sim_net *net, enum trp_scalar_type type)
{
	for (int i = 0; i < net->node_count; i++) {
		if (type == TRP_SCALAR_NONE)
			net->nodes[i].value.type = TRP_SCALAR_NONE;
		else if (type == TRP_SCALAR_TEXT)
			net->nodes[i].value =
				trp_scalar_text(net->nodes[i].name);
		else if (type == TRP_SCALAR_REAL)
			net->nodes[i].value =
				(struct trp_scalar) { type,
						      { .real = i / 7.0 } };
	}
}

struct play {
	struct sim_net net;
	struct house house;
	bool is_original[NODES];
};

static uint64_t calendar(const struct play *play)
{
	return 1000 + (uint64_t)(play->net.now_ns / 1000000);
}

/*
 * Not while a text of ours is under way, which was sent before its init was
 * heard: the first to come with a number would die of it, and may come again.
 */
static void start_original(struct play *play, int number)
{
	for (int i = 0;
	     i < 100 && sim_up(&play->net) && !sim_its(&play->net, 0); i++)
		sim_run(&play->net, SIM_SECOND / 10);
	sim_start_original(&play->net, number);
}

static void start_some(struct play *play, bool are_originals)
{
	for (int i = 0; i < NODES; i++) {
		if (play->is_original[i] != are_originals)
			continue;
		if (are_originals)
			start_original(play, i);
		else
			house_begin(&play->net, &play->house, i, calendar(play),
				    false);
		sim_run(&play->net, (int64_t)(sim_draw(&play->net) * 2 *
					      (double)SIM_CYCLE));
	}
}

static void begin(struct play *play, uint64_t seed, enum trp_scalar_type type,
		  bool is_first_original)
{
	int i;

	house_init(&play->net, &play->house, seed, NODES, &house_quick);
	play->net.config.nodes = NODES;
	play->net.config.force_in = true;
	give_values(&play->net, type);
	for (i = 0; i < NODES; i++)
		play->is_original[i] = sim_draw(&play->net) < 0.5;
	play->is_original[0] = seed % 2;
	play->is_original[1] = !play->is_original[0];
	start_some(play, is_first_original);
	if (seed % 3)
		sim_run(&play->net, 10 * SIM_CYCLE);
	start_some(play, !is_first_original);
	sim_run(&play->net, 40 * SIM_CYCLE);
}

/*
 * Values of originals win over those of ours, which have none: so the leader
 * may be kept from the list, and another one is, within a round.
 */
static void until_one_runs(struct sim_net *net)
{
	for (int i = 0; i < NODES + 3 && house_running(net, 0) != 1; i++)
		sim_run(net, SIM_CYCLE);
	sim_assert(net, house_running(net, 0) == 1);
}

static void check(struct play *play)
{
	struct sim_net *net = &play->net;
	uint64_t tags, pings, overlaps;

	until_one_runs(net);
	tags = net->tags;
	pings = net->sent[TRP_WIRE_PING];
	overlaps = net->overlaps;
	sim_run(net, 100 * SIM_CYCLE);
	sim_land(net);
	sim_assert(net, count(net, TRP_BEACON_FAILED) == 0);
	sim_assert(net, sim_is_agreed(net));
	sim_assert(net, net->overlaps == overlaps);
	sim_assert(net, net->tags - tags >= 80 && net->tags - tags <= 92);
	sim_assert(net, net->sent[TRP_WIRE_PING] - pings <= 120);
	until_one_runs(net);
}

static void play_all(uint64_t first, enum trp_scalar_type type,
		     bool is_first_original)
{
	struct sim_seeds seeds = sim_seeds(first, 200);
	static struct play play;
	int leader;

	for (uint64_t seed = seeds.first; seed < seeds.end; seed++) {
		memset(&play, 0, sizeof(play));
		begin(&play, seed, type, is_first_original);
		play.net.is_loud = seeds.is_loud;
		check(&play);
		leader = house_runner(&play.net);
		house_leave(&play.net, &play.house, leader);
		sim_run(&play.net, (NODES + 3) * SIM_CYCLE);
		house_begin(&play.net, &play.house, leader, calendar(&play),
			    false);
		sim_run(&play.net, (NODES + 3) * SIM_CYCLE);
		check(&play);
		sim_assert(&play.net, play.house.regressions == 0);
		sim_fini(&play.net);
	}
}

Test(numbers, ours_join_a_net_of_originals_with_numbers)
{
	play_all(500000, TRP_SCALAR_INT, true);
	play_all(501000, TRP_SCALAR_REAL, true);
}

Test(numbers, originals_with_numbers_join_a_net_of_ours)
{
	play_all(502000, TRP_SCALAR_INT, false);
	play_all(503000, TRP_SCALAR_REAL, false);
}

Test(numbers, originals_with_texts_or_without_values_take_part)
{
	play_all(504000, TRP_SCALAR_TEXT, true);
	play_all(505000, TRP_SCALAR_TEXT, false);
	play_all(506000, TRP_SCALAR_NONE, true);
	play_all(507000, TRP_SCALAR_NONE, false);
}

/* The sides are mixed, or of one kind: all have met before. */
Test(numbers, a_split_heals_and_one_leader_is_left)
{
	struct sim_seeds seeds = sim_seeds(508000, 200);
	static struct play play;

	for (uint64_t seed = seeds.first; seed < seeds.end; seed++) {
		memset(&play, 0, sizeof(play));
		begin(&play, seed, TRP_SCALAR_INT, seed % 5 < 3);
		play.net.is_loud = seeds.is_loud;
		check(&play);
		sim_split(&play.net, 2 + (int)(seed % 3));
		sim_run(&play.net, 25 * SIM_CYCLE);
		sim_split(&play.net, 1);
		sim_run(&play.net, 12 * SIM_CYCLE);
		check(&play);
		sim_assert(&play.net,
			   trp_leadership_fence(
				   &play.house.at[house_runner(&play.net)]) ==
				   play.house.fence_max);
		sim_fini(&play.net);
	}
}

/* ---- what the protocol leaves no way out of ------------------------------ */

static unsigned failed_originals(const struct sim_net *net)
{
	unsigned failed = 0;

	for (int i = 0; i < net->node_count; i++)
		if (net->nodes[i].original)
			failed += net->nodes[i].events[TRP_BEACON_FAILED];
	return failed;
}

enum { OURS = 4 };

#define FLIGHT_NS (SIM_SECOND / 100)

static void begin_ours(struct play *play, uint64_t seed, bool is_plain)
{
	static const struct sim_faults slow = { .delay_min_ns = FLIGHT_NS,
						.delay_max_ns = FLIGHT_NS };

	memset(play, 0, sizeof(*play));
	house_init(&play->net, &play->house, seed, NODES, &slow);
	play->net.is_plain = is_plain;
	play->net.config.nodes = NODES;
	give_values(&play->net, TRP_SCALAR_INT);
	for (int i = 0; i < NODES; i++)
		play->net.nodes[i].side = i >= OURS;
	for (int i = 0; i < OURS; i++)
		house_begin(&play->net, &play->house, i, 1000, false);
}

/* All follows from the seed: a first run tells when the next ping is sent. */
static unsigned start_amid_texts(struct play *play, uint64_t seed,
				 bool is_plain)
{
	struct sim_net *net = &play->net;
	uint64_t pings;
	int64_t at;

	begin_ours(play, seed, is_plain);
	sim_split(net, 1);
	sim_run(net, 5 * SIM_CYCLE);
	pings = net->sent[TRP_WIRE_PING];
	while (net->sent[TRP_WIRE_PING] == pings)
		sim_run(net, FLIGHT_NS / 10);
	at = net->now_ns;
	sim_fini(net);
	begin_ours(play, seed, is_plain);
	sim_split(net, 1);
	sim_run(net, at - FLIGHT_NS / 2);
	sim_start_original(net, OURS);
	sim_run(net, 10 * SIM_CYCLE);
	return failed_originals(net);
}

/* Ours, and originals, have never heard of each other before. */
static unsigned meet_after_a_split(struct play *play, uint64_t seed,
				   bool is_plain)
{
	begin_ours(play, seed, is_plain);
	for (int i = OURS; i < NODES; i++)
		sim_start_original(&play->net, i);
	sim_run(&play->net, 10 * SIM_CYCLE);
	sim_split(&play->net, 1);
	sim_run(&play->net, 10 * SIM_CYCLE);
	return failed_originals(&play->net);
}

/*
 * A message under way cannot be taken back, and a side that was alone could not
 * know: so nodes that may state texts end some originals, and those that never
 * do end none.
 */
static void expect_deaths(uint64_t first,
			  unsigned (*meet)(struct play *play, uint64_t seed,
					   bool is_plain))
{
	struct sim_seeds seeds = sim_seeds(first, 100);
	static struct play play;
	unsigned deaths[2] = { 0 };

	for (uint64_t seed = seeds.first; seed < seeds.end; seed++)
		for (int is_plain = 0; is_plain < 2; is_plain++) {
			deaths[is_plain] += meet(&play, seed, is_plain);
			if (is_plain)
				sim_assert(&play.net, deaths[1] == 0);
			sim_fini(&play.net);
		}
	cr_log_info("%u originals died of texts", deaths[0]);
	cr_assert_gt(deaths[0], 0);
}

Test(numbers, a_text_under_way_ends_an_original_that_starts_and_a_note_does_not)
{
	expect_deaths(510000, start_amid_texts);
}

Test(numbers, after_a_split_texts_end_originals_and_notes_do_not)
{
	expect_deaths(511000, meet_after_a_split);
}

/* ---- one name twice ------------------------------------------------------ */

/* The rule of originals: the second init of a name ends the one that was there.
 */
Test(numbers, an_original_ends_by_the_init_of_a_namesake)
{
	struct sim_seeds seeds = sim_seeds(512000, 100);
	static struct play play;
	struct sim_net *net = &play.net;

	for (uint64_t seed = seeds.first; seed < seeds.end; seed++) {
		memset(&play, 0, sizeof(play));
		house_init(net, &play.house, seed, 4, &house_quick);
		give_values(net, TRP_SCALAR_INT);
		strcpy(net->nodes[3].name, net->nodes[2].name);
		for (int i = 0; i < 3; i++)
			sim_start_original(net, i);
		sim_run(net, 3 * SIM_CYCLE);
		house_begin(net, &play.house, 3, 1000, false);
		sim_run(net, 3 * SIM_CYCLE);
		sim_assert(net, net->nodes[2].events[TRP_BEACON_FAILED] == 1);
		sim_assert(net, net->nodes[3].events[TRP_BEACON_FAILED] == 0);
		sim_assert(net, net->nodes[0].events[TRP_BEACON_FAILED] == 0);
		/* The other way round the newcomer ends, which is the
		 * original. */
		sim_start_original(net, 2);
		sim_run(net, 3 * SIM_CYCLE);
		sim_assert(net, net->nodes[2].events[TRP_BEACON_FAILED] == 2);
		sim_assert(net, net->nodes[3].events[TRP_BEACON_FAILED] == 0);
		sim_fini(net);
	}
}

/* All of them on the list, which is of any bound, or has none. */
static int begin_originals(struct play *play, uint64_t seed)
{
	static const enum trp_scalar_type types[] = { TRP_SCALAR_INT,
						      TRP_SCALAR_REAL,
						      TRP_SCALAR_NONE };
	struct sim_net *net = &play->net;
	int count;

	memset(play, 0, sizeof(*play));
	house_init(net, &play->house, seed, NODES, &house_quick);
	count = 1 + sim_below(net, NODES - 1);
	net->is_plain = true;
	net->config.nodes = seed % 4 ? count + sim_below(net, 20) : -1;
	net->config.splits = 2 + sim_below(net, 4);
	net->config.force_in = true;
	give_values(net, types[seed % 3]);
	for (int i = 0; i < count; i++) {
		sim_start_original(net, i);
		sim_run(net, (int64_t)(sim_draw(net) * (double)SIM_CYCLE));
	}
	sim_run(net,
		50 * SIM_CYCLE + (int64_t)(sim_draw(net) * (double)SIM_CYCLE));
	sim_assert(net, failed_originals(net) == 0);
	return count;
}

/*
 * A node of ours that listens first gives way to an original of its name.  When
 * that one is gone, also when it died a moment ago and is on all lists, the
 * name is free.
 */
Test(numbers, a_node_that_listens_gives_way_to_a_namesake_that_is_there)
{
	struct sim_seeds seeds = sim_seeds(513000, 400);
	static struct play play;
	struct sim_net *net = &play.net;
	uint64_t inits;
	int count, taken;

	for (uint64_t seed = seeds.first; seed < seeds.end; seed++) {
		count = begin_originals(&play, seed);
		net->is_loud = seeds.is_loud;
		taken = sim_below(net, count);
		strcpy(net->nodes[count].name, net->nodes[taken].name);
		inits = net->sent[TRP_WIRE_INIT];
		house_begin(net, &play.house, count, 1000, false);
		for (int i = 0; i < 3 * NODES && !net->nodes[count].error; i++)
			sim_run(net, SIM_CYCLE);
		sim_assert(net, net->nodes[count].error == -EEXIST);
		sim_assert(net, net->sent[TRP_WIRE_INIT] == inits);
		sim_assert(net, failed_originals(net) == 0);
		sim_kill(net, taken);
		house_begin(net, &play.house, count, 1000, false);
		sim_run(net, (3 * NODES + 3) * SIM_CYCLE);
		sim_assert(net, net->sent[TRP_WIRE_INIT] == inits + 1);
		sim_assert(net,
			   net->nodes[count].events[TRP_BEACON_FAILED] == 1);
		sim_assert(net, failed_originals(net) == 0);
		sim_fini(net);
	}
}

/* Of ours alone: a text is their value, and nothing goes beside their pings. */
Test(numbers, among_ours_no_note_is_needed_after_the_start)
{
	struct sim_seeds seeds = sim_seeds(509000, 100);
	static struct house house;
	struct sim_net net;
	uint64_t notes;

	for (uint64_t seed = seeds.first; seed < seeds.end; seed++) {
		house_begin_all(&net, &house, seed, 1 + (int)(seed % NODES),
				&house_quick, false);
		net.is_loud = seeds.is_loud;
		notes = net.sent[TRP_WIRE_VERS];
		sim_assert(&net, notes <= 4 * (uint64_t)net.node_count);
		sim_run(&net, 100 * SIM_CYCLE);
		sim_assert(&net, net.sent[TRP_WIRE_VERS] == notes);
		sim_fini(&net);
	}
}
