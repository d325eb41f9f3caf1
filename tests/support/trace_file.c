/* SPDX-License-Identifier: MIT */
#include "tests/support/trace_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_all(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "re");
	size_t size = 0, room = 1 << 20;
	char *text = malloc(room + 2);
	size_t n;

	while (file && text && (n = fread(text + size, 1, room - size, file))) {
		size += n;
		if (size < room)
			continue;
		room *= 2;
		text = realloc(text, room + 2);
	}
	if (file)
		fclose(file);
	*ret_size = size;
	return text;
}

json_t *trace_file_read(const char *path, bool is_whole)
{
	json_error_t error;
	size_t size;
	char *text = read_all(path, &size);
	json_t *events;

	while (!is_whole && size > 0 && strchr(" \n,", text[size - 1]))
		size--;
	if (!is_whole && size > 0 && text[size - 1] != ']')
		text[size++] = ']';
	events = json_loadb(text, size, 0, &error);
	if (!events)
		fprintf(stderr, "%s:%d:%d: %s\n", path, error.line,
			error.column, error.text);
	free(text);
	return events;
}

const char *trace_file_text(const json_t *event, const char *key)
{
	const char *text = json_string_value(json_object_get(event, key));

	return text ? text : "";
}

static bool is_like(const json_t *event, const char *key, const char *text)
{
	return !text || strcmp(trace_file_text(event, key), text) == 0;
}

unsigned trace_file_count(const json_t *events, const char *phase,
			  const char *category, const char *name)
{
	unsigned count = 0;
	size_t i;
	json_t *event;

	json_array_foreach(events, i, event) count +=
		is_like(event, "ph", phase) &&
		is_like(event, "cat", category) && is_like(event, "name", name);
	return count;
}

static double number(const json_t *event, const char *key)
{
	return json_number_value(json_object_get(event, key));
}

static unsigned fault(const char *what, const json_t *event)
{
	char *text = json_dumps(event, JSON_COMPACT);

	fprintf(stderr, "%s: %s\n", what, text);
	free(text);
	return 1;
}

/* Of starts of arrows and of named processes, by id and pid. */
static json_t *index_of(const json_t *events, const char *phase,
			const char *key)
{
	json_t *index = json_object();
	char name[32];
	size_t i;
	json_t *event;

	json_array_foreach(events, i, event)
	{
		if (!is_like(event, "ph", phase))
			continue;
		snprintf(name, sizeof(name), "%.0f", number(event, key));
		json_object_set(index,
				strcmp(key, "id") == 0
					? trace_file_text(event, "id")
					: name,
				event);
	}
	return index;
}

static unsigned check_arrows(const json_t *events)
{
	json_t *sent = index_of(events, "s", "id");
	unsigned faults = 0;
	size_t i;
	json_t *event;

	json_array_foreach(events, i, event)
	{
		const json_t *from;

		if (!is_like(event, "ph", "f"))
			continue;
		from = json_object_get(sent, trace_file_text(event, "id"));
		if (!from)
			faults += fault("from nowhere", event);
		else if (number(from, "ts") > number(event, "ts"))
			faults += fault("before it was sent", event);
	}
	json_decref(sent);
	return faults;
}

static unsigned check_names(const json_t *events)
{
	json_t *named = index_of(events, "M", "pid");
	unsigned faults = 0;
	char name[32];
	size_t i;
	json_t *event;

	json_array_foreach(events, i, event)
	{
		snprintf(name, sizeof(name), "%.0f", number(event, "pid"));
		if (!json_object_get(named, name))
			faults += fault("of a process without a name", event);
		if (number(event, "tid") != number(event, "pid"))
			faults += fault("of another thread", event);
	}
	json_decref(named);
	return faults;
}

struct span {
	double pid, begin, end;
	const json_t *event;
};

/* By process; then the outer before the inner. */
static int compare(const void *left, const void *right)
{
	const struct span *a = left, *b = right;

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	if (a->begin != b->begin)
		return a->begin < b->begin ? -1 : 1;
	return a->end > b->end ? -1 : a->end < b->end;
}

static unsigned check_spans(const json_t *events)
{
	enum { DEPTH = 64 };
	size_t size = json_array_size(events), count = 0, i;
	struct span *spans = calloc(size + 1, sizeof(*spans));
	const struct span *open[DEPTH];
	unsigned faults = 0, depth = 0;
	json_t *event;

	json_array_foreach(events, i, event)
	{
		double begin = number(event, "ts");

		if (is_like(event, "ph", "X"))
			spans[count++] = (struct span) {
				number(event, "pid"), rint(begin * 1000),
				rint(begin * 1000) +
					rint(number(event, "dur") * 1000),
				event
			};
	}
	qsort(spans, count, sizeof(*spans), compare);
	for (i = 0; i < count; i++) {
		while (depth && (open[depth - 1]->pid != spans[i].pid ||
				 open[depth - 1]->end <= spans[i].begin))
			depth--;
		if (depth && open[depth - 1]->end < spans[i].end)
			faults += fault("ends after what it is in",
					spans[i].event);
		if (depth < DEPTH)
			open[depth++] = &spans[i];
	}
	free(spans);
	return faults;
}

unsigned trace_file_faults(const json_t *events)
{
	unsigned ends = trace_file_count(events, "f", NULL, NULL);
	unsigned spans = trace_file_count(events, "X", "handler", NULL) +
			 trace_file_count(events, "X", "answer", NULL);
	unsigned faults = ends != spans;

	if (faults)
		fprintf(stderr, "%u ends of arrows, %u handlers\n", ends,
			spans);
	return faults + check_names(events) + check_arrows(events) +
	       check_spans(events);
}
