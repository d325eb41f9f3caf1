/* SPDX-License-Identifier: MIT */
#include "tests/sim/net.h"
#include "runtime/election/beacon_receive.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A message in flight: one copy for all receivers. */
struct letter {
	struct trp_wire wire;
	int users;
	const char *history[]; /* and then the names */
};

/* letter == NULL: the node's deadline. */
struct sim_delivery {
	int64_t when_ns;
	uint64_t serial;
	struct sim_node *node;
	struct letter *letter;
};

/* ---- randomness (splitmix64) -------------------------------------------- */

static uint64_t next_random(struct sim_net *net)
{
	uint64_t z = net->random += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

double sim_draw(struct sim_net *net)
{
	return (double)(next_random(net) >> 11) * 0x1p-53;
}

int sim_below(struct sim_net *net, int end)
{
	return (int)(sim_draw(net) * end);
}

/* ---- the queue ---------------------------------------------------------- */

static bool is_before(const struct sim_delivery *a,
		      const struct sim_delivery *b)
{
	if (a->when_ns != b->when_ns)
		return a->when_ns < b->when_ns;
	return a->serial < b->serial;
}

static void swap(struct sim_delivery *a, struct sim_delivery *b)
{
	struct sim_delivery c = *a;

	*a = *b;
	*b = c;
}

static void push(struct sim_net *net, int64_t when_ns, struct sim_node *node,
		 struct letter *letter)
{
	int at = net->queued++;

	net->flying += letter != NULL;
	if (net->queued > net->queue_space) {
		net->queue_space = net->queue_space ? 2 * net->queue_space : 64;
		net->queue = realloc(net->queue, (size_t)net->queue_space *
							 sizeof(*net->queue));
	}
	net->queue[at] =
		(struct sim_delivery) { when_ns, net->serial++, node, letter };
	while (at && is_before(&net->queue[at], &net->queue[(at - 1) / 2])) {
		swap(&net->queue[at], &net->queue[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
}

static struct sim_delivery pop(struct sim_net *net)
{
	struct sim_delivery first = net->queue[0];
	int at = 0, least;

	net->queue[0] = net->queue[--net->queued];
	for (;;) {
		least = 2 * at + 1;
		if (least >= net->queued)
			return first;
		if (least + 1 < net->queued &&
		    is_before(&net->queue[least + 1], &net->queue[least]))
			least++;
		if (!is_before(&net->queue[least], &net->queue[at]))
			return first;
		swap(&net->queue[at], &net->queue[least]);
		at = least;
	}
}

/* ---- letters ------------------------------------------------------------ */

static char *put_name(char **at, const char *name)
{
	char *copy = strcpy(*at, name);

	*at += strlen(name) + 1;
	return copy;
}

static struct letter *letter_new(const struct trp_wire *message)
{
	size_t pointers = message->history_length * sizeof(char *);
	struct letter *letter;
	char *at;
	size_t i;

	letter = calloc(1, sizeof(*letter) + pointers +
				   24 * (message->history_length + 2));
	letter->wire = *message;
	letter->wire.value.type = letter->wire.note.type = TRP_SCALAR_NONE;
	trp_scalar_copy(&letter->wire.value, &message->value);
	trp_scalar_copy(&letter->wire.note, &message->note);
	at = (char *)letter->history + pointers;
	if (message->node)
		letter->wire.node = put_name(&at, message->node);
	if (message->from)
		letter->wire.from = put_name(&at, message->from);
	for (i = 0; i < message->history_length; i++)
		letter->history[i] = put_name(&at, message->history[i]);
	letter->wire.history = letter->history;
	return letter;
}

static void letter_drop(struct letter *letter)
{
	if (--letter->users > 0)
		return;
	trp_scalar_fini(&letter->wire.value);
	trp_scalar_fini(&letter->wire.note);
	free(letter);
}

/* ---- time --------------------------------------------------------------- */

struct trp_time sim_local(const struct sim_node *node)
{
	return (struct trp_time) { (int64_t)((double)node->net->now_ns *
					     node->rate) };
}

/* Queues the node's next deadline, unless an earlier one is queued already. */
void sim_touched(struct sim_node *node)
{
	struct sim_net *net = node->net;
	struct trp_time due;
	int64_t when_ns;

	if (!sim_is_up(node))
		return;
	due = node->beacon ? trp_beacon_deadline(node->beacon)
			   : original_deadline(node->original);
	if (due.ns == TRP_NEVER.ns)
		return;
	when_ns = (int64_t)((double)due.ns / node->rate) + 1;
	if (when_ns < net->now_ns)
		when_ns = net->now_ns;
	if (node->wake_ns <= when_ns && node->wake_ns > net->now_ns)
		return;
	node->wake_ns = when_ns;
	push(net, when_ns, node, NULL);
}

/* ---- callbacks of the beacons ------------------------------------------- */

static int64_t delay_of(struct sim_net *net)
{
	const struct sim_faults *faults = &net->faults;
	double spread = (double)(faults->delay_max_ns - faults->delay_min_ns);

	return faults->delay_min_ns + (int64_t)(sim_draw(net) * spread);
}

static void deliver(struct sim_net *net, struct sim_node *from,
		    struct sim_node *to, struct letter *letter)
{
	double loss = from == to ? net->faults.own_loss : net->faults.loss;
	int copies = sim_draw(net) >= loss;

	if (copies && sim_draw(net) < net->faults.doubling)
		copies++;
	while (copies--) {
		letter->users++;
		push(net, net->now_ns + delay_of(net), to, letter);
	}
}

static const char *const wire_names[] = {
	[TRP_WIRE_INIT] = "init",
	[TRP_WIRE_VERS] = "vers",
	[TRP_WIRE_PING] = "ping",
	[TRP_WIRE_HIST] = "hist",
};

static void on_send(void *user, const struct trp_wire *message)
{
	struct sim_node *node = user;
	struct sim_net *net = node->net;
	struct letter *letter = letter_new(message);
	size_t j;
	int i;

	net->sent[message->type]++;
	if (net->watch_send)
		net->watch_send(node, message);
	if (net->is_loud) {
		fprintf(stderr, "%10.4f %s > %s", (double)net->now_ns / 1e9,
			node->name, wire_names[message->type]);
		for (j = 0; j < message->history_length; j++)
			fprintf(stderr, " %s", message->history[j]);
		fputc('\n', stderr);
	}
	if (message->type == TRP_WIRE_PING)
		node->last_ping_ns = net->now_ns;
	letter->users++;
	for (i = 0; i < net->node_count; i++)
		if (sim_is_up(&net->nodes[i]) &&
		    net->nodes[i].side == node->side)
			deliver(net, node, &net->nodes[i], letter);
	letter_drop(letter);
}

int sim_its(const struct sim_net *net, int side)
{
	int i, count = 0;

	for (i = 0; i < net->node_count; i++)
		count += net->nodes[i].is_it && net->nodes[i].side == side;
	return count;
}

static void set_it(struct sim_node *node, bool is_it)
{
	struct sim_net *net = node->net;
	int before = sim_its(net, node->side), after;
	int64_t lasted;

	node->is_it = is_it;
	node->it_since_ns = net->now_ns;
	after = sim_its(net, node->side);
	net->tags += is_it;
	if (before < 2 && after >= 2) {
		net->overlaps++;
		net->overlap_since_ns = net->now_ns;
	} else if (before >= 2 && after < 2) {
		lasted = net->now_ns - net->overlap_since_ns;
		net->overlap_ns += lasted;
		if (lasted > net->longest_overlap_ns)
			net->longest_overlap_ns = lasted;
	}
}

static const char *const event_names[] = {
	[TRP_BEACON_TAG] = "TAG",
	[TRP_BEACON_UNTAG] = "UNTAG",
	[TRP_BEACON_DETAG] = "DETAG",
	[TRP_BEACON_PING] = "PING",
	[TRP_BEACON_GOOD_NODE] = "GOOD_NODE",
	[TRP_BEACON_RECOVER] = "RECOVER",
	[TRP_BEACON_SETUP] = "SETUP",
	[TRP_BEACON_RAW] = "RAW",
	[TRP_BEACON_FAILED] = "FAILED",
	[TRP_BEACON_DEAF] = "DEAF",
	[TRP_BEACON_CLASH] = "CLASH",
};

static void on_event(void *user, const struct trp_beacon_event *event)
{
	struct sim_node *node = user;
	struct sim_net *net = node->net;

	if (net->is_loud && event->type != TRP_BEACON_RAW)
		fprintf(stderr, "%10.4f %s %s %s\n", (double)net->now_ns / 1e9,
			node->name, event_names[event->type],
			event->node ? event->node : "");
	node->events[event->type]++;
	if (event->type == TRP_BEACON_TAG)
		set_it(node, true);
	if (event->type == TRP_BEACON_UNTAG || event->type == TRP_BEACON_DETAG)
		set_it(node, false);
	if (event->type == TRP_BEACON_DETAG)
		node->last_detag_ns = net->now_ns;
	if (event->type == TRP_BEACON_RECOVER) {
		node->last_recover_ns = net->now_ns;
		node->last_recover.prio = event->prio;
		node->last_recover.is_replaced = event->is_replaced;
	}
	if (event->type == TRP_BEACON_FAILED)
		node->error = event->error;
	if (net->watch)
		net->watch(node, event);
}

static double on_random(void *user)
{
	return sim_draw(((struct sim_node *)user)->net);
}

static const struct trp_scalar *on_value(void *user, bool may_become_it)
{
	struct sim_node *node = user;

	if (!node->net->value || node->original)
		return &node->value;
	return node->net->value(node, may_become_it);
}

static const struct trp_scalar *on_note(void *user)
{
	struct sim_node *node = user;

	return node->net->note ? node->net->note(node) : NULL;
}

const struct trp_scalar *sim_say_waited(struct sim_node *node,
					bool may_become_it)
{
	unsigned waited = trp_beacon_waited(node->beacon, sim_local(node));

	node->said = node->value;
	if (node->value.type == TRP_SCALAR_INT)
		node->said.integer += (int64_t)waited << 32;
	return &node->said;
}

static const struct trp_beacon_calls calls = {
	.send = on_send,
	.event = on_event,
	.random = on_random,
	.value = on_value,
	.note = on_note,
};

/* ---- nodes -------------------------------------------------------------- */

bool sim_is_up(const struct sim_node *node)
{
	return node->beacon || node->original;
}

const char *sim_listed(const struct sim_node *node, size_t place)
{
	return node->beacon ? trp_beacon_listed(node->beacon, place)
			    : original_listed(node->original, place);
}

static void end_life(struct sim_node *node)
{
	trp_beacon_free(node->beacon);
	original_free(node->original);
	node->beacon = NULL;
	node->original = NULL;
}

void sim_init(struct sim_net *net, uint64_t seed, int node_count,
	      const struct trp_wire_config *config,
	      const struct sim_faults *faults)
{
	struct sim_node *node;
	int i;

	*net = (struct sim_net) { .seed = seed, .random = seed };
	net->config = *config;
	net->faults = *faults;
	net->node_count = node_count;
	net->nodes = calloc((size_t)node_count, sizeof(*net->nodes));
	for (i = 0; i < node_count; i++) {
		node = &net->nodes[i];
		node->net = net;
		snprintf(node->name, sizeof(node->name), "n%03d", i);
		node->value.type = TRP_SCALAR_INT;
		node->value.integer = 31 * i;
		node->rate = 1 + (2 * sim_draw(net) - 1) * faults->drift;
	}
}

void sim_fini(struct sim_net *net)
{
	int i;

	for (i = 0; i < net->node_count; i++)
		end_life(&net->nodes[i]);
	for (i = 0; i < net->queued; i++)
		if (net->queue[i].letter)
			letter_drop(net->queue[i].letter);
	free(net->queue);
	free(net->nodes);
}

void sim_start(struct sim_net *net, int number)
{
	struct sim_node *node = &net->nodes[number];
	struct trp_beacon_options options = { .node = node->name,
					      .config = net->config,
					      .wants_raw = net->value != NULL };

	end_life(node);
	sim_assert(net,
		   trp_beacon_new(&node->beacon, &options, &calls, node) == 0);
	trp_beacon_set_ready(node->beacon, true);
	if (net->is_plain)
		trp_beacon_set_plain(node->beacon);
	sim_assert(net, trp_beacon_start(node->beacon, sim_local(node)) == 0);
	sim_touched(node);
}

void sim_start_original(struct sim_net *net, int number)
{
	struct sim_node *node = &net->nodes[number];

	end_life(node);
	node->original = original_new(node->name, &net->config, &calls, node);
	original_start(node->original, sim_local(node));
	sim_touched(node);
}

void sim_kill(struct sim_net *net, int number)
{
	struct sim_node *node = &net->nodes[number];

	if (net->is_loud)
		fprintf(stderr, "%10.4f %s dies\n", (double)net->now_ns / 1e9,
			node->name);
	if (node->is_it)
		set_it(node, false);
	end_life(node);
}

void sim_start_all(struct sim_net *net, int64_t within_ns)
{
	int64_t step = within_ns / net->node_count;
	int i;

	for (i = 0; i < net->node_count; i++) {
		sim_start(net, i);
		sim_run(net, step);
	}
}

void sim_settle(struct sim_net *net)
{
	size_t last = (size_t)net->node_count - 1;
	int cycles = 0, full = 0;

	sim_start_all(net, (int64_t)(sim_draw(net) * 3 * (double)SIM_CYCLE));
	while (full < net->node_count) {
		sim_run(net, SIM_CYCLE);
		full++;
		if (!trp_beacon_listed(net->nodes[0].beacon, last))
			full = 0;
		sim_assert(net, ++cycles < 2000);
	}
}

int sim_up(const struct sim_net *net)
{
	int i, count = 0;

	for (i = 0; i < net->node_count; i++)
		count += sim_is_up(&net->nodes[i]);
	return count;
}

void sim_show(const struct sim_node *node)
{
	const char *listed;
	size_t i;

	fprintf(stderr, "%10.4f %s, side %d:", (double)node->net->now_ns / 1e9,
		node->name, node->side);
	for (i = 0; (listed = sim_listed(node, i)); i++)
		fprintf(stderr, " %s", listed);
	fputc('\n', stderr);
}

/* The changes to the list of the node that SIM_NODE names. */
static void show_step(const struct sim_delivery *done)
{
	const char *name = getenv("SIM_NODE");
	const struct sim_node *node = done->node;

	if (!node->net->is_loud || !name || strcmp(name, node->name) != 0 ||
	    !sim_is_up(node))
		return;
	if (done->letter)
		fprintf(stderr, "\t\t%s hears %s of %s\n", node->name,
			wire_names[done->letter->wire.type],
			trp_wire_about(&done->letter->wire));
	sim_show(node);
}

static void step(struct sim_net *net)
{
	struct sim_delivery next = pop(net);
	struct original *original = next.node->original;
	struct trp_beacon *beacon = next.node->beacon;
	struct trp_time now;

	net->now_ns = next.when_ns;
	now = sim_local(next.node);
	if (beacon && next.letter)
		trp_beacon_receive(beacon, &next.letter->wire, now);
	else if (beacon)
		trp_beacon_tick(beacon, now);
	else if (original && next.letter)
		original_receive(original, &next.letter->wire, now);
	else if (original)
		original_tick(original, now);
	if (beacon)
		trp_beacon_check(beacon);
	show_step(&next);
	if (next.letter) {
		net->flying--;
		letter_drop(next.letter);
	}
	sim_touched(next.node);
}

void sim_run(struct sim_net *net, int64_t duration_ns)
{
	int64_t end_ns = net->now_ns + duration_ns;

	while (net->queued && net->queue[0].when_ns <= end_ns)
		step(net);
	net->now_ns = end_ns;
}

void sim_land(struct sim_net *net)
{
	while (net->flying)
		step(net);
}

/* ---- the whole ---------------------------------------------------------- */

void sim_split(struct sim_net *net, int parts)
{
	int i, shift = sim_below(net, net->node_count);

	net->overlap_since_ns = net->now_ns;
	if (net->is_loud)
		fprintf(stderr, "%10.4f split into %d\n",
			(double)net->now_ns / 1e9, parts);
	for (i = 0; i < net->node_count; i++)
		net->nodes[(i + shift) % net->node_count].side =
			i < parts ? i : sim_below(net, parts);
}

/*
 * Only as far as a message carries it.  An unbounded list keeps dead nodes at
 * its far end, where a node that took it from a message has others: only the
 * first two names, which decide the follower, must be equal.
 */
static bool has_same_list(const struct sim_node *a, const struct sim_node *b)
{
	const struct trp_wire_config *config = &a->net->config;
	size_t i, told = config->nodes > 0 ? (size_t)config->splits : 2;
	const char *in_a, *in_b;

	for (i = 0; i < told; i++) {
		in_a = sim_listed(a, i);
		in_b = sim_listed(b, i);
		if (!in_a || !in_b)
			return in_a == in_b;
		if (strcmp(in_a, in_b) != 0)
			return false;
	}
	return true;
}

bool sim_is_agreed(const struct sim_net *net)
{
	int i, j;

	for (i = 0; i < net->node_count; i++) {
		if (!sim_is_up(&net->nodes[i]))
			continue;
		for (j = i + 1; j < net->node_count; j++) {
			if (!sim_is_up(&net->nodes[j]) ||
			    net->nodes[j].side != net->nodes[i].side)
				continue;
			if (!has_same_list(&net->nodes[i], &net->nodes[j]))
				return false;
			break;
		}
	}
	return true;
}
