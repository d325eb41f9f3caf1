/* SPDX-License-Identifier: MIT */
/* The program itself: wrong use differs from failure, and prints the error.
 */
#include "tests/support/example.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/skip.h"

TestSuite(program, .timeout = 600);

/* Wrong use: nothing on the output, one clear message, exit status 2. */
static void expect_wrong_use(struct program *p, int started, const char *says)
{
	cr_assert_eq(started, 0);
	cr_expect_eq(program_finish(p, PATIENCE_MS), 2, "%s", p->err);
	cr_expect_eq(program_leftovers(p, 0), 0);
	cr_expect_str_empty(p->out);
	cr_expect_geq(count_lines(p->err, says), 1, "no \"%s\" in: %s", says,
		      p->err);
	program_fini(p);
}

Test(program, an_unknown_command_is_wrong_use)
{
	struct program p;

	expect_wrong_use(&p, program_troupe(&p, "dance", NULL), "dance");
}

Test(program, a_mistyped_word_is_answered_by_the_nearest)
{
	struct program p;

	expect_wrong_use(&p, program_troupe(&p, "chldren", NULL),
			 "Did you mean `troupe children`");
	expect_wrong_use(&p, program_troupe(&p, "stpo", NULL),
			 "Did you mean `troupe stop`");
	expect_wrong_use(&p, program_troupe(&p, "beacon", "wach", NULL),
			 "did you mean watch");
	expect_wrong_use(&p, program_troupe(&p, "ps", "--jsn", NULL),
			 "did you mean --json");
	expect_wrong_use(&p, program_troupe(&p, "run", "--slot", "4", NULL),
			 "did you mean --slots");
	expect_wrong_use(&p, program_troupe(&p, "run", "--no-rovin", NULL),
			 "did you mean --no-roving");
}

Test(program, a_flag_takes_no_value)
{
	struct program p;

	expect_wrong_use(
		&p, program_troupe(&p, "run", "--roving=yes", "x.so", NULL),
		"--roving is a flag: --roving, or --no-roving");
	expect_wrong_use(&p,
			 program_troupe(&p, "run", "--roving", "--no-enabled",
					"./no-such.so", NULL),
			 "no-such\\.so.*No such file");
}

Test(program, an_unknown_option_is_wrong_use)
{
	struct program p;

	expect_wrong_use(&p, program_troupe(&p, "run", "--loud", "x.so", NULL),
			 "--loud");
}

Test(program, run_without_an_application_is_wrong_use)
{
	struct program p;

	expect_wrong_use(&p, program_troupe(&p, "run", NULL), "troupe");
}

Test(program, an_option_without_its_value_is_wrong_use)
{
	struct program p;

	expect_wrong_use(&p, program_troupe(&p, "run", "--slots", NULL),
			 "slots");
	expect_wrong_use(
		&p, program_troupe(&p, "run", "--slots", "many", "x.so", NULL),
		"slots");
	expect_wrong_use(
		&p, program_troupe(&p, "run", "--heap", "1Q", "x.so", NULL),
		"heap");
}

Test(program, a_missing_file_is_wrong_use)
{
	struct program p;

	expect_wrong_use(&p, program_troupe(&p, "run", "./no-such.so", NULL),
			 "no-such\\.so.*No such file");
}

static void expect_status(const char *wanted, int status, size_t lines)
{
	struct program p;
	char path[4096];

	snprintf(path, sizeof(path), "%s",
		 program_built("tests/runtime/cli/applications/leaves.so"));
	cr_assert_eq(program_troupe(&p, "run", path, wanted, NULL), 0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), status, "%s", p.err);
	cr_expect_eq(program_leftovers(&p, 0), 0);
	cr_expect_eq(count_lines(p.err, "^"), lines, "%s", p.err);
	program_fini(&p);
}

/* And its own report of its end is not repeated. */
Test(program, an_application_chooses_its_exit_status)
{
	expect_status("0", 0, 1);
	expect_status("3", 3, 1);
	expect_status("77", 77, 1);
	expect_status("-22", 1, 2);
}

Test(program, a_library_is_found_without_its_suffix)
{
	struct program p;
	char path[4096];

	snprintf(path, sizeof(path), "%s", program_built("examples/hello.so"));
	path[strlen(path) - 3] = '\0';
	cr_assert_eq(program_troupe(&p, "run", path, "Ann", NULL), 0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 0, "%s", p.err);
	cr_expect_eq(count_lines(p.out, "^Hello, Ann"), 1, "%s", p.out);
	program_fini(&p);
}

Test(program, its_version_is_told_by_each_usual_word)
{
	static const char *const word[] = { "version", "--version", "-V" };

	for (int i = 0; i < 3; i++) {
		struct program p;

		cr_assert_eq(program_troupe(&p, word[i], NULL), 0);
		cr_expect_eq(program_finish(&p, PATIENCE_MS), 0, "%s", p.err);
		cr_expect_eq(count_lines(p.out, "^troupe [0-9]"), 1);
		program_fini(&p);
	}
}

Test(program, a_file_that_is_no_shared_object_is_wrong_use)
{
	struct program p;

	expect_wrong_use(&p, program_troupe(&p, "run", "./Makefile", NULL),
			 "Makefile");
}

Test(program, an_object_without_troupe_main_is_wrong_use)
{
	struct program p;

	expect_wrong_use(&p,
			 program_troupe(&p, "run",
					program_built("lib/libtroupe.so"),
					NULL),
			 "troupe_main");
}

/* In a sanitizer build an actor that has leaked memory has failed. */
Test(program, a_leak_of_an_actor_is_its_error_where_leaks_are_seen)
{
	const char *const arguments[] = { NULL, "child" };
#ifdef __SANITIZE_ADDRESS__
	const unsigned is_seen = 1;
#else
	const unsigned is_seen = 0;
#endif
	struct program p;
	int i;

	for (i = 0; i < 2; i++) {
		bool is_root = !arguments[i];

		cr_assert_eq(
			program_troupe(&p, "run",
				       program_built("tests/runtime/cli/"
						     "applications/leaking.so"),
				       arguments[i], NULL),
			0);
		cr_expect_eq(program_finish(&p, PATIENCE_MS),
			     is_root ? is_seen : 0, "%s", p.err);
		cr_expect_eq(program_leftovers(&p, 0), 0);
		cr_expect_eq(count_lines(p.err, "detected memory leaks"),
			     is_seen, "%s", p.err);
		cr_expect_eq(count_lines(p.err, "ended: .*memory has leaked"),
			     is_seen, "%s", p.err);
		program_fini(&p);
	}
}

Test(program, what_is_no_application_is_told_in_one_line)
{
	static const char *const none[] = { "/etc/passwd", "/tmp", "" };
	static const char says[] = "cannot load .*(directory|shared object)";
	struct program p;

	for (int i = 0; i < 3; i++) {
		cr_assert_eq(program_troupe(&p, "run", none[i], NULL), 0);
		cr_expect_eq(program_finish(&p, PATIENCE_MS), 2, "%s", p.err);
		cr_expect_eq(count_lines(p.err, "^"), 1, "%s", p.err);
		cr_expect_eq(count_lines(p.err, says), 1, "%s", p.err);
		program_fini(&p);
	}
}

/* Its actors would be there, and the supervisor here. */
Test(program, an_application_that_leaves_the_net_needs_futexes)
{
	static const char *const ways[] = { "epoll", "socket" };
	struct program p;

	for (int i = 0; i < 2; i++) {
		setenv("TROUPE_WAIT", ways[i], 1);
		cr_assert_eq(program_troupe(&p, "run",
					    program_built("tests/runtime/cli/"
							  "applications/"
							  "unshares.so"),
					    NULL),
			     0);
		if (program_finish(&p, PATIENCE_MS) == 1 &&
		    strstr(p.err, "exit status 77"))
			SKIP("netns", "network namespaces are not allowed");
		cr_expect(strstr(p.err, "change the network namespace"), "%s",
			  p.err);
		cr_expect_str_empty(p.out);
		program_fini(&p);
	}
}

/* The message has the given value and the wanted ones. */
Test(program, a_wrong_value_is_named_with_what_is_taken)
{
	struct program p;

	expect_wrong_use(
		&p, program_troupe(&p, "run", "--slots", "40000", "x.so", NULL),
		"--slots takes 2 to 31744, not \"40000\"");
	expect_wrong_use(&p,
			 program_troupe(&p, "run", "--slots=1", "x.so", NULL),
			 "--slots takes 2 to 31744, not \"1\"");
	setenv("TROUPE_HEAP", "3M", 1);
	expect_wrong_use(&p, program_troupe(&p, "run", "x.so", NULL),
			 "TROUPE_HEAP takes a power of two .*, not \"3M\"");
	unsetenv("TROUPE_HEAP");
	setenv("TROUPE_SPIN", "often", 1);
	expect_wrong_use(&p,
			 program_troupe(&p, "run",
					program_built("examples/hello.so"),
					NULL),
			 "TROUPE_SPIN=often is none of auto, always, never");
	unsetenv("TROUPE_SPIN");
	expect_wrong_use(
		&p,
		program_troupe(&p, "run", "--beacon", "moon://x", "x.so", NULL),
		"--beacon .* the bus \"moon\" is unknown or was not built");
	expect_wrong_use(&p, program_troupe(&p, "version", "3", NULL),
			 "version takes no arguments: 3");
}

Test(program, the_least_and_the_most_of_a_value_are_taken)
{
	struct program p;

	expect_wrong_use(&p,
			 program_troupe(&p, "run", "--slots", "2", "--splits",
					"1", "--listed", "0", "--hosts", "0",
					"./no-such.so", NULL),
			 "cannot load \\./no-such\\.so");
	expect_wrong_use(&p,
			 program_troupe(&p, "run", "--slots", "31744",
					"--splits", "128", "--listed",
					"2147483647", "--trace-rate",
					"100000000", "./no-such.so", NULL),
			 "cannot load \\./no-such\\.so");
	expect_wrong_use(
		&p, program_troupe(&p, "run", "--splits", "129", "x.so", NULL),
		"--splits takes 1 to 128, not \"129\"");
	expect_wrong_use(
		&p, program_troupe(&p, "run", "--splits", "0", "x.so", NULL),
		"--splits takes 1 to 128, not \"0\"");
}

Test(program, a_constructor_that_ends_the_process_is_told_with_how)
{
	struct program p;

	expect_wrong_use(&p,
			 program_troupe(&p, "run",
					program_built("tests/runtime/cli/"
						      "applications/born_dead"
						      ".so"),
					NULL),
			 "born_dead\\.so: a constructor .*: exit status 7");
}

Test(program, a_constructor_that_does_not_return_is_killed_in_time)
{
	struct program p;

	cr_assert_eq(program_troupe(&p, "run", "--load", "1",
				    program_built("tests/runtime/cli/"
						  "applications/unready.so"),
				    NULL),
		     0);
	cr_assert_eq(program_finish(&p, 60000), 1);
	cr_assert(strstr(p.err, "has not returned in 1 s; see --load"), "%s",
		  p.err);
	cr_assert_eq(program_leftovers(&p, 10000), 0);
	program_fini(&p);
}

/* ---- what the program is given to work with ------------------------------ */

/* As in a shell: $0 is the program, $1 that example. */
static void start_in_shell(struct program *p, const char *line,
			   const char *example)
{
	char troupe[4096], object[4096];
	const char *argv[] = { "/bin/sh", "-c", line, troupe, object, NULL };

	snprintf(troupe, sizeof(troupe), "%s", program_built("bin/troupe"));
	snprintf(object, sizeof(object), "%s", program_built(example));
	cr_assert_eq(program_start(p, argv), 0);
}

static void expect_in_shell(const char *line, int status, const char *out,
			    const char *err)
{
	struct program p;

	start_in_shell(&p, line, "examples/hello.so");
	cr_expect_eq(program_finish(&p, PATIENCE_MS), status, "%s: %s", line,
		     p.err);
	cr_expect_eq(program_leftovers(&p, 0), 0);
	cr_expect_eq(count_lines(p.out, out), *out != '\0', "%s", p.out);
	cr_expect_eq(count_lines(p.err, err), *err != '\0', "%s", p.err);
	program_fini(&p);
}

Test(program, an_answer_that_cannot_be_written_is_a_failure)
{
	const char *says = "^troupe: cannot write to standard output: ";

	expect_in_shell("exec \"$0\" version >/dev/full", 1, "", says);
	expect_in_shell("exec \"$0\" help run >/dev/full", 1, "", says);
	expect_in_shell("exec \"$0\" doctor >&-", 1, "", says);
}

Test(program, a_limit_of_file_sizes_is_named)
{
	expect_in_shell("ulimit -f 1000; exec \"$0\" run \"$1\"", 1, "",
			"^troupe: .*: File too large; .*ulimit -f");
	expect_in_shell("ulimit -f 1000; exec \"$0\" doctor", 0,
			"-> .*ulimit -f", "");
}

/* As is usual with MPI: mappings grow upward from a third of the addresses. */
Test(program, a_stack_without_limit_leaves_room_for_a_node_and_its_guests)
{
	expect_in_shell("ulimit -s unlimited; exec \"$0\" run \"$1\"", 0,
			"^Hello, ", "");
	expect_in_shell("ulimit -s unlimited; exec \"$0\" doctor", 0,
			"^ok +arena .* 31744 actors, 1024 MiB", "");
}

#ifndef __SANITIZE_ADDRESS__ /* which needs terabytes itself */
/* As much as is left of 39 bits of addresses. */
Test(program, a_node_in_a_small_address_space_is_a_smaller_node)
{
	expect_in_shell("ulimit -v 400000000; exec \"$0\" run \"$1\"", 0,
			"^Hello, ", "^troupe: address space for 7936 actors");
	expect_in_shell("ulimit -v 400000000; exec \"$0\" run --slots 20000 "
			"\"$1\"",
			1, "", "no address space");
}
#endif

/* Before, in the zygote and in the actor, as fork(2) would. */
Test(program, each_actor_is_born_with_the_handlers_of_pthread_atfork)
{
	struct program p;

	cr_assert_eq(program_troupe(&p, "run",
				    program_built("tests/runtime/cli/"
						  "applications/forks.so"),
				    NULL),
		     0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 0, "%s", p.err);
	cr_expect_str_eq(p.out, "1 0 1 1 troupe-actor\n"
				"2 1 1 1 troupe-actor\n"
				"3 2 1 1 troupe-actor\n");
	program_fini(&p);
}

/* 127: not even the C library can be loaded. */
static void run_with_few_descriptors(const char *wait)
{
	struct program p;
	bool did_run = false;
	char line[96];
	int limit, status;

	for (limit = 3; limit <= 24; limit++) {
		snprintf(line, sizeof(line),
			 "ulimit -n %d; export TROUPE_WAIT=%s; "
			 "exec \"$0\" run \"$1\"",
			 limit, wait);
		start_in_shell(&p, line, "examples/hello.so");
		status = program_finish(&p, PATIENCE_MS);
		cr_expect_eq(program_leftovers(&p, 0), 0, "%s", line);
		if (status == 0)
			cr_expect_eq(count_lines(p.out, "^Hello, world"), 1,
				     "%s: %s", line, p.err);
		else
			cr_expect((status == 1 || status == 127) && !did_run &&
					  count_lines(p.err,
						      "Too many open files.*"
						      "ulimit -n|Error 24"),
				  "%s ended with %d: %s", line, status, p.err);
		/* Each line that tells of it, and no other limit. */
		cr_expect_eq(count_lines(p.err, "Too many open files"),
			     count_lines(p.err, "ulimit -n"), "%s", p.err);
		cr_expect_not(strstr(p.err, "--slots"), "%s", p.err);
		cr_expect_not(strstr(p.err, "XDG"), "%s", p.err);
		did_run |= status == 0;
		program_fini(&p);
	}
	cr_expect(did_run);
}

Test(program, under_each_small_limit_of_descriptors_a_node_runs_or_names_it)
{
	run_with_few_descriptors("");
	run_with_few_descriptors("socket");
	run_with_few_descriptors("epoll");
	expect_in_shell("ulimit -n 4; exec \"$0\" doctor", 0,
			"arena .*Too many open files; .*ulimit -n", "");
}

#define WITHOUT(right) \
	"setpriv --inh-caps=-" right " --bounding-set=-" right " "

/* The limit holds for root, too, in a container. */
Test(program, doctor_goes_by_the_right_to_lock_memory_and_not_by_the_user)
{
	if (getuid() != 0 ||
	    system(WITHOUT("ipc_lock") "true 2>/dev/null") != 0)
		SKIP("root", "no right to give up rights here");
	expect_in_shell(
		"ulimit -l 8192; exec " WITHOUT("ipc_lock") "\"$0\" doctor", 0,
		"memlock +8192 KiB: about 1024 actors", "");
}

Test(program, doctor_tells_whether_the_supervisor_may_be_spared)
{
	if (getuid() != 0 || system(WITHOUT("sys_resource") "true 2>/dev/null"))
		SKIP("root", "no right to give up rights here");
	expect_in_shell("exec " WITHOUT("sys_resource") "\"$0\" doctor", 0,
			"^note +out of memory .* refused: Permission denied",
			"");
	expect_in_shell("exec \"$0\" doctor", 0, "^ok +memory +[0-9]+ of ", "");
}

static void await_answer(const char *node)
{
	struct program p;
	int tries, status = -1;

	for (tries = 0; tries < 1000 && status; tries++) {
		cr_assert_eq(program_troupe(&p, "ask", "--node", node,
					    "doubler", "Twice",
					    "{\"value\": 21}", NULL),
			     0);
		status = program_finish(&p, PATIENCE_MS);
		cr_expect_eq(count_lines(p.out, "\"42\""), status == 0);
		program_fini(&p);
	}
	cr_expect_eq(status, 0, "%s does not answer", node);
}

static void stop(struct program *node, const char *name)
{
	struct program p;

	cr_assert_eq(program_troupe(&p, "stop", "--node", name, NULL), 0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 0, "%s", p.err);
	program_fini(&p);
	cr_expect_eq(program_finish(node, PATIENCE_MS), 0);
	cr_expect_eq(program_leftovers(node, 0), 0);
	program_fini(node);
}

/* Its output and logs do not go to its own descriptors. */
Test(program, closed_standard_descriptors_stay_closed)
{
	struct program p;
	char name[32], path[64], target[64];
	ssize_t size;

	snprintf(name, sizeof(name), "closed-%d", getpid());
	setenv("TROUPE_NODE", name, 1);
	start_in_shell(&p, "exec \"$0\" run \"$1\" <&- >&- 2>&-",
		       "examples/doubler.so");
	await_answer(name);
	for (int fd = 0; fd < 3; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)p.pid, fd);
		size = readlink(path, target, sizeof(target) - 1);
		target[size > 0 ? size : 0] = '\0';
		cr_expect_str_eq(target, "/dev/null", "%d", fd);
	}
	stop(&p, name);
}

Test(program, a_hangup_is_ignored_where_nohup_says_so)
{
	struct program p;
	char name[32];

	snprintf(name, sizeof(name), "nohup-%d", getpid());
	setenv("TROUPE_NODE", name, 1);
	start_in_shell(&p, "trap '' HUP; exec \"$0\" run \"$1\"",
		       "examples/doubler.so");
	await_answer(name);
	cr_assert_eq(kill(p.pid, SIGHUP), 0);
	await_answer(name);
	stop(&p, name);
}

/* ---- help and version ---------------------------------------------------- */

static void expect_says(const char *command, const char *word, const char *says)
{
	struct program p;

	cr_assert_eq(program_troupe(&p, command, word, NULL), 0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 0, "%s", p.err);
	cr_expect_str_empty(p.err);
	cr_expect_geq(count_lines(p.out, says), 1, "no \"%s\" in: %s", says,
		      p.out);
	program_fini(&p);
}

Test(program, says_its_version)
{
	expect_says("version", NULL, "[0-9]+\\.[0-9]+\\.[0-9]+");
}

Test(program, alone_lists_the_commands)
{
	struct program p;

	cr_assert_eq(program_troupe(&p, NULL), 0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 0, "%s", p.err);
	cr_expect_eq(count_lines(p.out, "^  doctor "), 1, "%s", p.out);
	cr_expect_str_empty(p.err);
	program_fini(&p);
}

Test(program, help_names_the_commands)
{
	expect_says("help", NULL, "troupe run");
	expect_says("--help", NULL, "^  doctor ");
}

Test(program, help_on_a_command_is_found_where_it_is_looked_for)
{
	expect_says("help", "run", "--slots N");
	expect_says("run", "--help", "--slots N");
	expect_says("stop", "-h", "troupe stop \\[--node NAME\\]");
}

Test(program, doctor_tells_whether_crashes_leave_cores)
{
	expect_in_shell("ulimit -c 0; exec \"$0\" doctor", 0,
			"tools +cores (on \\(\\||off \\([^|])", "");
	/* The address sanitizer turns cores off, unless told otherwise. */
	expect_in_shell(
		"ulimit -c unlimited 2>/dev/null || exit 0; "
		"export ASAN_OPTIONS=disable_coredump=0; exec \"$0\" doctor",
		0, "tools +cores on", "");
}

Test(program, doctor_names_the_way_of_waiting)
{
	expect_says("doctor", NULL, "uring|socket|epoll");
}
