/* SPDX-License-Identifier: MIT */
/* How many pages an actor of a real node makes its own. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/program.h"
#include "tests/support/skip.h"

enum { PATIENCE_MS = 60000, PRIVATE_KIB = 44 };

TestSuite(memory, .timeout = 120);

/* The first word of a file of that process; static. */
static const char *word_of(long pid, const char *file)
{
	static char word[64];
	char path[64];
	FILE *of;

	snprintf(path, sizeof(path), "/proc/%ld/%s", pid, file);
	of = fopen(path, "re");
	if (!of || fscanf(of, "%63s", word) != 1)
		word[0] = '\0';
	if (of)
		fclose(of);
	return word;
}

static long child_named(pid_t parent, const char *name)
{
	char path[64];
	long pid, found = 0;
	FILE *children;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent,
		 (int)parent);
	children = fopen(path, "re");
	while (children && !found && fscanf(children, "%ld", &pid) == 1)
		if (strcmp(word_of(pid, "comm"), name) == 0)
			found = pid;
	if (children)
		fclose(children);
	return found;
}

static long private_kib(long pid)
{
	char path[64], line[128];
	long kib = -1;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%ld/smaps_rollup", pid);
	maps = fopen(path, "re");
	while (maps && kib < 0 && fgets(line, sizeof(line), maps))
		if (sscanf(line, "Private_Dirty: %ld", &kib) != 1)
			kib = -1;
	if (maps)
		fclose(maps);
	return kib;
}

/* Its stack, its heap, that of libc, the thread's, and one of libtroupe. */
Test(memory, of_an_actor_that_has_answered_is_few_pages)
{
	struct program node, ask;
	char name[32];
	long kib;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	SKIP("sanitizer", "it keeps much memory of its own");
#endif
	snprintf(name, sizeof(name), "memory-%d", getpid());
	cr_assert_eq(program_troupe(&node, "run", "--node", name,
				    program_built("tests/runtime/control/"
						  "applications/host.so"),
				    NULL),
		     0);
	cr_assert_eq(program_await_output(&node, "ready", PATIENCE_MS), 0);
	cr_assert_eq(program_troupe(&ask, "ask", "--node", name, "doubler",
				    "Twice", "{\"value\": 21}", NULL),
		     0);
	cr_expect_eq(program_finish(&ask, PATIENCE_MS), 0, "%s", ask.err);
	program_fini(&ask);
	kib = private_kib(child_named(node.pid, "doubler"));
	cr_expect(kib > 0 && kib <= PRIVATE_KIB, "%ld KiB", kib);
	kill(node.pid, SIGTERM);
	cr_expect_eq(program_finish(&node, PATIENCE_MS), 0, "%s", node.err);
	program_fini(&node);
}

/* As a sanitizer's is, where it is preloaded. */
Test(memory, of_another_malloc_is_left_alone)
{
	struct program p;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	SKIP("sanitizer", "its own malloc has to come first");
#endif
	setenv("LD_PRELOAD",
	       program_built("tests/runtime/cli/applications/own_malloc.so"),
	       1);
	cr_assert_eq(program_troupe(&p, "run",
				    program_built("examples/hello.so"), NULL),
		     0);
	unsetenv("LD_PRELOAD");
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 0, "%s", p.err);
	cr_expect_eq(program_leftovers(&p, 0), 0);
	program_fini(&p);
}

/* In 64 bits that is 1 GiB. */
Test(memory, a_size_that_overflows_is_refused)
{
	struct program p;

	cr_assert_eq(program_troupe(&p, "run", "--heap", "17179869185G", "x.so",
				    NULL),
		     0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 2, "%s", p.err);
	cr_expect(strstr(p.err, "--heap takes a power of two"), "%s", p.err);
	program_fini(&p);
}
