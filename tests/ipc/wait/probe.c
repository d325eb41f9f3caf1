/* SPDX-License-Identifier: MIT */
#include "tests/ipc/wait/kit.h"
#include "tests/support/container.h"
#include "tests/support/skip.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

Test(probe, says_what_it_found_and_why)
{
	enum trp_wait_kind kind = TRP_WAIT_KINDS;
	char why[160] = "";

	unsetenv("TROUPE_WAIT");
	cr_assert_eq(trp_wait_probe(&kind, why), 0);
	cr_assert_lt(kind, TRP_WAIT_KINDS);
	cr_assert_neq(strlen(why), 0);
}

EACH_KIND(probe, does_as_the_environment_asks)
{
	enum trp_wait_kind found;
	char why[160];

	require_kind(*kind);
	setenv("TROUPE_WAIT", kind_names[*kind], 1);
	cr_assert_eq(trp_wait_probe(&found, why), 0);
	cr_assert_eq(found, *kind);
	cr_assert_not_null(strstr(why, "TROUPE_WAIT"));
}

Test(probe, refuses_a_name_it_does_not_know)
{
	enum trp_wait_kind kind = TRP_WAIT_KINDS;
	char why[160];

	setenv("TROUPE_WAIT", "carrier-pigeon", 1);
	cr_assert_eq(trp_wait_probe(&kind, why), -EINVAL);
	cr_assert_eq(kind, TRP_WAIT_KINDS, "the result is untouched");
	cr_assert_not_null(strstr(why, "carrier-pigeon"));
}

Test(probe, an_empty_wish_is_none)
{
	enum trp_wait_kind kind;
	char why[160];

	setenv("TROUPE_WAIT", "", 1);
	cr_assert_eq(trp_wait_probe(&kind, why), 0);
}

Test(probe, leaves_no_descriptor)
{
	enum trp_wait_kind kind;
	char why[160];
	int before = count_descriptors();

	unsetenv("TROUPE_WAIT");
	for (int i = 0; i < 20; i++)
		cr_assert_eq(trp_wait_probe(&kind, why), 0);
	cr_assert_eq(count_descriptors(), before);
}

Test(probe, falls_back_to_epoll_where_io_uring_is_forbidden)
{
	enum trp_wait_kind kind;
	char why[160];

	unsetenv("TROUPE_WAIT");
	if (container_enter() < 0)
		SKIP("seccomp", "no seccomp here");
	cr_assert_eq(trp_wait_probe(&kind, why), 0);
	cr_assert_eq(kind, TRP_WAIT_EPOLL);
	cr_assert_not_null(strstr(why, "no io_uring"));

	setenv("TROUPE_WAIT", "uring", 1);
	cr_assert_eq(trp_wait_probe(&kind, why), -EINVAL);
	cr_assert_not_null(strstr(why, "no io_uring"));
}

enum { DID, FAILED, CANNOT };

/* As a user whose locked memory is enough for three rings. */
static int open_and_close_many(void)
{
	const struct rlimit few = { 3 * 8192, 3 * 8192 };
	enum trp_wait_kind kind;
	char why[160];
	int i, r = 0;

	setenv("TROUPE_WAIT", "socket", 1); /* io_uring and nothing else */
	if (trp_wait_probe(&kind, why) < 0 ||
	    setrlimit(RLIMIT_MEMLOCK, &few) < 0 ||
	    (getuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0)))
		return CANNOT;
	for (i = 0; r == 0 && i < 40; i++)
		r = trp_wait_probe(&kind, why);
	if (r < 0)
		fprintf(stderr, "the %dth: %s\n", i, why);
	return r < 0 ? FAILED : DID;
}

/* The kernel releases the memory of a ring some time after its end. */
Test(probe, waits_for_memory_of_rings_that_were_closed)
{
	pid_t pid;
	int status;

	fflush(NULL);
	pid = fork();
	cr_assert(pid >= 0);
	if (pid == 0)
		_exit(open_and_close_many());
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT)
		SKIP("socket",
		     "no io_uring, or no user of little locked memory to be");
	cr_assert_eq(status, DID);
}
