/* SPDX-License-Identifier: MIT */
/* One run compared with another: by us, and by google/benchmark. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>
#include "tests/bench/statistics.h"
#include "tests/harness/said.h"
#include "tests/support/skip.h"

/* ---- values of a known distribution -------------------------------------- */

enum { TRIALS = 400, RUNS = 12 };

static double uniform(unsigned *seed)
{
	return (rand_r(seed) + 0.5) / (RAND_MAX + 1.0);
}

/* As run times are: most near the median, a few far above. */
static double skewed(unsigned *seed, double median)
{
	double normal =
		sqrt(-2 * log(uniform(seed))) * cos(2 * M_PI * uniform(seed));

	return median * exp(0.1 * normal);
}

static void draw(unsigned *seed, double median, struct statistics *ret)
{
	double value[RUNS];

	for (int i = 0; i < RUNS; i++)
		value[i] = skewed(seed, median);
	statistics_of(value, RUNS, 1, ret);
}

Test(statistics, the_interval_holds_the_true_median_in_95_of_100)
{
	struct statistics s;
	unsigned seed = 4711;
	int held = 0;

	for (int i = 0; i < TRIALS; i++) {
		draw(&seed, 100, &s);
		held += s.low <= 100 && 100 <= s.high;
	}
	/* A little less is the known bias of the method for few values. */
	cr_assert(held >= TRIALS * 90 / 100 && held <= TRIALS * 99 / 100,
		  "held %d of %d (seed 4711)", held, TRIALS);
}

Test(statistics, what_is_alike_is_noise_and_what_is_not_is_told)
{
	struct statistics before, same, slower, faster;
	unsigned seed = 815;
	int wrong = 0, worse = 0, better = 0;

	for (int i = 0; i < TRIALS; i++) {
		draw(&seed, 100, &before);
		draw(&seed, 100, &same);
		draw(&seed, 140, &slower);
		draw(&seed, 70, &faster);
		wrong += statistics_compare(&before, &same, 0) != CHANGE_NOISE;
		worse +=
			statistics_compare(&before, &slower, 5) == CHANGE_WORSE;
		better += statistics_compare(&before, &faster, 5) ==
			  CHANGE_BETTER;
	}
	cr_assert_leq(wrong, TRIALS * 3 / 100, "%d (seed 815)", wrong);
	cr_assert_geq(worse, TRIALS * 95 / 100, "%d (seed 815)", worse);
	cr_assert_geq(better, TRIALS * 95 / 100, "%d (seed 815)", better);
}

Test(statistics, of_three_runs_nothing_is_said)
{
	double low[] = { 1, 2, 3 }, high[] = { 7, 8, 9 };
	struct statistics before, after;

	statistics_of(low, 3, 1, &before);
	statistics_of(high, 3, 1, &after);
	cr_assert_eq(statistics_compare(&before, &after, 5), CHANGE_UNKNOWN);
}

/* ---- the program --------------------------------------------------------- */

/* A baseline with each time multiplied. */
static const char *times(const char *json, double factor)
{
	const char *path = scratch("scaled.json");

	cr_assert_eq(run("awk '/\"real_time\"/ { sub(/,$/, \"\"); "
			 "printf \"%%s %%.9g,\\n\", $1, $2 * %g; next } 1' "
			 "%s > %s",
			 factor, json, path),
		     0, "%s", said);
	return path;
}

Test(baseline, an_earlier_run_is_better_worse_or_the_same, .fini = forget)
{
	const char *json = scratch("json");
	/* A change by a thousand is noise, and by ten million none. */
	const char *again = "--preset smoke --repetitions 5 --noise 100000";

	cr_assert_eq(bench("%s --out %s pingpong", again, json), 0, "%s", said);
	cr_assert_eq(bench("%s --baseline %s pingpong", again, json), 0);
	SAYS("within noise");
	cr_assert_eq(
		bench("%s --baseline %s pingpong", again, times(json, 1e-7)),
		0);
	SAYS("WORSE");
	cr_assert_eq(bench("--preset smoke --repetitions 5 --baseline %s "
			   "pingpong",
			   times(json, 1e7)),
		     0);
	SAYS("improved");
	cr_assert_eq(bench("--dry-run --baseline %s pingpong ask", json), 0);
	SAYS("too few runs to say");
	SAYS("not in both");
}

Test(baseline, what_is_no_result_is_refused_with_its_name, .fini = forget)
{
	const char *json = scratch("json");

	cr_assert_eq(bench("--dry-run --baseline /nowhere pingpong"), 1);
	SAYS("/nowhere: cannot be read");
	run("echo '{' > %s", json);
	cr_assert_eq(bench("--dry-run --baseline %s pingpong", json), 1);
	SAYS("is not JSON");
	run("echo '{}' > %s", json);
	cr_assert_eq(bench("--dry-run --baseline %s pingpong", json), 1);
	SAYS("--format json");
}

/* Two worlds: a hundredfold between them is no improvement. */
Test(baseline, who_spins_is_not_compared_with_who_sleeps, .fini = forget)
{
	const char *json = scratch("json");

	cr_assert_eq(bench("--preset smoke --repetitions 5 --spin never "
			   "--out %s pingpong",
			   json),
		     0, "%s", said);
	cr_assert_eq(bench("--preset smoke --repetitions 5 --spin auto "
			   "--baseline %s pingpong",
			   json),
		     0, "%s", said);
	SAYS("not comparable: sleeping then, adaptive now");
	SAYS_NOT("improved");
	SAYS_NOT("WORSE");
}

#define COMPARE "/usr/share/benchmark/compare.py"

Test(baseline, compare_py_of_google_benchmark_reads_our_json, .fini = forget)
{
	const char *json = scratch("json"), *later;

	if (access(COMPARE, R_OK) != 0 ||
	    run("/usr/bin/python3 -c 'import scipy'") != 0)
		SKIP("compare.py", "compare.py is not there: apt-get install "
				   "libbenchmark-tools python3-scipy");
	cr_assert_eq(bench("--preset smoke --repetitions 10 --out %s ask "
			   "latency_open:n=50",
			   json),
		     0, "%s", said);
	later = times(json, 100);
	cr_assert_eq(run("PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 " COMPARE
			 " --no-color benchmarks %s %s",
			 json, later),
		     0, "%s", said);
	SAYS("ask/n:1000");
	SAYS("latency_open/n:50/rate:10000/stall_ms:0");
	/* Its own test of ours: 100 times the time is no accident. */
	SAYS("ask/n:1000_pvalue");
	SAYS("U Test, Repetitions: 10 vs 10");
	SAYS("+99.0000");
}
