/* SPDX-License-Identifier: MIT */
/* Where a core is, by what core(5) says of its name. */
#include "runtime/supervisor/core_file.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct trp_core_file dead = { 42, 11, "a/b[1]" };
static char glob[PATH_MAX];

static const char *glob_of(const char *pattern, bool uses_pid)
{
	cr_assert(trp_core_file_glob(pattern, uses_pid, &dead, glob));
	return glob;
}

Test(core_file, a_name_is_made_of_what_is_known)
{
	cr_expect_str_eq(glob_of("core", false), "core");
	cr_expect_str_eq(glob_of("core", true), "core.42");
	cr_expect_str_eq(glob_of("/c/%e.%p.%s%%", true), "/c/a!b\\[1].42.11%");
	cr_expect_str_eq(glob_of("/c*/%t-%P-%E.%i%", false), "/c\\*/*-*-*.*");
}

Test(core_file, a_pattern_that_is_too_long_is_refused)
{
	static char pattern[PATH_MAX + 8];

	for (size_t i = 0; i < sizeof(pattern) - 1; i++)
		pattern[i] = 'a';
	cr_expect_not(trp_core_file_glob(pattern, false, &dead, glob));
	cr_expect_not(trp_core_file_glob("", false, &dead, glob));
}

static void make(const char *name, time_t second)
{
	const struct timespec times[2] = { { second, 0 }, { second, 0 } };
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0);
	cr_assert_eq(futimens(fd, times), 0);
	close(fd);
}

Test(core_file, the_newest_file_is_meant)
{
	char folder[] = "/tmp/troupe-core-XXXXXX", path[PATH_MAX];

	cr_assert(mkdtemp(folder) && chdir(folder) == 0);
	cr_expect_not(trp_core_file_find("core.*", path));
	make("core.1", 100);
	make("core.2", 300);
	make("core.3", 200);
	cr_assert_eq(mkdir("core.4", 0700), 0);
	cr_expect(trp_core_file_find("core.*", path));
	cr_expect_str_eq(strrchr(path, '/'), "/core.2");
	cr_expect_eq(path[0], '/');
	unlink("core.1");
	unlink("core.2");
	unlink("core.3");
	rmdir("core.4");
	cr_expect_eq(rmdir(folder), 0);
}
