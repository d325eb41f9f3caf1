/* SPDX-License-Identifier: MIT */
/* The program in a container, as far as its seccomp filter is concerned. */
#include "tests/support/example.h"
#include "tests/support/container.h"
#include "tests/support/skip.h"

TestSuite(container, .timeout = 600);

static void enter(void)
{
	if (container_enter() < 0)
		SKIP("seccomp", "no seccomp here");
}

Test(container, actors_are_born_ask_and_answer)
{
	struct program p;

	enter();
	start_example(&p, "hello", NULL);
	expect_end(&p, 0);
	cr_expect_eq(count_lines(p.out, "^Hello, world, from process [0-9]+$"),
		     1);
	cr_expect_str_empty(p.err);
	program_fini(&p);
}

Test(container, a_node_waits_without_io_uring_and_doctor_says_so)
{
	struct program p;

	enter();
	cr_assert_eq(program_troupe(&p, "doctor", NULL), 0);
	expect_end(&p, 0);
	cr_expect_eq(count_lines(p.out, "^note +waiting +no io_uring"), 1);
	program_fini(&p);
	start_example(&p, "ring", "100", NULL);
	expect_end(&p, 0);
	program_fini(&p);
}
