/* SPDX-License-Identifier: MIT */
/*
 * Tests that pass and then fail in their .fini, as one that leaves something
 * behind does; and one that does not.  tests/suite runs them.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char path[64];

static void nothing_is_left(void)
{
	bool is_left = path[0] && access(path, F_OK) == 0;

	unlink(path);
	cr_assert(!is_left, "%s is left", path);
}

static void crash(void)
{
	abort();
}

Test(leaving, a_file_is_left, .fini = nothing_is_left)
{
	int fd;

	snprintf(path, sizeof(path), "/tmp/troupe-leaving-XXXXXX");
	fd = mkstemp(path);
	cr_assert(fd >= 0);
	close(fd);
}

Test(leaving, crashes_afterwards, .fini = crash)
{
}

Test(leaving, leaves_nothing, .fini = nothing_is_left)
{
}
