/* SPDX-License-Identifier: MIT */
#include "common.h"
#include "tests/support/container.h"
#include "tests/support/skip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
	setenv("TROUPE_WAIT", trp_wait_name(*kind), 1);
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
		SKIP("no seccomp here");
	cr_assert_eq(trp_wait_probe(&kind, why), 0);
	cr_assert_eq(kind, TRP_WAIT_EPOLL);
	cr_assert_not_null(strstr(why, "no io_uring"));

	setenv("TROUPE_WAIT", "uring", 1);
	cr_assert_eq(trp_wait_probe(&kind, why), -EINVAL);
	cr_assert_not_null(strstr(why, "no io_uring"));
}
