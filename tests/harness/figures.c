/* SPDX-License-Identifier: MIT */
/* The pure parts: histograms and statistics. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "tests/bench/histogram.h"
#include "tests/bench/statistics.h"

static int ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

Test(histogram, percentiles_are_the_exact_ones_to_a_thousandth)
{
	enum { COUNT = 100000 };
	static struct histogram histogram;
	static int64_t value[COUNT];
	static const double percent[] = { 0, 1, 50, 90, 99, 99.9, 99.99, 100 };
	unsigned seed = 7;

	for (int i = 0; i < COUNT; i++) {
		value[i] = (int64_t)rand_r(&seed) >> (rand_r(&seed) % 31);
		histogram_record(&histogram, value[i]);
	}
	qsort(value, COUNT, sizeof(*value), ascending);
	for (size_t i = 0; i < sizeof(percent) / sizeof(*percent); i++) {
		int rank = (int)(percent[i] * COUNT / 100 + 0.5);
		int64_t exact = value[rank > 0 ? rank - 1 : 0];
		int64_t got = histogram_percentile(&histogram, percent[i]);

		cr_assert(got >= exact && got <= exact + exact / 1000,
			  "%g %%: %lld, exactly %lld", percent[i],
			  (long long)got, (long long)exact);
	}
}

Test(histogram, small_values_have_a_cell_of_their_own)
{
	static struct histogram histogram;

	for (int i = 0; i < 2048; i++)
		histogram_record(&histogram, i);
	for (int i = 0; i < 2048; i++)
		cr_assert_eq(histogram.cell[i], 1);
}

Test(histogram, what_is_out_of_range_counts_as_the_nearest)
{
	static struct histogram histogram;

	histogram_record(&histogram, -5);
	histogram_record(&histogram, INT64_MAX);
	cr_assert_eq(histogram.count, 2);
	cr_assert_eq(histogram.least, 0);
	cr_assert_eq(histogram.cell[HISTOGRAM_CELLS - 1], 1);
}

Test(histogram, adding_is_recording_both)
{
	static struct histogram a, b, both;

	for (int i = 1; i <= 1000; i++) {
		histogram_record(i % 3 ? &a : &b, i * 977);
		histogram_record(&both, i * 977);
	}
	histogram_add(&a, &b);
	cr_assert_eq(memcmp(&a.cell, &both.cell, sizeof(a.cell)), 0);
	cr_assert_eq(a.count, both.count);
	cr_assert_eq(a.least, both.least);
	cr_assert_eq(a.most, both.most);
}

Test(histogram, the_file_ends_with_all_values_and_rises)
{
	static struct histogram histogram;
	char line[256], *text;
	double value, part, before = -1;
	unsigned long long count = 0;
	size_t size;
	FILE *file = open_memstream(&text, &size), *again;

	for (int i = 0; i < 10000; i++)
		histogram_record(&histogram, i * 131);
	histogram_write(file, &histogram);
	fclose(file);
	again = fmemopen(text, size, "r");
	while (fgets(line, sizeof(line), again)) {
		if (sscanf(line, "%lf %lf %llu", &value, &part, &count) != 3)
			continue;
		cr_assert_geq(part, before);
		before = part;
	}
	cr_assert_eq(before, 1);
	cr_assert_eq(count, 10000);
	fclose(again);
	free(text);
}

Test(statistics, the_median_is_in_the_middle_and_its_interval_around_it)
{
	double odd[] = { 5, 1, 3 }, even[] = { 4, 1, 2, 3 };
	struct statistics s;

	statistics_of(odd, 3, 1, &s);
	cr_assert_eq(s.median, 3);
	cr_assert_eq(s.least, 1);
	cr_assert_eq(s.most, 5);
	statistics_of(even, 4, 1, &s);
	cr_assert_eq(s.median, 2.5);
	cr_assert(s.low <= s.median && s.median <= s.high);
}

Test(statistics, a_change_is_larger_than_noise_and_apart)
{
	struct statistics old = {
		.count = 9, .median = 100, .low = 98, .high = 102
	};
	struct statistics near = {
		.count = 9, .median = 103, .low = 102.5, .high = 104
	};
	struct statistics wide = {
		.count = 9, .median = 120, .low = 101, .high = 140
	};
	struct statistics slow = {
		.count = 9, .median = 120, .low = 118, .high = 122
	};

	cr_assert_eq(statistics_compare(&old, &near, 5), CHANGE_NOISE);
	cr_assert_eq(statistics_compare(&old, &wide, 5), CHANGE_NOISE);
	cr_assert_eq(statistics_compare(&old, &slow, 5), CHANGE_WORSE);
	cr_assert_eq(statistics_compare(&slow, &old, 5), CHANGE_BETTER);
}
