/* SPDX-License-Identifier: MIT */
#include "tests/bench/histogram.h"

#include <math.h>

#define MOST_NS ((INT64_C(2048) << (HISTOGRAM_SHIFTS - 1)) - 1)

static int cell_of(int64_t ns)
{
	int shift = 53 - __builtin_clzll((uint64_t)ns | HISTOGRAM_HALF);

	return shift * HISTOGRAM_HALF + (int)(ns >> shift);
}

int64_t histogram_value(int cell)
{
	int shift = cell < 2 * HISTOGRAM_HALF ? 0 : cell / HISTOGRAM_HALF - 1;

	return (((int64_t)cell - shift * HISTOGRAM_HALF + 1) << shift) - 1;
}

void histogram_record(struct histogram *histogram, int64_t ns)
{
	histogram_record_many(histogram, ns, 1);
}

void histogram_record_many(struct histogram *histogram, int64_t ns,
			   uint64_t count)
{
	if (count == 0)
		return;
	if (ns < 0)
		ns = 0;
	if (ns > MOST_NS)
		ns = MOST_NS;
	if (histogram->count == 0 || ns < histogram->least)
		histogram->least = ns;
	if (ns > histogram->most)
		histogram->most = ns;
	histogram->count += count;
	histogram->sum += (double)ns * (double)count;
	histogram->squares += (double)ns * (double)ns * (double)count;
	histogram->cell[cell_of(ns)] += count;
}

void histogram_add(struct histogram *to, const struct histogram *from)
{
	if (from->count == 0)
		return;
	if (to->count == 0 || from->least < to->least)
		to->least = from->least;
	if (from->most > to->most)
		to->most = from->most;
	to->count += from->count;
	to->sum += from->sum;
	to->squares += from->squares;
	for (int i = 0; i < HISTOGRAM_CELLS; i++)
		to->cell[i] += from->cell[i];
}

/* The cell in which the count reaches `rank`, and the count there. */
static int64_t value_at(const struct histogram *histogram, uint64_t rank,
			uint64_t *ret_below)
{
	uint64_t below = 0;
	int64_t value;

	for (int i = 0; i < HISTOGRAM_CELLS; i++) {
		below += histogram->cell[i];
		if (below < rank)
			continue;
		*ret_below = below;
		value = histogram_value(i);
		return value < histogram->most ? value : histogram->most;
	}
	*ret_below = below;
	return histogram->most;
}

static uint64_t rank_of(const struct histogram *histogram, double percent)
{
	double rank = ceil((double)histogram->count * percent / 100 - 1e-6);

	return rank < 1 ? 1 : (uint64_t)rank;
}

int64_t histogram_percentile(const struct histogram *histogram, double percent)
{
	uint64_t below;

	if (histogram->count == 0)
		return 0;
	return value_at(histogram, rank_of(histogram, percent), &below);
}

void histogram_write(FILE *file, const struct histogram *histogram)
{
	double n = (double)histogram->count, mean = n ? histogram->sum / n : 0;
	double variance = n ? histogram->squares / n - mean * mean : 0;
	uint64_t below = 0;
	double left = 1; /* the part that is not yet covered */

	fprintf(file, "%12s %14s %10s %14s\n\n", "Value", "Percentile",
		"TotalCount", "1/(1-Percentile)");
	for (int step = 0; histogram->count && below < histogram->count;
	     step++) {
		int64_t value =
			value_at(histogram,
				 rank_of(histogram, 100 * (1 - left)), &below);
		double covered = (double)below / n;

		if (below < histogram->count)
			fprintf(file, "%12.3f %2.12f %10llu %14.2f\n",
				(double)value / 1e3, 1 - left,
				(unsigned long long)below, 1 / left);
		/* Five steps to each halving of what is left. */
		left = exp2(-step / 5.0);
		while (1 - left < covered && below < histogram->count)
			left = exp2(-++step / 5.0);
	}
	fprintf(file, "%12.3f %2.12f %10llu\n", (double)histogram->most / 1e3,
		1.0, (unsigned long long)histogram->count);
	fprintf(file, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n",
		mean / 1e3, sqrt(variance > 0 ? variance : 0) / 1e3);
	fprintf(file, "#[Max     = %12.3f, Total count    = %12llu]\n",
		(double)histogram->most / 1e3,
		(unsigned long long)histogram->count);
	fprintf(file, "#[Buckets = %12d, SubBuckets     = %12d]\n",
		HISTOGRAM_SHIFTS, 2 * HISTOGRAM_HALF);
}
