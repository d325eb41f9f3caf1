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
#include "tests/support/memory_group.h"
#include "tests/support/skip.h"

enum { MIB = 1 << 20 };

TestSuite(budget, .timeout = 600);

/* ---- the files ----------------------------------------------------------- */

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
	return room.machine.left < room.group.left ? room.machine.left
						   : room.group.left;
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

Test(budget_files, where_the_kernel_slows_a_group_down_is_a_bound_as_well)
{
	write_file("proc/self/cgroup", "0::/a\n");
	write_file("cgroup/a/memory.max", "max\n");
	write_file("cgroup/a/memory.high", "100000\n");
	write_file("cgroup/a/memory.current", "30000\n");
	cr_assert_eq(available(), 70000);
	write_file("cgroup/a/memory.max", "90000\n");
	cr_assert_eq(available(), 60000);
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

/* The path may be outside the container: visible groups bound us. */
Test(budget_files, a_path_that_is_not_there_is_bounded_from_above)
{
	write_file("proc/self/cgroup", "0::/docker/0123\n");
	write_file("cgroup/memory.max", "5000\n");
	write_file("cgroup/memory.current", "1000\n");
	cr_assert_eq(available(), 4000);
}

/* ---- what is promised ---------------------------------------------------- */

static struct kit kit;
static struct trp_memory_budget ann, bob, all; /* all: the supervisor's */
static uint64_t left, limit;
static unsigned looks;

static struct trp_memory_room look(void)
{
	looks++;
	return (struct trp_memory_room) { { left, limit },
					  { UINT64_MAX, UINT64_MAX } };
}

static struct trp_memory_budget budget_of(uint32_t slot)
{
	struct trp_memory_budget budget;

	trp_memory_budget_init(&budget, &kit.self.arena, slot);
	budget.look = look;
	return budget;
}

/* So that the next one looks. */
static void let_lapse(void)
{
	trp_arena_promises(&kit.self.arena)->ledger.looked_ns = 0;
}

static void begin(void)
{
	kit_init(&kit, 3, KIT_HEAP);
	let_lapse();
	kit_set_state(&kit, 0, TRP_LIVE);
	kit_give(&kit, 1);
	kit_give(&kit, 2);
	all = budget_of(0);
	ann = budget_of(1);
	bob = budget_of(2);
	ann.unasked = bob.unasked = 0;
}

static void end(void)
{
	kit_fini(&kit);
}

TestSuite(promise, .init = begin, .fini = end, .timeout = 60);

static int promise(struct trp_memory_budget *budget, uint64_t size)
{
	return trp_memory_budget_promise(budget, size, false);
}

Test(promise, that_does_not_fit_is_refused_and_nobody_looks_for_small_change)
{
	ann = budget_of(1);
	cr_assert_eq(promise(&ann, TRP_BUDGET_UNASKED), 0);
	cr_assert_eq(looks, 0);
	cr_assert_eq(promise(&ann, 1), -ENOMEM);
	cr_assert_eq(looks, 1);
	left = 16 * MIB;
	cr_assert_eq(promise(&ann, 16 * MIB + 1), -ENOMEM);
	cr_assert_eq(promise(&ann, 16 * MIB), 0);
}

Test(promise, of_a_share_is_made_by_all_on_one_look_and_for_a_while)
{
	left = 160 * MIB;
	cr_assert_eq(promise(&ann, MIB), 0);
	cr_assert_eq(looks, 1);
	left = 0;
	cr_assert_eq(promise(&ann, 4 * MIB), 0);
	cr_assert_eq(promise(&bob, 4 * MIB), 0);
	cr_assert_eq(looks, 1);
	cr_assert_eq(promise(&bob, 2 * MIB), -ENOMEM);
	cr_assert_eq(looks, 2);
	left = UINT64_MAX;
	cr_assert_eq(promise(&bob, 2 * MIB), 0);
	left = 0;
	cr_assert_eq(promise(&bob, 2 * MIB), 0);
	let_lapse();
	cr_assert_eq(promise(&bob, 2 * MIB), -ENOMEM);
}

Test(promise, of_another_is_not_there_to_be_had_until_it_is_settled)
{
	left = 10 * MIB;
	cr_assert_eq(promise(&ann, 6 * MIB), 0);
	cr_assert_eq(promise(&bob, 5 * MIB), -ENOMEM);
	cr_assert_eq(promise(&bob, 4 * MIB), 0);
	trp_memory_budget_settle(&ann, 6 * MIB); /* without populating it */
	cr_assert_eq(promise(&ann, 7 * MIB), -ENOMEM);
	cr_assert_eq(promise(&ann, 6 * MIB), 0);
}

Test(promise, of_one_in_another_group_goes_by_its_own_looks)
{
	ann.is_alone = true;
	left = 160 * MIB;
	cr_assert_eq(promise(&ann, MIB), 0);
	left = 0;
	cr_assert_eq(promise(&ann, MIB), 0);
	cr_assert_eq(promise(&bob, MIB), -ENOMEM);
	left = 3 * MIB;
	cr_assert_eq(promise(&bob, MIB + 1), -ENOMEM);
	cr_assert_eq(promise(&bob, MIB), 0);
	cr_assert_eq(looks, 4);
}

Test(promise, of_one_that_has_died_is_nobodys)
{
	left = 10 * MIB;
	cr_assert_eq(promise(&ann, 6 * MIB), 0);
	kit_set_state(&kit, 1, TRP_DEAD);
	cr_assert_eq(promise(&bob, 10 * MIB), 0);
	trp_memory_budget_settle(&bob, 10 * MIB);
	kit_free_slot(&kit, 1);
	kit_give(&kit, 1);
	cr_assert_eq(promise(&bob, 10 * MIB), 0);
}

Test(promise, leaves_a_reserve_of_which_half_is_for_what_is_vital)
{
	limit = 160 * MIB;
	left = 15 * MIB;
	cr_assert_eq(promise(&ann, MIB), 0);
	trp_memory_budget_settle(&ann, MIB);
	left = 10 * MIB;
	let_lapse();
	cr_assert_eq(promise(&ann, 1), -ENOMEM);
	cr_assert_eq(trp_memory_budget_promise(&all, 5 * MIB, true), 0);
	cr_assert_eq(trp_memory_budget_promise(&all, 1, true), -ENOMEM);
	limit = UINT64_MAX;
	left = UINT64_C(2) << 30;
	cr_assert_eq(promise(&ann, 1 << 30), -ENOMEM);
	cr_assert_eq(promise(&ann, (1 << 30) - 8 * MIB), 0);
}

Test(promise, that_a_stray_store_makes_is_forgotten)
{
	struct trp_promises *promises = trp_arena_promises(&kit.self.arena);

	left = 10 * MIB;
	promises->pages[1] = UINT32_MAX;
	cr_assert_eq(promise(&bob, 1), -ENOMEM);
	trp_memory_budget_tidy(&all);
	cr_assert_eq(promise(&bob, MIB), 0);
	promises->ledger.spent = UINT64_MAX - 7;
	cr_assert_eq(promise(&bob, MIB), 0);
	promises->ledger.spent = 0;
	promises->ledger.ceiling = INT64_MAX;
	promises->ledger.looked_ns = INT64_MAX;
	cr_assert_eq(promise(&bob, 11 * MIB), -ENOMEM);
}

Test(budget, a_lane_that_cannot_grow_carries_what_fits_and_is_well_afterwards)
{
	static const unsigned char bytes[1 << 19];
	struct kit_actor actor;
	int r;

	kit_init(&kit, 2, KIT_HEAP);
	kit_give(&kit, 1);
	kit_actor_init(&kit, &actor, 1, 0);
	let_lapse();
	actor.box.region.budget.look = look;
	left = MIB;
	cr_assert_eq(kit_send(&actor, 0, 1, TRP_MAIL, bytes, 100), 0);
	while ((r = kit_send(&actor, 0, 1, TRP_MAIL, bytes, sizeof(bytes))) ==
	       0)
		left -= sizeof(bytes);
	cr_assert_eq(r, -ENOMEM);
	cr_assert_eq(kit_send(&actor, 0, 1, TRP_MAIL, bytes, 100), 0);
	left = 100 * MIB;
	cr_assert_eq(kit_send(&actor, 0, 1, TRP_MAIL, bytes, sizeof(bytes)), 0);
	kit_actor_fini(&actor);
	kit_fini(&kit);
}

/* ---- under a limit of the kernel's --------------------------------------- */

/* 0: refused before the OOM killer had to choose. */
static int take_until_refused(struct kit_actor *actor, void *unused)
{
	uint64_t offset;
	unsigned taken = 0;
	int r;

	(void)unused;
	if (!memory_group_enter())
		return 1;
	actor->box.region.budget.is_alone = true;
	while ((r = trp_region_alloc(&actor->box.region, MIB, &offset)) == 0)
		taken++;
	if (r != -ENOMEM)
		return 2;
	return taken >= 32 && taken < 64 ? 0 : 3;
}

Test(budget, under_a_limit_of_its_cgroup_a_process_is_refused_and_lives)
{
	pid_t pid;

	if (!memory_group_make(64 * MIB))
		SKIP("cgroup", "no cgroup with a limit of memory may be made "
			       "here");
	kit_init(&kit, 2, KIT_HEAP);
	pid = kit_fork(&kit, 1, 0, take_until_refused, NULL);
	cr_expect_eq(kit_reap(&kit, 1, pid), 0);
	kit_fini(&kit);
	memory_group_remove();
}
