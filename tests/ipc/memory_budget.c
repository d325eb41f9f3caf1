/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/ipc_kit.h"
#include "tests/support/skip.h"

enum { MIB = 1 << 20 };

TestSuite(budget, .timeout = 600);

/* ---- what the files say -------------------------------------------------- */

/* Folders that look like /proc and /sys/fs/cgroup. */
static char root[] = "/tmp/troupe-budget-XXXXXX";

static void path_of(char path[PATH_MAX], const char *name)
{
	snprintf(path, PATH_MAX, "%s/%s", root, name);
}

static void make_files(void)
{
	cr_assert_not_null(mkdtemp(root));
}

static void remove_files(void)
{
	char command[PATH_MAX];

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	cr_assert_eq(system(command), 0);
}

TestSuite(budget_files, .init = make_files, .fini = remove_files,
	  .timeout = 600);

static void write_file(const char *name, const char *text)
{
	char path[PATH_MAX], *slash;
	FILE *file;

	path_of(path, name);
	for (slash = strchr(path + sizeof(root), '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	file = fopen(path, "we");
	cr_assert_not_null(file);
	fputs(text, file);
	fclose(file);
}

static uint64_t available(void)
{
	char proc[PATH_MAX], cgroup[PATH_MAX];
	struct trp_memory_room room;

	path_of(proc, "proc");
	path_of(cgroup, "cgroup");
	room = trp_memory_budget_room(proc, cgroup);
	return room.machine < room.groups ? room.machine : room.groups;
}

Test(budget_files, without_any_there_is_no_bound)
{
	cr_assert_eq(available(), UINT64_MAX);
}

Test(budget_files, the_machine_bounds_all)
{
	write_file("proc/meminfo", "MemTotal: 100 kB\nMemAvailable:   77 kB\n");
	cr_assert_eq(available(), 77 * 1024);
}

Test(budget_files, of_nested_groups_the_narrowest_bounds)
{
	write_file("proc/meminfo", "MemAvailable: 1000000 kB\n");
	write_file("proc/self/cgroup", "0::/a/b\n");
	write_file("cgroup/a/b/memory.max", "max\n");
	write_file("cgroup/a/b/memory.current", "5000\n");
	cr_assert_eq(available(), 1000000 * UINT64_C(1024));
	write_file("cgroup/a/memory.max", "100000\n");
	write_file("cgroup/a/memory.current", "30000\n");
	cr_assert_eq(available(), 70000);
	write_file("cgroup/a/b/memory.max", "6000\n");
	cr_assert_eq(available(), 1000);
	write_file("cgroup/a/b/memory.current", "9000\n");
	cr_assert_eq(available(), 0);
}

Test(budget_files, page_cache_counts_as_free)
{
	write_file("proc/self/cgroup", "0::/a\n");
	write_file("cgroup/a/memory.max", "100000\n");
	write_file("cgroup/a/memory.current", "99000\n");
	write_file("cgroup/a/memory.stat",
		   "anon 1\nfile 90000\nshmem 50000\ninactive_file 20000\n"
		   "active_file 20000\nslab_reclaimable 500\n");
	cr_assert_eq(available(), 100000 - (99000 - 40500));
}

Test(budget_files, the_first_version_of_cgroups_is_read_as_well)
{
	write_file("proc/self/cgroup",
		   "9:name=systemd:/x\n4:memory:/x\n1:cpu:/x\n0::/x\n");
	write_file("cgroup/memory/x/memory.limit_in_bytes", "100000\n");
	write_file("cgroup/memory/x/memory.usage_in_bytes", "60000\n");
	write_file("cgroup/memory/x/memory.stat",
		   "inactive_file 1\ntotal_inactive_file 10000\n");
	cr_assert_eq(available(), 50000);
}

/* The path may be one of outside the container: what is seen bounds. */
Test(budget_files, a_path_that_is_not_there_is_bounded_from_above)
{
	write_file("proc/self/cgroup", "0::/docker/0123\n");
	write_file("cgroup/memory.max", "5000\n");
	write_file("cgroup/memory.current", "1000\n");
	cr_assert_eq(available(), 4000);
}

/* ---- what is spent ------------------------------------------------------- */

static uint64_t there_is;
static unsigned looks;

static uint64_t look(void)
{
	looks++;
	return there_is;
}

Test(budget, what_does_not_fit_is_refused_and_nobody_looks_for_small_change)
{
	struct trp_memory_budget budget;

	trp_memory_budget_init(&budget);
	budget.look = look;
	there_is = 0;
	cr_assert_eq(trp_memory_budget_spend(&budget, TRP_BUDGET_UNASKED), 0);
	cr_assert_eq(looks, 0);
	cr_assert_eq(trp_memory_budget_spend(&budget, 1), -ENOMEM);
	cr_assert_eq(looks, 1);
	there_is = 16 * MIB;
	cr_assert_eq(trp_memory_budget_spend(&budget, 15 * MIB + 1), -ENOMEM);
	cr_assert_eq(trp_memory_budget_spend(&budget, 15 * MIB), 0);
}

Test(budget, a_look_is_good_for_a_share_and_for_a_while)
{
	struct trp_memory_budget budget;

	trp_memory_budget_init(&budget);
	budget.look = look;
	there_is = UINT64_MAX;
	cr_assert_eq(trp_memory_budget_spend(&budget, MIB), 0);
	cr_assert_eq(looks, 1);
	there_is = 0;
	for (int i = 0; i < 3; i++)
		cr_assert_eq(trp_memory_budget_spend(&budget, 100 * MIB), 0);
	cr_assert_eq(looks, 1);
	budget.stale_ns = 0;
	cr_assert_eq(trp_memory_budget_spend(&budget, 1), -ENOMEM);
	cr_assert_eq(looks, 2);
}

Test(budget, a_lane_that_cannot_grow_carries_what_fits_and_is_well_afterwards)
{
	static const unsigned char bytes[1 << 19];
	struct kit_actor ann;
	struct kit kit;
	int r;

	kit_init(&kit, 2, KIT_HEAP);
	kit_give(&kit, 1);
	kit_actor_init(&kit, &ann, 1, 0);
	ann.box.region.budget.look = look;
	there_is = MIB;
	cr_assert_eq(kit_send(&ann, 0, 1, TRP_MAIL, bytes, 100), 0);
	while ((r = kit_send(&ann, 0, 1, TRP_MAIL, bytes, sizeof(bytes))) == 0)
		there_is -= sizeof(bytes);
	cr_assert_eq(r, -ENOMEM);
	cr_assert_eq(kit_send(&ann, 0, 1, TRP_MAIL, bytes, 100), 0);
	there_is = 100 * MIB;
	cr_assert_eq(kit_send(&ann, 0, 1, TRP_MAIL, bytes, sizeof(bytes)), 0);
	kit_actor_fini(&ann);
	kit_fini(&kit);
}

/* ---- under a limit of the kernel's --------------------------------------- */

/* A group of this test's own, below ours; "" where that is not allowed. */
static char group[PATH_MAX];

static bool write_group(const char *name, const char *text)
{
	char path[PATH_MAX + 64];
	int fd, size = (int)strlen(text);
	bool is_written;

	snprintf(path, sizeof(path), "%s/%s", group, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	is_written = write(fd, text, (size_t)size) == size;
	close(fd);
	return is_written;
}

static bool make_group(const char *parent, const char *limit_name)
{
	snprintf(group, sizeof(group), "%s/troupe-test-%d", parent, getpid());
	if (mkdir(group, 0700))
		return false;
	if (write_group(limit_name, "67108864"))
		return true;
	rmdir(group);
	return false;
}

static bool make_any_group(void)
{
	char line[1024], parent[2048], *path;
	FILE *file = fopen("/proc/self/cgroup", "re");
	bool is_made = false;

	cr_assert_not_null(file);
	while (!is_made && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		path = strchr(strchr(line, ':') + 1, ':') + 1;
		snprintf(parent, sizeof(parent), "/sys/fs/cgroup%s%s",
			 strstr(line, ":memory:") ? "/memory" : "", path);
		is_made = make_group(parent, strstr(line, ":memory:")
						     ? "memory.limit_in_bytes"
						     : "memory.max");
	}
	fclose(file);
	return is_made;
}

/* 0: refused before the kernel had to choose. */
static int take_until_refused(struct kit_actor *actor, void *unused)
{
	uint64_t offset;
	unsigned taken = 0;
	char self[16];
	int r;

	(void)unused;
	snprintf(self, sizeof(self), "%d", getpid());
	if (!write_group("cgroup.procs", self))
		return 1;
	while ((r = trp_region_alloc(&actor->box.region, MIB, &offset)) == 0)
		taken++;
	if (r != -ENOMEM)
		return 2;
	return taken >= 32 && taken < 64 ? 0 : 3;
}

Test(budget, under_a_limit_of_its_cgroup_a_process_is_refused_and_lives)
{
	struct kit kit;
	pid_t pid;

	if (!make_any_group())
		SKIP("cgroup", "no cgroup with a limit of memory may be made "
			       "here");
	kit_init(&kit, 2, KIT_HEAP);
	pid = kit_fork(&kit, 1, 0, take_until_refused, NULL);
	cr_expect_eq(kit_reap(&kit, 1, pid), 0);
	kit_fini(&kit);
	for (int i = 0; rmdir(group) && errno == EBUSY && i < 1000; i++)
		nanosleep(&(struct timespec) { .tv_nsec = 1000000 }, NULL);
}
