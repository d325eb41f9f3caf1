/* SPDX-License-Identifier: MIT */
#include "runtime/cli/columns.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/cli/nearest.h"
#include "runtime/look/text.h"
#include "serialize/printable.h"

#define PRINT(name)                                                         \
	static const char *print_##name(const struct trp_look *look,        \
					const struct trp_look_actor *actor, \
					char text[TRP_COLUMN_TEXT])
#define MOST_FIRST(name, of)                                 \
	static int by_##name(const struct trp_look_actor *a, \
			     const struct trp_look_actor *b) \
	{                                                    \
		return (a->of < b->of) - (a->of > b->of);    \
	}

static const char *number(char text[TRP_COLUMN_TEXT], uint64_t value)
{
	snprintf(text, TRP_COLUMN_TEXT, "%" PRIu64, value);
	return text;
}

/* "812", "4.2K", "17M" of bytes. */
static const char *size(char text[TRP_COLUMN_TEXT], uint64_t bytes)
{
	static const char units[] = "KMGT";
	double value = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024)
		return number(text, bytes);
	for (; value >= 1000 && unit < 3; unit++)
		value /= 1024;
	snprintf(text, TRP_COLUMN_TEXT, value < 10 ? "%.1f%c" : "%.0f%c", value,
		 units[unit]);
	return text;
}

PRINT(pid)
{
	return number(text, (uint64_t)actor->told->pid);
}
PRINT(ref)
{
	return trp_ref_print(actor->told->ref, text);
}
PRINT(state)
{
	return trp_look_state_name(actor->state);
}
PRINT(received)
{
	return number(text, actor->told->received);
}
PRINT(sent)
{
	return number(text, actor->told->sent);
}
PRINT(refused)
{
	return number(text, actor->told->refused);
}
PRINT(dropped)
{
	return number(text, actor->told->dropped);
}
PRINT(restarts)
{
	return number(text, actor->told->restarts);
}
PRINT(bytes)
{
	return size(text, actor->unread.bytes);
}
PRINT(class)
{
	return actor->told->of_class;
}
PRINT(end)
{
	return actor->told->last_end;
}

PRINT(age)
{
	return actor->has_process
		       ? trp_look_text_time(actor->process.age_ms, text)
		       : "-";
}

PRINT(cpu)
{
	return actor->has_process
		       ? trp_look_text_time(actor->process.cpu_ms, text)
		       : "-";
}

PRINT(share)
{
	snprintf(text, TRP_COLUMN_TEXT, "%.1f", actor->cpu);
	return actor->has_process ? text : "-";
}

PRINT(memory)
{
	return actor->has_process ? size(text, (uint64_t)actor->process.rss)
				  : "-";
}

PRINT(unread)
{
	return look->has_memory || look->is_far
		       ? number(text, actor->unread.messages + actor->put_aside)
		       : "-";
}

PRINT(oldest)
{
	return actor->unread.oldest
		       ? trp_look_text_time(
				 trp_look_since(look, actor->unread.oldest),
				 text)
		       : "-";
}

static const char *rate(const struct trp_look_actor *actor, double value,
			char text[TRP_COLUMN_TEXT])
{
	snprintf(text, TRP_COLUMN_TEXT, "%.0f", value);
	return actor->has_rates ? text : "-";
}

PRINT(in)
{
	return rate(actor, actor->received, text);
}
PRINT(out)
{
	return rate(actor, actor->sent, text);
}

/* A name that is the end of the address goes without saying. */
static bool is_plain(const Troupe__Guest__Actor *told)
{
	const char *last = strrchr(told->address, '/');

	return !told->n_names || (told->n_names == 1 && last &&
				  strcmp(last + 1, told->names[0]) == 0);
}

/* With its names, as other commands take them. */
PRINT(address)
{
	const Troupe__Guest__Actor *told = actor->told;
	size_t count = is_plain(told) ? 0 : told->n_names, used;

	snprintf(text, TRP_COLUMN_TEXT, "%s", told->address);
	for (size_t i = 0; i < count; i++) {
		used = strlen(text);
		snprintf(text + used, TRP_COLUMN_TEXT - used, "%s%s%s",
			 i ? ", " : " \"", told->names[i],
			 i + 1 < count ? "" : "\"");
	}
	used = strlen(text);
	snprintf(text + used, TRP_COLUMN_TEXT - used, "%s%s",
		 told->is_guest ? " (guest)" : "",
		 told->restarts ? " (restarted)" : "");
	return text;
}

PRINT(doing)
{
	return trp_look_text_doing(look, actor, text, TRP_COLUMN_TEXT);
}

MOST_FIRST(received, told->received)
MOST_FIRST(sent, told->sent)
MOST_FIRST(refused, told->refused)
MOST_FIRST(dropped, told->dropped)
MOST_FIRST(restarts, told->restarts)
MOST_FIRST(age, process.age_ms)
MOST_FIRST(cpu, process.cpu_ms)
MOST_FIRST(share, cpu)
MOST_FIRST(memory, process.rss)
MOST_FIRST(bytes, unread.bytes)
MOST_FIRST(in, received)
MOST_FIRST(out, sent)

static int by_unread(const struct trp_look_actor *a,
		     const struct trp_look_actor *b)
{
	uint64_t x = a->unread.messages + a->put_aside;
	uint64_t y = b->unread.messages + b->put_aside;

	return (x < y) - (x > y);
}

/* One without unread mail has no oldest. */
static int by_oldest(const struct trp_look_actor *a,
		     const struct trp_look_actor *b)
{
	int64_t x = a->unread.oldest ? a->unread.oldest : INT64_MAX;
	int64_t y = b->unread.oldest ? b->unread.oldest : INT64_MAX;

	return (x > y) - (x < y);
}

static int by_pid(const struct trp_look_actor *a,
		  const struct trp_look_actor *b)
{
	return (a->told->pid > b->told->pid) - (a->told->pid < b->told->pid);
}

static int by_ref(const struct trp_look_actor *a,
		  const struct trp_look_actor *b)
{
	return (a->told->ref > b->told->ref) - (a->told->ref < b->told->ref);
}

static int by_state(const struct trp_look_actor *a,
		    const struct trp_look_actor *b)
{
	return strcmp(trp_look_state_name(a->state),
		      trp_look_state_name(b->state));
}

static int by_class(const struct trp_look_actor *a,
		    const struct trp_look_actor *b)
{
	return strcmp(a->told->of_class, b->told->of_class);
}

static int by_address(const struct trp_look_actor *a,
		      const struct trp_look_actor *b)
{
	return strcmp(a->told->address, b->told->address);
}

const struct trp_column trp_columns[] = {
	{ "pid", "PID", 7, print_pid, by_pid },
	{ "ref", "REF", -8, print_ref, by_ref },
	{ "state", "STATE", -10, print_state, by_state },
	{ "age", "AGE", 8, print_age, by_age },
	{ "cpu", "CPU", 7, print_cpu, by_cpu },
	{ "share", "%CPU", 5, print_share, by_share },
	{ "memory", "MEMORY", 6, print_memory, by_memory },
	{ "unread", "UNREAD", 6, print_unread, by_unread },
	{ "bytes", "BYTES", 6, print_bytes, by_bytes },
	{ "oldest", "OLDEST", 7, print_oldest, by_oldest },
	{ "received", "RECEIVED", 9, print_received, by_received },
	{ "sent", "SENT", 9, print_sent, by_sent },
	{ "in", "IN/S", 7, print_in, by_in },
	{ "out", "OUT/S", 7, print_out, by_out },
	{ "refused", "REFUSED", 7, print_refused, by_refused },
	{ "dropped", "DROPPED", 7, print_dropped, by_dropped },
	{ "restarts", "RESTARTS", 8, print_restarts, by_restarts },
	{ "class", "CLASS", -12, print_class, by_class },
	{ "address", "ADDRESS", 0, print_address, by_address },
	{ "doing", "DOING", 0, print_doing, by_state },
	{ "end", "LAST END", 0, print_end, by_restarts },
	{ 0 },
};

const struct trp_column *trp_columns_find(const char *name, size_t length,
					  char ret_near[32])
{
	char word[32];
	struct trp_nearest nearest = { .word = word };

	snprintf(word, sizeof(word), "%.*s", (int)length, name);
	for (size_t i = 0; trp_columns[i].name; i++) {
		if (strcmp(trp_columns[i].name, word) == 0)
			return &trp_columns[i];
		trp_nearest_try(&nearest, trp_columns[i].name);
	}
	memcpy(ret_near, nearest.best, sizeof(nearest.best));
	return NULL;
}

/* Columns of the terminal, one for each character. */
static int wide(const char *text)
{
	int columns = 0;

	for (; *text; text++)
		columns += (*text & 0xc0) != 0x80;
	return columns;
}

void trp_columns_write(char *line, size_t size, const struct trp_column *column,
		       const char *text, int room, bool is_last)
{
	char shown[TRP_COLUMN_TEXT];
	size_t used = strlen(line);
	int width = column->width < 0 ? -column->width : column->width, pad;
	char *at = shown;

	trp_printable(text, shown, sizeof(shown));
	/* A cell that is cut ends in "..", if there is place for that. */
	if (room > 2 && wide(shown) > room) {
		for (int n = 0; n < room - 2; n++)
			at += trp_printable_character(at);
		strcpy(at, "..");
	}
	width = column->width ? width : room;
	pad = width > wide(shown) ? width - wide(shown) : 0;
	if (column->width > 0)
		snprintf(line + used, size - used, "%*s%s", pad, "", shown);
	else
		snprintf(line + used, size - used, "%s%*s", shown,
			 is_last ? 0 : pad, "");
	used = strlen(line);
	snprintf(line + used, size - used, "%s", is_last ? "" : " ");
}
