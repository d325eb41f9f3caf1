/* SPDX-License-Identifier: MIT */
/*
 * The text format of Prometheus: families of samples.  A family of the classes,
 * troupe_NAME{class=...}, is one of the patterns, too,
 * troupe_pattern_NAME{pattern=...}: an actor counts in its class and in each
 * pattern that it matches, so a sum over one family counts nothing twice.
 */
#include "runtime/cli/metrics.h"

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "runtime/cli/looker.h"
#include "runtime/control/control.pb-c.h"
#include "runtime/look/look.h"
#include "runtime/mesh/mesh.pb-c.h"
#include "serialize/message.h"
#include "serialize/printable.h"

/* Behind the counters of the node: those of this program. */
enum { RESIDENT = TRP_TOTALS, PRIVATE, UNREAD, COLUMNS };

struct row {
	Troupe__Guest__Total__Kind kind;
	char label[TRP_TOTALS_LABEL];
	uint64_t count[COLUMNS];
};

struct table {
	FILE *out;
	struct row *row; /* the first is of the node */
	size_t rows;
	bool has_memory; /* or unread messages are not known */
};

/* ---- text ---------------------------------------------------------------- */

static void print_quoted(FILE *out, const char *text)
{
	char shown[4096];

	putc('"', out);
	for (const char *at = trp_printable(text, shown, sizeof(shown)); *at;
	     at++) {
		if (*at == '"' || *at == '\\')
			putc('\\', out);
		putc(*at == '\t' ? ' ' : *at, out);
	}
	putc('"', out);
}

static void print_head(FILE *out, const char *prefix, const char *name,
		       const char *type, const char *help)
{
	fprintf(out, "# HELP troupe_%s%s %s\n# TYPE troupe_%s%s %s\n", prefix,
		name, help, prefix, name, type);
}

static void print_number(FILE *out, uint64_t number, bool is_ns)
{
	if (is_ns)
		fprintf(out, " %" PRIu64 ".%09" PRIu64 "\n",
			number / 1000000000, number % 1000000000);
	else
		fprintf(out, " %" PRIu64 "\n", number);
}

static void print_value(FILE *out, const char *name, const char *type,
			const char *help, uint64_t value)
{
	print_head(out, "", name, type, help);
	fprintf(out, "troupe_%s", name);
	print_number(out, value, strstr(name, "_seconds"));
}

/* ---- of classes and patterns --------------------------------------------- */

static const char *const causes[] = { "normal", "shutdown",    "killed",
				      "error",	"signal",      "limit",
				      "noproc", "noconnection" };
static_assert(sizeof(causes) / sizeof(causes[0]) == TROUPE_NOCONNECTION + 1,
	      "a word for each");
static const char *const letters[] = {
	"no_such_actor", "no_room", "dropped", "unreadable",	   "unhandled",
	"too_late",	 "closed",  "unread",  "crashed_receiver", "unreachable"
};
static_assert(sizeof(letters) / sizeof(letters[0]) == TROUPE_DEAD_CAUSES,
	      "a word for each");
static const char *const states[] = { "running", "down", "asleep" };

#define WORDS(words) words, sizeof(words) / sizeof((words)[0])

/* `words`: values of `label`, one for each of the counters from `first` on. */
static const struct family {
	const char *name, *type, *help;
	int first;
	const char *label;
	const char *const *words;
	size_t count;
} families[] = {
	{ "actors", "gauge", "Actors alive, by state.", TRP_TOTAL_ALIVE,
	  "state", WORDS(states) },
	{ "messages_received_total", "counter",
	  "Messages that mailboxes have received.", TRP_TOTAL_RECEIVED, NULL,
	  NULL, 1 },
	{ "messages_sent_total", "counter", "Messages sent.", TRP_TOTAL_SENT,
	  NULL, NULL, 1 },
	{ "messages_refused_total", "counter",
	  "Sends that failed, as the receiver had no room or was gone.",
	  TRP_TOTAL_REFUSED, NULL, NULL, 1 },
	{ "messages_dropped_total", "counter",
	  "Messages received and not handled.", TRP_TOTAL_DROPPED, NULL, NULL,
	  1 },
	{ "dead_letters_total", "counter",
	  "Messages that nobody handled, of it as sender or "
	  "receiver.",
	  TRP_TOTAL_LETTERS, "cause", WORDS(letters) },
	{ "unread_messages", "gauge",
	  "Messages that no handler has begun, those put aside among them.",
	  UNREAD, NULL, NULL, 1 },
	{ "unread_bytes", "gauge", "Mail that waits to be received.",
	  TRP_TOTAL_UNREAD_BYTES, NULL, NULL, 1 },
	{ "restarts_total", "counter", "Restarts.", TRP_TOTAL_RESTARTS, NULL,
	  NULL, 1 },
	{ "ends_total", "counter",
	  "Processes that have ended, those restarted among them.",
	  TRP_TOTAL_ENDS, "cause", WORDS(causes) },
	{ "failed_wakes_total", "counter",
	  "Sleeping receivers that could not be woken.", TRP_TOTAL_UNWOKEN,
	  NULL, NULL, 1 },
	{ "cpu_seconds_total", "counter", "CPU time, user and system.",
	  TRP_TOTAL_CPU_NS, NULL, NULL, 1 },
	{ "resident_memory_bytes", "gauge",
	  "Resident memory, shared pages counted for each process.", RESIDENT,
	  NULL, NULL, 1 },
	{ "private_memory_bytes", "gauge",
	  "Resident memory that is in no file and no shared mapping.", PRIVATE,
	  NULL, NULL, 1 },
};

static void print_label(FILE *out, const struct row *row)
{
	fputs(row->kind == TROUPE__GUEST__TOTAL__KIND__CLASS ? "{class="
							     : "{pattern=",
	      out);
	print_quoted(out, row->label);
}

static void print_family(const struct table *table, const struct family *of,
			 Troupe__Guest__Total__Kind kind, const char *prefix)
{
	FILE *out = table->out;

	print_head(out, prefix, of->name, of->type, of->help);
	for (size_t i = 0; i < table->rows; i++)
		for (size_t j = 0; table->row[i].kind == kind && j < of->count;
		     j++) {
			fprintf(out, "troupe_%s%s", prefix, of->name);
			print_label(out, &table->row[i]);
			if (of->label)
				fprintf(out, ",%s=\"%s\"", of->label,
					of->words[j]);
			putc('}', out);
			print_number(out, table->row[i].count[of->first + j],
				     of->first == TRP_TOTAL_CPU_NS);
		}
}

static void print_histogram(FILE *out, const struct row *row,
			    const char *prefix)
{
	static const char name[] = "handling_seconds";
	const uint64_t *count = &row->count[TRP_TOTAL_HANDLED];
	uint64_t sum = 0;

	for (int i = 0; i < TRP_HANDLING_BUCKETS; i++) {
		sum += count[i];
		fprintf(out, "troupe_%s%s_bucket", prefix, name);
		print_label(out, row);
		if (i < TRP_HANDLING_BUCKETS - 1)
			fprintf(out, ",le=\"%.9g\"} %" PRIu64 "\n",
				(double)(1 << i) / 1e6, sum);
		else
			fprintf(out, ",le=\"+Inf\"} %" PRIu64 "\n", sum);
	}
	fprintf(out, "troupe_%s%s_sum", prefix, name);
	print_label(out, row);
	putc('}', out);
	print_number(out, row->count[TRP_TOTAL_HANDLING_NS], true);
	fprintf(out, "troupe_%s%s_count", prefix, name);
	print_label(out, row);
	fprintf(out, "} %" PRIu64 "\n", sum);
}

static void print_kind(const struct table *table,
		       Troupe__Guest__Total__Kind kind, const char *prefix)
{
	bool is_any = false, is_timed = false;

	for (size_t i = 0; i < table->rows; i++)
		is_any |= table->row[i].kind == kind;
	for (size_t i = 0; is_any && i < sizeof(families) / sizeof(families[0]);
	     i++)
		if (families[i].first != UNREAD || table->has_memory)
			print_family(table, &families[i], kind, prefix);
	for (size_t i = 0; i < table->rows; i++) {
		if (table->row[i].kind != kind ||
		    !table->row[i].count[TRP_TOTAL_HANDLING_NS])
			continue;
		if (!is_timed)
			print_head(table->out, prefix, "handling_seconds",
				   "histogram",
				   "From the begin of a handler to its "
				   "return.");
		is_timed = true;
		print_histogram(table->out, &table->row[i], prefix);
	}
}

/* ---- of the node --------------------------------------------------------- */

static void print_node(const struct table *table,
		       const Troupe__Guest__Node *node)
{
	FILE *out = table->out;
	const uint64_t *count = table->row[0].count;

	print_head(out, "", "node_info", "gauge", "The node: always 1.");
	fputs("troupe_node_info{node=", out);
	print_quoted(out, node->name);
	fputs(",version=", out);
	print_quoted(out, node->version);
	fputs(",application=", out);
	print_quoted(out, node->application);
	fputs("} 1\n", out);
	print_value(out, "node_slots", "gauge",
		    "How many actors may live at once.", node->slots);
	print_value(out, "node_actors", "gauge", "Actors alive.", node->actors);
	print_value(out, "node_failed_wakes_total", "counter",
		    "Sleeping actors that the supervisor could not wake.",
		    count[TRP_TOTAL_UNWOKEN]);
	print_value(out, "node_cpu_seconds_total", "counter",
		    "CPU time of the supervisor.", count[TRP_TOTAL_CPU_NS]);
	print_head(out, "", "node_dead_letters_total", "counter",
		   "Messages that nobody handled, of the whole node.");
	for (int i = 0; i < TROUPE_DEAD_CAUSES; i++)
		fprintf(out,
			"troupe_node_dead_letters_total{cause=\"%s\"} "
			"%" PRIu64 "\n",
			letters[i], count[TRP_TOTAL_LETTERS + i]);
}

static void print_messages(FILE *out, const char *name, const char *help,
			   const uint64_t *count, size_t types)
{
	static const char *const type[] = { "init", "vers", "ping", "hist" };

	print_head(out, "", name, "counter", help);
	for (size_t i = 0; i < types && i < sizeof(type) / sizeof(type[0]); i++)
		fprintf(out, "troupe_%s{type=\"%s\"} %" PRIu64 "\n", name,
			type[i], count[i]);
}

static void print_mesh(FILE *out, const Troupe__Mesh__View *view)
{
	const Troupe__Mesh__Counts *count = view->counts;

	print_value(out, "mesh_bus_up", "gauge", "Whether the bus works.",
		    view->is_up);
	print_value(
		out, "mesh_is_it", "gauge", "Whether this node has the beacon.",
		view->it.len == strlen(view->node) &&
			memcmp(view->it.data, view->node, view->it.len) == 0);
	print_value(out, "mesh_listed_nodes", "gauge", "Nodes that take turns.",
		    view->n_listed);
	print_value(out, "mesh_term", "gauge", "The term of the leader.",
		    view->term);
	if (!count)
		return;
	print_messages(out, "mesh_messages_sent_total", "Beacon messages sent.",
		       count->sent, count->n_sent);
	print_messages(out, "mesh_messages_received_total",
		       "Beacon messages received.", count->received,
		       count->n_received);
	print_value(out, "mesh_messages_malformed_total", "counter",
		    "Beacon messages that could not be read.",
		    count->malformed);
	print_value(out, "mesh_messages_stale_total", "counter",
		    "Beacon messages that came too late.", count->stale);
	print_value(out, "mesh_collisions_total", "counter",
		    "Times that two nodes had the beacon.", count->collisions);
	print_value(out, "mesh_messages_unsaid_total", "counter",
		    "Beacon messages that the bus did not take.",
		    count->unsaid);
	print_value(out, "mesh_messages_lost_total", "counter",
		    "Beacon messages that the bus has lost.", count->lost);
}

/* ---- asking -------------------------------------------------------------- */

/* The memory of a process, as the kernel counts it: proc_pid_statm(5). */
static void look_at(pid_t pid, uint64_t *ret_resident, uint64_t *ret_private)
{
	unsigned long resident = 0, shared = 0;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	char path[32];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	file = fopen(path, "re");
	if (file && fscanf(file, "%*u %lu %lu", &resident, &shared) != 2)
		resident = shared = 0;
	if (file)
		fclose(file);
	*ret_resident = page * resident;
	*ret_private = page * (resident > shared ? resident - shared : 0);
}

static bool is_of(const struct row *row, const Troupe__Guest__Actor *actor)
{
	if (row->kind == TROUPE__GUEST__TOTAL__KIND__CLASS)
		return strcmp(row->label,
			      actor->is_guest ? "(guest)" : actor->of_class) ==
		       0;
	if (row->kind != TROUPE__GUEST__TOTAL__KIND__PATTERN)
		return false;
	if (fnmatch(row->label, actor->address, 0) == 0)
		return true;
	for (size_t i = 0; i < actor->n_names; i++)
		if (fnmatch(row->label, actor->names[i], 0) == 0)
			return true;
	return false;
}

static void add_actors(const struct trp_look *look, const struct table *table)
{
	uint64_t resident, private;

	for (size_t i = 0; i < look->count; i++) {
		const struct trp_look_actor *actor = &look->actor[i];

		resident = private = 0;
		if (actor->told->pid)
			look_at(actor->told->pid, &resident, &private);
		for (size_t j = 0; j < table->rows; j++) {
			uint64_t *count = table->row[j].count;

			if (!is_of(&table->row[j], actor->told))
				continue;
			count[RESIDENT] += resident;
			count[PRIVATE] += private;
			count[UNREAD] +=
				actor->unread.messages + actor->put_aside;
		}
	}
}

/* Of another version it may tell more, or less. */
static int ask_totals(struct trp_client *client, struct table *table)
{
	Troupe__Guest__Totals totals = TROUPE__GUEST__TOTALS__INIT;
	const ProtobufCMessage *item;
	int r = trp_client_ask(client, &totals.base);

	while (r == 0 &&
	       (r = trp_client_next(client, &troupe__guest__total__descriptor,
				    0, &item)) == 1) {
		const Troupe__Guest__Total *total = (const void *)item;
		struct row *row =
			reallocarray(table->row, table->rows + 1, sizeof(*row));

		if (!row)
			return -ENOMEM;
		table->row = row;
		row += table->rows++;
		*row = (struct row) { .kind = total->kind };
		snprintf(row->label, sizeof(row->label), "%s", total->label);
		for (size_t i = 0; i < total->n_count && i < TRP_TOTALS; i++)
			row->count[i] = total->count[i];
		r = 0;
	}
	return r < 0 || table->rows ? r : -EPROTO;
}

/* A node need not be in a mesh. */
static int ask_mesh(struct trp_client *client, FILE *out)
{
	Troupe__Mesh__Status status = TROUPE__MESH__STATUS__INIT;
	const ProtobufCMessage *item = NULL;
	int r = trp_client_ask(client, &status.base);

	if (r == 0)
		r = trp_client_next(client, &troupe__mesh__view__descriptor, 0,
				    &item);
	if (r == 1 && item)
		print_mesh(out, (const void *)item);
	while (r == 1)
		r = trp_client_next(client, &troupe__mesh__node__descriptor, 0,
				    &item);
	return r == -ENOTCONN ? 0 : r;
}

int trp_metrics_write(struct trp_look *look, FILE *out)
{
	struct table table = { .out = out, .has_memory = look->has_memory };
	int r = ask_totals(&look->client, &table);

	if (r == 0) {
		add_actors(look, &table);
		print_node(&table, look->node);
		print_kind(&table, TROUPE__GUEST__TOTAL__KIND__CLASS, "");
		print_kind(&table, TROUPE__GUEST__TOTAL__KIND__PATTERN,
			   "pattern_");
		r = ask_mesh(&look->client, out);
	}
	free(table.row);
	return r;
}

int trp_metrics_sum(struct trp_client *client, enum trp_total which,
		    uint64_t *ret_sum)
{
	struct table table = { 0 };
	uint64_t sum = 0;
	int r = ask_totals(client, &table);

	for (size_t i = 0; i < table.rows; i++)
		if (table.row[i].kind == TROUPE__GUEST__TOTAL__KIND__CLASS)
			sum += table.row[i].count[which];
	free(table.row);
	if (r == 0)
		*ret_sum = sum;
	return r;
}

/* ---- the command --------------------------------------------------------- */

static int metrics(struct trp_look *look, const char *word, bool is_json)
{
	if (!is_json)
		return trp_metrics_write(look, stdout);
	snprintf(look->client.why, sizeof(look->client.why),
		 "its format is Prometheus', not JSON");
	return -EINVAL;
}

int trp_cli_metrics(int argc, char **argv)
{
	static const struct trp_looker looker = { .command = "metrics",
						  .run = metrics };

	return trp_looker_run(&looker, argc, argv);
}
