/* SPDX-License-Identifier: MIT */
/* Tests that print, each its own.  tests/suite runs them. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>

Test(printing, passes)
{
	fprintf(stderr, "a whisper\n");
}

Test(printing, fails)
{
	printf("a cry\n");
	cr_assert_fail("on purpose");
}

Test(printing, dies)
{
	puts("a gasp");
	fflush(stdout);
	raise(SIGSEGV);
}
