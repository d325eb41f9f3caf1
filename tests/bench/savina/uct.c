/* SPDX-License-Identifier: MIT */
/*
 * Savina 26, Unbalanced Cobwebbed Tree: a node works, asks the root whether it
 * may have children, and the root tosses a coin, until there are enough.  Then
 * the tree is traversed once, every node working, and ends from its leaves up.
 *
 * The root answers every question, so that a node knows its children before it
 * is traversed; mail from the root and from the parent has no order.  The
 * nodes' counts are checked against the number that the root allowed.
 */
#include "tests/bench/bench.h"

enum { NODES, CHILDREN, TURNS, SPREAD, URGENT };
enum { CHILDREN_MOST = 64, SEED = 2 };

static void be_busy(int64_t turns)
{
	for (; turns > 0; turns--)
		__asm__ volatile("");
}

/* ---- shared by the root and the nodes ------------------------------------ */

static struct troupe_class node_class;
static troupe_ref children[CHILDREN_MOST];

/* urgent: the index of the one that asks before it works; -1: none does. */
static int make_children(const Bench__Grant *grant, troupe_ref tree)
{
	Bench__Node node = BENCH__NODE__INIT;
	int r = 0;

	node.root = tree;
	node.turns = grant->turns;
	for (long i = 0; i < bench_get(CHILDREN) && r == 0; i++) {
		node.is_urgent = grant->urgent == i;
		r = troupe_spawn(&node_class, &node.base, &children[i]);
	}
	return r;
}

static int tell_children(const ProtobufCMessage *message)
{
	int r = 0;

	for (long i = 0; i < bench_get(CHILDREN) && r == 0; i++)
		r = bench_send(children[i], message);
	return r;
}

static void add_below(Bench__Below *all, const Bench__Below *child)
{
	all->nodes += child->nodes;
	all->urgent += child->urgent;
	if (all->height <= child->height)
		all->height = child->height + 1;
}

/* ---- a node -------------------------------------------------------------- */

/* Returns the turns of its children, 0: it has none; or a negative errno. */
static int64_t ask(const Bench__Node *node)
{
	Bench__Next may_i = BENCH__NEXT__INIT;
	const Bench__Grant *grant;
	int r;

	if (!node->is_urgent)
		be_busy(node->turns);
	r = bench_send(node->root, &may_i.base);
	if (r < 0)
		return r;
	grant = bench_receive(&bench__grant__descriptor, NULL);
	if (!grant)
		return -ECANCELED;
	r = grant->turns ? make_children(grant, node->root) : 0;
	return r < 0 ? r : grant->turns;
}

static int traverse(const Bench__Node *node, bool has_children)
{
	const Bench__Go *go = bench_receive(&bench__go__descriptor, NULL);

	if (!go)
		return -ECANCELED;
	be_busy(node->turns);
	return has_children ? tell_children(&go->base) : 0;
}

/* Counts what is below, and has it end. */
static int end_children(Bench__Below *ret)
{
	Bench__Stop stop = BENCH__STOP__INIT;
	int r = tell_children(&stop.base);

	for (long i = 0; i < bench_get(CHILDREN) && r == 0; i++) {
		const Bench__Below *child =
			bench_receive(&bench__below__descriptor, NULL);

		if (!child)
			return -ECANCELED;
		add_below(ret, child);
	}
	return r < 0 ? r : bench_wait_each(children, bench_get(CHILDREN));
}

static int live(const void *arguments)
{
	const Bench__Node *node = arguments;
	Bench__Below below = BENCH__BELOW__INIT;
	int64_t granted = ask(node);
	int r = granted < 0 ? (int)granted : traverse(node, granted);

	if (r == 0 && !bench_receive(&bench__stop__descriptor, NULL))
		r = -ECANCELED;
	below.nodes = 1;
	below.urgent = node->is_urgent;
	below.height = 1;
	if (r == 0 && granted)
		r = end_children(&below);
	return r < 0 ? r : bench_send(troupe_parent(), &below.base);
}

static struct troupe_class node_class = { .name = "node", .run = live };

/* ---- the root ------------------------------------------------------------ */

static uint32_t state = SEED;
static long size = 1, urgent;

/* The lowest bit of this generator alternates; the highest does not. */
static bool toss(void)
{
	return bench_random(&state) >> 15;
}

static void draw_grant(Bench__Grant *ret)
{
	long spread = bench_get(SPREAD);

	ret->turns = bench_get(TURNS) - spread + 1;
	ret->turns += bench_random(&state) % (uint32_t)(2 * spread + 1);
	ret->urgent = -1;
	if (bench_random(&state) % 100 < (uint32_t)bench_get(URGENT)) {
		ret->urgent = bench_random(&state) % bench_get(CHILDREN);
		urgent++;
	}
	size += bench_get(CHILDREN);
}

static bool is_full(void)
{
	return size + bench_get(CHILDREN) > bench_get(NODES);
}

static int answer(troupe_ref node)
{
	Bench__Grant grant = BENCH__GRANT__INIT;

	if (!is_full() && toss())
		draw_grant(&grant);
	return bench_send(node, &grant.base);
}

/* The children of the root are sent through the tree when it is full. */
static int end_tree(void)
{
	Bench__Go go = BENCH__GO__INIT;
	Bench__Stop stop = BENCH__STOP__INIT;
	int r = tell_children(&go.base);

	return r < 0 ? r : tell_children(&stop.base);
}

/* Until all of the root's children have told what was below them. */
static int grow(Bench__Below *ret)
{
	static const struct troupe_pattern wanted[] = {
		{ .type = &bench__next__descriptor },
		{ .type = &bench__below__descriptor },
	};
	long questions = 0, told = 0;
	struct troupe_message message;
	bool is_ending = false;
	int r = 0;

	while (r >= 0 && told < bench_get(CHILDREN)) {
		/* All have asked and none may: the tree has died early. */
		if (!is_ending && (is_full() || questions == size - 1)) {
			is_ending = true;
			r = end_tree();
			if (r < 0)
				break;
		}
		r = troupe_receive(wanted, 2, TROUPE_NEVER, &message);
		if (r == 0)
			r = answer(message.sender);
		else if (r == 1)
			add_below(ret, message.body);
		questions += message.type == &bench__next__descriptor;
		told += message.type == &bench__below__descriptor;
	}
	return r < 0 ? r : 0;
}

static const char *refuse(void)
{
	if (bench_get(NODES) <= bench_get(CHILDREN))
		return "n must be more than children";
	return bench_get(TURNS) < bench_get(SPREAD)
		       ? "spread must not be more than turns"
		       : NULL;
}

static int root(void)
{
	Bench__Below all = BENCH__BELOW__INIT;
	Bench__Grant grant = BENCH__GRANT__INIT;
	long each = bench_get(CHILDREN);
	int r;

	all.nodes = 1;
	draw_grant(&grant);
	r = make_children(&grant, troupe_self());
	if (r == 0)
		r = grow(&all);
	if (r == 0)
		r = bench_wait_each(children, each);
	bench_stop();
	bench_expect("nodes", all.nodes,
		     1 + (bench_get(NODES) - 1) / each * each);
	bench_expect("urgent nodes", all.urgent, urgent);
	bench_figure("height", (double)all.height);
	bench_items(all.nodes);
	return r;
}

/* 2,000: the tree has 1,991 nodes, the largest 1 + 10k not above it. */
const struct bench bench_uct = {
	.name = "uct",
	.suite = "savina",
	.item = "nodes",
	.parameters = { [NODES] = { "n",
				    { 150, 3000, 10000 },
				    .most = BENCH_ACTORS_MOST },
			[CHILDREN] = { "children",
				       { 10, 10, 10 },
				       .most = CHILDREN_MOST },
			[TURNS] = { "turns", { 10000, 50000, 50000 } },
			[SPREAD] = { "spread",
				     { 2000, 10000, 10000 },
				     BENCH_FROM_0,
				     1000000000 },
			[URGENT] = { "urgent",
				     { 50, 50, 50 },
				     BENCH_FROM_0,
				     100 } },
	.classes = { &node_class },
	.refuses = refuse,
	.root = root,
};
