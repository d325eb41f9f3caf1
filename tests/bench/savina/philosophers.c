/* SPDX-License-Identifier: MIT */
/*
 * Savina 12, Dining Philosophers: an arbitrator has the forks; a philosopher
 * that is denied asks again at once.
 */
#include "tests/bench/bench.h"

enum { PHILOSOPHERS, MEALS };
enum { FORKS_MOST = 4096 };

/* ---- a philosopher ------------------------------------------------------- */

static int64_t place;
static troupe_ref arbitrator;
static long eaten;

static int hungry(void)
{
	Bench__Hungry hunger = BENCH__HUNGRY__INIT;

	hunger.place = place;
	return bench_send(arbitrator, &hunger.base);
}

static int ask_again(const struct troupe_message *message)
{
	return hungry();
}

static int eat(const struct troupe_message *message)
{
	Bench__Done done = BENCH__DONE__INIT;
	int r;

	done.place = place;
	r = bench_send(arbitrator, &done.base);
	if (r < 0 || ++eaten == bench_get(MEALS))
		return r < 0 ? r : TROUPE_STOP;
	return hungry();
}

static int philosopher_init(const void *arguments)
{
	place = ((const Bench__Place *)arguments)->index;
	arbitrator = troupe_parent();
	return hungry();
}

static const struct troupe_handler philosopher_handlers[] = {
	{ &bench__denied__descriptor, ask_again },
	{ &bench__eat__descriptor, eat },
	{},
};
static struct troupe_class philosopher_class = {
	.name = "philosopher",
	.init = philosopher_init,
	.handlers = philosopher_handlers,
};

/* ---- the arbitrator ------------------------------------------------------ */

static bool is_taken[FORKS_MOST];
static long meals, denials;

static int64_t right_of(int64_t fork)
{
	return (fork + 1) % bench_get(PHILOSOPHERS);
}

static int ask_for_forks(const struct troupe_message *message)
{
	int64_t left = ((const Bench__Hungry *)message->body)->place;
	Bench__Denied denied = BENCH__DENIED__INIT;
	Bench__Eat meal = BENCH__EAT__INIT;

	if (is_taken[left] || is_taken[right_of(left)]) {
		denials++;
		return bench_send(message->sender, &denied.base);
	}
	is_taken[left] = is_taken[right_of(left)] = true;
	return bench_send(message->sender, &meal.base);
}

static int put_back(const struct troupe_message *message)
{
	int64_t left = ((const Bench__Done *)message->body)->place;
	long all = bench_get(PHILOSOPHERS) * bench_get(MEALS);

	if (!is_taken[left] || !is_taken[right_of(left)])
		bench_fail("a fork came back twice");
	is_taken[left] = is_taken[right_of(left)] = false;
	if (++meals < all)
		return 0;
	for (long i = 0; i < bench_get(PHILOSOPHERS); i++)
		bench_expect("a fork that is left taken", is_taken[i], false);
	bench_figure("denials", (double)denials);
	return TROUPE_STOP;
}

static int arbitrator_init(const void *arguments)
{
	troupe_ref *refs;

	return bench_spawn_each(&philosopher_class, bench_get(PHILOSOPHERS),
				&refs);
}

static const struct troupe_handler arbitrator_handlers[] = {
	{ &bench__hungry__descriptor, ask_for_forks },
	{ &bench__done__descriptor, put_back },
	{},
};
static struct troupe_class arbitrator_class = {
	.name = "arbitrator",
	.init = arbitrator_init,
	.handlers = arbitrator_handlers,
	.child_stopped = bench_child_ended,
};

static int root(void)
{
	bench_items(bench_get(PHILOSOPHERS) * bench_get(MEALS));
	return bench_run_actor(&arbitrator_class, NULL);
}

const struct bench bench_philosophers = {
	.name = "philosophers",
	.suite = "savina",
	.item = "meals",
	.parameters = { [PHILOSOPHERS] = { "n", { 5, 20, 20 }, 2, FORKS_MOST },
			[MEALS] = { "meals", { 50, 10000, 50000 } } },
	.classes = { &philosopher_class, &arbitrator_class },
	.root = root,
};
