/* SPDX-License-Identifier: MIT */
#pragma once

/* Pure: what is said about a number of values. */

struct statistics {
	int count;
	double median, least, most, mean, deviation;
	double low, high; /* 95 % bootstrap interval of the median */
};

/* Sorts `value`.  count >= 1.  seed: of the bootstrap. */
void statistics_of(double *value, int count, unsigned seed,
		   struct statistics *ret_statistics);

enum change { CHANGE_NOISE, CHANGE_BETTER, CHANGE_WORSE, CHANGE_UNKNOWN };

/*
 * Of times, smaller is better: a change is one whose intervals do not overlap
 * and whose medians differ by more than `noise` percent.  Of two times three
 * values that are all alike, one half lies wholly above the other in 1 of 10
 * cases, of two times four in 1 of 35: with fewer nothing can be said.
 */
enum { COMPARABLE_RUNS = 4 };
enum change statistics_compare(const struct statistics *before,
			       const struct statistics *after, double noise);
