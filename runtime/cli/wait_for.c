/* SPDX-License-Identifier: MIT */
/*
 * Each actor waits for one other at most, so the graph is a forest, whose roots
 * wait for nobody, and cycles with trees on them.  A look takes its time: a
 * wait belongs to a cycle if a second look finds the same wait, which has not
 * been interrupted.
 */
#include "runtime/cli/wait_for.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "runtime/cli/looker.h"
#include "runtime/look/text.h"
#include "serialize/printable.h"

enum { NOBODY = UINT32_MAX };

struct wait {
	uint32_t on;	  /* an index, or NOBODY */
	uint32_t waiters; /* how many wait for it */
	uint32_t cycle;	  /* its number, from 1; 0: it is in none */
	int64_t since;	  /* as struct trp_activity */
	bool is_drawn;
};

struct graph {
	const struct trp_look *look;
	struct wait *wait; /* by index in look->actor */
	uint32_t cycles;
};

static bool is_wait(const struct trp_look_actor *actor)
{
	return actor->has_activity && actor->activity.peer &&
	       (actor->activity.waits == TROUPE_WAITS_ANSWER ||
		actor->activity.waits == TROUPE_WAITS_ROOM ||
		actor->activity.waits == TROUPE_WAITS_END);
}

static void link_all(struct graph *graph)
{
	const struct trp_look *look = graph->look;

	for (uint32_t i = 0; i < look->count; i++) {
		const struct trp_look_actor *actor = &look->actor[i], *peer;

		graph->wait[i] = (struct wait) { .on = NOBODY };
		if (!is_wait(actor))
			continue;
		graph->wait[i].since = actor->activity.since;
		peer = trp_look_find(look, actor->activity.peer);
		if (peer)
			graph->wait[i].on = (uint32_t)(peer - look->actor);
	}
	for (uint32_t i = 0; i < look->count; i++)
		if (graph->wait[i].on != NOBODY)
			graph->wait[graph->wait[i].on].waiters++;
}

/* Those from `begin` on, until it comes again. */
static void number_cycle(struct graph *graph, uint32_t begin)
{
	uint32_t at = begin;

	graph->cycles++;
	do {
		graph->wait[at].cycle = graph->cycles;
		at = graph->wait[at].on;
	} while (at != begin);
}

/* As many steps as there are actors end in a cycle, or nowhere. */
static void find_cycles(struct graph *graph)
{
	for (uint32_t i = 0; i < graph->look->count; i++) {
		uint32_t at = i;

		for (size_t n = 0; n < graph->look->count && at != NOBODY &&
				   !graph->wait[at].cycle;
		     n++)
			at = graph->wait[at].on;
		if (at != NOBODY && !graph->wait[at].cycle)
			number_cycle(graph, at);
	}
}

static int take(struct graph *graph)
{
	free(graph->wait);
	graph->cycles = 0;
	graph->wait = calloc(graph->look->count + 1, sizeof(*graph->wait));
	if (!graph->wait)
		return -ENOMEM;
	link_all(graph);
	find_cycles(graph);
	return 0;
}

/* ---- the same once more -------------------------------------------------- */

struct before {
	troupe_ref ref;
	int64_t since;
};

static struct before *remember(const struct graph *graph)
{
	struct before *list = calloc(graph->look->count + 1, sizeof(*list));
	size_t count = 0;

	for (uint32_t i = 0; list && i < graph->look->count; i++)
		if (graph->wait[i].cycle)
			list[count++] = (struct before) {
				graph->look->actor[i].told->ref,
				graph->wait[i].since
			};
	return list;
}

static bool has_lasted(const struct before *before, troupe_ref ref,
		       int64_t since)
{
	for (; before->ref; before++)
		if (before->ref == ref)
			return before->since == since;
	return false;
}

/* A wait that is another one now ends the cycle that it seemed to be in. */
static void cut_what_has_moved(struct graph *graph, const struct before *before)
{
	for (uint32_t i = 0; i < graph->look->count; i++) {
		struct wait *wait = &graph->wait[i];

		if (!wait->cycle ||
		    has_lasted(before, graph->look->actor[i].told->ref,
			       wait->since))
			continue;
		graph->wait[wait->on].waiters--;
		wait->on = NOBODY;
	}
	for (uint32_t i = 0; i < graph->look->count; i++)
		graph->wait[i].cycle = 0;
	graph->cycles = 0;
	find_cycles(graph);
}

static int take_twice(struct trp_look *look, struct graph *graph)
{
	const struct timespec moment = { 0, 20000000 };
	struct before *before;
	int r = take(graph);

	if (r < 0 || !graph->cycles)
		return r;
	before = remember(graph);
	if (!before)
		return -ENOMEM;
	nanosleep(&moment, NULL);
	r = trp_look_take(look);
	if (r == 0)
		r = take(graph);
	if (r == 0)
		cut_what_has_moved(graph, before);
	free(before);
	return r;
}

/* ---- for people ---------------------------------------------------------- */

static void draw_one(const struct graph *graph, uint32_t at, int depth)
{
	const struct trp_look_actor *actor = &graph->look->actor[at];
	char text[1024];

	printf("%*s", 2 * depth, "");
	trp_printable_write(stdout, actor->told->address);
	trp_look_text_doing(graph->look, actor, text, sizeof(text));
	if (graph->wait[at].on == NOBODY)
		printf(" is %s%s", trp_look_state_name(actor->state),
		       text[0] ? ": " : "");
	else
		putchar(' ');
	trp_printable_write(stdout, text);
	putchar('\n');
	graph->wait[at].is_drawn = true;
}

/* Those that wait for it, and for them. */
static void draw_waiters(const struct graph *graph, uint32_t on, int depth)
{
	for (uint32_t i = 0; i < graph->look->count; i++) {
		if (graph->wait[i].on != on || graph->wait[i].is_drawn ||
		    graph->wait[i].cycle)
			continue;
		draw_one(graph, i, depth);
		if (graph->wait[i].waiters)
			draw_waiters(graph, i, depth + 1);
	}
}

static void draw_cycle(const struct graph *graph, uint32_t begin)
{
	uint32_t at = begin;

	fputs("cycle: ", stdout);
	do {
		trp_printable_write(stdout,
				    graph->look->actor[at].told->address);
		fputs(" -> ", stdout);
		at = graph->wait[at].on;
	} while (at != begin);
	trp_printable_write(stdout, graph->look->actor[begin].told->address);
	putchar('\n');
	do {
		draw_one(graph, at, 1);
		draw_waiters(graph, at, 2);
		at = graph->wait[at].on;
	} while (at != begin);
}

static void draw(const struct graph *graph)
{
	bool is_any = false;

	for (uint32_t i = 0; i < graph->look->count; i++) {
		const struct wait *wait = &graph->wait[i];

		if (wait->cycle && !wait->is_drawn)
			draw_cycle(graph, i);
		/* Or it waits for one that is not here. */
		if (wait->on == NOBODY &&
		    (wait->waiters || is_wait(&graph->look->actor[i]))) {
			draw_one(graph, i, 0);
			draw_waiters(graph, i, 1);
		}
		is_any |= wait->is_drawn;
	}
	if (!is_any)
		puts("nobody waits for another actor");
}

/* ---- for programs -------------------------------------------------------- */

static struct troupe_value *wait_value(const struct graph *graph, uint32_t at)
{
	const struct trp_look *look = graph->look;
	const struct trp_look_actor *actor = &look->actor[at];
	struct troupe_value *map = troupe_value_map();
	char text[1024];

	trp_value_add_text(map, "who", actor->told->address);
	trp_value_add_text(map, "for",
			   look->actor[graph->wait[at].on].told->address);
	trp_value_add_text(map, "state", trp_look_state_name(actor->state));
	trp_value_add_text(
		map, "what",
		trp_look_text_doing(look, actor, text, sizeof(text)));
	trp_value_add_int(map, "waits_ms",
			  trp_look_since(look, actor->activity.since));
	return map;
}

static struct troupe_value *cycle_value(const struct graph *graph,
					uint32_t begin)
{
	struct troupe_value *list = troupe_value_list();
	uint32_t at = begin;

	do {
		troupe_value_append(
			list, troupe_value_text(
				      graph->look->actor[at].told->address));
		graph->wait[at].is_drawn = true;
		at = graph->wait[at].on;
	} while (at != begin);
	return list;
}

static int print_json(const struct graph *graph)
{
	struct troupe_value *map = troupe_value_map();
	struct troupe_value *waits = troupe_value_list();
	struct troupe_value *cycles = troupe_value_list();
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < graph->look->count; i++) {
		if (graph->wait[i].on != NOBODY)
			r = troupe_value_append(waits, wait_value(graph, i));
		if (r == 0 && graph->wait[i].cycle && !graph->wait[i].is_drawn)
			r = troupe_value_append(cycles, cycle_value(graph, i));
	}
	r |= trp_value_add(map, "waits", waits);
	r |= trp_value_add(map, "cycles", cycles);
	if (r == 0)
		return trp_looker_print(map);
	troupe_value_free(map);
	return -ENOMEM;
}

/* ---- the command --------------------------------------------------------- */

static int wait_for(struct trp_look *look, const char *word, bool is_json)
{
	struct graph graph = { .look = look };
	int r = look->has_memory ? take_twice(look, &graph) : -EPERM;

	if (r == -EPERM)
		trp_look_say_why(look);
	if (r == 0 && is_json)
		r = print_json(&graph);
	else if (r == 0)
		draw(&graph);
	free(graph.wait);
	return r;
}

int trp_cli_wait_for(int argc, char **argv)
{
	static const struct trp_looker looker = { .command = "wait-for",
						  .run = wait_for };

	return trp_looker_run(&looker, argc, argv);
}
