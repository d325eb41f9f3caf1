/* SPDX-License-Identifier: MIT */
/*
 * Packets a cycle and the time to agree, for 5 to 1,000 nodes: a table, and the
 * same drawn by gnuplot.  BEACON_PLOT names the SVG that is to be kept: `make
 * beacon` does.
 */
#include "tests/sim/net.h"

#include <criterion/criterion.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

struct curve {
	const char *title;
	size_t column; /* in a row */
};

static void put_curve(FILE *gnuplot, const struct row *rows, int count,
		      const struct curve *curve)
{
	int i;

	for (i = 0; i < count; i++)
		fprintf(gnuplot, "%d %g\n", rows[i].nodes,
			*(const double *)((const char *)&rows[i] +
					  curve->column));
	fputs("e\n", gnuplot);
}

static void put_panel(FILE *gnuplot, const struct row *rows, int count,
		      const char *label, const struct curve *curves, int many)
{
	int i;

	fprintf(gnuplot, "set ylabel '%s'\nplot ", label);
	for (i = 0; i < many; i++)
		fprintf(gnuplot, "%s'-' title '%s' with linespoints pt 7",
			i ? ", " : "", curves[i].title);
	fputc('\n', gnuplot);
	for (i = 0; i < many; i++)
		put_curve(gnuplot, rows, count, &curves[i]);
}

static void plot(const struct row *rows, int count, const char *path)
{
	static const struct curve packets[] = {
		{ "settled: a cycle, all nodes together",
		  offsetof(struct row, packets) },
		{ "cold start: of each node",
		  offsetof(struct row, start_packets) },
	};
	static const struct curve times[] = {
		{ "from a cold start of all", offsetof(struct row, start_s) },
		{ "from the heal of two halves",
		  offsetof(struct row, joined_s) },
	};
	FILE *gnuplot = popen("gnuplot", "w");

	cr_assert(gnuplot);
	fprintf(gnuplot,
		"set terminal svg size 640,640\nset output '%s'\n"
		"set multiplot layout 2,1\nset logscale x\nset grid y\n"
		"set xrange [4:1250]\nset xtics (5, 50, 500, 1000)\n"
		"set yrange [0:*]\nset offsets 0, 0, graph 0.5, 0\n"
		"set xlabel 'nodes (cycle 10 s, gap 1.5 s)'\n",
		path);
	put_panel(gnuplot, rows, count, "packets", packets, 2);
	put_panel(gnuplot, rows, count, "s to one list", times, 2);
	cr_assert(pclose(gnuplot) == 0, "gnuplot; is gnuplot-nox installed?");
}

/* Drawn also without a reader, so that it works when there is one. */
static void draw(const struct row *rows, int count)
{
	const char *path = getenv("BEACON_PLOT");
	char aside[] = "/tmp/troupe-plot-XXXXXX", start[512] = "";
	FILE *file;

	if (!path)
		close(mkstemp(aside));
	plot(rows, count, path ? path : aside);
	file = fopen(path ? path : aside, "r");
	cr_assert(file);
	cr_assert(fread(start, 1, sizeof(start) - 1, file) > 0);
	fclose(file);
	if (!path)
		unlink(aside);
	cr_assert(strstr(start, "<svg"));
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
	draw(rows, 4);
}
