/* SPDX-License-Identifier: MIT */
#include "runtime/cli/ps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "runtime/cli/query.h"
#include "runtime/control/control.pb-c.h"
#include "runtime/node/ref.h"
#include "serialize/json.h"
#include "serialize/message.h"
#include "serialize/printable.h"

/* The kernel's figures for a process: proc_pid_stat(5). */
struct kernel_stat {
	int64_t age_ms;
	int64_t cpu_ms; /* user and system */
	int64_t rss;	/* bytes */
};

struct line {
	Troupe__Guest__Actor *actor; /* owned */
	bool has_stat;
	struct kernel_stat stat;
};

struct table {
	struct line *line; /* by slot, rising */
	size_t count, room;
	Troupe__Guest__Node *node; /* owned */
};

static const char *state_name(unsigned state)
{
	static const char *const names[] = { "starting", "running", "stopping",
					     "dead",	 "down",    "stopped",
					     "given up" };

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

/* ---- asking the kernel --------------------------------------------------- */

/* Field 3 comes after the last bracket: a name may contain anything. */
static int parse(const char *text, struct kernel_stat *ret_stat)
{
	const char *at = strrchr(text, ')');
	unsigned long user, system;
	unsigned long long start;
	struct timespec now;
	long hz = sysconf(_SC_CLK_TCK), pages;

	if (!at || sscanf(at + 1,
			  " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu"
			  " %*d %*d %*d %*d %*d %*d %llu %*u %ld",
			  &user, &system, &start, &pages) != 4)
		return -EIO;
	clock_gettime(CLOCK_BOOTTIME, &now);
	*ret_stat = (struct kernel_stat) {
		.age_ms = now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000 -
			  (int64_t)start * 1000 / hz,
		.cpu_ms = (int64_t)(user + system) * 1000 / hz,
		.rss = pages * sysconf(_SC_PAGESIZE),
	};
	if (ret_stat->age_ms < 0)
		ret_stat->age_ms = 0;
	return 0;
}

/* 0; -ESRCH: the process is gone; -EIO. */
static int read_stat(pid_t pid, struct kernel_stat *ret_stat)
{
	char path[32], text[1024];
	FILE *file;
	size_t size;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return -ESRCH;
	size = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[size] = '\0';
	return size ? parse(text, ret_stat) : -ESRCH;
}

/* ---- requests ------------------------------------------------------------ */

static int add(struct table *table, const ProtobufCMessage *item)
{
	struct line *line;

	if (table->count == table->room) {
		size_t room = table->room ? 2 * table->room : 64;

		line = reallocarray(table->line, room, sizeof(*line));
		if (!line)
			return -ENOMEM;
		table->line = line;
		table->room = room;
	}
	line = &table->line[table->count];
	*line = (struct line) {
		.actor = (Troupe__Guest__Actor *)trp_message_copy(item)
	};
	if (!line->actor)
		return -ENOMEM;
	table->count++;
	line->has_stat = line->actor->pid &&
			 read_stat(line->actor->pid, &line->stat) == 0;
	return 0;
}

static int ask_node(struct trp_client *client, struct table *table)
{
	Troupe__Guest__Hello hello = TROUPE__GUEST__HELLO__INIT;
	const ProtobufCMessage *item;
	int r = trp_client_get(client, &hello.base,
			       &troupe__guest__node__descriptor, &item);

	if (r < 0)
		return r;
	if (!item)
		return -EPROTO;
	r = trp_ref_set_here(((const Troupe__Guest__Node *)item)->run);
	if (r < 0)
		return r;
	table->node = (Troupe__Guest__Node *)trp_message_copy(item);
	return table->node ? 0 : -ENOMEM;
}

static int ask_actors(struct trp_client *client, struct table *table)
{
	Troupe__Guest__List list = TROUPE__GUEST__LIST__INIT;
	const ProtobufCMessage *item;
	int r = trp_client_ask(client, &list.base);

	while (r == 0 &&
	       (r = trp_client_next(client, &troupe__guest__actor__descriptor,
				    0, &item)) == 1)
		r = add(table, item);
	return r;
}

/* ---- as a tree ----------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	uint32_t x = trp_ref_slot(*(const troupe_ref *)a);
	uint32_t y = trp_ref_slot(((const struct line *)b)->actor->ref);

	return x < y ? -1 : x > y;
}

static const struct line *find(const struct table *table, troupe_ref ref)
{
	const struct line *line = bsearch(&ref, table->line, table->count,
					  sizeof(*table->line), compare);

	return line && line->actor->ref == ref ? line : NULL;
}

static void write_time(char text[32], int64_t ms)
{
	int64_t s = ms / 1000;

	if (s < 60)
		snprintf(text, 32, "%d.%02d", (int)s, (int)(ms % 1000 / 10));
	else if (s < 3600)
		snprintf(text, 32, "%d:%02d", (int)(s / 60), (int)(s % 60));
	else
		snprintf(text, 32, "%" PRId64 ":%02d:%02d", s / 3600,
			 (int)(s / 60 % 60), (int)(s % 60));
}

/* Not a column, for it is 0 but where something is amiss. */
static void print_unwoken(uint64_t unwoken)
{
	if (unwoken)
		printf("  (%" PRIu64 " wakes failed, see the log)", unwoken);
}

static void print_doing(const Troupe__Guest__Actor *actor)
{
	char since[32];

	if (!actor->doing[0])
		return;
	write_time(since, actor->doing_ms);
	fputs(" (", stdout);
	trp_printable_write(stdout, actor->doing);
	printf(actor->doing_ms ? ", for %s)" : ")", since);
}

static void print_line(const struct line *line)
{
	const Troupe__Guest__Actor *actor = line->actor;
	char age[32] = "-", cpu[32] = "-";
	char ref[TRP_REF_TEXT_SIZE];

	if (line->has_stat) {
		write_time(age, line->stat.age_ms);
		write_time(cpu, line->stat.cpu_ms);
	}
	printf("%7d %-8s %-8s %8s %8s %8" PRId64 " %9" PRIu64 " %9" PRIu64
	       " %7" PRIu64 " %7" PRIu64 " ",
	       actor->pid, trp_ref_print(actor->ref, ref),
	       state_name(actor->state), age, cpu,
	       line->has_stat ? line->stat.rss / 1024 : 0, actor->received,
	       actor->sent, actor->refused, actor->dropped);
	trp_printable_write(stdout, actor->address);
	for (size_t i = 0; i < actor->n_names; i++) {
		fputs(i ? ", " : "  \"", stdout);
		trp_printable_write(stdout, actor->names[i]);
	}
	fputs(actor->n_names ? "\"" : "", stdout);
	fputs(actor->is_guest ? " (guest)" : "", stdout);
	if (actor->restarts)
		printf(" (restarts: %u)", actor->restarts);
	print_doing(actor);
	print_unwoken(actor->unwoken);
	putchar('\n');
}

/* Children follow their parent; siblings by slot. */
struct branch {
	const struct table *table;
	size_t *first, *next; /* indices + 1 */
};

static void print_branch(const struct branch *branch, size_t at)
{
	for (; at; at = branch->next[at - 1]) {
		print_line(&branch->table->line[at - 1]);
		print_branch(branch, branch->first[at]);
	}
}

/* first[0]: of the supervisor, and of those with an unknown parent. */
static int print_tree(const struct table *table)
{
	struct branch branch = { table,
				 calloc(table->count + 1, sizeof(size_t)),
				 calloc(table->count + 1, sizeof(size_t)) };
	int r = branch.first && branch.next ? 0 : -ENOMEM;

	for (size_t i = table->count; r == 0 && i > 0; i--) {
		const struct line *parent =
			find(table, table->line[i - 1].actor->parent);
		size_t of = parent ? (size_t)(parent - table->line) + 1 : 0;

		branch.next[i - 1] = branch.first[of];
		branch.first[of] = i;
	}
	if (r == 0)
		print_branch(&branch, branch.first[0]);
	free(branch.first);
	free(branch.next);
	return r;
}

static int print_table(const struct table *table)
{
	const Troupe__Guest__Node *node = table->node;
	char ref[TRP_REF_TEXT_SIZE];
	int r;

	printf("node %s, process %d, %zu of %u slots%s", node->name, node->pid,
	       table->count + 1, node->slots, node->application[0] ? ", " : "");
	trp_printable_write(stdout, node->application);
	print_unwoken(node->unwoken);
	putchar('\n');
	printf("%7s %-8s %-8s %8s %8s %8s %9s %9s %7s %7s %s\n", "PID", "REF",
	       "STATE", "AGE", "CPU", "RSS/KiB", "RECEIVED", "SENT", "REFUSED",
	       "DROPPED", "ADDRESS  \"NAMES\"");
	r = print_tree(table);
	for (size_t i = 0; i < node->n_given_up; i++) {
		const Troupe__Guest__GivenUp *one = node->given_up[i];

		printf("given up, %s: ", trp_ref_print(one->ref, ref));
		trp_printable_write(stdout, one->address);
		printf(", after %u restarts: ", one->restarts);
		trp_printable_write(stdout, one->reason);
		putchar('\n');
	}
	return r;
}

/* ---- as JSON ------------------------------------------------------------- */

static struct troupe_value *ref_value(troupe_ref ref)
{
	char text[24];

	/* As in proto3, since not every reader keeps 64 bits of a number. */
	snprintf(text, sizeof(text), "%" PRIu64, ref);
	return troupe_value_text(text);
}

static struct troupe_value *names_value(const Troupe__Guest__Actor *actor)
{
	struct troupe_value *list = troupe_value_list();

	for (size_t i = 0; i < actor->n_names; i++)
		troupe_value_append(list, troupe_value_text(actor->names[i]));
	return list;
}

static int add_count(struct troupe_value *map, const char *key, int64_t count)
{
	return trp_value_add(map, key, troupe_value_int(count));
}

static int add_text(struct troupe_value *map, const char *key, const char *text)
{
	return trp_value_add(map, key, troupe_value_text(text));
}

static struct troupe_value *line_value(const struct line *line)
{
	const Troupe__Guest__Actor *actor = line->actor;
	struct troupe_value *map = troupe_value_map();
	int r = trp_value_add(map, "ref", ref_value(actor->ref));

	r |= trp_value_add(map, "parent", ref_value(actor->parent));
	r |= add_count(map, "pid", actor->pid);
	r |= add_text(map, "label", actor->label);
	r |= trp_value_add(map, "names", names_value(actor));
	r |= add_text(map, "address", actor->address);
	r |= add_text(map, "state", state_name(actor->state));
	r |= trp_value_add(map, "guest", troupe_value_bool(actor->is_guest));
	r |= add_count(map, "received", (int64_t)actor->received);
	r |= add_count(map, "sent", (int64_t)actor->sent);
	r |= add_count(map, "refused", (int64_t)actor->refused);
	r |= add_count(map, "dropped", (int64_t)actor->dropped);
	r |= add_count(map, "unwoken", (int64_t)actor->unwoken);
	r |= add_count(map, "restarts", actor->restarts);
	r |= add_text(map, "doing", actor->doing);
	r |= add_count(map, "doing_ms", actor->doing_ms);
	if (line->has_stat) {
		r |= add_count(map, "age_ms", line->stat.age_ms);
		r |= add_count(map, "cpu_ms", line->stat.cpu_ms);
		r |= add_count(map, "rss", line->stat.rss);
	}
	if (r == 0)
		return map;
	troupe_value_free(map);
	return NULL;
}

static struct troupe_value *given_up_value(const Troupe__Guest__Node *node)
{
	struct troupe_value *list = troupe_value_list(), *map;

	for (size_t i = 0; i < node->n_given_up; i++) {
		map = troupe_value_map();
		trp_value_add(map, "ref", ref_value(node->given_up[i]->ref));
		add_text(map, "address", node->given_up[i]->address);
		add_count(map, "restarts", node->given_up[i]->restarts);
		add_text(map, "reason", node->given_up[i]->reason);
		troupe_value_append(list, map);
	}
	return list;
}

static int print_json(const struct table *table)
{
	struct troupe_value *map = troupe_value_map(),
			    *list = troupe_value_list();
	char *text;
	int r = 0;

	for (size_t i = 0; r == 0 && i < table->count; i++)
		r = troupe_value_append(list, line_value(&table->line[i]));
	r |= add_text(map, "node", table->node->name);
	r |= add_count(map, "pid", table->node->pid);
	r |= add_count(map, "slots", table->node->slots);
	r |= add_count(map, "unwoken", (int64_t)table->node->unwoken);
	r |= add_text(map, "application", table->node->application);
	r |= trp_value_add(map, "actors", list);
	r |= trp_value_add(map, "given_up", given_up_value(table->node));
	if (r == 0 && trp_json_write(map, &text) == 0) {
		puts(text);
		free(text);
	} else {
		r = -ENOMEM;
	}
	troupe_value_free(map);
	return r;
}

/* ---- the command --------------------------------------------------------- */

static int ps(struct trp_client *client, bool is_json)
{
	struct table table = { 0 };
	int r = ask_node(client, &table);

	if (r == 0)
		r = ask_actors(client, &table);
	if (r == 0)
		r = is_json ? print_json(&table) : print_table(&table);
	for (size_t i = 0; i < table.count; i++)
		troupe__guest__actor__free_unpacked(table.line[i].actor, NULL);
	free(table.line);
	troupe__guest__node__free_unpacked(table.node, NULL);
	return r;
}

int trp_cli_ps(int argc, char **argv)
{
	static const struct trp_query query = {
		.command = "ps",
		.usage = "ps [--node NAME] [--json]",
		.has_json = true,
		.run = ps,
	};

	return trp_query_run(&query, argc, argv);
}
