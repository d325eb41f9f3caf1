/* SPDX-License-Identifier: MIT */
/* troupe send and troupe ask: messages from people to actors. */
#include "tests/runtime/control/node.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include "runtime/node/ref.h"

TestSuite(people, .init = node_begin, .fini = node_end);

static struct program node, command;

/* The command has exited with that status and that output, nothing else. */
static void expect(int status, int wanted, const char *out, const char *err)
{
	cr_expect_eq(status, wanted, "%d: %s%s", status, command.out,
		     command.err);
	if (out)
		cr_expect_str_eq(command.out, out);
	if (err)
		cr_expect(strstr(command.err, err), "%s", command.err);
	else
		cr_expect_str_eq(command.err, "");
	program_fini(&command);
}

Test(people, a_message_in_json_arrives)
{
	node_start(&node, "a", NULL);
	expect(troupe(&command, "send", "echo", "parlour.Words",
		      "{\"text\": \"hello\", \"more\": [\"b\", \"c\"], "
		      "\"data\": \"AAECAw==\"}",
		      NULL),
	       0, "", NULL);
	cr_expect_eq(
		program_await_output(&node, "words hello 2 4\n", PATIENCE_MS),
		0, "%s", node.out);
	/* Without the package, and with the default for the message. */
	expect(troupe(&command, "send", "--node", "a", "echo", "Words", NULL),
	       0, "", NULL);
	cr_expect_eq(program_await_output(&node, "words  0 0\n", PATIENCE_MS),
		     0, "%s", node.out);
	node_await_count("a", 3);
	node_stop(&node, "a");
}

/* It has answered so many calls, and nothing else has come. */
static void expect_counts(const char *label, int64_t calls)
{
	struct troupe_value *ps = node_ps("a");
	const struct troupe_value *actor = node_find(ps, label);

	cr_expect_eq(
		troupe_value_to_int(troupe_value_get(actor, "received"), -1),
		calls);
	cr_expect_eq(troupe_value_to_int(troupe_value_get(actor, "sent"), -1),
		     calls);
	cr_expect_eq(
		troupe_value_to_int(troupe_value_get(actor, "refused"), -1), 0);
	cr_expect_eq(
		troupe_value_to_int(troupe_value_get(actor, "dropped"), -1), 0);
	troupe_value_free(ps);
}

Test(people, an_answer_is_printed_as_json_and_counted)
{
	node_start(&node, "a", NULL);
	expect(troupe(&command, "ask", "doubler", "parlour.Doubler.Twice",
		      "{\"value\": \"21\"}", NULL),
	       0, "{\"value\": \"42\"}\n", NULL);
	expect(troupe(&command, "ask", "doubler", "Doubler.Twice",
		      "{\"value\": -1}", NULL),
	       0, "{\"value\": \"-2\"}\n", NULL);
	expect(troupe(&command, "ask", "doubler", "Twice", NULL), 0, "{}\n",
	       NULL);
	node_await_count("a", 3);
	expect_counts("doubler", 3);
	node_stop(&node, "a");
}

/* By the reference that ps shows, too. */
Test(people, an_actor_without_a_name_is_asked_by_its_reference)
{
	struct troupe_value *ps;
	unsigned long long ref;
	char text[32];

	node_start(&node, "a", NULL);
	ps = node_ps("a");
	ref = strtoull(
		troupe_value_to_text(
			troupe_value_get(node_find(ps, "doubler"), "ref"), ""),
		NULL, 10);
	trp_ref_print(ref, text);
	expect(troupe(&command, "ask", text, "Twice", "{\"value\": 3}", NULL),
	       0, "{\"value\": \"6\"}\n", NULL);
	snprintf(text, sizeof(text), "%llu", ref);
	expect(troupe(&command, "ask", text, "Twice", "{\"value\": 5}", NULL),
	       0, "{\"value\": \"10\"}\n", NULL);
	expect(troupe(&command, "send", "9.9", "Words", NULL), 1, "",
	       "9.9: is gone");
	expect(troupe(&command, "ask", "/doubler", "Twice", "{\"value\": 4}",
		      NULL),
	       0, "{\"value\": \"8\"}\n", NULL);
	expect(troupe(&command, "ask", "/nobody", "Twice", NULL), 1, "",
	       "no actor is at /nobody in node a");
	troupe_value_free(ps);
	node_stop(&node, "a");
}

#define MESSAGES "gen/tests/runtime/control/parlour.pb-c.c"

/* host.so in the folder of sockets, by two lines for a shell there. */
static void build(const char *first, const char *second)
{
	char built[4096], *slash, top[4096], line[16384];

	cr_assert_not_null(getcwd(top, sizeof(top)));
	snprintf(built, sizeof(built), "%s", program_built("bin/troupe"));
	slash = strrchr(built, '/');
	*slash = '\0';
	*strrchr(built, '/') = '\0';
	snprintf(line, sizeof(line),
		 "B=$(realpath %.999s) && T=%.999s && cd %s/.. && "
		 "C=\"cc -D_GNU_SOURCE -shared -fPIC -I$T/runtime "
		 "-I$B/gen/tests/runtime/control\" && H=$T/tests/runtime/"
		 "control/applications/host.c && "
		 "E=\"-L$B/lib -ltroupe -lprotobuf-c\" && %s && %s",
		 built, top, folder, first, second);
	cr_assert_eq(mkdir(folder, 0700), 0);
	cr_assert_eq(system(line), 0, "%s", line);
}

static void start_built(void)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/../host.so", folder);
	cr_assert_eq(program_troupe(&node, "run", "--node", "a", path, NULL),
		     0);
	cr_assert_eq(program_await_output(&node, "ready\n", PATIENCE_MS), 0,
		     "%s", node.err);
}

static void drop_built(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/../%s", folder, name);
	cr_expect_eq(unlink(path), 0);
}

Test(people, types_of_a_library_of_the_application_are_known)
{
	build("$C $B/" MESSAGES " -o libparlour.so -lprotobuf-c",
	      "$C $H -o host.so -L. -lparlour -Wl,-rpath,$PWD $E");
	start_built();
	expect(troupe(&command, "ask", "doubler", "Twice", "{\"value\": 2}",
		      NULL),
	       0, "{\"value\": \"4\"}\n", NULL);
	expect(troupe(&command, "send", "echo", "Words", NULL), 0, "", NULL);
	cr_expect_eq(program_await_output(&node, "words  0 0\n", PATIENCE_MS),
		     0, "%s", node.out);
	node_stop(&node, "a");
	drop_built("host.so");
	drop_built("libparlour.so");
}

Test(people, types_that_are_hidden_are_known)
{
	build("true",
	      "$C -fvisibility=hidden -s $H $B/" MESSAGES " -o host.so $E");
	start_built();
	expect(troupe(&command, "ask", "doubler", "Twice", "{\"value\": 2}",
		      NULL),
	       0, "{\"value\": \"4\"}\n", NULL);
	expect(troupe(&command, "send", "echo", "Words", NULL), 0, "", NULL);
	cr_expect_eq(program_await_output(&node, "words  0 0\n", PATIENCE_MS),
		     0, "%s", node.out);
	expect(troupe(&command, "send", "echo", "Nothing", NULL), 2, "",
	       "it has parlour.");
	node_stop(&node, "a");
	drop_built("host.so");
}

/* A job of a shell that was stopped, which waited for ten seconds. */
Test(people, a_node_that_a_signal_stopped_is_told_at_once)
{
	static const char *const word[] = { "ps", "stop", "beacon" };
	struct timespec begin, end;
	siginfo_t info;
	char says[128];

	node_start(&node, "a", NULL);
	snprintf(says, sizeof(says),
		 "node a is stopped by a "
		 "signal; `kill -CONT %d`",
		 (int)node.pid);
	kill(node.pid, SIGSTOP);
	cr_assert_eq(waitid(P_PID, (id_t)node.pid, &info, WSTOPPED | WNOWAIT),
		     0);
	for (int i = 0; i < 4; i++) {
		clock_gettime(CLOCK_MONOTONIC, &begin);
		expect(i < 3 ? troupe(&command, word[i], NULL)
			     : troupe(&command, "ask", "doubler", "Twice",
				      NULL),
		       1, "", says);
		clock_gettime(CLOCK_MONOTONIC, &end);
		cr_expect_lt(end.tv_sec - begin.tv_sec, 9);
	}
	kill(node.pid, SIGCONT);
	node_stop(&node, "a");
}

/* All of it, as by ^Z and fg; one call is being answered, one waits. */
Test(people, calls_of_a_job_that_was_stopped_have_their_time_again)
{
	const struct timespec longer_than_a_call = { 6, 0 };

	cr_assert_eq(program_troupe(&node, "run",
				    program_built("tests/runtime/control/"
						  "applications/slow.so"),
				    NULL),
		     0);
	cr_assert_eq(program_await_output(&node, "asked\n", PATIENCE_MS), 0,
		     "%s", node.err);
	kill(-node.session, SIGSTOP);
	nanosleep(&longer_than_a_call, NULL);
	kill(-node.session, SIGCONT);
	cr_expect_eq(program_finish(&node, PATIENCE_MS), 0, "%s", node.err);
	cr_expect_not(strstr(node.out, "not answered"), "%s", node.out);
	cr_expect_eq(strlen(node.out), strlen("asked\nanswered\n") * 2, "%s",
		     node.out);
	program_fini(&node);
}

Test(people, a_call_that_fails_says_why)
{
	node_start(&node, "a", NULL);
	expect(troupe(&command, "ask", "doubler", "Fail", NULL), 1, "",
	       "doubler, Fail: it always fails");
	expect(troupe(&command, "ask", "echo", "Twice", NULL), 1, "",
	       "no such method");
	expect(troupe(&command, "ask", "--timeout", "0.2", "doubler", "Never",
		      NULL),
	       1, "", "no answer in time");
	node_await_count("a", 3);
	expect(troupe(&command, "ask", "doubler", "Crash", NULL), 1, "",
	       "doubler, Crash: it has ended: killed");
	node_stop(&node, "a");
}

static void await_mail_of(const char *label)
{
	const struct timespec moment = { 0, 2000000 };
	int64_t received = 0;

	for (int left = 1000; left && received == 0; left--) {
		struct troupe_value *ps = node_ps("a");

		received = troupe_value_to_int(
			troupe_value_get(node_find(ps, label), "received"), 0);
		troupe_value_free(ps);
		nanosleep(&moment, NULL);
	}
	cr_assert_gt(received, 0);
}

Test(people, a_call_to_a_node_that_is_killed_says_so)
{
	char path[4096];
	const char *const argv[] = { path,	"ask",	 "--timeout", "60",
				     "doubler", "Never", NULL };

	node_start(&node, "a", NULL);
	snprintf(path, sizeof(path), "%s", program_built("bin/troupe"));
	command = (struct program) { 0 };
	cr_assert_eq(program_start(&command, argv), 0);
	await_mail_of("doubler");
	node_kill(&node);
	expect(program_finish(&command, PATIENCE_MS), 1, "",
	       "doubler, Never: its node has ended");
	/* The next one sweeps away what that one left. */
	node_start(&node, "a", NULL);
	node_stop(&node, "a");
}

static int in_shell(const char *words)
{
	char line[8192];
	const char *const argv[] = { "/bin/sh", "-c", line, NULL };

	snprintf(line, sizeof(line), "T=$(realpath %s); %s",
		 program_built("bin/troupe"), words);
	command = (struct program) { 0 };
	cr_assert_eq(program_start(&command, argv), 0);
	return program_finish(&command, PATIENCE_MS);
}

/* Each says what is wrong, and not what would follow from it. */
Test(people, what_keeps_a_command_from_the_node_is_named)
{
	node_start(&node, "a", NULL);
	expect(in_shell("TROUPE_WAIT=sleep $T ask doubler Twice"), 1, "",
	       "TROUPE_WAIT=sleep is none of uring, socket, epoll");
	/* Enough to begin with, and none for a socket. */
	expect(in_shell("ulimit -n 5; $T ps"), 1, "",
	       "cannot look for nodes: Too many open files");
	expect(in_shell("cd $XDG_RUNTIME_DIR && mkdir x && ln -s ../troupe "
			"x/troupe && XDG_RUNTIME_DIR=$PWD/x $T ps; r=$?; "
			"rm -r x; exit $r"),
	       1, "", "is no folder, or a link to one; XDG_RUNTIME_DIR names");
	expect(troupe(&command, "ps", "", NULL), 2, "", "what is \"\"?");
	node_stop(&node, "a");
}

Test(people, what_is_not_there_is_named_with_what_is)
{
	node_start(&node, "a", NULL);
	expect(troupe(&command, "send", "eco", "Words", NULL), 1, "",
	       "no actor is registered as eco in node a; registered are: "
	       "doubler, echo");
	expect(troupe(&command, "send", "echo", "Worlds", NULL), 2, "",
	       "it has parlour.Number, parlour.Words");
	expect(troupe(&command, "ask", "doubler", "Thrice", NULL), 2, "",
	       "parlour.Doubler.Twice");
	expect(troupe(&command, "send", "echo", "Words", "{\"txt\": 1}", NULL),
	       2, "", "txt: parlour.Words has no such field");
	expect(troupe(&command, "send", "echo", "Words", "{\"text\": 1}", NULL),
	       2, "", "text: wants a string");
	expect(troupe(&command, "send", "echo", "Words", "{\"text\"", NULL), 2,
	       "", "at character");
	expect(troupe(&command, "ask", "--timeout", "soon", "doubler", "Twice",
		      NULL),
	       2, "", "seconds");
	expect(troupe(&command, "send", NULL), 2, "", "wants WHOM");
	expect(troupe(&command, "send", "--nod", "a", "b", NULL), 2, "",
	       "no such option");
	expect(troupe(&command, "ask", "--node", "b", "doubler", "Twice", NULL),
	       1, "", "no node called b is running, but a");
	/* Nothing of this has reached an actor. */
	cr_expect_str_eq(node.out, "ready\n");
	node_stop(&node, "a");
}
