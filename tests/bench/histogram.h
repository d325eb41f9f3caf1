/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A histogram of durations with three significant digits from 1 ns to 73 min,
 * in the manner of HdrHistogram (G. Tene): a value below 2,048 has a cell of
 * its own; above, each doubling is divided into 1,024 cells, so that a cell is
 * never wider than a thousandth of its value.
 *
 *	cell(v) = shift * 1024 + (v >> shift),  1024 <= v >> shift < 2048
 */

#include <stdint.h>
#include <stdio.h>

enum { HISTOGRAM_HALF = 1024, HISTOGRAM_SHIFTS = 32 };
enum { HISTOGRAM_CELLS = (HISTOGRAM_SHIFTS + 1) * HISTOGRAM_HALF };

struct histogram {
	uint64_t count;
	int64_t least, most;
	double sum, squares;
	uint64_t cell[HISTOGRAM_CELLS];
};

/* A zeroed histogram is empty.  Values out of range count as the nearest. */
void histogram_record(struct histogram *histogram, int64_t ns);
void histogram_record_many(struct histogram *histogram, int64_t ns,
			   uint64_t count);
void histogram_add(struct histogram *to, const struct histogram *from);

/* The highest value that cell `cell` stands for. */
int64_t histogram_value(int cell);

/* That of the cell in which it lies; 0 if there is none. */
int64_t histogram_percentile(const struct histogram *histogram, double percent);

/* The layout that HdrHistogram's tools read, in microseconds; a line that
 * begins with # is a comment to them. */
void histogram_write(FILE *file, const struct histogram *histogram);
