/* SPDX-License-Identifier: MIT */
/* The program `troupe`; see troupe(1). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "runtime/doctor.h"
#include "runtime/supervisor.h"

enum { STATUS_USAGE = 2 };

static const char help[] =
	"usage: troupe run [--slots N] [--heap SIZE] APPLICATION.so "
	"[ARGUMENT...]\n"
	"       troupe doctor\n"
	"       troupe version\n"
	"       troupe help\n"
	"\n"
	"run     starts a node: the root actor troupe_main() of the "
	"application\n"
	"        and all that it spawns, each a process of its own\n"
	"  --slots N    at most so many actors (2 to 31744; TROUPE_SLOTS)\n"
	"  --heap SIZE  address space of each for big messages, a power of "
	"two:\n"
	"               64K to 2G (TROUPE_HEAP)\n"
	"doctor  what this machine allows, and what to do where it does not\n"
	"\n"
	"Exit status: 0 the root actor ended normally, 1 it failed, 2 wrong "
	"use.\n";

static int wrong(const char *what, const char *which)
{
	fprintf(stderr, "troupe: %s%s%s\n%s", what, which ? ": " : "",
		which ? which : "", "Try `troupe help`.\n");
	return STATUS_USAGE;
}

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

static int run(int argc, char **argv)
{
	struct trp_options options = { 0 };
	const char *slots = getenv("TROUPE_SLOTS");
	const char *heap = getenv("TROUPE_HEAP");
	char path[4096];
	int i;

	if (slots && !set_slots(&options, slots))
		return wrong("TROUPE_SLOTS is not 2 to 31744", slots);
	if (heap && !set_heap(&options, heap))
		return wrong("TROUPE_HEAP is no power of two from 64K to 2G",
			     heap);
	for (i = 0; i < argc && argv[i][0] == '-'; i += 2) {
		if (strcmp(argv[i], "--") == 0 && ++i)
			break;
		if (strcmp(argv[i], "--slots") == 0) {
			if (i + 1 == argc || !set_slots(&options, argv[i + 1]))
				return wrong("--slots takes 2 to 31744", NULL);
		} else if (strcmp(argv[i], "--heap") == 0) {
			if (i + 1 == argc || !set_heap(&options, argv[i + 1]))
				return wrong("--heap takes a power of two from "
					     "64K to 2G",
					     NULL);
		} else {
			return wrong("run has no option", argv[i]);
		}
	}
	if (i >= argc)
		return wrong("run needs an application, a shared object", NULL);
	/* Without a slash dlopen() would search the library path. */
	if (!strchr(argv[i], '/')) {
		snprintf(path, sizeof(path), "./%s", argv[i]);
		argv[i] = path;
	}
	if (access(argv[i], R_OK) < 0) {
		fprintf(stderr, "troupe: cannot load %s: %s\n", argv[i],
			strerror(errno));
		return STATUS_USAGE;
	}
	options.argc = argc - i;
	options.argv = argv + i;
	return trp_supervisor_run(&options);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return wrong("what to do?", NULL);
	if (strcmp(argv[1], "run") == 0)
		return run(argc - 2, argv + 2);
	if (strcmp(argv[1], "doctor") == 0)
		return trp_doctor();
	if (strcmp(argv[1], "version") == 0 ||
	    strcmp(argv[1], "--version") == 0) {
		puts("troupe " TROUPE_VERSION);
		return 0;
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0) {
		fputs(help, stdout);
		return 0;
	}
	return wrong("no such command", argv[1]);
}
