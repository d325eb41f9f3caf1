/* SPDX-License-Identifier: MIT */
#include "tests/bench/statistics.h"

#include <math.h>
#include <stdlib.h>

enum { RESAMPLES = 1000 };

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_of(const double *sorted, int count)
{
	return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

/* Efron's percentile method. */
static void bootstrap(const double *value, int count, unsigned seed,
		      double *ret_low, double *ret_high)
{
	double median[RESAMPLES];
	double *sample = malloc((size_t)count * sizeof(*sample));

	*ret_low = value[0];
	*ret_high = value[count - 1];
	if (!sample)
		return;
	for (int i = 0; i < RESAMPLES; i++) {
		for (int j = 0; j < count; j++)
			sample[j] = value[rand_r(&seed) % count];
		qsort(sample, (size_t)count, sizeof(*sample), ascending);
		median[i] = median_of(sample, count);
	}
	qsort(median, RESAMPLES, sizeof(*median), ascending);
	*ret_low = median[RESAMPLES * 25 / 1000];
	*ret_high = median[RESAMPLES * 975 / 1000 - 1];
	free(sample);
}

void statistics_of(double *value, int count, unsigned seed,
		   struct statistics *ret_statistics)
{
	double sum = 0, squares = 0;

	qsort(value, (size_t)count, sizeof(*value), ascending);
	for (int i = 0; i < count; i++)
		sum += value[i];
	for (int i = 0; i < count; i++)
		squares += pow(value[i] - sum / count, 2);
	*ret_statistics = (struct statistics) {
		.count = count,
		.median = median_of(value, count),
		.least = value[0],
		.most = value[count - 1],
		.mean = sum / count,
		.deviation = count > 1 ? sqrt(squares / (count - 1)) : 0,
	};
	bootstrap(value, count, seed, &ret_statistics->low,
		  &ret_statistics->high);
}

enum change statistics_compare(const struct statistics *before,
			       const struct statistics *after, double noise)
{
	double change = after->median / before->median - 1;

	if (before->count < COMPARABLE_RUNS || after->count < COMPARABLE_RUNS)
		return CHANGE_UNKNOWN;
	if (fabs(change) * 100 <= noise)
		return CHANGE_NOISE;
	if (after->high < before->low)
		return CHANGE_BETTER;
	return after->low > before->high ? CHANGE_WORSE : CHANGE_NOISE;
}
