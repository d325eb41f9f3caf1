/* SPDX-License-Identifier: MIT */
/* The sockets of runs in a folder. */
#include "ipc/bus/local_runs.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/tmp/troupe-runs-XXXXXX";
static int folder;

static void set_up(void)
{
	cr_assert_not_null(mkdtemp(path));
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(folder, 0);
}

static void tear_down(void)
{
	close(folder);
	cr_assert_eq(rmdir(path), 0, "%s: %m", path);
}

TestSuite(local_runs, .init = set_up, .fini = tear_down, .timeout = 600);

static int listen_under(uint32_t number)
{
	int fd = trp_local_runs_listen(folder, number);

	cr_assert_geq(fd, 0, "%d", fd);
	return fd;
}

Test(local_runs, have_a_number_each_for_as_long_as_they_listen)
{
	int fd = listen_under(7), other, taken;

	cr_assert(trp_local_runs_has(folder, 7));
	cr_assert_not(trp_local_runs_has(folder, 8));
	cr_assert_eq(trp_local_runs_listen(folder, 7), -EEXIST);
	other = trp_local_runs_connect(folder, 7);
	cr_assert_geq(other, 0);
	/* The one that tried before is first. */
	taken = accept(fd, NULL, NULL);
	close(taken);
	taken = accept(fd, NULL, NULL);
	cr_assert_geq(taken, 0);
	cr_assert_eq(send(other, "x", 1, 0), 1);
	cr_assert_eq(recv(taken, &(char) { 0 }, 1, 0), 1);
	close(taken);
	close(other);
	trp_local_runs_sweep(folder, 7);
	cr_assert(trp_local_runs_has(folder, 7), "it does listen");
	close(fd);
	cr_assert_eq(trp_local_runs_connect(folder, 7), -ECONNREFUSED);
	cr_assert_eq(trp_local_runs_connect(folder, 8), -ENOENT);
	trp_local_runs_remove(folder, 7);
	cr_assert_not(trp_local_runs_has(folder, 7));
}

Test(local_runs, that_are_dead_leave_a_number_that_is_free)
{
	close(listen_under(7));
	cr_assert(trp_local_runs_has(folder, 7));
	close(listen_under(7));
	trp_local_runs_sweep(folder, 7);
	cr_assert_not(trp_local_runs_has(folder, 7));
	trp_local_runs_sweep(folder, 7);
}

Test(local_runs, cannot_listen_in_a_folder_that_was_removed)
{
	cr_assert_eq(rmdir(path), 0);
	cr_assert_eq(trp_local_runs_listen(folder, 7), -ENOENT);
	cr_assert_eq(mkdir(path, 0700), 0);
}

/* ---- who is there -------------------------------------------------------- */

static uint32_t found[8], left[8];
static unsigned found_count, left_count;

static void find(void *user, uint32_t number)
{
	cr_assert_eq(user, found);
	cr_assert_lt(found_count, 8);
	found[found_count++] = number;
}

static void leave(void *user, uint32_t number)
{
	cr_assert_eq(user, found);
	cr_assert_lt(left_count, 8);
	left[left_count++] = number;
}

static void make_file(const char *name)
{
	int fd = openat(folder, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0);
	close(fd);
}

Test(local_runs, are_found_by_names_that_are_numbers_and_no_others)
{
	static const char *const names[] = {
		"0.mail", "01.mail",	      "-1.mail", "1a.mail",
		".mail",  "4294967296.mail",  "7",	 "7.vote",
		"x.mail", "99999999999.mail",
	};
	enum { NAMES = sizeof(names) / sizeof(names[0]) };

	for (int i = 0; i < NAMES; i++)
		make_file(names[i]);
	trp_local_runs_each(folder, find, found);
	cr_assert_eq(found_count, 0, "%u", found[0]);
	close(listen_under(UINT32_MAX));
	trp_local_runs_each(folder, find, found);
	cr_assert_eq(found_count, 1);
	cr_assert_eq(found[0], UINT32_MAX);
	trp_local_runs_remove(folder, UINT32_MAX);
	for (int i = 0; i < NAMES; i++)
		unlinkat(folder, names[i], 0);
}

Test(local_runs, are_noticed_once_they_listen_and_when_they_leave)
{
	int watch = trp_local_runs_watch(folder), fd;

	cr_assert_geq(watch, 0);
	cr_assert(trp_local_runs_read(watch, find, leave, found));
	cr_assert_eq(found_count + left_count, 0);
	make_file("9.mail");
	cr_assert(trp_local_runs_read(watch, find, leave, found));
	cr_assert_eq(found_count, 0, "it does not listen");
	fd = listen_under(7);
	cr_assert(trp_local_runs_read(watch, find, leave, found));
	cr_assert_eq(found_count, 1);
	cr_assert_eq(found[0], 7);
	cr_assert_eq(left_count, 0);
	close(fd);
	trp_local_runs_remove(folder, 7);
	trp_local_runs_remove(folder, 9);
	make_file("other");
	unlinkat(folder, "other", 0);
	cr_assert(trp_local_runs_read(watch, find, leave, found));
	cr_assert_eq(found_count, 1);
	cr_assert_eq(left_count, 2);
	cr_assert_eq(left[0], 7);
	cr_assert_eq(left[1], 9);
	close(watch);
}
