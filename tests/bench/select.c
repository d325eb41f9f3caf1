/* SPDX-License-Identifier: MIT */
#include "tests/bench/harness.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include "tests/bench/list.h"
#include "tests/bench/statistics.h"

#define DECLARE(name) extern const struct bench bench_##name;
BENCHES(DECLARE)

static const struct bench *const benches[] = {
#define REFER(name) &bench_##name,
	BENCHES(REFER) NULL,
};

const char *const waiting_name[] = {
	[BENCH_SLEEPS] = "sleeping",
	[BENCH_SPINS] = "spinning",
	[BENCH_ADAPTS] = "adaptive",
};

/* A swept value above takes longer than a smoke run may. */
enum { SMOKE_MOST = 1 << 20 };

static int complain(const char *what, const char *which)
{
	fprintf(stderr, "troupe-bench: %s: %s\n", what, which);
	return -EINVAL;
}

static void name_entry(struct entry *entry)
{
	size_t at = (size_t)snprintf(entry->name, sizeof(entry->name), "%s",
				     entry->bench->name);

	for (int i = 0; i < BENCH_PARAMETERS; i++) {
		if (!entry->bench->parameters[i].name)
			break;
		if (at >= sizeof(entry->name))
			break;
		at += (size_t)snprintf(
			entry->name + at, sizeof(entry->name) - at, "/%s:%ld",
			entry->bench->parameters[i].name, entry->value[i]);
	}
}

/* first: of the first parameter; 0: as the preset has it. */
static int add(struct entries *entries, const struct bench *bench, long first,
	       const char *assignments, enum bench_preset preset)
{
	struct entry *entry = reallocarray(
		entries->entry, (size_t)entries->count + 1, sizeof(*entry));
	int r;

	if (!entry)
		return complain(bench->name, "no memory");
	entries->entry = entry;
	entry += entries->count;
	*entry = (struct entry) { .bench = bench };
	for (int i = 0; i < BENCH_PARAMETERS; i++)
		entry->value[i] = bench->parameters[i].value[preset];
	if (first)
		entry->value[0] = first;
	r = able_assign(entry, assignments);
	if (r < 0)
		return r;
	name_entry(entry);
	able_look(entry);
	for (int i = 0; i < entries->count; i++)
		if (strcmp(entries->entry[i].name, entry->name) == 0)
			return 0; /* two choices fit it */
	entries->count++;
	return 0;
}

static int add_all(struct entries *entries, const struct bench *bench,
		   const char *assignments, enum bench_preset preset)
{
	const char *name = bench->parameters[0].name;
	long most = bench->smoke_most ? bench->smoke_most : SMOKE_MOST;
	int r = 0;

	if (!bench->sweep[0] || strncmp(assignments, name, strlen(name)) == 0)
		return add(entries, bench, 0, assignments, preset);
	for (int i = 0; i < BENCH_SWEEP && bench->sweep[i] && r == 0; i++)
		if (preset != BENCH_SMOKE || bench->sweep[i] <= most)
			r = add(entries, bench, bench->sweep[i], assignments,
				preset);
	return r;
}

/* A name, a suite, or else a regular expression. */
static bool is_meant(const struct bench *bench, const char *pattern,
		     const regex_t *regex, bool is_name)
{
	if (is_name)
		return strcmp(bench->name, pattern) == 0 ||
		       strcmp(bench->suite, pattern) == 0;
	return !bench->is_hidden &&
	       regexec(regex, bench->name, 0, NULL, 0) == 0;
}

/* --spin applies to nodes: one whose plain process starts them has classes. */
static const char *waiting_of(const struct bench *bench,
			      const struct settings *settings)
{
	const char *spin = settings->spin ?: getenv("TROUPE_SPIN") ?: "auto";

	if (bench->plain && !bench->classes[0])
		return waiting_name[bench->waiting];
	if (strcmp(spin, "always") == 0)
		return waiting_name[BENCH_SPINS];
	return waiting_name[strcmp(spin, "never") == 0 ? BENCH_SLEEPS
						       : BENCH_ADAPTS];
}

static bool is_name(const char *pattern)
{
	for (const struct bench *const *b = benches; *b; b++)
		if (strcmp((*b)->name, pattern) == 0 ||
		    strcmp((*b)->suite, pattern) == 0)
			return true;
	return false;
}

static int choose(struct entries *entries, const char *choice,
		  enum bench_preset preset)
{
	size_t length = strcspn(choice, ":");
	const char *assignments = choice + length + (choice[length] == ':');
	char pattern[256];
	int found = 0, r = 0;
	regex_t regex;

	snprintf(pattern, sizeof(pattern), "%.*s", (int)length, choice);
	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB))
		return complain("not a regular expression", pattern);
	for (const struct bench *const *b = benches; *b && r == 0; b++)
		if (is_meant(*b, pattern, &regex, is_name(pattern)) && ++found)
			r = add_all(entries, *b, assignments, preset);
	regfree(&regex);
	if (found == 0)
		return complain("no such benchmark (see --list)", pattern);
	return r;
}

int select_benches(const struct settings *settings, struct entries *ret)
{
	int r = 0;

	*ret = (struct entries) { 0 };
	if (settings->choice_count == 0)
		r = choose(ret, "", settings->preset);
	for (int i = 0; i < settings->choice_count && r == 0; i++)
		r = choose(ret, settings->choices[i], settings->preset);
	for (int i = 0; i < ret->count; i++)
		ret->entry[i].waiting =
			waiting_of(ret->entry[i].bench, settings);
	if (r < 0)
		select_free(ret);
	return r;
}

void select_free(struct entries *entries)
{
	for (int i = 0; i < entries->count; i++) {
		free(entries->entry[i].run);
		free(entries->entry[i].latency);
	}
	free(entries->entry);
	*entries = (struct entries) { 0 };
}

double *entry_values(const struct entry *entry, int *ret_count)
{
	double *value = calloc((size_t)entry->count + 1, sizeof(*value));

	*ret_count = 0;
	for (int i = 0; value && i < entry->count; i++)
		if (!entry->run[i].why[0])
			value[(*ret_count)++] = entry->run[i].seconds /
						(double)entry->run[i].items;
	return value;
}

double entry_figure(const struct entry *entry, int which)
{
	int count = 0;
	double *value = calloc((size_t)entry->count + 1, sizeof(*value));
	struct statistics s = { 0 };

	for (int i = 0; value && i < entry->count; i++)
		if (!entry->run[i].why[0])
			value[count++] = entry->run[i].figure[which].value;
	if (count)
		statistics_of(value, count, 1, &s);
	free(value);
	return s.median;
}
