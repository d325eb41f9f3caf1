/* SPDX-License-Identifier: MIT */
/*
 * Savina 13, Sleeping Barber.  Where the original makes all customers inside
 * one handler, while those that found the room full come back, the factory here
 * makes one, then looks at its mail: nothing piles up.
 */
#include <stdlib.h>
#include "tests/bench/bench.h"

enum { CUSTOMERS, CHAIRS, BETWEEN, CUT };
enum { CHAIRS_MOST = 4096 };

static void be_busy(uint32_t *state, long most)
{
	for (uint32_t n = bench_random(state) % (uint32_t)most; n > 0; n--)
		__asm__ volatile("");
}

/* ---- a customer ---------------------------------------------------------- */

static int full(const struct troupe_message *message)
{
	Bench__Next again = BENCH__NEXT__INIT;

	return bench_send(troupe_parent(), &again.base);
}

static int has_been_cut(const struct troupe_message *message)
{
	Bench__Done done = BENCH__DONE__INIT;
	int r = bench_send(troupe_parent(), &done.base);

	return r < 0 ? r : TROUPE_STOP;
}

static const struct troupe_handler customer_handlers[] = {
	{ &bench__denied__descriptor, full },
	{ &bench__done__descriptor, has_been_cut },
	{},
};
static struct troupe_class customer_class = { .name = "customer",
					      .handlers = customer_handlers };

/* ---- the barber ---------------------------------------------------------- */

static int cut(const struct troupe_message *message)
{
	static uint32_t state = 2;
	const Bench__Meet *customer = message->body;
	Bench__Done done = BENCH__DONE__INIT;
	Bench__Next next = BENCH__NEXT__INIT;
	int r;

	be_busy(&state, bench_get(CUT));
	r = bench_send(customer->who, &done.base);
	return r < 0 ? r : bench_send(message->sender, &next.base);
}

static const struct troupe_handler barber_handlers[] = {
	{ &bench__meet__descriptor, cut },
	{},
};
static struct troupe_class barber_class = { .name = "barber",
					    .handlers = barber_handlers };

/* ---- the waiting room ---------------------------------------------------- */

static troupe_ref barber, waiting[CHAIRS_MOST];
static unsigned came, went; /* came - went of them wait */
static bool is_barber_busy;

static int send_to_barber(const struct troupe_message *message)
{
	Bench__Meet customer = BENCH__MEET__INIT;

	is_barber_busy = came != went;
	if (!is_barber_busy)
		return 0;
	customer.who = waiting[went++ % CHAIRS_MOST];
	return bench_send(barber, &customer.base);
}

static int enter(const struct troupe_message *message)
{
	const Bench__Meet *customer = message->body;
	Bench__Denied denied = BENCH__DENIED__INIT;

	if (came - went == (unsigned)bench_get(CHAIRS))
		return bench_send(customer->who, &denied.base);
	waiting[came++ % CHAIRS_MOST] = customer->who;
	return is_barber_busy ? 0 : send_to_barber(message);
}

static int room_init(const void *arguments)
{
	return troupe_spawn(&barber_class, NULL, &barber);
}

static const struct troupe_handler room_handlers[] = {
	{ &bench__meet__descriptor, enter },
	{ &bench__next__descriptor, send_to_barber },
	{},
};
static struct troupe_class room_class = { .name = "room",
					  .init = room_init,
					  .handlers = room_handlers,
					  .child_stopped = bench_child_ended };

/* ---- the factory --------------------------------------------------------- */

static troupe_ref room;
static long made, done_count, attempts;

static int bring(troupe_ref customer)
{
	Bench__Meet meet = BENCH__MEET__INIT;

	attempts++;
	meet.who = customer;
	return bench_send(room, &meet.base);
}

static int make(const struct troupe_message *message)
{
	static uint32_t state = 1;
	Bench__Go go = BENCH__GO__INIT;
	troupe_ref ref;
	int r = troupe_spawn(&customer_class, NULL, &ref);

	if (r == 0)
		r = bring(ref);
	be_busy(&state, bench_get(BETWEEN));
	if (r < 0 || ++made == bench_get(CUSTOMERS))
		return r;
	return bench_send(troupe_self(), &go.base);
}

static int try_again(const struct troupe_message *message)
{
	return bring(message->sender);
}

static int count_done(const struct troupe_message *message)
{
	if (++done_count < bench_get(CUSTOMERS))
		return 0;
	bench_figure("attempts", (double)attempts);
	if (attempts < done_count)
		bench_fail("more customers were cut than came");
	return TROUPE_STOP;
}

static int factory_init(const void *arguments)
{
	int r = troupe_spawn(&room_class, NULL, &room);

	return r < 0 ? r : make(NULL);
}

static const struct troupe_handler factory_handlers[] = {
	{ &bench__go__descriptor, make },
	{ &bench__next__descriptor, try_again },
	{ &bench__done__descriptor, count_done },
	{},
};
static struct troupe_class factory_class = { .name = "factory",
					     .init = factory_init,
					     .handlers = factory_handlers,
					     .child_stopped =
						     bench_child_ended };

static int root(void)
{
	bench_items(bench_get(CUSTOMERS));
	return bench_run_actor(&factory_class, NULL);
}

const struct bench bench_barber = {
	.name = "barber",
	.suite = "savina",
	.item = "customers",
	.parameters = { [CUSTOMERS] = { "n",
					{ 100, 3000, 5000 },
					.most = BENCH_ACTORS_MOST },
			[CHAIRS] = { "chairs",
				     { 5, 1000, 1000 },
				     .most = CHAIRS_MOST },
			[BETWEEN] = { "between",
				      { 1000, 1000, 1000 },
				      .most = 65536 },
			[CUT] = { "cut",
				  { 1000, 1000, 1000 },
				  .most = 65536 } },
	.classes = { &customer_class, &barber_class, &room_class,
		     &factory_class },
	.root = root,
};
