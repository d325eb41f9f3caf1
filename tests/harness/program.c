/* SPDX-License-Identifier: MIT */
/* troupe-bench as a program: its output and its exit. */
#include <stdio.h>
#include <stdlib.h>
#include "tests/harness/said.h"
#include "tests/support/skip.h"

Test(program, a_right_run_is_0)
{
	cr_assert_eq(bench("--dry-run pingpong"), 0, "%s", said);
	SAYS("pingpong/n:1000");
	SAYS("round trips/s");
}

Test(program, a_run_that_takes_too_long_is_ended_shown_and_1)
{
	cr_assert_eq(bench("--preset smoke --timeout 0.5 pingpong:n=100000000"),
		     1);
	SAYS("; alive are");
	SAYS("troupe-zygote");
	SAYS("FAILED");
}

Test(program, a_run_that_fails_is_1_and_says_why)
{
	cr_assert_eq(bench("--dry-run wrong:how=4"), 1);
	SAYS("the node ended with status 1");
}

/* The error, and its report: see tests/bench/checks. */
Test(program, a_wrong_result_is_1_and_says_what_is_wrong)
{
	static const struct {
		const char *run, *why;
	} cases[] = {
		{ "wrong:how=0", "answer: 43 instead of 42" },
		{ "wrong:how=1", "half: 0.500001 instead of 0.5" },
		{ "wrong:how=2", "message 7 is not what was sent" },
		{ "wrong:how=3", "answerer ended: error -33" },
		{ "wrong:how=4", "the node ended with status 1" },
		{ "program:n=4", "sum: 3 instead of 6" },
		{ "program:n=5", "wrong number 7" },
		{ "program:n=6", "sh ended with status 0x100" },
	};
	char arguments[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(arguments, sizeof(arguments), "--dry-run %s",
			 cases[i].run);
		cr_assert_eq(bench(arguments), 1, "%s: %s", cases[i].run, said);
		SAYS(cases[i].why);
		SAYS("1 of 1 benchmarks FAILED");
		cr_assert_null(strstr(said, "answers/s"), "%s", said);
	}
	cr_assert_eq(bench("--dry-run wrong:how=5 program"), 0, "%s", said);
	SAYS("answers/s");
}

Test(program, a_wrong_result_is_wrong_in_each_format)
{
	cr_assert_eq(bench("--dry-run --format csv wrong"), 1);
	SAYS(",\"answer: 43 instead of 42\"");
	cr_assert_eq(bench("--dry-run --format rebench wrong"), 1);
	SAYS("incorrect: answer: 43 instead of 42");
	cr_assert_eq(bench("--dry-run --format json wrong"), 1);
	SAYS("\"error_message\": \"answer: 43 instead of 42\"");
}

Test(program, what_is_right_is_shown_beside_what_is_wrong)
{
	cr_assert_eq(bench("--dry-run wrong pingpong"), 1);
	SAYS("round trips/s");
	SAYS("1 of 2 benchmarks FAILED");
}

Test(program, a_peer_that_is_not_installed_is_named_and_skipped)
{
	cr_assert_eq(bench("--dry-run absent pingpong"), 0, "%s", said);
	SAYS("skipped: was built without no-such-package");
	SAYS("round trips/s");
	cr_assert_eq(bench("--list absent"), 0);
	SAYS("(not built)");
}

Test(program, what_is_for_tests_is_there_only_where_it_is_named)
{
	cr_assert_eq(bench("--list"), 0);
	cr_assert_null(strstr(said, "absent"));
	cr_assert_eq(bench("--list check"), 0);
	SAYS("wrong");
	cr_assert_eq(bench("--list 'wron.*'"), 2);
	SAYS("no such benchmark");
}

Test(program, what_it_does_not_know_is_2)
{
	cr_assert_eq(bench("no_such_benchmark"), 2);
	SAYS("no such benchmark");
	cr_assert_eq(bench("pingpong:x=1"), 2);
	SAYS("no such parameter");
	cr_assert_eq(bench("--preset huge"), 2);
	SAYS("--preset does not take huge");
}

Test(program, each_format_has_the_run)
{
	cr_assert_eq(bench("--dry-run --format csv pingpong"), 0);
	SAYS("pingpong/n:1000,savina,0,round trips,1000,");
	cr_assert_eq(bench("--dry-run --format rebench pingpong"), 0);
	SAYS("pingpong/n:1000: iterations=1 runtime: ");
	cr_assert_eq(bench("--dry-run --format json pingpong"), 0);
	SAYS("\"run_type\": \"iteration\"");
}

Test(program, who_spins_and_who_sleeps_are_in_two_tables)
{
	const char *sleeping, *spinning;

	cr_assert_eq(bench("--dry-run --spin never ask floor_line floor_futex"),
		     0, "%s", said);
	sleeping = strstr(said, "waiting: sleeping");
	spinning = strstr(said, "waiting: spinning");
	cr_assert(sleeping && spinning && sleeping < spinning, "%s", said);
	cr_assert_gt(strstr(said, "floor_line/n"), spinning);
	cr_assert_lt(strstr(said, "floor_futex/n"), spinning);
	cr_assert_lt(strstr(said, "ask/n"), spinning);

	cr_assert_eq(bench("--dry-run --spin always ask floor_line"), 0);
	SAYS("waiting: spinning");
	SAYS_NOT("waiting: sleeping");
}

/*
 * A sender stops for 50 ms.  The messages that were planned then are late in
 * the open loop: half of a run of 100 ms.  In the closed loop one is.
 */
Test(program, an_open_loop_counts_from_the_planned_time, .fini = forget)
{
	const char *in = scratch("latency"), *loop;
	double half_ms = 0, most_ms = 0;

	run("mkdir %s", in);
	cr_assert_eq(bench("--preset smoke --latency %s "
			   "latency_open:n=1000,rate=10000,stall_ms=50",
			   in),
		     0, "%s", said);
	SAYS("open loop: p50");
	SAYS("rate reached");
	run("awk '$2 + 0 >= 0.75 { print $1 / 1000; exit }' "
	    "%s/latency_open_n:1000_rate:10000_stall_ms:50.hgrm",
	    in);
	half_ms = atof(said);
	run("tail -n 4 %s/latency_open_n:1000_rate:10000_stall_ms:50.hgrm", in);
	loop = strstr(said, "#[Max     = ");
	cr_assert(loop && sscanf(loop, "#[Max     = %lf", &most_ms) == 1, "%s",
		  said);
	SAYS("open loop]");
	cr_assert_gt(half_ms, 5);
	cr_assert_gt(most_ms / 1000, 45);

	cr_assert_eq(bench("--preset smoke --format json "
			   "latency_closed:n=1000,stall_ms=50"),
		     0, "%s", said);
	SAYS("\"loop\": \"closed\"");
}

/* Where it may be, not on the first of the machine. */
Test(program, it_is_pinned_where_it_is_allowed_to_run)
{
	const char *build = getenv("TROUPE_BUILD");
	int last = 0;

	build = build ? build : "build";
	if (run("command -v taskset") != 0)
		SKIP("taskset",
		     "taskset is not there: apt-get install util-linux");
	run("nproc --all");
	last = atoi(said) - 1;
	cr_assert_eq(
		run("(taskset -c %d %s/bin/troupe-bench --preset smoke "
		    "--pin one threadring:hops=1000000000 > /dev/null 2>&1 "
		    "& p=$!; i=0; until c=$(cat /proc/$p/task/$p/children) "
		    "&& n=$(cat /proc/$(echo $c)/task/*/children | wc -w) "
		    "&& [ $n -gt 20 ] || [ $i = 2000 ]; do sleep 0.05; "
		    "i=$((i + 1)); done 2> /dev/null; "
		    "grep Cpus_allowed_list /proc/$(echo $c)/status; "
		    "kill -INT $p; wait $p)",
		    last, build),
		130, "%s", said);
	cr_assert_eq(atoi(strrchr(said, '\t') + 1), last, "%s", said);
	cr_assert_eq(run("taskset -c %d %s/bin/troupe-bench --dry-run "
			 "--pin two ask",
			 last, build),
		     2, "%s", said);
	SAYS("--pin two: there is one processor here");
}

/* As HdrHistogram's own classes print it, which its plotters expect. */
Test(program, a_hgrm_file_has_the_usual_layout, .fini = forget)
{
	const char *in = scratch("latency");

	run("mkdir %s", in);
	cr_assert_eq(bench("--dry-run --spin auto --latency %s ask:n=777", in),
		     0, "%s", said);
	run("cat %s/ask_n:777.hgrm", in);
	cr_assert_eq(strncmp(said,
			     "       Value     Percentile TotalCount "
			     "1/(1-Percentile)\n\n",
			     54),
		     0, "%s", said);
	SAYS(" 0.000000000000 ");
	SAYS(" 1.000000000000        777\n#[Mean    = ");
	SAYS(", StdDeviation   = ");
	SAYS("]\n#[Max     = ");
	SAYS(", Total count    =          777]\n#[Buckets = ");
	SAYS("#[ask/n:777, closed loop]");
	SAYS("#[waiting adaptive, pinning free, wait best, spin auto, mailbox "
	     "0, seed 1]");
}
