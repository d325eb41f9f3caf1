/* SPDX-License-Identifier: MIT */
/* Output for programs: CSV, and the format of ReBench. */
#include <criterion/criterion.h>
#include <regex.h>
#include <stdio.h>
#include "tests/harness/said.h"

Test(lines, each_row_of_csv_has_all_columns_and_says_how_it_was)
{
	cr_assert_eq(bench("--dry-run --format csv --spin never --pin one "
			   "--mailbox 512 --seed 7 ask election pipes_ask "
			   "latency_open caf_ask wrong"),
		     1, "%s", said);
	SAYS("waiting,shares,loop,pinning,wait,spin,mailbox,seed,error\n");
	SAYS(",sleeping,nothing,closed,one,best,never,512,7,\"\"\n");
	SAYS(",sleeping,nothing,open,one,");
	for (char *line = strtok(said, "\n"); line; line = strtok(NULL, "\n")) {
		int commas = 0;

		if (!strstr(line, ","))
			continue; /* of the log */
		for (const char *c = line; *c && *c != '"'; c++)
			commas += *c == ',';
		cr_assert_eq(commas, 20, "%s", line);
	}
}

/* RebenchLog of ReBench, as documented. */
Test(lines, rebench_finds_its_lines_and_the_word_for_a_wrong_run)
{
	static const char line[] = "^([^ ]+):( iterations=([0-9]+))? "
				   "runtime: ([0-9]+)(ms|us)$";
	regex_t regex;
	int found = 0;

	cr_assert_eq(regcomp(&regex, line, REG_EXTENDED | REG_NOSUB), 0);
	cr_assert_eq(bench("--preset smoke --repetitions 3 --format rebench "
			   "pingpong wrong"),
		     1);
	SAYS("wrong/how:0: incorrect: ");
	for (char *at = strtok(said, "\n"); at; at = strtok(NULL, "\n"))
		found += regexec(&regex, at, 0, NULL, 0) == 0;
	regfree(&regex);
	cr_assert_eq(found, 3);
}

Test(lines, json_of_runs_that_failed_is_json, .fini = forget)
{
	const char *json = scratch("json");

	cr_assert_eq(bench("--preset smoke --timeout 0.5 --out %s wrong "
			   "wrong:how=4 threadring:hops=1000000000 program:n=5",
			   json),
		     1);
	cr_assert_eq(bench("--dry-run --baseline %s pingpong", json), 0, "%s",
		     said);
	SAYS("not in both");
	SAYS_NOT("is not JSON");
}

Test(lines, a_table_tells_every_percentile_and_who_isolates)
{
	cr_assert_eq(bench("--dry-run --spin never ask pipes_ask"), 0);
	SAYS("closed loop: p50 ");
	SAYS(" p90 ");
	SAYS(" p99 ");
	SAYS(" p99.9 ");
	SAYS(" p99.99 ");
	SAYS(" most ");
	SAYS("isolates by process");
}
