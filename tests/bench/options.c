/* SPDX-License-Identifier: MIT */
#include "tests/bench/harness.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { STATUS_USAGE = 2, CONTEXT_MOST = 16 };

static const char help[] =
	"usage: troupe-bench [OPTION...] [NAME | NAME:key=value,...]...\n"
	"\n"
	"NAME is a benchmark, a suite, or an extended regular expression; "
	"without\n"
	"any: all benchmarks.\n"
	"\n"
	"  --list             names, parameters and their values, and end\n"
	"  --preset P         smoke, std or large            (std)\n"
	"  --repetitions N    runs of each, at least         (5; smoke: 1)\n"
	"  --min-time S       seconds of runs of each, at least (0)\n"
	"  --timeout S        a run that takes longer has failed (60; large: "
	"600)\n"
	"  --dry-run          one run of each, in the smallest size\n"
	"  --order O          interleaved: each once, then each again;\n"
	"                     random: the same, shuffled; sequential\n"
	"  --seed N           of the order, the intervals and the election "
	"(1);\n"
	"                     what a suite lays down stays as it is\n"
	"  --pin P            free, one: all on one processor, two: each side\n"
	"                     on its own, where a benchmark has two\n"
	"  --wait W           TROUPE_WAIT: uring, socket, epoll\n"
	"  --spin S           TROUPE_SPIN: auto, never, always\n"
	"  --mailbox BYTES    the mailbox limit of each actor (256 and more)\n"
	"  --format F         table, json, csv or rebench    (table)\n"
	"  --out FILE         the same into a file, by its ending\n"
	"  --latency FOLDER   a .hgrm file of each benchmark with latencies\n"
	"  --context K=V      into the output\n"
	"  --baseline FILE    compare with the JSON of an earlier run\n"
	"  --noise PERCENT    a smaller change is none       (5)\n"
	"\n"
	"What an actor costs when there are many of them (begin, memory, a "
	"hop):\n"
	"  troupe-bench scale                  100, 1,000 and 10,000\n"
	"  troupe-bench scale scale:n=30000    and, where pid_max allows, "
	"more\n"
	"\n"
	"Exit status: 0; 1 where a run was wrong or hung, or a file could "
	"not be\n"
	"written; 2 wrong use; 130 when it was interrupted, after what is "
	"known.\n";

enum {
	LIST = 1,
	PRESET,
	REPETITIONS,
	MIN_TIME,
	TIMEOUT,
	DRY_RUN,
	ORDER,
	SEED,
	PIN,
	WAIT,
	SPIN,
	MAILBOX,
	FORMAT,
	OUT,
	LATENCY,
	CONTEXT,
	BASELINE,
	NOISE,
	HELP,
};

static const struct option options[] = {
	{ "list", no_argument, NULL, LIST },
	{ "preset", required_argument, NULL, PRESET },
	{ "repetitions", required_argument, NULL, REPETITIONS },
	{ "min-time", required_argument, NULL, MIN_TIME },
	{ "timeout", required_argument, NULL, TIMEOUT },
	{ "dry-run", no_argument, NULL, DRY_RUN },
	{ "order", required_argument, NULL, ORDER },
	{ "seed", required_argument, NULL, SEED },
	{ "pin", required_argument, NULL, PIN },
	{ "wait", required_argument, NULL, WAIT },
	{ "spin", required_argument, NULL, SPIN },
	{ "mailbox", required_argument, NULL, MAILBOX },
	{ "format", required_argument, NULL, FORMAT },
	{ "out", required_argument, NULL, OUT },
	{ "latency", required_argument, NULL, LATENCY },
	{ "context", required_argument, NULL, CONTEXT },
	{ "baseline", required_argument, NULL, BASELINE },
	{ "noise", required_argument, NULL, NOISE },
	{ "help", no_argument, NULL, HELP },
	{ 0 },
};

/* The place of `word` among those of `words`, "a b c"; -1. */
static int place_of(const char *word, const char *words)
{
	size_t length = strlen(word);

	for (int place = 0; *words; place++) {
		size_t most = strcspn(words, " ");

		if (most == length && strncmp(word, words, length) == 0)
			return place;
		words += most + (words[most] == ' ');
	}
	return -1;
}

static bool choose(const char *word, const char *words, void *ret_place)
{
	int place = place_of(word, words);

	if (place >= 0)
		*(int *)ret_place = place;
	return place >= 0;
}

static bool number(const char *text, double least, double *ret_value)
{
	enum { MOST = 1000000 };
	char *end;

	*ret_value = strtod(text, &end);
	return end != text && !*end && *ret_value >= least &&
	       *ret_value <= MOST;
}

static bool whole(const char *text, long least, long *ret_value)
{
	char *end;

	*ret_value = strtol(text, &end, 10);
	return end != text && !*end && *ret_value >= least &&
	       *ret_value <= UINT32_MAX;
}

static bool one_of(const char *text, const char *words, const char **ret)
{
	*ret = text;
	return place_of(text, words) >= 0;
}

static bool add_context(struct settings *settings, const char *text)
{
	static const char *context[CONTEXT_MOST + 1];
	static int count;

	settings->context = context;
	if (count == CONTEXT_MOST || !strchr(text, '='))
		return false;
	context[count++] = text;
	return true;
}

static bool take(struct settings *s, int option, const char *text)
{
	long n = 0;
	bool is_good;

	switch (option) {
	case LIST:
		s->is_list = true;
		return true;
	case DRY_RUN:
		s->is_dry = true;
		return true;
	case PRESET:
		return choose(text, "smoke std large", &s->preset);
	case ORDER:
		return choose(text, "interleaved random sequential", &s->order);
	case PIN:
		return choose(text, "free one two", &s->pinning);
	case WAIT:
		return one_of(text, "uring socket epoll", &s->wait);
	case SPIN:
		return one_of(text, "auto never always", &s->spin);
	case FORMAT:
		return one_of(text, "table json csv rebench", &s->format);
	case MIN_TIME:
		return number(text, 0, &s->min_time);
	case TIMEOUT:
		return number(text, 0.1, &s->timeout);
	case NOISE:
		return number(text, 0, &s->noise);
	case MAILBOX:
		return whole(text, 256, &s->mailbox);
	case REPETITIONS:
		is_good = whole(text, 1, &n) && n <= 1000000;
		s->repetitions = (int)n;
		return is_good;
	case SEED:
		is_good = whole(text, 0, &n);
		s->seed = (unsigned)n;
		return is_good;
	case OUT:
		s->out = text;
		return true;
	case LATENCY:
		s->latency_folder = text;
		return true;
	case BASELINE:
		s->baseline = text;
		return true;
	case CONTEXT:
		return add_context(s, text);
	}
	return false;
}

int options_parse(int argc, char **argv, struct settings *ret_settings)
{
	static const char *const no_context[] = { NULL };
	struct settings s = { .preset = BENCH_STD,
			      .seed = 1,
			      .noise = 5,
			      .format = "table",
			      .context = no_context,
			      .argc = argc,
			      .argv = argv };
	int option, place;

	while ((option = getopt_long(argc, argv, "", options, &place)) != -1) {
		if (option == HELP) {
			fputs(help, stdout);
			exit(0);
		}
		if (option != '?' && take(&s, option, optarg))
			continue;
		if (option != '?')
			fprintf(stderr, "troupe-bench: --%s does not take %s\n",
				options[place].name, optarg);
		fputs("Try `troupe-bench --help`.\n", stderr);
		return STATUS_USAGE;
	}
	if (s.is_dry)
		s.preset = BENCH_SMOKE;
	if (!s.repetitions)
		s.repetitions = s.preset == BENCH_SMOKE ? 1 : 5;
	if (s.timeout == 0)
		s.timeout = s.preset == BENCH_LARGE ? 600 : 60;
	s.choices = argv + optind;
	s.choice_count = argc - optind;
	*ret_settings = s;
	return 0;
}
