/* SPDX-License-Identifier: MIT */
/* The parameters of a benchmark, and whether it can run here. */
#include "tests/bench/harness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const long most_of_any = 1000000000000;

static long least_of(const struct bench_parameter *parameter)
{
	if (parameter->least == BENCH_FROM_0)
		return 0;
	return parameter->least ? parameter->least : 1;
}

static long most_of(const struct bench_parameter *parameter)
{
	return parameter->most ? parameter->most : most_of_any;
}

static int complain(const struct entry *entry, const char *key, size_t length,
		    const char *why)
{
	fprintf(stderr, "troupe-bench: %s:%.*s: %s\n", entry->bench->name,
		(int)length, key, why);
	return -EINVAL;
}

/* The place of the parameter whose name is `key`; -1. */
static int find(const struct bench *bench, const char *key, size_t length)
{
	const struct bench_parameter *parameter = bench->parameters;

	for (int i = 0; i < BENCH_PARAMETERS && parameter[i].name; i++)
		if (strlen(parameter[i].name) == length &&
		    strncmp(parameter[i].name, key, length) == 0)
			return i;
	return -1;
}

/* "n=100", of which the name is `length` long. */
static int assign_one(struct entry *entry, const char *text, size_t length,
		      const char **ret_end)
{
	const struct bench_parameter *parameter = entry->bench->parameters;
	size_t all = strcspn(text, ",");
	int i = find(entry->bench, text, length);
	char *end, why[96];

	if (i < 0 || text[length] != '=')
		return complain(entry, text, all, "has no such parameter");
	entry->value[i] = strtol(text + length + 1, &end, 10);
	if (end == text + length + 1 || end != text + all)
		return complain(entry, text, all, "is not a whole number");
	if (entry->value[i] < least_of(&parameter[i]) ||
	    entry->value[i] > most_of(&parameter[i])) {
		snprintf(why, sizeof(why), "must be from %ld to %ld",
			 least_of(&parameter[i]), most_of(&parameter[i]));
		return complain(entry, text, all, why);
	}
	*ret_end = end + (*end == ',');
	return 0;
}

int able_assign(struct entry *entry, const char *text)
{
	const char *why;
	int r = 0;

	while (*text && r == 0)
		r = assign_one(entry, text, strcspn(text, "=,"), &text);
	if (r < 0)
		return r;
	kit_entry = entry;
	why = entry->bench->refuses ? entry->bench->refuses() : NULL;
	if (!why)
		return 0;
	fprintf(stderr, "troupe-bench: %s: %s\n", entry->bench->name, why);
	return -EINVAL;
}

/* ---- here ---------------------------------------------------------------- */

const char *able_folder(void)
{
	static char path[512];
	ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 16);
	char *slash;

	path[size > 0 ? size : 0] = 0;
	for (int up = 0; up < 2 && (slash = strrchr(path, '/')); up++)
		*slash = 0;
	strcat(path, "/peers");
	return path;
}

static bool has_file(const char *name)
{
	char path[640];

	snprintf(path, sizeof(path), "%s/%s", able_folder(), name);
	return access(path, R_OK) == 0;
}

static bool has_program(const char *name)
{
	const char *path_of_user = getenv("PATH");
	char all[4096], *at = all, path[640];

	/* Debian has servers where no user looks. */
	snprintf(all, sizeof(all), "%s:/usr/sbin",
		 path_of_user ? path_of_user : "");
	while (*at) {
		size_t length = strcspn(at, ":");

		snprintf(path, sizeof(path), "%.*s/%s", (int)length, at, name);
		if (access(path, X_OK) == 0)
			return true;
		at += length + (at[length] == ':');
	}
	return false;
}

void able_look(struct entry *entry)
{
	const struct bench *bench = entry->bench;
	size_t size = sizeof(entry->skipped);

	if (bench->needs)
		snprintf(entry->skipped, size, "was built without %s",
			 bench->needs);
	else if (bench->file && !has_file(bench->file))
		snprintf(entry->skipped, size,
			 "there is no file peers/%s, which `make bench` makes",
			 bench->file);
	else if (bench->program && !has_program(bench->program))
		snprintf(entry->skipped, size, "there is no program %s here",
			 bench->program);
	else if (bench->variable && !getenv(bench->variable))
		snprintf(entry->skipped, size, "%s is not set",
			 bench->variable);
	else if (bench->carries && entry->value[0] > bench->carries)
		snprintf(entry->skipped, size,
			 "cannot carry more than %ld bytes in a message",
			 bench->carries);
}
