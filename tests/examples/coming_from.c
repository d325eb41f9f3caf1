/* SPDX-License-Identifier: MIT */
/* The programs of troupe-coming-from(7); pages.c sees that it has their lines.
 */
#include "tests/support/example.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(coming_from, .timeout = 600);

static void expect_output(const char *example, const char *output)
{
	struct program p;

	start_example(&p, example, NULL);
	expect_end(&p, 0);
	cr_expect_str_eq(p.out, output);
	program_fini(&p);
}

Test(coming_from, pactor)
{
	expect_output("from_pactor", "total 12\nexit 0\n");
}

Test(coming_from, actorio)
{
	expect_output("from_actorio",
		      "Hello, Ann\nstopped\nunhandled nonsense\nchildren 1\n"
		      "greeter has stopped, after 3 inputs\nteardown\n");
}

Test(coming_from, aplay)
{
	expect_output("from_aplay",
		      "a is there already\n/a\n20, hop 1 of its flow\n"
		      "-33, hop 3 of its flow\n10\n2, hop 5 of its flow\n");
}

Test(coming_from, pyact)
{
	struct program p;

	start_example(&p, "from_pyact", NULL);
	expect_end(&p, 0);
	cr_expect_eq(count_lines(p.out, "^result 4$"), 1, "%s", p.out);
	cr_expect_eq(count_lines(p.out, "^1 4 9 16 25 $"), 1, "%s", p.out);
	cr_expect_eq(count_lines(p.out, "^opened with 2 bytes$"), 1, "%s",
		     p.out);
	cr_expect_eq(count_lines(p.out, "^[{]\"event\": str, \"mm\": "
					"\\[int]}$"),
		     1, "%s", p.out);
	cr_expect_eq(count_lines(p.out, "^half 4$"), 1, "%s", p.out);
	cr_expect_eq(count_lines(p.out, "^it is odd, at "), 1, "%s", p.out);
	cr_expect_eq(count_lines(p.out, "^linked: 1$"), 1, "%s", p.out);
#if __has_include(<execinfo.h>)
	/* The static function, by its place in the application. */
	cr_expect_eq(count_lines(p.out, "^it is odd, at .*from_pyact[.]so[+]"),
		     1, "%s", p.out);
	cr_expect_eq(count_lines(p.err, "a call fails: .*from_pyact[.]so[+]"),
		     1, "%s", p.err);
#endif
	program_fini(&p);
}

/* A node and a mesh of its own: others may run at the same time. */
Test(coming_from, asyncactor)
{
	struct program p;
	char name[32], folder[64];

	snprintf(name, sizeof(name), "async-%d", getpid());
	snprintf(folder, sizeof(folder), "local:/tmp/troupe-%s", name);
	cr_assert_eq(
		program_troupe(&p, "run", "--beacon", folder, "--cycle", "1",
			       "--gap", "0.2", "--node", name,
			       program_built("examples/from_asyncactor.so"),
			       NULL),
		0);
	expect_end(&p, 0);
	cr_expect_geq(count_lines(p.out, "^it$"), 1, "%s", p.out);
	cr_expect_geq(count_lines(p.out, "^not it$"), 1, "%s", p.out);
	cr_expect_eq(count_lines(p.out, "^async-.* of .*, this node$"), 1, "%s",
		     p.out);
	cr_expect_eq(count_lines(p.out, "^value 127.0.0.1:37$"), 1, "%s",
		     p.out);
	cr_expect_eq(count_lines(p.out, "^cycle 1$"), 1, "%s", p.out);
	cr_expect_eq(count_lines(p.out, "^async-.* says hello$"), 1, "%s",
		     p.out);
	program_fini(&p);
	rmdir(folder + strlen("local:"));
}

Test(coming_from, erlang)
{
	expect_output("from_erlang",
		      "echo 7\ngroup 7\ndown: error -5: boring\n"
		      "sum 4\nbelow zero\nterminate\ndown: shutdown\n"
		      "sum 4\nbelow zero\nterminate\n");
}

Test(coming_from, caf)
{
	expect_output("from_caf", "42\n6 of 3\n0\n");
}

#ifndef __SANITIZE_ADDRESS__ /* whose shadow is beyond each limit of data */
Test(coming_from, systemd)
{
	struct program p;

	start_example(&p, "from_systemd", NULL);
	expect_end(&p, 0);
	cr_expect_eq(count_lines(p.out, "^worker: signal 6"), 1, "%s", p.out);
	cr_expect_eq(count_lines(p.out, "^life 0$"), 1, "%s", p.out);
	program_fini(&p);
}
#endif
