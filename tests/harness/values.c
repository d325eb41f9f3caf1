/* SPDX-License-Identifier: MIT */
/* Impossible parameters: reported before anything runs. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "tests/harness/said.h"

/* Each parameter of each benchmark in --list. */
Test(values, no_benchmark_takes_less_than_nothing_or_more_than_there_is)
{
	const char *build = getenv("TROUPE_BUILD");

	cr_assert_eq(
		run("B=%s/bin/troupe-bench; $B --list | awk '{"
		    "for (i = 3; i <= NF; i++) if ($i ~ /=/) {"
		    "sub(/=.*/, \"\", $i); print $1 \":\" $i } }' | sort -u | "
		    "while read -r p; do for v in -1 4611686018427387904 "
		    "99999999999999999999 x; do "
		    "timeout 100 $B --dry-run $p=$v > /dev/null 2>&1; "
		    "[ $? = 2 ] || echo \"$p=$v is taken\"; done; done",
		    build ? build : "build"),
		0);
	cr_assert_str_empty(said);
}

Test(values, what_a_value_must_be_is_said)
{
	static const struct {
		const char *run, *why;
	} cases[] = {
		{ "pingpong:n=0", "pingpong:n=0: must be from 1 to" },
		{ "pingpong:n=", "is not a whole number" },
		{ "pingpong:n=1.5", "is not a whole number" },
		{ "pingpong:n", "has no such parameter" },
		{ "pingpong:=5", "has no such parameter" },
		{ "pingpong:n=5,x=1", "pingpong:x=1: has no such parameter" },
		{ "philosophers:n=1", "must be from 2 to" },
		{ "nqueenk:n=3", "must be from 4 to 15" },
		{ "apsp:n=25", "n must be a multiple of block" },
		{ "recmatmul:n=100", "n must be a power of 2" },
		{ "skynet:leaves=50", "leaves must be a power of 10" },
		{ "bndbuffer:slots=2",
		  "slots must not be less than producers" },
		{ "filterbank:n=100", "n must be at least twice columns" },
		{ "uct:n=10", "n must be more than children" },
		{ "oneway_copied:bytes=0", "must be from 1 to" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cr_assert_eq(bench("--dry-run %s", cases[i].run), 2, "%s: %s",
			     cases[i].run, said);
		SAYS(cases[i].why);
		SAYS_NOT("waiting:");
	}
}

Test(values, an_option_that_cannot_be_is_2)
{
	static const char *const wrong[] = {
		"--repetitions 0",
		"--repetitions 1e3",
		"--min-time -1",
		"--min-time nan",
		"--timeout inf",
		"--timeout 1e300",
		"--seed -1",
		"--mailbox 255",
		"--mailbox 5000000000",
		"--seed 99999999999",
		"--noise x",
		"--context alone",
		"--order backwards",
		"--pin three",
		"--wait long",
		"--spin sometimes",
		"--format xml",
		"--no-such-option",
		"--preset",
		"'('",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		cr_assert_eq(bench("--dry-run pingpong %s", wrong[i]), 2,
			     "%s: %s", wrong[i], said);
		SAYS_NOT("waiting:");
	}
}

/* Not after half an hour of measuring. */
Test(values, what_cannot_be_written_is_said_before_the_first_run)
{
	static const char *const wrong[] = { "--out /nowhere/x.json",
					     "--latency /nowhere" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		cr_assert_eq(bench("--dry-run pingpong %s", wrong[i]), 1, "%s",
			     said);
		SAYS(strchr(wrong[i], '/'));
		SAYS_NOT("waiting:");
	}
	if (access("/dev/full", W_OK) == 0) {
		cr_assert_eq(bench("--dry-run pingpong --out /dev/full"), 1);
		SAYS("/dev/full: cannot be written: No space left");
		cr_assert_eq(bench("--dry-run pingpong > /dev/full"), 1);
	}
}

/* It is ended; its results are written; nothing is left. */
Test(values, an_interrupted_one_ends_with_what_is_known, .fini = forget)
{
	const char *csv = scratch("csv"), *told = scratch("told");
	const char *build = getenv("TROUPE_BUILD");
	int hops = 1000000000 + getpid(); /* for ps, which sees all */
	char interrupted[64];

	/* The second of them runs until it is stopped. */
	cr_assert_eq(run("%s/bin/troupe-bench --preset smoke --out %s pingpong "
			 "threadring:hops=%d > %s 2>&1 & p=$!; i=0; "
			 "until grep -q round.trips/s %s || [ $i = 2000 ]; do "
			 "sleep 0.1; i=$((i + 1)); done; kill -INT $p; wait $p",
			 build ? build : "build", csv, hops, told, told),
		     130, "%s", said);
	run("cat %s", told);
	snprintf(interrupted, sizeof(interrupted),
		 "threadring/actors:20/hops:%d: interrupted", hops);
	SAYS(interrupted);
	run("cat %s", csv);
	SAYS("pingpong/n:1000,savina,0,");
	cr_assert_eq(run("ps -eo args | grep -q '[h]ops=%d'", hops), 1);
}
