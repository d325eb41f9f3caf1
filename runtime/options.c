/* SPDX-License-Identifier: MIT */
#include "runtime/options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ipc/arena.h"

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

static bool set_slots(struct trp_options *options, const char *text)
{
	uint64_t slots = parse_size(text);

	options->slots = (uint32_t)slots;
	return slots >= 2 && slots <= TRP_SLOTS_MAX;
}

static bool set_heap(struct trp_options *options, const char *text)
{
	uint64_t size = parse_size(text);

	options->heap_size = size;
	return size >= 64 * 1024 && size <= TRP_HEAP_DEFAULT &&
	       (size & (size - 1)) == 0;
}

/* It becomes a part of file names, and of other nodes' messages. */
static bool set_node(struct trp_options *options, const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";
	size_t length = strspn(text, allowed);

	if (!length || text[length] || text[0] == '.' ||
	    length >= sizeof(options->node))
		return false;
	memcpy(options->node, text, length + 1);
	return true;
}

static bool set_trace(struct trp_options *options, const char *text)
{
	options->trace = text;
	return text[0] != '\0';
}

static bool set_trace_rate(struct trp_options *options, const char *text)
{
	enum { RATE_MAX = 100000000 };
	uint64_t rate = parse_size(text);

	options->trace_rate = (uint32_t)rate;
	return rate <= RATE_MAX && (rate > 0 || strcmp(text, "0") == 0);
}

/* "hello-4711" for build/examples/hello.so. */
static void name_node(struct trp_options *options)
{
	const char *slash = strrchr(options->argv[0], '/');
	const char *base = slash ? slash + 1 : options->argv[0];
	char name[TRP_NODE_NAME_SIZE];

	snprintf(name, sizeof(name), "%.*s-%d",
		 (int)(strcspn(base, ".") % (sizeof(name) - 12)), base,
		 (int)getpid());
	if (!set_node(options, name))
		snprintf(options->node, sizeof(options->node), "node-%d",
			 (int)getpid());
}

static const struct option {
	const char *name;
	const char *value;    /* how the help calls it */
	const char *variable; /* of the environment; NULL: none */
	const char *takes;
	const char *help;
	/* False: not what it takes. */
	bool (*set)(struct trp_options *options, const char *text);
} table[] = {
	{ "--slots", "N", "TROUPE_SLOTS", "2 to 31744",
	  "at most so many actors", set_slots },
	{ "--node", "NAME", "TROUPE_NODE",
	  "up to 63 letters, digits, '-', '_' and '.'", "the name of this node",
	  set_node },
	{ "--heap", "SIZE", "TROUPE_HEAP", "a power of two from 64K to 2G",
	  "address space of each for big messages", set_heap },
	{ "--trace", "FILE", "TROUPE_TRACE", "a file to be written",
	  "what happens, for Perfetto", set_trace },
	{ "--trace-rate", "N", "TROUPE_TRACE_RATE",
	  "events of an actor and second, 10000 by default; 0 is all",
	  "how much of it", set_trace_rate },
};

enum { COUNT = sizeof(table) / sizeof(table[0]), TRACE_RATE = 10000 };

static int wrong(const char *format, const char *what, const char *more)
{
	fputs("troupe: ", stderr);
	fprintf(stderr, format, what, more);
	fputs("\nTry `troupe help`.\n", stderr);
	return -EINVAL;
}

static int read_environment(struct trp_options *options)
{
	const char *text;
	size_t i;

	for (i = 0; i < COUNT; i++) {
		text = table[i].variable ? getenv(table[i].variable) : NULL;
		if (text && !table[i].set(options, text))
			return wrong("%s takes %s", table[i].variable,
				     table[i].takes);
	}
	return 0;
}

static const struct option *find(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

int trp_options_read(int argc, char **argv, struct trp_options *ret_options)
{
	struct trp_options options = { .trace_rate = TRACE_RATE };
	const struct option *option;
	int i, r;

	r = read_environment(&options);
	if (r < 0)
		return r;
	for (i = 0; i < argc && argv[i][0] == '-'; i += 2) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		option = find(argv[i]);
		if (!option)
			return wrong("run has no option %s%s", argv[i], "");
		if (i + 1 == argc || !option->set(&options, argv[i + 1]))
			return wrong("%s takes %s", argv[i], option->takes);
	}
	if (i >= argc)
		return wrong("run needs an application, a shared object%s%s",
			     "", "");
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
	size_t i;

	for (i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "%s %s", table[i].name,
			 table[i].value);
		printf("  %-14s %s:\n  %-14s %s%s%s%s\n", name, table[i].help,
		       "", table[i].takes, table[i].variable ? " (" : "",
		       table[i].variable ? table[i].variable : "",
		       table[i].variable ? ")" : "");
	}
}
