/* SPDX-License-Identifier: MIT */
/* troupe-bench as a program: what it says and how it ends. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char output[65536];

/* Its exit status; output[] is what it wrote. */
static int bench(const char *arguments)
{
	const char *build = getenv("TROUPE_BUILD");
	char command[1024];
	size_t size;
	FILE *pipe;

	snprintf(command, sizeof(command), "%s/bin/troupe-bench %s 2>&1",
		 build ? build : "build", arguments);
	pipe = popen(command, "r");
	cr_assert_not_null(pipe);
	size = fread(output, 1, sizeof(output) - 1, pipe);
	output[size] = 0;
	return WEXITSTATUS(pclose(pipe));
}

#define SAYS(text) \
	cr_assert(strstr(output, text), "no '%s' in: %s", text, output)

Test(program, a_right_run_is_0)
{
	cr_assert_eq(bench("--dry-run pingpong"), 0, "%s", output);
	SAYS("pingpong/n:1000");
	SAYS("round trips/s");
}

Test(program, a_run_that_hangs_is_ended_shown_and_1)
{
	cr_assert_eq(bench("--preset smoke --timeout 0.5 pingpong:n=100000000"),
		     1);
	SAYS("hangs; alive are");
	SAYS("troupe-zygote");
	SAYS("FAILED");
}

Test(program, a_run_that_fails_is_1_and_says_why)
{
	cr_assert_eq(bench("--dry-run nqueenk:n=3"), 1);
	SAYS("the node ended with status 1");
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

Test(program, a_baseline_is_what_json_wrote)
{
	char path[64], arguments[256];

	snprintf(path, sizeof(path), "/tmp/troupe-bench-%d.json",
		 (int)getpid());
	snprintf(arguments, sizeof(arguments),
		 "--dry-run --out %s --baseline %s pingpong", path, path);
	cr_assert_eq(bench(arguments), 0, "%s", output);
	SAYS("within noise");
	remove(path);
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
