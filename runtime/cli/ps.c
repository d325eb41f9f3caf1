/* SPDX-License-Identifier: MIT */
#include "runtime/cli/ps.h"

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include "runtime/cli/columns.h"
#include "runtime/cli/looker.h"
#include "runtime/cli/nearest.h"
#include "runtime/look/text.h"
#include "serialize/printable.h"

enum { COLUMNS_MOST = 32, LINE = 4096 };

/* The wish of the user. */
static struct {
	const char *interval, *columns, *sort, *address, *class, *state;
	bool is_wide;
	int64_t interval_ms; /* between two looks; 0: one look */
	const struct trp_column *column[COLUMNS_MOST]; /* ends with NULL */
	const struct trp_column *by;
} wanted;

static const char usual[] = "pid,state,cpu,memory,unread,address,doing";

/* ---- the words ----------------------------------------------------------- */

static int fail(const char *what, const char *word, const char *near)
{
	return trp_arguments_fail(TRP_ARGUMENTS_USAGE, "ps", "no %s %s%s%s%s",
				  what, word, *near ? "; did you mean " : "",
				  near, *near ? "?" : "");
}

static int take_columns(const char *list)
{
	char near[32], word[64];
	size_t count = 0, length;

	for (;; list += length + 1) {
		length = strcspn(list, ",");
		if (count == COLUMNS_MOST - 1)
			return fail("room for column", list, "");
		wanted.column[count] = trp_columns_find(list, length, near);
		snprintf(word, sizeof(word), "%.*s", (int)length, list);
		if (!wanted.column[count++])
			return fail("column", word, near);
		if (!list[length])
			return 0;
	}
}

static int all_columns(void)
{
	size_t count = 0;

	for (size_t i = 0; trp_columns[i].name; i++)
		wanted.column[count++] = &trp_columns[i];
	return 0;
}

static int check_state(const char *state)
{
	struct trp_nearest nearest = { .word = state };

	for (int i = 0; i < TRP_LOOK_STATES; i++) {
		const char *name = trp_look_state_name((enum trp_look_state)i);

		if (strcmp(name, state) == 0)
			return 0;
		trp_nearest_try(&nearest, name);
	}
	return fail("state", state, nearest.best);
}

/* 0, or the exit status. */
static int take_interval(const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	wanted.interval_ms = (int64_t)(seconds * 1000);
	if (end != text && !*end && seconds >= 0.01 && seconds <= 3600)
		return 0;
	return trp_arguments_fail(TRP_ARGUMENTS_USAGE, "ps",
				  "--interval takes 0.01 to 3600 seconds, not "
				  "\"%s\"",
				  text);
}

static int check_words(void)
{
	char near[32];
	int r = wanted.columns && strcmp(wanted.columns, "all") == 0
			? all_columns()
			: take_columns(wanted.columns ? wanted.columns : usual);

	if (r == 0 && wanted.sort) {
		wanted.by = trp_columns_find(wanted.sort, strlen(wanted.sort),
					     near);
		if (!wanted.by)
			r = fail("column", wanted.sort, near);
	}
	if (r == 0 && wanted.interval)
		r = take_interval(wanted.interval);
	return r == 0 && wanted.state ? check_state(wanted.state) : r;
}

/* ---- which of them ------------------------------------------------------- */

struct row {
	const struct trp_look_actor *actor;
	int depth;
};

struct rows {
	struct row *at;
	size_t count;
	const struct trp_look *look;
	size_t *first, *next; /* indices + 1; children, by slot */
};

static bool is_wanted(const struct trp_look_actor *actor)
{
	return (!wanted.address ||
		fnmatch(wanted.address, actor->told->address, 0) == 0) &&
	       (!wanted.class ||
		fnmatch(wanted.class, actor->told->of_class, 0) == 0) &&
	       (!wanted.state ||
		strcmp(wanted.state, trp_look_state_name(actor->state)) == 0);
}

/* Children follow their parent; siblings by slot. */
static void add_branch(struct rows *rows, size_t at, int depth)
{
	for (; at; at = rows->next[at - 1]) {
		const struct trp_look_actor *actor = &rows->look->actor[at - 1];

		if (is_wanted(actor))
			rows->at[rows->count++] = (struct row) { actor, depth };
		add_branch(rows, rows->first[at], depth + 1);
	}
}

/* first[0]: of the supervisor, and of those with an unknown parent. */
static void add_tree(struct rows *rows)
{
	const struct trp_look *look = rows->look;

	for (size_t i = look->count; i > 0; i--) {
		const struct trp_look_actor *parent =
			trp_look_find(look, look->actor[i - 1].told->parent);
		size_t of = parent ? (size_t)(parent - look->actor) + 1 : 0;

		rows->next[i - 1] = rows->first[of];
		rows->first[of] = i;
	}
	add_branch(rows, rows->first[0], 0);
}

static int compare(const void *a, const void *b)
{
	return wanted.by->compare(((const struct row *)a)->actor,
				  ((const struct row *)b)->actor);
}

static int find_rows(const struct trp_look *look, struct rows *ret_rows)
{
	struct rows rows = {
		.at = calloc(look->count + 1, sizeof(*rows.at)),
		.look = look,
		.first = calloc(look->count + 1, sizeof(size_t)),
		.next = calloc(look->count + 1, sizeof(size_t)),
	};
	int r = rows.at && rows.first && rows.next ? 0 : -ENOMEM;

	if (r == 0)
		add_tree(&rows);
	if (r == 0 && wanted.by)
		qsort(rows.at, rows.count, sizeof(*rows.at), compare);
	free(rows.first);
	free(rows.next);
	if (r == 0)
		*ret_rows = rows;
	else
		free(rows.at);
	return r;
}

/* ---- as a table ---------------------------------------------------------- */

/* Of the terminal; 0: there is none, so nothing is cut. */
static int width_of_terminal(void)
{
	struct winsize size;

	return !wanted.is_wide && isatty(STDOUT_FILENO) &&
			       ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0
		       ? size.ws_col
		       : 0;
}

/* The terminal is too narrow for whole addresses. */
static bool is_narrow;

/* In a tree the end of an address says the rest. */
static const char *end_of(const char *address)
{
	const char *end = address + strcspn(address, " "), *at = end;

	while (at > address && *at != '/')
		at--;
	return at;
}

/* A tree is drawn where neither order nor choice breaks it. */
static const char *cell(const struct trp_look *look, const struct row *row,
			const struct trp_column *column,
			char text[TRP_COLUMN_TEXT])
{
	bool is_tree = !wanted.by && !wanted.address && !wanted.class &&
		       !wanted.state && strcmp(column->name, "address") == 0;
	int indent = is_tree ? 2 * (row->depth < 20 ? row->depth : 20) : 0;
	char own[TRP_COLUMN_TEXT];
	const char *shown = column->print(look, row->actor, own);

	if (is_tree && is_narrow)
		shown = end_of(shown);
	snprintf(text, TRP_COLUMN_TEXT, "%*s%.*s", indent, "",
		 TRP_COLUMN_TEXT - indent - 1, shown);
	return text;
}

/* Of the open columns together, beside those of a fixed width. */
static int room_beside(int terminal)
{
	int left = terminal;

	for (size_t i = 0; wanted.column[i]; i++)
		left -= abs(wanted.column[i]->width) + (i > 0);
	return left;
}

/* A narrow terminal has fewer columns, unless they were chosen. */
static void leave_out(int terminal)
{
	enum { ROOM = 20 }; /* of the address and what it is doing */
	static const char *const spare[] = { "memory", "cpu", "pid" };
	char near[32];

	for (size_t i = 0; i < sizeof(spare) / sizeof(*spare) && terminal &&
			   !wanted.columns && room_beside(terminal) < ROOM;
	     i++) {
		const struct trp_column **at = wanted.column;

		while (*at && *at != trp_columns_find(spare[i],
						      strlen(spare[i]), near))
			at++;
		for (; *at; at++)
			at[0] = at[1];
	}
}

static int longest(const struct rows *rows, const struct trp_column *column)
{
	int most = (int)strlen(column->heading);
	char text[TRP_COLUMN_TEXT];

	for (size_t k = 0; k < rows->count; k++) {
		int length = (int)strlen(
			cell(rows->look, &rows->at[k], column, text));

		most = length > most ? length : most;
	}
	return most;
}

/*
 * An open column is as wide as its longest cell; in a terminal at most half of
 * what is left, and the last has the rest.
 */
static void fit(const struct rows *rows, int terminal, int room[COLUMNS_MOST])
{
	int left = room_beside(terminal);

	is_narrow = false;
	for (size_t i = 0; wanted.column[i]; i++) {
		bool is_last = !wanted.column[i + 1];
		int most = is_last ? left : left / 2;

		room[i] = 0;
		if (wanted.column[i]->width)
			continue;
		room[i] = longest(rows, wanted.column[i]);
		if (terminal && room[i] > most && !is_last) {
			is_narrow = true;
			room[i] = longest(rows, wanted.column[i]);
		}
		if (terminal && room[i] > most)
			room[i] = most > 8 ? most : 8;
		left -= room[i];
	}
}

static void print_line(char *line)
{
	size_t length = strlen(line);

	while (length && line[length - 1] == ' ')
		line[--length] = '\0';
	puts(line);
}

static void print_rows(const struct rows *rows)
{
	int room[COLUMNS_MOST] = { 0 };
	char text[TRP_COLUMN_TEXT], line[LINE] = "";
	int terminal = width_of_terminal();

	leave_out(terminal);
	fit(rows, terminal, room);
	for (size_t i = 0; wanted.column[i]; i++)
		trp_columns_write(line, sizeof(line), wanted.column[i],
				  wanted.column[i]->heading, room[i],
				  !wanted.column[i + 1]);
	print_line(line);
	for (size_t k = 0; k < rows->count; k++) {
		line[0] = '\0';
		for (size_t i = 0; wanted.column[i]; i++)
			trp_columns_write(line, sizeof(line), wanted.column[i],
					  cell(rows->look, &rows->at[k],
					       wanted.column[i], text),
					  room[i], !wanted.column[i + 1]);
		print_line(line);
	}
}

static void print_given_up(const Troupe__Guest__GivenUp *one)
{
	char ref[TRP_REF_TEXT_SIZE];

	printf("given up, %s: ", trp_ref_print(one->ref, ref));
	trp_printable_write(stdout, one->address);
	printf(", after %u restarts: ", one->restarts);
	trp_printable_write(stdout, one->reason);
	putchar('\n');
}

/* A long path is cut to its last part in a narrow terminal. */
static const char *application_of(const Troupe__Guest__Node *node)
{
	const char *path = node->application, *last = strrchr(path, '/');
	int most = width_of_terminal() - 60;

	return most > -60 && last && (int)strlen(path) > most ? last + 1 : path;
}

static void print_table(const struct rows *rows)
{
	const Troupe__Guest__Node *node = rows->look->node;

	printf("node %s, process %d, %zu of %u slots%s",
	       rows->look->client.node, node->pid, rows->look->count + 1,
	       node->slots, node->application[0] ? ", " : "");
	trp_printable_write(stdout, application_of(node));
	if (node->unwoken)
		printf("  (%" PRIu64 " wakes failed, see the log)",
		       node->unwoken);
	putchar('\n');
	print_rows(rows);
	for (size_t i = 0; i < node->n_given_up; i++)
		print_given_up(node->given_up[i]);
}

/* ---- as JSON ------------------------------------------------------------- */

static struct troupe_value *given_up_value(const Troupe__Guest__Node *node)
{
	struct troupe_value *list = troupe_value_list(), *map;

	for (size_t i = 0; i < node->n_given_up; i++) {
		map = troupe_value_map();
		trp_value_add(map, "ref",
			      trp_look_text_ref(node->given_up[i]->ref));
		trp_value_add_text(map, "address", node->given_up[i]->address);
		trp_value_add_int(map, "restarts", node->given_up[i]->restarts);
		trp_value_add_text(map, "reason", node->given_up[i]->reason);
		troupe_value_append(list, map);
	}
	return list;
}

static int print_json(const struct rows *rows)
{
	const Troupe__Guest__Node *node = rows->look->node;
	struct troupe_value *map = troupe_value_map(),
			    *list = troupe_value_list();
	int r = 0;

	for (size_t i = 0; r == 0 && i < rows->count; i++)
		r = troupe_value_append(
			list,
			trp_look_text_value(rows->look, rows->at[i].actor));
	r |= trp_value_add_text(map, "node", node->name);
	r |= trp_value_add_int(map, "pid", node->pid);
	r |= trp_value_add_int(map, "slots", node->slots);
	r |= trp_value_add_int(map, "unwoken", (int64_t)node->unwoken);
	r |= trp_value_add_text(map, "application", node->application);
	r |= trp_value_add(map, "actors", list);
	r |= trp_value_add(map, "given_up", given_up_value(node));
	if (r == 0)
		return trp_looker_print(map);
	troupe_value_free(map);
	return -ENOMEM;
}

/* ---- the command --------------------------------------------------------- */

static int ps(struct trp_look *look, const char *word, bool is_json)
{
	const struct timespec pause = { wanted.interval_ms / 1000,
					wanted.interval_ms % 1000 * 1000000 };
	struct rows rows = { 0 };
	int r = 0;

	if (wanted.interval_ms && look->is_far) {
		snprintf(look->client.why, sizeof(look->client.why),
			 "two looks are for nodes of this machine");
		return -ENOTSUP;
	}
	if (wanted.interval_ms) {
		nanosleep(&pause, NULL);
		r = trp_look_take(look);
	}
	if (r == 0)
		r = find_rows(look, &rows);

	if (r == 0 && is_json)
		r = print_json(&rows);
	else if (r == 0)
		print_table(&rows);
	if (r == 0 && !is_json && !look->has_memory && !look->is_far) {
		trp_look_say_why(look);
		printf("mail and waits cannot be seen: %s\n", look->client.why);
	}
	free(rows.at);
	return r;
}

int trp_cli_ps(int argc, char **argv)
{
	static const struct trp_arguments_option more[] = {
		{ "--columns", &wanted.columns, NULL },
		{ "-o", &wanted.columns, NULL },
		{ "--sort", &wanted.sort, NULL },
		{ "--address", &wanted.address, NULL },
		{ "--class", &wanted.class, NULL },
		{ "--state", &wanted.state, NULL },
		{ "--wide", NULL, &wanted.is_wide },
		{ "--interval", &wanted.interval, NULL },
	};
	static const struct trp_looker looker = {
		.command = "ps",
		.more = more,
		.count = sizeof(more) / sizeof(more[0]),
		.check = check_words,
		.may_be_far = true,
		.run = ps,
	};

	return trp_looker_run(&looker, argc, argv);
}
