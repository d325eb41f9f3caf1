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

/* ---- names ----------------------------------------------------------------
 */

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

/* ---- rows -----------------------------------------------------------------
 */

/* Every number that no key of google/benchmark or of ours has. */
static bool is_figure(const char *key, const json_t *value)
{
	static const char *const known[] = {
		"repetitions", "threads",	   "repetition_index",
		"iterations",  "bytes_per_second", "items_per_second",
		"run_seconds", "node_seconds",	   "context_switches",
		"max_rss_kib", "arena_pages_back", "real_time",
		"cpu_time",    "family_index",	   "per_family_instance_index",
	};

	if (!json_is_number(value))
		return false;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(known[i], key) == 0)
			return false;
	return true;
}

static void take_figures(struct result *result, json_t *row)
{
	const char *key;
	json_t *value;

	result->figures = 0;
	json_object_foreach(row, key, value)
	{
		if (!is_figure(key, value) || result->figures == RESULT_FIGURES)
			continue;
		result->figure[result->figures].name = key;
		result->figure[result->figures++].value =
			json_number_value(value);
	}
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
	double rate = number_of(row, "items_per_second"), *more;

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
	more = reallocarray(result->value, (size_t)result->count + 1,
			    sizeof(*more));
	if (!more)
		return -ENOMEM;
	result->value = more;
	result->value[result->count++] = in_seconds(row);
	if (rate > 0)
		result->bytes = number_of(row, "bytes_per_second") / rate;
	take_figures(result, row);
	return 0;
}

/* ---- latencies ------------------------------------------------------------
 */

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

/* ---- the file -------------------------------------------------------------
 */

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
		free(results->result[i].value);
		free(results->result[i].latency);
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

double result_median(const struct result *result)
{
	struct statistics s;

	if (result->count == 0)
		return 0;
	statistics_of(result->value, result->count, 1, &s);
	return s.median;
}
