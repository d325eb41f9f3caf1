/* SPDX-License-Identifier: MIT */
/* troupe trace: of a node that runs. */
#include "tests/runtime/control/node.h"

#include <sys/stat.h>
#include "tests/support/trace_file.h"

TestSuite(traces, .init = node_begin, .fini = node_end, .timeout = 600);

static struct program node, command, tracer;
static char file[sizeof("/tmp/troupe-guests-XXXXXX/trace")];

static void begin(void)
{
	node_start(&node, "a", NULL);
	snprintf(file, sizeof(file), "%.*s/trace",
		 (int)(strrchr(folder, '/') - folder), folder);
}

static void end(void)
{
	node_stop(&node, "a");
	unlink(file);
}

static void ask(void)
{
	cr_expect_eq(troupe(&command, "ask", "doubler", "Twice",
			    "{\"value\": 1}", NULL),
		     0, "%s", command.err);
	program_fini(&command);
	cr_expect_eq(troupe(&command, "send", "echo", "Words", NULL), 0, "%s",
		     command.err);
	program_fini(&command);
}

static void await_file(void)
{
	struct stat status;

	for (int ms = 0; ms < PATIENCE_MS; ms += 5) {
		if (stat(file, &status) == 0 && status.st_size > 0)
			return;
		usleep(5000);
	}
	cr_assert_fail("no trace");
}

/* The events of so many seconds, with mail to /doubler and /echo in them. */
static json_t *trace_for(const char *seconds, const char *whom)
{
	char path[4096];
	const char *argv[] = { path, "trace",	"--seconds", seconds, "-o",
			       file, "--actor", whom,	     NULL };
	json_t *events;

	if (!whom)
		argv[6] = NULL;
	unlink(file);
	snprintf(path, sizeof(path), "%s", program_built("bin/troupe"));
	tracer = (struct program) { 0 };
	cr_assert_eq(program_start(&tracer, argv), 0);
	await_file();
	for (int i = 0; i < 3; i++)
		ask();
	cr_expect_eq(program_finish(&tracer, PATIENCE_MS), 0, "%s", tracer.err);
	cr_expect(strstr(tracer.out, file), "%s", tracer.out);
	program_fini(&tracer);
	events = trace_file_read(file, true);
	cr_assert_not_null(events);
	return events;
}

/* A machine that is busy may take longer than a trace lasts. */
static json_t *trace_some(const char *whom)
{
	static const char *const seconds[] = { "0.5", "2", "8", "30" };
	json_t *events = NULL;

	for (size_t i = 0; i < 4; i++) {
		json_decref(events);
		events = trace_for(seconds[i], whom);
		if (trace_file_count(events, "X", "handler", NULL))
			return events;
	}
	cr_assert_fail("no handler is in any trace");
	return NULL;
}

static unsigned count_of(const json_t *events, const char *category, pid_t pid)
{
	unsigned count = 0;
	json_t *event;
	size_t i;

	json_array_foreach((json_t *)events, i, event)
	{
		const char *of =
			json_string_value(json_object_get(event, "cat"));

		count += of && strcmp(of, category) == 0 &&
			 json_integer_value(json_object_get(event, "pid")) ==
				 pid;
	}
	return count;
}

static pid_t pid_of(const char *label)
{
	struct troupe_value *ps = node_ps("a");
	pid_t pid = (pid_t)troupe_value_to_int(
		troupe_value_get(node_find(ps, label), "pid"), 0);

	troupe_value_free(ps);
	cr_assert_gt(pid, 0);
	return pid;
}

/* Twice, as the first end must leave nothing on. */
Test(traces, one_actor_alone_and_then_no_more)
{
	json_t *events;

	begin();
	for (int i = 0; i < 2; i++) {
		events = trace_some("/doubler");
		cr_expect_gt(count_of(events, "handler", pid_of("doubler")), 0);
		cr_expect_eq(count_of(events, "handler", pid_of("echo")), 0);
		json_decref(events);
	}
	end();
}

/* A sender that is a guest traces nothing. */
Test(traces, all_actors_are_named_in_a_whole_file)
{
	json_t *events;

	begin();
	events = trace_for("0.2", NULL);
	cr_expect_eq(trace_file_count(events, "M", NULL, "process_name"), 4);
	cr_expect_geq(trace_file_count(events, "i", NULL, "end"), 1);
	json_decref(events);
	end();
}

Test(traces, an_error_says_why)
{
	begin();
	cr_expect_eq(troupe(&command, "trace", "-o", "/nowhere/x", NULL), 1);
	cr_expect(strstr(command.err, "No such file"), "%s", command.err);
	program_fini(&command);
	cr_expect_eq(troupe(&command, "trace", "--actor", "/doubla", NULL), 1);
	cr_expect(strstr(command.err, "did you mean /doubler?"), "%s",
		  command.err);
	program_fini(&command);
	cr_expect_eq(troupe(&command, "trace", "--seconds", "soon", NULL), 2);
	program_fini(&command);
	end();
}
