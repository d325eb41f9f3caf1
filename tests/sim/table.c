/* SPDX-License-Identifier: MIT */
/*
 * Packets a cycle and the time to agree, for 5 to 1,000 nodes: a table always,
 * and with BEACON_PLOT=1 also beacon.svg (gnuplot) in the build folder.
 */
#include "tests/sim/net.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static const struct sim_faults quick = { .delay_min_ns = 100000,
					 .delay_max_ns = 2000000 };

struct row {
	int nodes;
	double start_s;	      /* from a cold start of all at once */
	double joined_s;      /* from the healing of two halves */
	double start_packets; /* for each node, in that time */
	double packets;	      /* a cycle, all nodes together, when settled */
	double turns;	      /* different nodes it, in 100 cycles */
};

static double run_until_agreed(struct sim_net *net)
{
	int64_t start_ns = net->now_ns;
	uint64_t tags = net->tags;

	while (net->tags == tags || net->flying || !sim_is_agreed(net)) {
		sim_run(net, SIM_SECOND / 4);
		sim_assert(net, net->now_ns - start_ns < 20 * SIM_CYCLE);
	}
	return (double)(net->now_ns - start_ns) / 1e9;
}

static uint64_t packets(const struct sim_net *net)
{
	uint64_t sum = 0;
	int type;

	for (type = 0; type < TRP_WIRE_TYPES; type++)
		sum += net->sent[type];
	return sum;
}

static double turns(const struct sim_net *net)
{
	int i, count = 0;

	for (i = 0; i < net->node_count; i++)
		count += net->nodes[i].events[TRP_BEACON_TAG] > 0;
	return count;
}

static struct row measure(int nodes)
{
	struct row row = { .nodes = nodes };
	struct sim_net net;
	uint64_t before;
	int i;

	sim_init(&net, (uint64_t)nodes, nodes, &trp_wire_defaults, &quick);
	sim_start_all(&net, SIM_SECOND);
	row.start_s = 1 + run_until_agreed(&net);
	row.start_packets = (double)packets(&net) / nodes;
	sim_run(&net, 5 * SIM_CYCLE);
	before = packets(&net);
	sim_run(&net, 100 * SIM_CYCLE);
	row.packets = (double)(packets(&net) - before) / 100;
	row.turns = turns(&net);
	for (i = 0; i < 10; i++) {
		sim_split(&net, 2);
		sim_run(&net, 6 * SIM_CYCLE + i * SIM_SECOND);
		sim_split(&net, 1);
		row.joined_s += run_until_agreed(&net) / 10;
		sim_run(&net, 2 * SIM_CYCLE);
	}
	sim_fini(&net);
	return row;
}

static void plot(const struct row *rows, int count)
{
	const char *build = getenv("TROUPE_BUILD");
	FILE *gnuplot;
	int i;

	gnuplot = popen("gnuplot", "w");
	cr_assert(gnuplot);
	fprintf(gnuplot,
		"set terminal svg size 720,420\n"
		"set output '%s/beacon.svg'\n"
		"set logscale x\nset xlabel 'nodes'\nset key left top\n"
		"set xtics (5, 50, 500, 1000)\nset yrange [0:*]\n"
		"set ylabel 'packets a cycle'\nset ytics nomirror\n"
		"set y2label 's'\nset y2tics\nset y2range [0:*]\n"
		"plot '-' using 1:2 title 'packets a cycle, settled'"
		" with linespoints,"
		" '-' using 1:2 axes x1y2 title 'cold start to one list, s'"
		" with linespoints,"
		" '-' using 1:2 axes x1y2 title 'heal to one list, s'"
		" with linespoints\n",
		build ? build : "build");
	for (i = 0; i < count; i++)
		fprintf(gnuplot, "%d %g\n", rows[i].nodes, rows[i].packets);
	fputs("e\n", gnuplot);
	for (i = 0; i < count; i++)
		fprintf(gnuplot, "%d %g\n", rows[i].nodes, rows[i].start_s);
	fputs("e\n", gnuplot);
	for (i = 0; i < count; i++)
		fprintf(gnuplot, "%d %g\n", rows[i].nodes, rows[i].joined_s);
	fputs("e\n", gnuplot);
	cr_assert(pclose(gnuplot) == 0, "gnuplot");
}

Test(table, packets_do_not_grow_with_the_number_of_nodes)
{
	static const int sizes[] = { 5, 50, 500, 1000 };
	struct row rows[4];
	int i;

	fprintf(stderr, "nodes  packets a cycle  packets a node   cold start   "
			"heal      had a turn\n"
			"       (C = 10 s)       at the start     to one list  "
			"          in 100 cycles\n");
	for (i = 0; i < 4; i++) {
		rows[i] = measure(sizes[i]);
		fprintf(stderr, "%5d %10.2f %16.1f %12.1f s %9.1f s %9.0f\n",
			rows[i].nodes, rows[i].packets, rows[i].start_packets,
			rows[i].start_s, rows[i].joined_s, rows[i].turns);
		cr_assert(rows[i].packets < 1.5);
		cr_assert(rows[i].joined_s < 30);
	}
	if (getenv("BEACON_PLOT"))
		plot(rows, 4);
}
