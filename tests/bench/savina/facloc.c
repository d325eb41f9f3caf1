/* SPDX-License-Identifier: MIT */
/*
 * Savina 27, Online Facility Location: customers come one by one into a tree
 * of quadrants.  A leaf adds up how far its customers are from the nearest
 * facility it knows; above a limit it opens the one in its middle, divides
 * itself in four and tells its parent, which tells its own parent and the part
 * that lies across.
 *
 * Parents and children send to each other, so an actor that waits for room
 * takes its mail aside.  A quadrant includes its right and its upper side and
 * not the others, so that each customer is in one leaf; in the suite, which
 * includes all sides, some are in two.  How many facilities there are depends
 * on which news come first.
 */
#include <math.h>
#include <stdlib.h>
#include "tests/bench/bench.h"

enum { CUSTOMERS, GRID, ALPHA };
enum { PARTS = 4, NOWHERE = -1, SEED = 74755 };

struct point {
	double x, y;
};

struct points {
	struct point *point;
	size_t count, room;
};

static int put(struct points *points, struct point point)
{
	if (points->count == points->room) {
		size_t room = points->room ? 2 * points->room : 16;
		struct point *more =
			reallocarray(points->point, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		points->point = more;
		points->room = room;
	}
	points->point[points->count++] = point;
	return 0;
}

/* ---- a quadrant ---------------------------------------------------------- */

static struct troupe_class quadrant_class;
static const Bench__Quadrant *self;
static struct point middle;
static struct points facilities, customers;
static double cost;
static bool is_divided;
static troupe_ref part[PARTS];
static Bench__Closed all; /* of this quadrant and of those below */

static int add_customer(struct point customer)
{
	double nearest = INFINITY;

	for (size_t i = 0; i < facilities.count; i++) {
		const struct point *at = &facilities.point[i];
		double away = hypot(customer.x - at->x, customer.y - at->y);

		if (away < nearest)
			nearest = away;
	}
	cost += nearest;
	return put(&customers, customer);
}

/* Bit 0: it is right of the middle; bit 1: it is above. */
static int place_of(struct point customer)
{
	return (customer.x > middle.x) + 2 * (customer.y > middle.y);
}

/* To all parts, or to the one at `place`; one that has ended need not know. */
static int tell_parts(int place, const ProtobufCMessage *message)
{
	int r = 0;

	for (int i = 0; i < PARTS && is_divided && r == 0; i++) {
		if (place == NOWHERE || place == i)
			r = bench_send_aside(part[i], message);
		r = r == -ESRCH ? 0 : r;
	}
	return r;
}

static int make_part(int place)
{
	Bench__Quadrant quadrant = BENCH__QUADRANT__INIT;
	double *inside = calloc(customers.count + 1, sizeof(struct point));
	int r;

	if (!inside)
		return -ENOMEM;
	quadrant.place = place;
	quadrant.left = place & 1 ? middle.x : self->left;
	quadrant.right = place & 1 ? self->right : middle.x;
	quadrant.bottom = place & 2 ? middle.y : self->bottom;
	quadrant.top = place & 2 ? self->top : middle.y;
	quadrant.n_facility = 2 * facilities.count;
	quadrant.facility = &facilities.point->x;
	quadrant.customer = inside;
	for (size_t i = 0; i < customers.count; i++) {
		if (place_of(customers.point[i]) != place)
			continue;
		inside[quadrant.n_customer++] = customers.point[i].x;
		inside[quadrant.n_customer++] = customers.point[i].y;
	}
	r = troupe_spawn(&quadrant_class, &quadrant.base, &part[place]);
	free(inside);
	return r;
}

static int divide(void)
{
	Bench__Facility news = BENCH__FACILITY__INIT;
	int r = 0;

	news.x = middle.x;
	news.y = middle.y;
	news.from = self->place;
	if (self->place != NOWHERE)
		r = bench_send_aside(troupe_parent(), &news.base);
	for (int i = 0; i < PARTS && r == 0; i++)
		r = make_part(i);
	free(customers.point);
	customers = (struct points) { 0 };
	is_divided = true;
	all.facilities++;
	return r;
}

static int serve(const struct troupe_message *message)
{
	Bench__Customer customer = *(const Bench__Customer *)message->body;
	struct point at = { customer.x, customer.y };
	double limit = (double)(bench_get(ALPHA) * bench_get(GRID)) * sqrt(2);
	Bench__Next next = BENCH__NEXT__INIT;
	int r;

	if (is_divided)
		r = tell_parts(place_of(at), &customer.base);
	else
		r = add_customer(at);
	if (r == 0 && !is_divided && cost > limit)
		r = divide();
	if (r < 0 || self->place != NOWHERE)
		return r;
	return bench_send_aside(troupe_parent(), &next.base);
}

/* From a part: on to the parent and across; from above: on to all parts. */
static int learn(const struct troupe_message *message)
{
	Bench__Facility news = *(const Bench__Facility *)message->body;
	int r = put(&facilities, (struct point) { news.x, news.y });
	int64_t from = news.from;

	news.from = NOWHERE;
	if (r == 0)
		r = tell_parts(from == NOWHERE ? NOWHERE
					       : PARTS - 1 - (int)from,
			       &news.base);
	if (r < 0 || from == NOWHERE || self->place == NOWHERE)
		return r;
	news.from = self->place;
	return bench_send_aside(troupe_parent(), &news.base);
}

static void add_closed(const Bench__Closed *below)
{
	all.facilities += below->facilities;
	all.customers += below->customers;
	all.actors += below->actors;
	all.x += below->x;
	all.y += below->y;
}

/* Down to the leaves, and up with what they have; news may still come. */
static int close_down(const struct troupe_message *message)
{
	static const struct troupe_pattern wanted[] = {
		{ .type = &bench__facility__descriptor },
		{ .type = &bench__closed__descriptor },
	};
	Bench__Stop stop = BENCH__STOP__INIT;
	struct troupe_message report;
	int closed = is_divided ? 0 : PARTS;
	int r = tell_parts(NOWHERE, &stop.base);

	while (r >= 0 && closed < PARTS) {
		r = troupe_receive(wanted, 2, TROUPE_NEVER, &report);
		if (r == 0)
			r = learn(&report);
		else if (r == 1 && ++closed)
			add_closed(report.body);
	}
	if (r >= 0 && is_divided)
		r = bench_wait_each(part, PARTS);
	for (size_t i = 0; i < customers.count; i++) {
		all.x += customers.point[i].x;
		all.y += customers.point[i].y;
	}
	all.customers += (int64_t)customers.count;
	all.actors++;
	return r < 0 ? r : bench_send_aside(troupe_parent(), &all.base);
}

static int begin(const void *arguments)
{
	int r = 0;

	bench__closed__init(&all);
	self = arguments;
	middle.x = (self->left + self->right) / 2;
	middle.y = (self->bottom + self->top) / 2;
	for (size_t i = 0; i < self->n_facility && r == 0; i += 2)
		r = put(&facilities, (struct point) { self->facility[i],
						      self->facility[i + 1] });
	if (r == 0)
		r = put(&facilities, middle);
	for (size_t i = 0; i < self->n_customer && r == 0; i += 2)
		r = add_customer((struct point) { self->customer[i],
						  self->customer[i + 1] });
	return r;
}

static int live(const void *arguments)
{
	static const struct troupe_pattern wanted[] = {
		{ .type = &bench__customer__descriptor },
		{ .type = &bench__facility__descriptor },
		{ .type = &bench__stop__descriptor },
	};
	static int (*const handle[])(
		const struct troupe_message *) = { serve, learn, close_down };
	struct troupe_message message;
	int r = begin(arguments), which = 0;

	while (r == 0 && which != 2) {
		which = troupe_receive(wanted, 3, TROUPE_NEVER, &message);
		r = which < 0 ? which : handle[which](&message);
	}
	return r;
}

static struct troupe_class quadrant_class = { .name = "quadrant", .run = live };

/* ---- the producer -------------------------------------------------------- */

/* The suite's own numbers, most of them near 0. */
static double draw(uint32_t *state)
{
	return (double)bench_get(GRID) / (bench_random(state) + 1);
}

static int produce(troupe_ref tree, Bench__Closed *ret_made)
{
	Bench__Customer customer = BENCH__CUSTOMER__INIT;
	uint32_t state = SEED;
	int r = 0;

	for (long i = 0; i < bench_get(CUSTOMERS) && r == 0; i++) {
		customer.x = draw(&state);
		customer.y = draw(&state);
		ret_made->x += customer.x;
		ret_made->y += customer.y;
		r = bench_send(tree, &customer.base);
		if (r == 0 && !bench_receive(&bench__next__descriptor, NULL))
			r = -ECANCELED;
	}
	return r;
}

static int root(void)
{
	Bench__Quadrant whole = BENCH__QUADRANT__INIT;
	Bench__Closed made = BENCH__CLOSED__INIT;
	Bench__Stop stop = BENCH__STOP__INIT;
	const Bench__Closed *got;
	troupe_ref tree;
	int r;

	whole.right = whole.top = (double)bench_get(GRID);
	whole.place = NOWHERE;
	r = troupe_spawn(&quadrant_class, &whole.base, &tree);
	bench_start();
	if (r == 0)
		r = produce(tree, &made);
	if (r == 0)
		r = bench_send(tree, &stop.base);
	if (r < 0)
		return r;
	got = bench_receive(&bench__closed__descriptor, NULL);
	if (!got)
		return -ECANCELED;
	bench_stop();
	bench_expect("customers", got->customers, bench_get(CUSTOMERS));
	bench_expect_near("their x", got->x, made.x, 1e-9);
	bench_expect_near("their y", got->y, made.y, 1e-9);
	bench_expect("actors", got->actors, PARTS * got->facilities + 1);
	bench_figure("facilities", (double)got->facilities);
	bench_items(bench_get(CUSTOMERS));
	return bench_wait_each(&tree, 1);
}

/* One after the other 100,000 customers open 14 facilities, 10,000 open 11. */
const struct bench bench_facloc = {
	.name = "facloc",
	.suite = "savina",
	.item = "customers",
	.parameters = { [CUSTOMERS] = { "n", { 2000, 100000, 400000 } },
			[GRID] = { "grid", { 500, 500, 500 } },
			[ALPHA] = { "alpha", { 2, 2, 2 } } },
	.classes = { &quadrant_class },
	.root = root,
};
