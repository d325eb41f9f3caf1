/* SPDX-License-Identifier: MIT */
/*
 * Each test prints into a file of its own, so that only failed tests are shown
 * with their output: TROUPE_TEST_OUTPUT/suite::test, if that folder is set.
 * Every test program links this file.
 */
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void capture(const char *folder)
{
	char path[512];
	int file;

	snprintf(path, sizeof(path), "%s/%s::%s", folder,
		 criterion_current_test->category,
		 criterion_current_test->name);
	file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (file < 0 || dup2(file, STDOUT_FILENO) < 0 ||
	    dup2(file, STDERR_FILENO) < 0)
		cr_assert_fail("%s: %m", path);
	close(file);
}

/*
 * The first that Test() calls in the process of a test, before its .init.  The
 * one of this name in Criterion's library (2.4.1) is called in turn.
 */
void criterion_internal_test_setup(void)
{
	const char *folder = getenv("TROUPE_TEST_OUTPUT");
	void (*setup)(void);

	if (folder)
		capture(folder);
	*(void **)&setup = dlsym(RTLD_NEXT, "criterion_internal_test_setup");
	setup();
}
