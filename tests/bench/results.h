/* SPDX-License-Identifier: MIT */
#pragma once

/* Reads the output of json.c: a row for each benchmark and its parameters.
 */

#include <jansson.h>
#include <stdbool.h>
#include "tests/bench/histogram.h"

enum { RESULT_FIGURES = 8, RESULT_PARAMETERS = 6 };

struct result_figure {
	const char *name;
	double *value; /* of each run that was right */
	int count;
};

/* All strings are of the file, and live as long as struct results does. */
struct result {
	const char *name; /* pingpong/n:40000 */
	char family[64];  /* pingpong */
	const char *suite, *item, *waiting, *isolation;
	const char *loop; /* "open", "closed"; NULL: no latencies */
	double *value;	  /* seconds an item, of each run that was right */
	int count, failed;
	double bytes; /* an item; 0: none */
	struct result_figure figure[RESULT_FIGURES];
	int figures;
	char parameter_name[RESULT_PARAMETERS][32];
	double parameter[RESULT_PARAMETERS];
	int parameters;
	struct histogram *latency; /* or NULL */
};

struct results {
	char *path; /* as it was given */
	json_t *root;
	json_t *context; /* an object; borrowed of root */
	struct result *result;
	int count;
};

/* "-" is standard input.  0, or -EINVAL after printing the error. */
int results_read(const char *path, struct results *ret_results);
void results_free(struct results *results);

/* The one of that name, or NULL. */
const struct result *results_find(const struct results *results,
				  const char *name);

/* Its parameter of that name; -1: it has none. */
double result_parameter(const struct result *result, const char *name);

/* The median of that many values; 0: there is none.  Sorts them. */
double result_median(double *value, int count);
