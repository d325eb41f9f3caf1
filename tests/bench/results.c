/* SPDX-License-Identifier: MIT */
#include "tests/bench/results.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "tests/bench/statistics.h"

static int complain(const char *path, const char *what, const char *why)
{
	fprintf(stderr, "troupe-bench: %s: %s%s%s\n", path, what,
		*why ? ": " : "", why);
	return -EINVAL;
}

static const char *text_of(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text ? text : "";
}

static double number_of(const json_t *row, const char *key)
{
	return json_number_value(json_object_get(row, key));
}

/* ---- names --------------------------------------------------------------- */

/* "pingpong/n:40000/w:2" */
static void take_name_apart(struct result *result)
{
	const char *at = result->name + strcspn(result->name, "/");

	snprintf(result->family, sizeof(result->family), "%.*s",
		 (int)(at - result->name), result->name);
	while (*at == '/' && result->parameters < RESULT_PARAMETERS) {
		size_t length = strcspn(++at, ":/");
		int i = result->parameters;

		if (at[length] != ':')
			break;
		snprintf(result->parameter_name[i],
			 sizeof(result->parameter_name[i]), "%.*s", (int)length,
			 at);
		result->parameter[i] = strtod(at + length + 1, NULL);
		result->parameters++;
		at += strcspn(at, "/");
	}
}

/* ---- rows ---------------------------------------------------------------- */

/* Every number that no key of google/benchmark or of ours has. */
static bool is_figure(const char *key, const json_t *value)
{
	static const char *const known[] = {
		"repetitions", "threads",	   "repetition_index",
		"iterations",  "bytes_per_second", "items_per_second",
		"run_seconds", "node_seconds",	   "context_switches",
		"max_rss_kib", "arena_pages_kept", "real_time",
		"cpu_time",    "family_index",	   "per_family_instance_index",
	};

	if (!json_is_number(value))
		return false;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(known[i], key) == 0)
			return false;
	return true;
}

static int push(double **values, int *count, double value)
{
	double *more = reallocarray(*values, (size_t)*count + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	*values = more;
	more[(*count)++] = value;
	return 0;
}

static int take_figure(struct result *result, const char *key, double value)
{
	struct result_figure *figure = result->figure;
	int i;

	for (i = 0; i < result->figures; i++)
		if (strcmp(figure[i].name, key) == 0)
			break;
	if (i == RESULT_FIGURES)
		return 0;
	if (i == result->figures)
		figure[result->figures++].name = key;
	return push(&figure[i].value, &figure[i].count, value);
}

static int take_figures(struct result *result, json_t *row)
{
	const char *key;
	json_t *value;
	int r = 0;

	json_object_foreach(row, key, value)
	{
		if (r == 0 && is_figure(key, value))
			r = take_figure(result, key, json_number_value(value));
	}
	return r;
}

static double in_seconds(const json_t *row)
{
	static const char *const unit[] = { "ns", "us", "ms", "s" };
	static const double second[] = { 1e9, 1e6, 1e3, 1 };
	const char *name = text_of(row, "time_unit");

	for (int i = 0; i < 4; i++)
		if (strcmp(name, unit[i]) == 0)
			return number_of(row, "real_time") / second[i];
	return 0;
}

static struct result *find(const struct results *results, const char *name)
{
	for (int i = 0; i < results->count; i++)
		if (strcmp(results->result[i].name, name) == 0)
			return &results->result[i];
	return NULL;
}

static struct result *make(struct results *results, const json_t *row)
{
	size_t count = (size_t)results->count + 1;
	struct result *more =
		reallocarray(results->result, count, sizeof(*more));

	if (!more)
		return NULL;
	results->result = more;
	more += results->count++;
	*more = (struct result) {
		.name = text_of(row, "name"),
		.suite = text_of(row, "suite"),
		.item = text_of(row, "item"),
		.waiting = text_of(row, "waiting"),
		.isolation = text_of(row, "isolation"),
	};
	take_name_apart(more);
	return more;
}

static int take_row(struct results *results, json_t *row)
{
	const char *name = text_of(row, "name");
	struct result *result = find(results, name);
	double rate = number_of(row, "items_per_second");

	if (!*name || strcmp(text_of(row, "run_type"), "iteration") != 0)
		return 0;
	if (!result)
		result = make(results, row);
	if (!result)
		return -ENOMEM;
	if (json_is_true(json_object_get(row, "error_occurred"))) {
		result->failed++;
		return 0;
	}
	if (push(&result->value, &result->count, in_seconds(row)) < 0)
		return -ENOMEM;
	if (rate > 0)
		result->bytes = number_of(row, "bytes_per_second") / rate;
	return take_figures(result, row);
}

/* ---- latencies ----------------------------------------------------------- */

static int take_latencies(struct results *results, const json_t *latencies)
{
	struct result *result = find(results, text_of(latencies, "name"));
	json_t *cells = json_object_get(latencies, "cells"), *cell;
	size_t i;

	if (!result || result->latency)
		return 0;
	result->loop = text_of(latencies, "loop");
	result->latency = calloc(1, sizeof(*result->latency));
	if (!result->latency)
		return -ENOMEM;
	json_array_foreach(cells, i, cell) histogram_record_many(
		result->latency, json_integer_value(json_array_get(cell, 0)),
		(uint64_t)json_integer_value(json_array_get(cell, 1)));
	result->latency->least = (int64_t)number_of(latencies, "least");
	result->latency->most = (int64_t)number_of(latencies, "most");
	return 0;
}

/* ---- the file ------------------------------------------------------------ */

static int take_all(struct results *results)
{
	json_t *rows = json_object_get(results->root, "benchmarks"), *row;
	json_t *latencies = json_object_get(results->root, "latencies");
	size_t i;
	int r = 0;

	json_array_foreach(rows, i, row)
	{
		if (r == 0)
			r = take_row(results, row);
	}
	json_array_foreach(latencies, i, row)
	{
		if (r == 0)
			r = take_latencies(results, row);
	}
	return r;
}

int results_read(const char *path, struct results *ret_results)
{
	struct results results = { 0 };
	bool is_input = strcmp(path, "-") == 0;
	json_error_t error;
	FILE *file = is_input ? stdin : fopen(path, "re");

	if (!file)
		return complain(path, "cannot be read", strerror(errno));
	results.root = json_loadf(file, 0, &error);
	if (!is_input)
		fclose(file);
	if (!results.root)
		return complain(path, "is not JSON", error.text);
	results.context = json_object_get(results.root, "context");
	if (!json_is_object(results.context) ||
	    !json_is_array(json_object_get(results.root, "benchmarks"))) {
		json_decref(results.root);
		return complain(path, "has no \"context\" and \"benchmarks\"",
				"write it with --format json or --out");
	}
	results.path = strdup(path);
	if (!results.path || take_all(&results) < 0) {
		results_free(&results);
		return complain(path, "no memory", "");
	}
	*ret_results = results;
	return 0;
}

void results_free(struct results *results)
{
	for (int i = 0; i < results->count; i++) {
		struct result *result = &results->result[i];

		for (int f = 0; f < result->figures; f++)
			free(result->figure[f].value);
		free(result->value);
		free(result->latency);
	}
	free(results->result);
	free(results->path);
	json_decref(results->root);
	*results = (struct results) { 0 };
}

const struct result *results_find(const struct results *results,
				  const char *name)
{
	return find(results, name);
}

double result_parameter(const struct result *result, const char *name)
{
	for (int i = 0; i < result->parameters; i++)
		if (strcmp(result->parameter_name[i], name) == 0)
			return result->parameter[i];
	return -1;
}

double result_median(double *value, int count)
{
	struct statistics s;

	if (count == 0)
		return 0;
	statistics_of(value, count, 1, &s);
	return s.median;
}
