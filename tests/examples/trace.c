/* SPDX-License-Identifier: MIT */
/* Traces of the examples by `troupe run --trace FILE`. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tests/support/example.h"
#include "tests/support/skip.h"
#include "tests/support/trace_file.h"

TestSuite(trace, .timeout = 600);

static char path[64];

static void make_path(void)
{
	snprintf(path, sizeof(path), "/tmp/troupe-test-trace-%d",
		 (int)getpid());
}

static void start_traced(struct program *p, const char *file, const char *name,
			 const char *argument)
{
	char object[4096], example[64];

	snprintf(example, sizeof(example), "examples/%s.so", name);
	snprintf(object, sizeof(object), "%s", program_built(example));
	cr_assert_eq(program_troupe(p, "run", "--trace", file, object, argument,
				    NULL),
		     0);
}

static json_t *read_events(bool is_whole)
{
	json_t *events = trace_file_read(path, is_whole);

	unlink(path);
	cr_assert_not_null(events);
	cr_expect_eq(trace_file_faults(events), 0);
	return events;
}

static bool is_named(const json_t *events, const char *name)
{
	size_t i;
	json_t *event;

	json_array_foreach(
		events, i,
		event) if (strcmp(trace_file_text(event, "ph"), "M") == 0 &&
			   strcmp(trace_file_text(
					  json_object_get(event, "args"),
					  "name"),
				  name) == 0) return true;
	return false;
}

Test(trace, of_hello_has_the_call_the_answer_and_the_names)
{
	struct program p;
	json_t *events;

	make_path();
	start_traced(&p, path, "hello", "Ann");
	expect_end(&p, 0);
	cr_expect_str_empty(p.err);
	program_fini(&p);
	events = read_events(true);
	cr_expect_eq(trace_file_count(events, "X", "handler", "hello.Name"), 1);
	cr_expect_eq(trace_file_count(events, "X", "answer", "hello.Greeting"),
		     1);
	cr_expect_eq(trace_file_count(events, "s", "mail", NULL), 2);
	cr_expect_eq(trace_file_count(events, "i", "life", "spawn"), 2);
	cr_expect_eq(trace_file_count(events, "i", "life", "end"), 2);
	cr_expect(is_named(events, "supervisor"));
	cr_expect(is_named(events, "hello.so"));
	cr_expect(is_named(events, "/greeter"));
	json_decref(events);
}

Test(trace, of_a_ring_follows_it_round)
{
	struct program p;
	json_t *events;

	make_path();
	start_traced(&p, path, "ring", "100");
	expect_end(&p, 0);
	program_fini(&p);
	events = read_events(true);
	cr_expect_eq(trace_file_count(events, "i", "life", "end"), 101);
	cr_expect_geq(trace_file_count(events, "X", "handler", NULL), 101);
	json_decref(events);
}

/* Like Perfetto, this reader accepts a missing end. */
Test(trace, of_a_supervisor_that_was_killed_can_be_read)
{
	struct program p;
	json_t *events;

	make_path();
	start_traced(&p, path, "monitor", NULL);
	cr_assert_eq(program_await_output(&p, "process", PATIENCE_MS), 0);
	cr_assert_eq(kill(p.pid, SIGKILL), 0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 128 + SIGKILL);
	cr_expect_eq(program_leftovers(&p, PATIENCE_MS), 0);
	program_fini(&p);
	events = trace_file_read(path, false);
	unlink(path);
	cr_assert_not_null(events);
	cr_expect_geq(json_array_size(events), 1);
	json_decref(events);
}

static void expect_refused(const char *file, const char *says)
{
	struct program p;

	start_traced(&p, file, "hello", NULL);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 2, "%s", p.err);
	cr_expect_str_empty(p.out);
	cr_expect_geq(count_lines(p.err, says), 1, "no \"%s\" in: %s", says,
		      p.err);
	program_fini(&p);
}

Test(trace, into_a_file_that_cannot_be_written_is_refused)
{
	expect_refused("/nowhere/at/all", "^troupe: cannot write the trace to "
					  "/nowhere/at/all: No such file");
	expect_refused("/", "^troupe: cannot write the trace to /: Is a dir");
	expect_refused("/dev/full", "^troupe: cannot write the trace to "
				    "/dev/full: No space left");
	expect_refused("", "^troupe: --trace takes");
}

/* One that gets full only later. */
Test(trace, that_a_full_disk_cuts_short_is_told)
{
	char troupe[4096], object[4096];
	const char *line = "mount -t tmpfs -o size=64k tmpfs /mnt && "
			   "exec \"$0\" run --trace /mnt/trace \"$1\" 300";
	const char *argv[] = { "/usr/bin/unshare",
			       "--mount",
			       "/bin/sh",
			       "-c",
			       line,
			       troupe,
			       object,
			       NULL };
	struct program p;

	if (system("unshare --mount mount -t tmpfs tmpfs /mnt 2>/dev/null"))
		SKIP("mount", "no small disk may be mounted here");
	snprintf(troupe, sizeof(troupe), "%s", program_built("bin/troupe"));
	snprintf(object, sizeof(object), "%s",
		 program_built("examples/ring.so"));
	cr_assert_eq(program_start(&p, argv), 0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 0, "%s", p.err);
	cr_expect_eq(program_leftovers(&p, 0), 0);
	cr_expect_eq(count_lines(p.err, "^troupe: the trace in /mnt/trace is "
					"not whole: No space left"),
		     1, "%s", p.err);
	program_fini(&p);
}
