/* SPDX-License-Identifier: MIT */
#include "runtime/cli/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ipc/arena.h"
#include "runtime/cli/config_file.h"
#include "runtime/cli/cookie.h"
#include "runtime/cli/nearest.h"
#include "runtime/mesh/mesh.h"
#include "runtime/node/log.h"
#include "runtime/troupe.h"
#include "serialize/beacon/codecs.h"

/* "64K", "2G", "1048576"; 0: not a number. */
static uint64_t parse_size(const char *text)
{
	static const char units[] = "KMG";
	const char *unit;
	char *end;
	uint64_t size;

	errno = 0;
	size = strtoull(text, &end, 10);
	if (errno || end == text || text[0] == '-')
		return 0;
	unit = *end ? strchr(units, *end) : NULL;
	if (*end && (!unit || end[1]))
		return 0;
	if (unit && size > UINT64_MAX >> (10 * (unit - units + 1)))
		return 0;
	return unit ? size << (10 * (unit - units + 1)) : size;
}

/*
 * Each sets the option at `at`.  False: not a valid value, which is `least` to
 * `most` for a number, below `most` bytes for a text.
 */
static bool set_size32(void *at, const char *text, int64_t least, int64_t most)
{
	uint64_t size = parse_size(text);

	*(uint32_t *)at = (uint32_t)size;
	return size >= (uint64_t)least && size <= (uint64_t)most &&
	       (size > 0 || strcmp(text, "0") == 0);
}

static bool set_power(void *at, const char *text, int64_t least, int64_t most)
{
	uint64_t size = parse_size(text);

	*(uint64_t *)at = size;
	return size >= (uint64_t)least && size <= (uint64_t)most &&
	       (size & (size - 1)) == 0;
}

static bool set_text(void *at, const char *text, int64_t least, int64_t most)
{
	size_t length = strlen(text);

	if (!length || length >= (size_t)most)
		return false;
	memcpy(at, text, length + 1);
	return true;
}

/* It becomes a part of file names, and of other nodes' messages. */
static bool set_name(void *at, const char *text, int64_t least, int64_t most)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	return !text[strspn(text, allowed)] && text[0] != '.' &&
	       set_text(at, text, least, most);
}

/* It was read before all other options. */
static bool set_config(void *at, const char *text, int64_t least, int64_t most)
{
	return text[0];
}

static bool set_mesh(void *at, const char *text, int64_t least, int64_t most)
{
	return trp_cookie_read_mesh(text, at);
}

static bool set_cookie(void *at, const char *text, int64_t least, int64_t most)
{
	return trp_cookie_read_file(text, at);
}

static bool set_codec(void *at, const char *text, int64_t least, int64_t most)
{
	return trp_codecs_find(text) && set_text(at, text, least, most);
}

static bool set_seconds(void *at, const char *text, int64_t least, int64_t most)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds > 0) || seconds > 1e6)
		return false;
	*(double *)at = seconds;
	return true;
}

/* "0.5" in milliseconds. */
static bool set_ms(void *at, const char *text, int64_t least, int64_t most)
{
	double seconds;

	if (!set_seconds(&seconds, text, 0, 0))
		return false;
	*(int32_t *)at =
		seconds * 1000 <= (double)most ? (int32_t)(seconds * 1000) : 0;
	return *(int32_t *)at >= least;
}

static bool set_count(void *at, const char *text, int64_t least, int64_t most)
{
	char *end;
	long long count;

	errno = 0;
	count = strtoll(text, &end, 10);
	if (errno || end == text || *end || count < least || count > most)
		return false;
	*(int64_t *)at = count;
	return true;
}

static bool set_level(void *at, const char *text, int64_t least, int64_t most)
{
	int level = trp_log_format_find_level(text);

	*(uint32_t *)at = (uint32_t)level;
	return level >= 0;
}

static bool set_style(void *at, const char *text, int64_t least, int64_t most)
{
	int style = trp_log_format_find_style(text);

	*(enum trp_log_style *)at = (enum trp_log_style)style;
	return style >= 0;
}

static bool set_flag(void *at, const char *text, int64_t least, int64_t most)
{
	*(bool *)at = strcmp(text, "yes") == 0;
	return *(bool *)at || strcmp(text, "no") == 0;
}

/* "hello-4711" for build/examples/hello.so. */
static void name_node(struct trp_options *options)
{
	const char *base = basename(options->argv[0]);
	char name[TRP_NODE_NAME_SIZE];
	const int most = sizeof(name) - sizeof("-2147483647");
	int length = (int)strcspn(base, ".");

	snprintf(name, sizeof(name), "%.*s-%d", length < most ? length : most,
		 base, (int)getpid());
	if (!set_name(options->node, name, 0, sizeof(options->node)))
		snprintf(options->node, sizeof(options->node), "node-%d",
			 (int)getpid());
}

#define AT(option) offsetof(struct trp_options, option)

/* The order is that of the help. */
static const struct option {
	const char *name;
	const char *value;    /* how the help calls it; NULL: it is a flag */
	const char *variable; /* of the environment; NULL: none */
	const char *takes;
	const char *unless; /* the default; NULL: see the help */
	const char *help;
	bool (*set)(void *at, const char *text, int64_t least, int64_t most);
	size_t at; /* in the options */
	int64_t least, most;
} table[] = {
	{ "--node", "NAME", "TROUPE_NODE",
	  "1 to 63 of A-Z a-z 0-9 - _ . and no dot first", NULL,
	  "the name of this node; default: APPLICATION-PID", set_name, AT(node),
	  1, TRP_NODE_NAME_SIZE },
	{ "--slots", "N", "TROUPE_SLOTS", "2 to 31744", "31744",
	  "how many actors may live at once, with the supervisor", set_size32,
	  AT(slots), 2, TRP_SLOTS_MAX },
	{ "--heap", "SIZE", "TROUPE_HEAP", "a power of two from 64K to 2G",
	  "2G", "the most mail of one actor in flight", set_power,
	  AT(heap_size), 64 * 1024, TRP_HEAP_DEFAULT },
	{ "--load", "S", "TROUPE_LOAD", "seconds, 0: any time", "60",
	  "the most time to load the application", set_size32, AT(load_s), 0,
	  1000000 },
	{ "--trace", "FILE", "TROUPE_TRACE", "a file, which is overwritten",
	  NULL, "writes a trace, for https://ui.perfetto.dev", set_text,
	  AT(trace), 1, TRP_TRACE_PATH_SIZE },
	{ "--trace-rate", "N", "TROUPE_TRACE_RATE",
	  "events a second of each process, 0: all", "10000",
	  "the most events to write", set_size32, AT(trace_rate), 0,
	  100000000 },
	{ "--times", NULL, "TROUPE_TIMES", "yes or no", "--no-times",
	  "measures how long each message is handled, for troupe metrics",
	  set_flag, AT(is_timed), 0, 0 },
	{ "--metrics", "PATTERNS", "TROUPE_METRICS",
	  "names or addresses, as \"/shop/*,clerk-*\"", NULL,
	  "sums up these actors, too, for troupe metrics", set_text,
	  AT(metrics), 1, TRP_METRICS_SIZE },
	{ "--log-level", "LEVEL", "TROUPE_LOG_LEVEL",
	  "debug, info, warning or fatal", "info",
	  "writes no line of the log below that", set_level, AT(log.level), 0,
	  0 },
	{ "--log-format", "FORMAT", "TROUPE_LOG_FORMAT",
	  "short, iso (with the date), json, journal or auto", "auto",
	  "how lines of the log are written", set_style, AT(log.style), 0, 0 },
	{ "--debug", "ADDRESS", "TROUPE_DEBUG",
	  "an address of ps; * and ? stand for any letters", NULL,
	  "the actor there waits for a debugger before it begins", set_text,
	  AT(debug), 1, TRP_DEBUG_SIZE },
	{ "--config", "FILE", "TROUPE_CONFIG", "a file, see troupe(1)", NULL,
	  "options from a file", set_config, 0, 0, 0 },
	{ "--beacon", "BUS", "TROUPE_BEACON",
	  "local, mqtt://HOST, mqtts://HOST, nats://HOST, tls://HOST or "
	  "serf://HOST",
	  NULL, "joins a mesh of nodes over this bus", set_text, AT(mesh.bus),
	  1, TRP_BUS_URL_SIZE },
	{ "--mesh", "MESH", "TROUPE_MESH",
	  "NAME or [COOKIE@]HOST[:PORT][/NAME], the NAME 1 to 63 of A-Z a-z "
	  "0-9 - _ . and no dot first, the COOKIE 16 to 511 bytes",
	  NULL,
	  "the name of the mesh, alone with --beacon local; or its MQTT broker",
	  set_mesh, AT(mesh), 0, 0 },
	{ "--cookie-file", "FILE", "TROUPE_COOKIE_FILE",
	  "a file that only this user can read (chmod 600), of 16 to 511 bytes",
	  NULL, "the secret of the mesh, see `troupe cookie`", set_cookie,
	  AT(mesh), 0, 0 },
	{ "--allow-ps", NULL, "TROUPE_ALLOW_PS", "yes or no", "--no-allow-ps",
	  "other nodes of the mesh may list the actors of this one", set_flag,
	  AT(mesh.allows_ps), 0, 0 },
	{ "--outage", "S", "TROUPE_OUTAGE", "seconds, 0.1 to 3600", "10",
	  "how long nodes may lose each other before mail is lost", set_ms,
	  AT(mesh.outage_ms), 100, 3600000 },
	{ "--cycle", "S", NULL, "seconds", "10", "the time between two pings",
	  set_seconds, AT(mesh.config.cycle_s), 0, 0 },
	{ "--gap", "S", NULL, "seconds, at most a third of the cycle", "1.5",
	  "the most time of a message, or of a singleton's stop", set_seconds,
	  AT(mesh.config.gap_s), 0, 0 },
	{ "--listed", "N", NULL, "a number, 0 for any", "32",
	  "how many nodes take turns", set_count, AT(mesh.config.nodes), 0,
	  INT32_MAX },
	{ "--splits", "N", NULL, "1 to 128", "4",
	  "the number of parts a mesh may split into, plus one", set_count,
	  AT(mesh.config.splits), 1, TRP_WIRE_HISTORY_MAX },
	{ "--hosts", "N", NULL, "a number", "1", "the minimum number of nodes",
	  set_count, AT(mesh.config.n_hosts), 0, INT32_MAX },
	{ "--force-in", NULL, NULL, "yes or no", "--force-in",
	  "new nodes join the list at once", set_flag, AT(mesh.config.force_in),
	  0, 0 },
	{ "--beacon-version", "N", NULL, "a number", "0",
	  "version of these settings; all take the highest", set_count,
	  AT(mesh.config.version), 0, INT64_MAX - 1 },
	{ "--codec", "NAME", NULL, "cbor or msgpack, where built", NULL,
	  "the encoding; default: on Serf msgpack, else cbor", set_codec,
	  AT(mesh.codec), 1, 16 },
	{ "--roving", NULL, NULL, "yes or no", "--no-roving",
	  "singletons move with the beacon", set_flag, AT(mesh.is_roving), 0,
	  0 },
	{ "--plain", NULL, NULL, "yes or no", "--no-plain",
	  "states no text as its value: asyncactor may come at any time",
	  set_flag, AT(mesh.is_plain), 0, 0 },
	{ "--enabled", NULL, NULL, "yes or no", "--enabled",
	  "takes turns at once; else it listens until it is enabled", set_flag,
	  AT(mesh.is_enabled), 0, 0 },
};

enum { COUNT = sizeof(table) / sizeof(table[0]) };

static int wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int wrong(const char *format, ...)
{
	char text[4096];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	trp_log_complain(": %s", text);
	fputs("Try `troupe help run`.\n", stderr);
	return -EINVAL;
}

/* It may have a secret, or be long. */
static int wrong_value(const char *name, const struct option *option,
		       const char *text)
{
	return trp_cookie_is_in(text)
		       ? wrong("%s takes %s", name, option->takes)
		       : wrong("%s takes %s, not \"%s\"", name, option->takes,
			       text);
}

static bool set(const struct option *option, struct trp_options *options,
		const char *text)
{
	return option->set((char *)options + option->at, text, option->least,
			   option->most);
}

/* An empty variable counts as not set. */
static int read_environment(struct trp_options *options)
{
	const char *text;

	for (size_t i = 0; i < COUNT; i++) {
		text = table[i].variable ? getenv(table[i].variable) : NULL;
		if (text && *text && !set(&table[i], options, text))
			return wrong_value(table[i].variable, &table[i], text);
	}
	return 0;
}

/* By its whole name, the first `length` characters. */
static const struct option *find(const char *name, size_t length)
{
	for (size_t i = 0; i < COUNT; i++)
		if (strlen(table[i].name) == length &&
		    memcmp(table[i].name, name, length) == 0)
			return &table[i];
	return NULL;
}

/* The setter for the file of options. */
static bool set_by_key(void *options, const char *key, const char *text,
		       const char **ret_takes)
{
	const struct option *option;
	char name[64];

	snprintf(name, sizeof(name), "--%s", key);
	option = find(name, strlen(name));
	*ret_takes = option ? option->takes : NULL;
	return option && set(option, options, text);
}

/* A flag is meant by its name, and by its opposite. */
static const struct option *find_flag(const char *word, const char **ret_text)
{
	bool is_no = strncmp(word, "--no-", 5) == 0;
	char name[64];
	const struct option *option;

	snprintf(name, sizeof(name), "--%s", word + (is_no ? 5 : 2));
	option = find(name, strlen(name));
	*ret_text = is_no ? "no" : "yes";
	return option && !option->value ? option : NULL;
}

/*
 * The option at the front of argv, and its value (NULL: none), behind '=' or in
 * the word that follows.  Returns the number of words; 0: the options are over.
 */
static int next(int argc, char **argv, const struct option **ret_option,
		const char **ret_text)
{
	size_t length;

	if (argc == 0 || argv[0][0] != '-' || strcmp(argv[0], "--") == 0)
		return 0;
	*ret_option = strncmp(argv[0], "--", 2) == 0
			      ? find_flag(argv[0], ret_text)
			      : NULL;
	if (*ret_option)
		return 1;
	length = strcspn(argv[0], "=");
	*ret_option = find(argv[0], length);
	if (argv[0][length]) {
		*ret_text = argv[0] + length + 1;
		return 1;
	}
	*ret_text = argc > 1 ? argv[1] : NULL;
	return 2;
}

/* All others override the file, so it is read first. */
static int read_config(int argc, char **argv, struct trp_options *options)
{
	const char *path = getenv("TROUPE_CONFIG");
	const struct option *option;
	const char *text;
	char why[512];
	int i, n;

	for (i = 0;
	     i < argc && (n = next(argc - i, argv + i, &option, &text)) > 0;
	     i += n)
		if (option && option->set == set_config && text)
			path = text;
	if (!path || !*path ||
	    trp_config_file_read(path, set_by_key, options, why, sizeof(why)) ==
		    0)
		return 0;
	return wrong("%s", why);
}

/* Checks that need all options. */
static int check_mesh(struct trp_mesh_options *mesh)
{
	struct trp_bus_address address;
	const char *codec;
	int r;

	if (!trp_wire_config_is_valid(&mesh->config))
		return wrong("a cycle of %g s and a gap of %g s do not go "
			     "together: the gap is at most a third of the "
			     "cycle, and at least 0.01 s; the cycle is at "
			     "least 0.1 s",
			     mesh->config.cycle_s, mesh->config.gap_s);
	/* --mesh alone puts a node into a local mesh. */
	if (!mesh->bus[0] && mesh->name[0])
		strcpy(mesh->bus, "local");
	if (!mesh->bus[0])
		return 0;
	if (!mesh->name[0])
		strcpy(mesh->name, "troupe");
	r = trp_bus_address_parse(mesh->bus, mesh->name, &address);
	if (r == -EPROTONOSUPPORT)
		return wrong("--beacon or TROUPE_BEACON: the bus \"%.*s\" is "
			     "unknown or was not built (`troupe doctor` lists "
			     "those that were)",
			     (int)strcspn(mesh->bus, ":"), mesh->bus);
	if (r < 0)
		return wrong(
			"--beacon or TROUPE_BEACON takes %s; see troupe(1)",
			find("--beacon", 8)->takes);
	if (mesh->cookie_length && !address.kind->mail)
		return wrong("a cookie seals mail between nodes, and %s "
			     "carries none",
			     address.kind->name);
#ifndef HAVE_LIBCRYPTO
	if (mesh->cookie_length)
		return wrong("--mesh, --cookie-file: built without libcrypto, "
			     "so mail cannot be sealed; install libssl-dev "
			     "and build again");
#endif
	codec = trp_mesh_codec(address.kind);
	if (!codec)
		return wrong("--beacon: built with neither libcbor nor "
			     "msgpack, so nodes cannot exchange messages; "
			     "install libcbor-dev and build again");
	if (!mesh->codec[0])
		snprintf(mesh->codec, sizeof(mesh->codec), "%s", codec);
	return 0;
}

/*
 * Different from asyncactor's, as all nodes of a mesh should be known: a small
 * mesh is listed completely, and newcomers at once.
 */
static const struct trp_options defaults = {
	.load_s = 60,
	.trace_rate = 10000,
	.log = { .level = TROUPE_INFO },
	.mesh = { .config = { .cycle_s = 10,
			      .gap_s = 1.5,
			      .nodes = 32,
			      .splits = 4,
			      .n_hosts = 1,
			      .force_in = true },
		  .is_enabled = true },
};

void trp_options_each(void (*visit)(const char *name, const char *value,
				    void *data),
		      void *data)
{
	char opposite[64];

	for (size_t i = 0; i < COUNT; i++) {
		visit(table[i].name, table[i].value, data);
		if (table[i].value)
			continue;
		snprintf(opposite, sizeof(opposite), "--no-%s",
			 table[i].name + 2);
		visit(opposite, NULL, data);
	}
}

static void try(const char *name, const char *value, void *data)
{
	trp_nearest_try(data, name);
}

static int unknown(const char *word)
{
	struct trp_nearest nearest = { .word = word };

	trp_options_each(try, &nearest);
	if (nearest.best[0])
		return wrong("run has no option %s; did you mean %s?", word,
			     nearest.best);
	return wrong("run has no option %s", word);
}

/* The argument that a secret came in; its copy is in the options. */
static void hide(const struct option *option, const char *argument)
{
	if (option->set == set_mesh || option->at == AT(mesh.bus))
		trp_cookie_hide((char *)argument);
}

int trp_options_read(int argc, char **argv, struct trp_options *ret_options)
{
	struct trp_options options = defaults;
	const struct option *option;
	const char *text;
	int i, n, r;

	r = read_config(argc, argv, &options);
	if (r == 0)
		r = read_environment(&options);
	if (r < 0)
		return r;
	for (i = 0; (n = next(argc - i, argv + i, &option, &text)) > 0;
	     i += n) {
		if (!option)
			return unknown(argv[i]);
		if (!option->value && argv[i][strlen(option->name)] == '=')
			return wrong("%s is a flag: %s, or --no-%s",
				     option->name, option->name,
				     option->name + 2);
		if (!text)
			return wrong("%s takes %s", argv[i], option->takes);
		if (!set(option, &options, text))
			return wrong_value(option->name, option, text);
		hide(option, text);
	}
	i += i < argc && strcmp(argv[i], "--") == 0;
	if (i >= argc)
		return wrong("run needs an application, a shared object");
	r = check_mesh(&options.mesh);
	if (r < 0)
		return r;
	options.argc = argc - i;
	options.argv = argv + i;
	if (!options.node[0])
		name_node(&options);
	*ret_options = options;
	return 0;
}

void trp_options_help(void)
{
	char name[32];

	putchar('\n');
	for (size_t i = 0; i < COUNT; i++) {
		if (table[i].value)
			snprintf(name, sizeof(name), "%s %s", table[i].name,
				 table[i].value);
		else
			snprintf(name, sizeof(name), "--[no-]%s",
				 table[i].name + 2);
		printf("  %-21s %s\n  %-21s   %s%s%s\n", name, table[i].help,
		       "", table[i].value ? table[i].takes : "a flag",
		       table[i].unless ? "; default: " : "",
		       table[i].unless ? table[i].unless : "");
	}
	puts("\nThe same in the environment, where an option goes before it:");
	for (size_t i = 0; i < COUNT; i++)
		if (table[i].variable)
			printf("  %-21s %s\n", table[i].variable,
			       table[i].name);
}
