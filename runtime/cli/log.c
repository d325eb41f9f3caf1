/* SPDX-License-Identifier: MIT */
#include "runtime/cli/log.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "runtime/cli/arguments.h"
#include "runtime/control/client.h"
#include "runtime/control/control.pb-c.h"
#include "runtime/node/log_format.h"

enum { LATEST = 20, LATEST_MOST = 1022, AGAIN_MS = 100, PENDING_MOST = 10 };

struct order {
	const char *node, *count, *level, *format, *set_level;
	bool follows;
	const char *whom; /* "": all */
	uint32_t latest, least;
	enum trp_log_style style;
	bool is_colored;
	uint64_t after;
	bool is_first;
	unsigned pending; /* answers in succession that stopped at a line */
};

static bool is_for_colors(void)
{
	const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && terminal &&
	       strcmp(terminal, "dumb") != 0;
}

static void copy(char *to, size_t size, ProtobufCBinaryData bytes)
{
	snprintf(to, size, "%.*s", (int)bytes.len,
		 bytes.data ? (const char *)bytes.data : "");
}

static void print(const struct order *order, const Troupe__Guest__LogLine *item)
{
	struct trp_log_line line = { .number = item->number,
				     .at_ns = item->at_ns,
				     .ref = item->ref,
				     .pid = item->pid,
				     .level = item->level };
	char text[TRP_LOG_WIDTH];

	copy(line.title, sizeof(line.title), item->title);
	copy(line.text, sizeof(line.text), item->text);
	fwrite(text, 1,
	       trp_log_format(&line, order->style, order->is_colored, text),
	       stdout);
}

/* One answer.  *ret_count: lines printed. */
static int take(struct trp_client *client, struct order *order,
		unsigned *ret_count, bool *ret_is_known)
{
	Troupe__Guest__Log request = TROUPE__GUEST__LOG__INIT;
	const Troupe__Guest__LogPlace *place;
	const ProtobufCMessage *item = NULL;
	uint64_t next;
	int r;

	request.after = order->after;
	request.count = order->is_first ? order->latest : UINT32_MAX;
	request.is_hasty = order->pending >= PENDING_MOST;
	request.level = order->least;
	request.whom = (char *)order->whom;
	r = trp_client_ask(client, &request.base);
	if (r == 0)
		r = trp_client_next(client,
				    &troupe__guest__log_place__descriptor, 0,
				    &item);
	if (r <= 0 || !item)
		return r < 0 ? r : -EPROTO;
	place = (const Troupe__Guest__LogPlace *)item;
	next = place->next;
	order->is_first = false;
	order->pending = place->is_pending ? order->pending + 1 : 0;
	*ret_is_known = place->is_known;
	if (place->is_lost)
		fputs("troupe log: some lines are lost\n", stderr);
	while ((r = trp_client_next(client,
				    &troupe__guest__log_line__descriptor, 0,
				    &item)) == 1) {
		print(order, (const Troupe__Guest__LogLine *)item);
		++*ret_count;
	}
	order->after = next ? next - 1 : 0;
	fflush(stdout);
	return r;
}

/*
 * The node does not tell of lines: each would cost its writer a call.  It is
 * asked again and again, by this process alone.
 */
static int follow(struct trp_client *client, struct order *order)
{
	struct pollfd node = { .fd = client->fd, .events = POLLIN };
	bool is_known;
	unsigned count = 0;
	int r = 0;

	while (r == 0 && !ferror(stdout)) { /* which main() tells */
		poll(&node, 1, AGAIN_MS);
		r = take(client, order, &count, &is_known);
	}
	return r == -ESHUTDOWN || r == -ECONNRESET ? 0 : r;
}

static int show(struct trp_client *client, struct order *order)
{
	bool is_known = false;
	unsigned count = 0;
	int r = take(client, order, &count, &is_known);

	if (r == 0 && !count && !is_known && !order->follows) {
		snprintf(client->why, sizeof(client->why),
			 "no such actor, and no line of one of that address");
		return -ENOENT;
	}
	if (r == 0 && !is_known && !count)
		fprintf(stderr, "troupe log: no %s so far\n", order->whom);
	return r == 0 && order->follows ? follow(client, order) : r;
}

static int set_level(struct trp_client *client, const char *name)
{
	Troupe__Guest__LogLevel request = TROUPE__GUEST__LOG_LEVEL__INIT;
	const ProtobufCMessage *item;

	request.level = (uint32_t)trp_log_format_find_level(name);
	return trp_client_get(client, &request.base,
			      &troupe__guest__done__descriptor, &item);
}

/* ---- its arguments ------------------------------------------------------- */

static int wrong(const char *option, const char *takes, const char *text)
{
	return trp_arguments_fail(TRP_ARGUMENTS_USAGE, "log",
				  "%s takes %s, not \"%s\"", option, takes,
				  text);
}

static int read_numbers(struct order *order)
{
	char *end;
	long count = order->count ? strtol(order->count, &end, 10) : LATEST;

	if (order->count &&
	    (end == order->count || *end || count < 0 || count > LATEST_MOST))
		return wrong("-n", "0 to 1022", order->count);
	order->latest = (uint32_t)count;
	return 0;
}

static int read_names(struct order *order)
{
	static const char levels[] = "debug, info, warning or fatal";
	int style = order->format ? trp_log_format_find_style(order->format)
				  : TRP_LOG_SHORT;

	if (order->level && trp_log_format_find_level(order->level) < 0)
		return wrong("--level", levels, order->level);
	if (order->set_level && trp_log_format_find_level(order->set_level) < 0)
		return wrong("--set-level", levels, order->set_level);
	if (style < 0)
		return wrong("--format", "short, iso, json or journal",
			     order->format);
	order->style = (enum trp_log_style)style;
	if (order->level)
		order->least =
			(uint32_t)trp_log_format_find_level(order->level);
	return 0;
}

static int read_arguments(int argc, char **argv, struct order *order)
{
	bool is_json = false;
	const struct trp_arguments_option options[] = {
		{ "--node", &order->node, NULL },
		{ "-f", NULL, &order->follows },
		{ "--follow", NULL, &order->follows },
		{ "-n", &order->count, NULL },
		{ "--lines", &order->count, NULL },
		{ "--level", &order->level, NULL },
		{ "--format", &order->format, NULL },
		{ "--json", NULL, &is_json },
		{ "--set-level", &order->set_level, NULL },
	};
	int n = trp_arguments_words("log", argc, argv, options,
				    sizeof(options) / sizeof(options[0]));

	if (n < 0)
		return TRP_ARGUMENTS_USAGE;
	if (n > 1)
		return trp_arguments_fail(TRP_ARGUMENTS_USAGE, "log",
					  "what is \"%s\"? one actor at a time",
					  argv[1]);
	order->whom = n ? argv[0] : "";
	if (is_json && !order->format)
		order->format = "json";
	order->is_colored = is_for_colors();
	n = read_numbers(order);
	return n ? n : read_names(order);
}

int trp_cli_log(int argc, char **argv)
{
	static struct trp_client client;
	struct order order = { .is_first = true };
	int r = read_arguments(argc, argv, &order);

	if (r)
		return r;
	r = trp_client_open_any(&client, order.node);
	if (r < 0)
		return trp_arguments_fail(trp_arguments_status(r), "log", "%s",
					  client.why);
	if (order.set_level)
		r = set_level(&client, order.set_level);
	if (r == 0 && (!order.set_level || order.follows))
		r = show(&client, &order);
	trp_client_close(&client);
	if (r == 0)
		return TRP_ARGUMENTS_OK;
	return trp_arguments_fail(TRP_ARGUMENTS_FAILED, "log", "%s%s%s",
				  order.whom, *order.whom ? ": " : "",
				  client.why[0] ? client.why : strerror(-r));
}
