/* SPDX-License-Identifier: MIT */
/* A clock between two readings of the kernel's, on a made-up processor. */
#include "ipc/tick_clock.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>
#include "ipc/time.h"
#include "tests/support/ipc_kit.h"

/* The world: the kernel's clock, and the rate of ticks. */
struct world {
	int64_t ns;
	double ticks, ghz;
	int64_t reading_ns; /* duration of a reading of the kernel's clock */
	unsigned readings;
	struct trp_tick_clock clock;
};

static void pass(struct world *world, int64_t ns)
{
	world->ns += ns;
	world->ticks += (double)ns * world->ghz;
}

static int64_t read_kernel(struct world *world)
{
	world->readings++;
	pass(world, world->reading_ns / 2);
	pass(world, world->reading_ns - world->reading_ns / 2);
	return world->ns;
}

static int64_t now(struct world *world)
{
	int64_t before, ns;
	uint64_t ticks;

	if (trp_tick_clock_read(&world->clock, (uint64_t)world->ticks, &ns))
		return ns;
	before = read_kernel(world);
	ticks = (uint64_t)world->ticks;
	return trp_tick_clock_sync(&world->clock, before, ticks,
				   read_kernel(world));
}

static struct world begin(double ghz)
{
	struct world world = {
		.ns = 1000000000, .ticks = 77, .ghz = ghz, .reading_ns = 30
	};

	for (int i = 0; i < 300; i++) {
		now(&world);
		pass(&world, 1000000);
	}
	now(&world);
	cr_assert(world.clock.window);
	return world;
}

static double random_below(uint64_t *seed, uint64_t end)
{
	return (double)(kit_random(seed) % end);
}

static int64_t error_of(struct world *world)
{
	int64_t told = now(world);

	return llabs(told - world->ns);
}

Test(tick_clock, reads_the_kernel_once_in_a_millisecond)
{
	for (double ghz = 0.024; ghz < 6; ghz *= 1.7) {
		struct world world = begin(ghz);

		world.readings = 0;
		for (int i = 0; i < 100000; i++) {
			pass(&world, 100);
			cr_assert_leq(error_of(&world),
				      150 + (int64_t)(1 / ghz));
		}
		cr_expect_leq(world.readings, 2 * 11, "%u at %f GHz",
			      world.readings, ghz);
	}
}

Test(tick_clock, never_goes_back_and_errs_by_half_a_microsecond_while_steered)
{
	uint64_t seed = kit_seed("tick_clock/never_*");

	for (int history = 0; history < 200; history++) {
		double ghz = 0.05 + random_below(&seed, 5000) / 1000.0;
		struct world world = begin(ghz);
		int64_t last = 0;

		for (int i = 0; i < 5000; i++) {
			int64_t told = now(&world);

			cr_assert_geq(told, last);
			cr_assert_leq(llabs(told - world.ns),
				      1000 + (int64_t)(1 / ghz));
			last = told;
			/* by 500 millionths, the most that the kernel does */
			if (random_below(&seed, 100) == 0)
				world.ghz =
					ghz * (1 + (random_below(&seed, 1000) -
						    500) / 1e6);
			pass(&world,
			     random_below(&seed, 10)
				     ? (int64_t)random_below(&seed, 2000)
				     : (int64_t)random_below(&seed, 3000000));
		}
		cr_assert(trp_tick_clock_is_trusted(&world.clock));
	}
}

Test(tick_clock, a_slow_or_interrupted_reading_opens_no_window)
{
	struct world world = begin(3);

	world.reading_ns = 900; /* by a system call */
	pass(&world, TRP_TICK_WINDOW_NS);
	for (int i = 0; i < 100; i++) {
		cr_assert_leq(error_of(&world), 1);
		cr_assert_eq(world.clock.window, 0);
		pass(&world, 50);
	}
	world.reading_ns = 30;
	now(&world);
	cr_expect(world.clock.window);
}

Test(tick_clock, a_counter_that_disagrees_again_and_again_is_given_up)
{
	struct world world = begin(2);
	int64_t most = 0;

	for (int i = 0; i < 3000; i++) {
		int64_t error;

		/* another processor, whose counter is ahead */
		if (i % 100 == 0)
			world.ticks += 60000;
		pass(&world, 100000);
		error = error_of(&world);
		if (error > most)
			most = error;
	}
	cr_expect_leq(most, TRP_TICK_WINDOW_NS);
	cr_expect_not(trp_tick_clock_is_trusted(&world.clock));
	cr_expect_leq(error_of(&world), TRP_TICK_WINDOW_NS);
	pass(&world, TRP_TICK_WINDOW_NS);
	cr_expect_leq(error_of(&world), 15);
	cr_expect_eq(world.clock.window, 0);
}

Test(tick_clock, another_rate_after_a_move_to_another_machine_is_measured)
{
	struct world world = begin(2.5);

	pass(&world, INT64_C(5000000000));
	world.ghz = 3.1;
	world.ticks = 12; /* its counter began again */
	for (int i = 0; i < 3000; i++) {
		now(&world);
		pass(&world, 100000);
	}
	cr_expect(trp_tick_clock_is_trusted(&world.clock));
	cr_expect(world.clock.window);
	cr_expect_leq(error_of(&world), 150);
}

static int64_t monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

Test(tick_clock, the_time_told_is_the_kernels_monotonic_clock)
{
	int64_t last = 0;

	for (int64_t end = monotonic() + 200000000; last < end;) {
		int64_t before = monotonic(), told = trp_time_now().ns;

		cr_assert_geq(told, last);
		cr_assert_geq(told, before - 1000);
		cr_assert_leq(told, monotonic() + 1000);
		last = told;
	}
}
