/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/ipc_kit.h"

static struct kit kit;

static void set_up(void)
{
	kit_init(&kit, KIT_SLOTS, KIT_HEAP);
}

static void tear_down(void)
{
	kit_fini(&kit);
}

TestSuite(arena, .init = set_up, .fini = tear_down, .timeout = 600);

static uint64_t usage(void)
{
	return kit_usage(&kit.self.arena);
}

/* Half of the default heap: Criterion's own memory lies across the rest. */
Test(arena, the_largest_node_can_be_mapped)
{
	struct trp_arena arena;
	uint64_t heap_size = TRP_HEAP_DEFAULT / 2;

	cr_assert_eq(trp_arena_create(&arena, TRP_SLOTS_MAX, heap_size), 0);
	cr_assert_eq((uintptr_t)arena.base % (2 << 20), 0);
	cr_assert_eq(trp_arena_enter(&arena, TRP_SLOT_SUPERVISOR), 0);
	memset(trp_arena_at(&arena, 0, TRP_FRONT_SIZE + heap_size - 1, 1), 1,
	       1);
	cr_assert_eq(kit_usage(&arena), TRP_PAGE);
	trp_arena_fini(&arena);
}

Test(arena, senseless_geometry_is_refused)
{
	struct trp_arena arena;

	cr_assert_eq(trp_arena_create(&arena, 1, 1 << 20), -EINVAL);
	cr_assert_eq(trp_arena_create(&arena, TRP_SLOTS_MAX + 1, 1 << 20),
		     -EINVAL);
	cr_assert_eq(trp_arena_create(&arena, 2, 1 << 12), -EINVAL);
	cr_assert_eq(trp_arena_create(&arena, 2, 3 << 20), -EINVAL);
}

Test(arena, a_zeroed_one_may_be_finished)
{
	struct trp_arena arena = { 0 };

	trp_arena_fini(&arena);
	cr_assert_geq(fcntl(0, F_GETFD), 0);
}

Test(arena, the_file_can_neither_grow_nor_shrink)
{
	cr_assert_eq(ftruncate(kit.fresh.fd, 4096), -1);
	cr_assert_eq(errno, EPERM);
}

Test(arena, an_address_outside_a_region_is_null)
{
	const struct trp_arena *arena = &kit.self.arena;
	uint64_t end = TRP_FRONT_SIZE + (uint64_t)KIT_HEAP;

	cr_assert_not_null(trp_arena_at(arena, 1, 0, TRP_FRONT_SIZE));
	cr_assert_not_null(trp_arena_at(arena, 1, TRP_FRONT_SIZE, KIT_HEAP));
	cr_assert_null(trp_arena_at(arena, 1, 0, TRP_FRONT_SIZE + 1));
	cr_assert_null(trp_arena_at(arena, 1, TRP_FRONT_SIZE - 8, 16));
	cr_assert_null(trp_arena_at(arena, 1, end - 8, 16));
	cr_assert_null(trp_arena_at(arena, 1, UINT64_MAX - 8, 16));
	cr_assert_null(trp_arena_at(arena, 1, 64, UINT64_MAX));
	cr_assert_null(trp_arena_at(arena, 1, end, UINT64_MAX));
	cr_assert_null(trp_arena_at(arena, arena->regions, 0, 1));
}

/* An access by a child in slot 1; the signal that killed it. */
static int poke(struct kit_actor *actor, void *data)
{
	(void)actor;
	signal(SIGSEGV, SIG_DFL);
	*(volatile unsigned char *)data = 1;
	return 0;
}

static int signal_of_poking(void *address)
{
	pid_t pid = kit_fork(&kit, 1, 0, poke, address);
	int status = kit_reap(&kit, 1, pid);

	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

Test(arena, own_region_and_all_bells_are_writable)
{
	const struct trp_arena *arena = &kit.self.arena;

	uint32_t own;

	kit_give(&kit, 1);
	own = kit_region(&kit, 1);
	kit_free_slot(&kit, 1);
	cr_assert_eq(signal_of_poking(trp_arena_at(arena, own, 8192, 1)), 0);
	kit_free_slot(&kit, 1);
	cr_assert_eq(signal_of_poking(trp_arena_at(arena, own, 1 << 20, 1)), 0);
	cr_assert_eq(signal_of_poking(trp_arena_doorbell(arena, 2)), 0);
}

Test(arena, a_write_to_a_peer_or_the_directory_faults_and_hurts_nobody)
{
	const struct trp_arena *arena = &kit.self.arena;
	unsigned char *own = trp_arena_at(arena, 0, 8192, 1);

	*own = 77;
	cr_assert_eq(signal_of_poking(own), SIGSEGV);
	cr_assert_eq(*own, 77);
	cr_assert_eq(signal_of_poking(trp_arena_front(arena, 2)), SIGSEGV);
	cr_assert_eq(signal_of_poking(trp_arena_at(arena, 2, 1 << 20, 1)),
		     SIGSEGV);
	cr_assert_eq(signal_of_poking(trp_arena_slot(arena, 1)), SIGSEGV);
	cr_assert_eq(signal_of_poking(trp_arena_holder(arena, 1)), SIGSEGV);
}

static int widen(struct kit_actor *actor, void *data)
{
	void *front = trp_arena_front(&actor->arena, *(uint32_t *)data);

	if (mprotect(front, TRP_FRONT_SIZE, PROT_READ | PROT_WRITE) == 0)
		return 1;
	return errno == EACCES ? 0 : 2;
}

Test(arena, mprotect_cannot_widen_the_mapping_of_a_peer)
{
	uint32_t other = 2;
	pid_t pid = kit_fork(&kit, 1, 0, widen, &other);

	cr_assert_eq(kit_reap(&kit, 1, pid), 0);
}

static int count_arena_descriptors(struct kit_actor *actor, void *data)
{
	(void)data;
	return actor->arena.fd == -1 ? 0 : 1;
}

Test(arena, an_actor_keeps_no_descriptor_of_it)
{
	pid_t pid = kit_fork(&kit, 1, 0, count_arena_descriptors, NULL);

	cr_assert_eq(kit_reap(&kit, 1, pid), 0);
}

static int fill(struct kit_actor *actor, void *data)
{
	struct trp_extent extent;
	void *bytes;

	(void)data;
	if (trp_mailbox_loan(&actor->box, 1 << 20, &extent, &bytes) < 0)
		return 1;
	return kit_send(actor, 0, 1, TRP_MAIL, "", 0);
}

Test(arena, release_gives_back_all_memory_of_one_slot)
{
	uint64_t before, between;

	cr_assert_eq(kit_reap(&kit, 2, kit_fork(&kit, 2, 0, fill, NULL)), 0);
	before = usage();
	cr_assert_eq(kit_reap(&kit, 1, kit_fork(&kit, 1, 0, fill, NULL)), 0);
	between = usage();
	cr_assert_geq(between, before + (1 << 20));
	kit_free_slot(&kit, 1);
	cr_assert_eq(usage(), before);
	kit_free_slot(&kit, 2);
	cr_assert_leq(usage(), before - (1 << 20));
}

/* Whether the mapping that holds an address is left out of a core dump. */
static bool is_left_out(const void *address)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	bool is_inside = false, is_found = false;
	unsigned long from, to;
	char line[512];

	cr_assert_not_null(smaps);
	while (!is_found && fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			is_inside = (uintptr_t)address >= from &&
				    (uintptr_t)address < to;
		is_found = is_inside && !strncmp(line, "VmFlags:", 8);
	}
	fclose(smaps);
	cr_assert(is_found);
	return strstr(line, " dd");
}

Test(arena, a_core_dump_holds_the_own_front_and_what_is_used_of_the_own_heap)
{
	const struct trp_arena *arena = &kit.self.arena;
	struct trp_extent small, large;
	void *bytes;

	cr_assert_eq(trp_mailbox_loan(&kit.self.box, 4096, &small, &bytes), 0);
	cr_assert_not(is_left_out(bytes));
	cr_assert_eq(trp_mailbox_loan(&kit.self.box, 1 << 20, &large, &bytes),
		     0);
	cr_assert_not(is_left_out(bytes));
	cr_assert(is_left_out((char *)bytes + (2 << 20)));
	cr_assert_not(is_left_out(kit.self.box.front));
	cr_assert_not(
		is_left_out((char *)kit.self.box.front + TRP_FRONT_SIZE - 1));
	cr_assert(is_left_out(trp_arena_front(arena, 1)));
	cr_assert(is_left_out(trp_arena_at(arena, 1, 1 << 20, 1)));
	cr_assert(is_left_out(trp_arena_doorbell(arena, 1)));
	cr_assert(is_left_out(trp_arena_slot(arena, 1)));
}

/* ---- the memory of slots that are free ----------------------------------- */

static void write_pattern(uint32_t slot, uint64_t offset, size_t size)
{
	const struct trp_arena *arena = &kit.self.arena;
	unsigned char *at = trp_arena_at(arena, slot, offset, size);
	static unsigned char pattern[1 << 20];

	memset(pattern, 0xa5, size);
	cr_assert_eq(pwrite(arena->fd, pattern, size, at - arena->base),
		     (ssize_t)size);
}

static bool is_zero(const unsigned char *bytes, size_t size)
{
	while (size > 0 && !*bytes)
		bytes++, size--;
	return size == 0;
}

Test(arena, a_region_that_is_kept_reads_as_zeros)
{
	const struct trp_arena *arena = &kit.self.arena;
	uint64_t bytes, before = usage();

	write_pattern(1, 0, 3 * TRP_PAGE);
	write_pattern(1, 7 * TRP_PAGE, TRP_PAGE);
	write_pattern(1, TRP_FRONT_SIZE, TRP_PAGE);
	write_pattern(1, TRP_FRONT_SIZE + KIT_HEAP - TRP_PAGE, TRP_PAGE);
	write_pattern(2, 0, TRP_PAGE);
	cr_assert(trp_arena_clean(arena, 1, &bytes));
	cr_assert_eq(bytes, 6 * TRP_PAGE);
	cr_assert_eq(usage() - before, 7 * TRP_PAGE);
	cr_assert(is_zero(trp_arena_at(arena, 1, 0, 1), 3 * TRP_PAGE));
	cr_assert(is_zero(trp_arena_at(arena, 1, 7 * TRP_PAGE, 1), TRP_PAGE));
	cr_assert(is_zero(trp_arena_at(arena, 1, TRP_FRONT_SIZE, 1), TRP_PAGE));
	cr_assert(is_zero(
		trp_arena_at(arena, 1, TRP_FRONT_SIZE + KIT_HEAP - TRP_PAGE, 1),
		TRP_PAGE));
	cr_assert_eq(*(unsigned char *)trp_arena_at(arena, 2, 0, 1), 0xa5);
	cr_assert_eq(usage() - before, 7 * TRP_PAGE);
}

Test(arena, a_region_of_many_pages_is_left_to_be_given_back)
{
	const struct trp_arena *arena = &kit.self.arena;
	uint64_t bytes, before = usage();

	write_pattern(1, 0, TRP_KEPT_MAX);
	cr_assert(trp_arena_clean(arena, 1, &bytes));
	cr_assert_eq(bytes, TRP_KEPT_MAX);
	write_pattern(1, TRP_FRONT_SIZE, TRP_PAGE);
	cr_assert_not(trp_arena_clean(arena, 1, &bytes));
	cr_assert_eq(bytes, TRP_KEPT_MAX + TRP_PAGE);
	cr_assert_eq(trp_arena_give_back(arena, 1, 1), 0);
	cr_assert_eq(usage(), before);
	cr_assert(trp_arena_clean(arena, 1, &bytes));
	cr_assert_eq(bytes, 0);
}

/* Each look at one costs a system call, so they are not all looked at. */
Test(arena, a_heap_in_pieces_counts_for_more_than_it_has)
{
	const struct trp_arena *arena = &kit.self.arena;
	uint64_t bytes, before = usage();

	for (unsigned i = 0; i < 100; i++)
		write_pattern(1, TRP_FRONT_SIZE + i * 2 * TRP_PAGE, TRP_PAGE);
	cr_assert_not(trp_arena_clean(arena, 1, &bytes));
	cr_assert_geq(bytes, 100 * TRP_PAGE);
	cr_assert_eq(trp_arena_give_back(arena, 1, 1), 0);
	cr_assert_eq(usage(), before);
}

Test(arena, a_range_of_slots_is_given_back_and_none_beside_it)
{
	const struct trp_arena *arena = &kit.self.arena;
	uint64_t before = usage();

	for (uint32_t slot = 1; slot <= 5; slot++) {
		write_pattern(slot, 0, TRP_PAGE);
		write_pattern(slot, TRP_FRONT_SIZE + KIT_HEAP - TRP_PAGE,
			      TRP_PAGE);
		trp_arena_doorbell(arena, slot)->word = slot;
	}
	cr_assert_eq(trp_arena_give_back_doorbells(arena, 2, 3), 0);
	cr_assert_eq(trp_arena_give_back(arena, 2, 3), 0);
	cr_assert_eq(usage() - before, 2 * 3 * TRP_PAGE);
	for (uint32_t slot = 1; slot <= 5; slot += 4) {
		cr_assert_eq(trp_arena_doorbell(arena, slot)->word, slot);
		cr_assert_eq(*(unsigned char *)trp_arena_at(arena, slot, 0, 1),
			     0xa5);
		cr_assert_eq(
			*(unsigned char *)trp_arena_at(
				arena, slot, TRP_FRONT_SIZE + KIT_HEAP - 1, 1),
			0xa5);
	}
}

/* ---- whose a region is --------------------------------------------------- */

/* Of slot 1, each of them in a region of its own. */
enum { LIVES = 5 };

static uint32_t region_of(uint32_t incarnation)
{
	return trp_arena_region_of(&kit.fresh, 1, 7, incarnation);
}

static void begin_lives(void)
{
	for (uint32_t k = 0; k < LIVES; k++) {
		trp_arena_assign(&kit.self.arena, 40 + k, 1, 7, k);
		cr_assert_eq(trp_arena_region(&kit.fresh, 1), 40 + k);
		trp_arena_check(&kit.fresh);
	}
}

Test(arena, each_incarnation_is_found_in_its_own_region)
{
	begin_lives();
	for (uint32_t k = 0; k < LIVES; k++)
		cr_assert_eq(region_of(k), 40 + k);
	cr_assert_eq(region_of(LIVES), TRP_NO_REGION);
	cr_assert_eq(trp_arena_region_of(&kit.fresh, 1, 6, 0), TRP_NO_REGION);
	cr_assert_eq(trp_arena_region_of(&kit.fresh, 2, 7, 0), TRP_NO_REGION);
}

Test(arena, a_region_that_was_released_is_found_no_more)
{
	begin_lives();
	for (uint32_t k = 0; k + 1 < LIVES; k++) {
		trp_arena_release(&kit.self.arena, 40 + k);
		cr_assert_eq(region_of(k), TRP_NO_REGION);
		cr_assert_eq(region_of(k + 1), 40 + k + 1);
	}
	/* To another slot: the way back from the last one leads there. */
	trp_arena_assign(&kit.self.arena, 40 + LIVES - 2, 2, 7, LIVES - 2);
	cr_assert_eq(region_of(LIVES - 2), TRP_NO_REGION);
	cr_assert_eq(region_of(0), TRP_NO_REGION);
	trp_arena_check(&kit.fresh);
}

Test(arena, the_next_generation_has_no_predecessor)
{
	begin_lives();
	trp_arena_assign(&kit.self.arena, 50, 1, 8, 0);
	cr_assert_eq(region_of(LIVES - 1), TRP_NO_REGION);
	cr_assert_eq(trp_arena_region_of(&kit.fresh, 1, 8, 0), 50);
	trp_arena_assign(&kit.self.arena, 51, 1, 8, 1);
	cr_assert_eq(trp_arena_region_of(&kit.fresh, 1, 8, 0), 50);
}
