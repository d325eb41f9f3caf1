/* SPDX-License-Identifier: MIT */
/* A crash is explained after its end. */
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include "tests/runtime/control/node.h"
#include "tests/support/skip.h"

static struct program node, command;
static char place[] = "/tmp/troupe-crash-XXXXXX";

static void set_limit(rlim_t soft)
{
	struct rlimit limit;

	cr_assert_eq(getrlimit(RLIMIT_CORE, &limit), 0);
	limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
	cr_assert_eq(setrlimit(RLIMIT_CORE, &limit), 0);
}

/* In a folder of its own, where a core may go. */
static void begin(rlim_t soft)
{
	char program[PATH_MAX], application[PATH_MAX], line[PATH_MAX];
	const char *const argv[] = { "/bin/bash", "-c",	       line,
				     program,	  application, NULL };

	cr_assert(realpath(program_built("bin/troupe"), program));
	cr_assert(realpath(
		program_built("tests/runtime/control/applications/speaker.so"),
		application));
	snprintf(line, sizeof(line), "cd %s && exec \"$0\" run --node a \"$1\"",
		 place);
	set_limit(soft);
	cr_assert_eq(program_start(&node, argv), 0);
	cr_assert_eq(program_await_output(&node, "ready\n", PATIENCE_MS), 0,
		     "%s%s", node.out, node.err);
	cr_expect_eq(troupe(&command, "send", "/speaker", "Words",
			    "{\"text\": \"crash\"}", NULL),
		     0, "%s", command.err);
	program_fini(&command);
}

static void needs_files(void)
{
	FILE *file = fopen("/proc/sys/kernel/core_pattern", "re");
	char pattern[256] = "|";

	if (file && !fgets(pattern, sizeof(pattern), file))
		pattern[0] = '\0';
	if (file)
		fclose(file);
	if (pattern[0] == '|' || pattern[0] == '/' || pattern[0] == '\n')
		SKIP("cores",
		     "core_pattern names no file in the folder of a "
		     "process: %s",
		     pattern);
}

static void set_up(void)
{
	needs_files();
	node_begin();
	cr_assert(mkdtemp(place));
}

static void tear_down(void)
{
	char line[128];

	node_end();
	snprintf(line, sizeof(line), "rm -rf %s", place);
	cr_expect_eq(system(line), 0);
}

TestSuite(crashes, .init = set_up, .fini = tear_down);

Test(crashes, one_without_a_core_is_told_how_to_get_one)
{
	begin(0);
	cr_expect_eq(program_await_error(&node, "left no core: `ulimit -c",
					 PATIENCE_MS),
		     0, "%s", node.err);
	node_stop(&node, "a");
}

#ifndef __SANITIZE_ADDRESS__ /* which lets nobody leave a core */

/* In place of gdb: it has found some frames, the first of them twice. */
static void make_gdb(void)
{
	static const char script[] =
		"#!/bin/sh\n"
		"echo Reading symbols\n"
		"echo '#0  boom (x=1) at a.c:2'\n"
		"echo '#0  boom (x=1) at a.c:2'\n"
		"echo '#1  0x00001234 in words () from b.so'\n"
		"echo '#2  0x00001235 in trp_dispatch () from c.so'\n"
		"echo '#3  0x00001236 in main ()'\n";
	char path[128], search[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/gdb", place);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	cr_assert_eq(write(fd, script, sizeof(script) - 1),
		     (ssize_t)sizeof(script) - 1);
	close(fd);
	snprintf(search, sizeof(search), "%s:%s", place, getenv("PATH"));
	setenv("PATH", search, 1);
}

Test(crashes, one_with_a_core_says_where_it_is_and_its_innermost_frames)
{
	struct rlimit limit;

	cr_assert_eq(getrlimit(RLIMIT_CORE, &limit), 0);
	if (limit.rlim_max == 0)
		SKIP("cores", "the hard limit of cores is 0");
	make_gdb();
	begin(RLIM_INFINITY);
	cr_expect_eq(program_await_error(&node, "(core dumped)", PATIENCE_MS),
		     0, "%s", node.err);
	cr_expect_eq(program_await_error(&node, "left a core: /tmp/troupe-",
					 PATIENCE_MS),
		     0, "%s", node.err);
	cr_expect_eq(program_await_error(
			     &node,
			     "crashed in boom (x=1) at a.c:2 < words () from "
			     "b.so\n",
			     PATIENCE_MS),
		     0, "%s", node.err);
	node_stop(&node, "a");
}

#endif
