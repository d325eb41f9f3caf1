/* SPDX-License-Identifier: MIT */
#include "ipc/runtime_dir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char above[] = "/tmp/troupe-folder-XXXXXX";
static char path[64];

static void set_up(void)
{
	cr_assert_not_null(mkdtemp(above));
	snprintf(path, sizeof(path), "%s/troupe", above);
}

static void tear_down(void)
{
	rmdir(path);
	unlink(path);
	cr_assert_eq(rmdir(above), 0, "%s: %m", above);
}

TestSuite(runtime_dir, .init = set_up, .fini = tear_down, .timeout = 600);

Test(runtime_dir, is_made_private_with_the_one_above_it)
{
	char deep[96];
	struct stat about;
	int fd;

	cr_assert_eq(trp_runtime_dir_open(path), -ENOENT);
	snprintf(deep, sizeof(deep), "%s/deep", path);
	for (int tries = 0; tries < 2; tries++) {
		fd = trp_runtime_dir_make(deep);
		cr_assert_geq(fd, 0, "%d", fd);
		cr_assert_eq(fstat(fd, &about), 0);
		cr_assert_eq(about.st_mode & 07777, 0700);
		cr_assert_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
		close(fd);
	}
	fd = trp_runtime_dir_open(path);
	cr_assert_geq(fd, 0, "%d", fd);
	close(fd);
	cr_assert_eq(rmdir(deep), 0);
}

/* Where standard input is closed. */
Test(runtime_dir, may_be_descriptor_0)
{
	close(0);
	cr_assert_eq(trp_runtime_dir_make(path), 0);
	close(0);
	cr_assert_eq(trp_runtime_dir_open(path), 0);
}

Test(runtime_dir, that_others_may_enter_or_that_is_none_is_refused)
{
	static const mode_t open_to_some[] = { 0710, 0701, 0740, 0720, 0702 };
	int fd;

	cr_assert_eq(mkdir(path, 0700), 0);
	for (size_t i = 0; i < sizeof(open_to_some) / sizeof(mode_t); i++) {
		cr_assert_eq(chmod(path, open_to_some[i]), 0);
		cr_assert_eq(trp_runtime_dir_open(path), -EPERM);
		cr_assert_eq(trp_runtime_dir_make(path), -EPERM);
		cr_assert_eq(trp_runtime_dir_open_any(path), -EPERM);
	}
	cr_assert_eq(rmdir(path), 0);
	cr_assert_eq(symlink(above, path), 0);
	fd = trp_runtime_dir_open(path);
	cr_assert(fd == -ELOOP || fd == -ENOTDIR, "%d", fd);
	unlink(path);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	cr_assert_eq(trp_runtime_dir_open(path), -ENOTDIR);
	cr_assert_eq(trp_runtime_dir_make(path), -ENOTDIR);
}

Test(runtime_dir, with_a_path_that_is_too_long_is_refused)
{
	static char large[PATH_MAX + 1];

	memset(large, 'x', PATH_MAX);
	cr_assert_eq(trp_runtime_dir_make(large), -ENAMETOOLONG);
}

Test(runtime_dir, lies_where_the_environment_says)
{
	char found[64], small[16];

	cr_assert_eq(setenv("XDG_RUNTIME_DIR", above, 1), 0);
	cr_assert_eq(trp_runtime_dir_find(found, sizeof(found)), 0);
	cr_assert_str_eq(found, path);
	cr_assert_eq(trp_runtime_dir_find(small, sizeof(small)), -ENAMETOOLONG);
	cr_assert_not(trp_runtime_dir_next(found, sizeof(found)));
	cr_assert_str_eq(found, path);
}

Test(runtime_dir, names_its_sockets_through_its_descriptor)
{
	struct sockaddr_un address;
	char name[101] = "", wanted[128];

	trp_runtime_dir_address(&address, 12, "a.sock");
	cr_assert_eq(address.sun_family, AF_UNIX);
	cr_assert_str_eq(address.sun_path, "/proc/self/fd/12/a.sock");
	memset(name, 'n', 100);
	trp_runtime_dir_address(&address, 12, name);
	snprintf(wanted, sizeof(wanted), "/proc/self/fd/12/%.70s", name);
	cr_assert_str_eq(address.sun_path, wanted);
}

static unsigned entries(int directory)
{
	DIR *list = trp_runtime_dir_list(directory);
	unsigned count = 0;

	cr_assert_not_null(list);
	while (readdir(list))
		count++;
	closedir(list);
	return count;
}

Test(runtime_dir, is_listed_from_its_beginning_each_time)
{
	int fd = trp_runtime_dir_make(path);

	cr_assert_eq(entries(fd), 2);
	cr_assert_eq(entries(fd), 2);
	close(fd);
	cr_assert_null(trp_runtime_dir_list(fd));
}

Test(runtime_dir, has_names_with_a_stem)
{
	cr_assert_eq(trp_runtime_dir_stem("ab.sock", ".sock"), 2);
	cr_assert_eq(trp_runtime_dir_stem(".sock", ".sock"), 0);
	cr_assert_eq(trp_runtime_dir_stem("ab.sock.x", ".sock"), 0);
	cr_assert_eq(trp_runtime_dir_stem("k", ".sock"), 0);
}
