/* SPDX-License-Identifier: MIT */
#ifndef TRP_TESTS_BENCH_STATISTICS_H
#define TRP_TESTS_BENCH_STATISTICS_H

/* Pure: what is said about a number of values. */

struct statistics {
	double median, least, most, mean, deviation;
	double low, high; /* 95 % bootstrap interval of the median */
};

/* Sorts `value`.  count >= 1.  seed: of the bootstrap. */
void statistics_of(double *value, int count, unsigned seed,
		   struct statistics *ret_statistics);

enum change { CHANGE_NOISE, CHANGE_BETTER, CHANGE_WORSE };

/*
 * Of times, smaller is better: a change is one whose intervals do not overlap
 * and whose medians differ by more than `noise` percent.
 */
enum change statistics_compare(const struct statistics *before,
			       const struct statistics *after, double noise);

#endif
