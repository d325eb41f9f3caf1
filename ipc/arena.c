/* SPDX-License-Identifier: MIT */
#include "ipc/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Invariants, in each process that maps the arena:
 *
 *	writable bytes == promises + doorbells + the region of the slot entered
 *	what is not writable cannot become so: its file was opened O_RDONLY
 *
 * Areas begin at 2 MiB, so that none shares a page table with another.
 */

enum { AREA_ALIGN = 2 << 20 };

static size_t align_up(size_t size)
{
	return (size + AREA_ALIGN - 1) & ~(size_t)(AREA_ALIGN - 1);
}

static void lay_out(struct trp_arena *arena, uint32_t slots, uint64_t heap_size)
{
	*arena = (struct trp_arena) {
		.slots = slots,
		.heap_size = heap_size,
		.fd = -1,
		.entered = UINT32_MAX,
	};
	/* In one page table, that of the supervisor's doorbell. */
	arena->doorbells = 32 * TRP_PAGE;
	arena->directory = align_up(arena->doorbells +
				    slots * sizeof(struct trp_doorbell));
	arena->fronts = arena->directory +
			align_up((size_t)slots * sizeof(struct trp_slot));
	arena->heaps = arena->fronts + align_up((size_t)slots * TRP_FRONT_SIZE);
	arena->size = arena->heaps + align_up(slots * heap_size);
	assert(arena->heaps + slots * heap_size <= arena->size);
	assert(arena->fronts + (size_t)slots * TRP_FRONT_SIZE <= arena->heaps);
}

static bool is_valid(uint32_t slots, uint64_t heap_size)
{
	return slots >= 2 && slots <= TRP_SLOTS_MAX &&
	       heap_size >= TRP_FRONT_SIZE && !(heap_size & (heap_size - 1)) &&
	       heap_size <= (UINT64_C(1) << 46) / slots;
}

/* The arena is a file: beyond this limit ftruncate() would kill the process. */
static bool is_beyond_limit(size_t size)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
	       limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < size;
}

static int make_file(size_t size, int *ret_fd)
{
	int seals = F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
	int fd, r;

	if (is_beyond_limit(size))
		return -EFBIG;
	fd = memfd_create("troupe", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)size) || fcntl(fd, F_ADD_SEALS, seals)) {
		r = -errno;
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

static int reopen_read_only(int fd, int *ret_fd)
{
	char path[32];
	int r;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = open(path, O_RDONLY | O_CLOEXEC);
	if (r < 0)
		return -errno;
	*ret_fd = r;
	return 0;
}

/* Address space only; aligned as the areas are. */
static int reserve(size_t size, unsigned char **ret_base)
{
	unsigned char *raw, *base;

	static_assert((AREA_ALIGN & (AREA_ALIGN - 1)) == 0, "for the masks");
	raw = mmap(NULL, size + AREA_ALIGN, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (raw == MAP_FAILED)
		return -ENOMEM;
	base = raw + (-(uintptr_t)raw & (AREA_ALIGN - 1));
	if (base > raw)
		munmap(raw, (size_t)(base - raw));
	assert((size_t)(base - raw) < AREA_ALIGN);
	munmap(base + size, AREA_ALIGN - (size_t)(base - raw));
	*ret_base = base;
	return 0;
}

/* Maps [offset, offset + size) of the file at its place in the arena. */
static int map(const struct trp_arena *arena, int fd, int protection,
	       size_t offset, size_t size)
{
	void *address = arena->base + offset;

	assert(arena->base && offset < arena->size &&
	       size <= arena->size - offset && offset % TRP_PAGE == 0);
	if (mmap(address, size, protection, MAP_SHARED | MAP_FIXED, fd,
		 (off_t)offset) == MAP_FAILED)
		return -errno;
	if (madvise(address, size, MADV_DONTDUMP))
		return -errno;
	/* A kernel without huge pages refuses this. */
	madvise(address, size, MADV_NOHUGEPAGE);
	return 0;
}

static int map_all(struct trp_arena *arena)
{
	int fd = -1;
	int r = reopen_read_only(arena->fd, &fd);

	if (r < 0)
		return r;
	r = map(arena, fd, PROT_READ, 0, arena->size);
	if (r == 0)
		r = map(arena, arena->fd, PROT_READ | PROT_WRITE, 0,
			arena->directory);
	close(fd);
	return r;
}

/* For a file of the right size: reserves, and maps it. */
static int map_file(struct trp_arena *arena)
{
	int r = reserve(arena->size, &arena->base);

	if (r < 0)
		return r;
	r = map_all(arena);
	if (r < 0)
		munmap(arena->base, arena->size);
	return r;
}

int trp_arena_create(struct trp_arena *arena, uint32_t slots,
		     uint64_t heap_size)
{
	struct trp_arena made;
	int r;

	if (!is_valid(slots, heap_size))
		return -EINVAL;
	lay_out(&made, slots, heap_size);
	r = make_file(made.size, &made.fd);
	if (r < 0)
		return r;
	r = map_file(&made);
	if (r < 0) {
		close(made.fd);
		return r;
	}
	*arena = made;
	return 0;
}

/* Sealed, so that reading it can never be SIGBUS. */
static bool has_shape(int fd, size_t size)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;

	return seals >= 0 && seals & F_SEAL_SHRINK && fstat(fd, &st) == 0 &&
	       (size_t)st.st_size == size;
}

int trp_arena_join(struct trp_arena *arena, int fd, uint32_t slots,
		   uint64_t heap_size)
{
	struct trp_arena joined;
	int r = -EINVAL;

	if (is_valid(slots, heap_size)) {
		lay_out(&joined, slots, heap_size);
		joined.fd = fd;
		if (has_shape(fd, joined.size))
			r = map_file(&joined);
	}
	if (r < 0) {
		close(fd);
		return r;
	}
	*arena = joined;
	return 0;
}

int trp_arena_keep(const struct trp_arena *arena)
{
	return madvise(arena->base, arena->size, MADV_DONTFORK) ? -errno : 0;
}

static size_t front_offset(const struct trp_arena *arena, uint32_t slot)
{
	return arena->fronts + (size_t)slot * TRP_FRONT_SIZE;
}

static size_t heap_offset(const struct trp_arena *arena, uint32_t slot)
{
	return arena->heaps + slot * arena->heap_size;
}

int trp_arena_enter(struct trp_arena *arena, uint32_t slot)
{
	int both = PROT_READ | PROT_WRITE;
	int r;

	assert(slot < arena->slots && arena->entered == UINT32_MAX);
	assert(arena->fd >= 0);

	r = map(arena, arena->fd, both, front_offset(arena, slot),
		TRP_FRONT_SIZE);
	if (r == 0)
		r = map(arena, arena->fd, both, heap_offset(arena, slot),
			arena->heap_size);
	if (r == 0 && slot == TRP_SLOT_SUPERVISOR)
		r = map(arena, arena->fd, both, arena->directory,
			arena->fronts - arena->directory);
	if (r < 0)
		return r;
	arena->entered = slot;
	if (slot != TRP_SLOT_SUPERVISOR) {
		close(arena->fd);
		arena->fd = -1;
	}
	return 0;
}

int trp_arena_keep_own(const struct trp_arena *arena)
{
	uint32_t slot = arena->entered;
	unsigned char *front = arena->base + front_offset(arena, slot);
	unsigned char *heap = arena->base + heap_offset(arena, slot);

	assert(slot < arena->slots);
	return madvise(front, TRP_FRONT_SIZE, MADV_DONTFORK) ||
			       madvise(heap, arena->heap_size, MADV_DONTFORK)
		       ? -errno
		       : 0;
}

void trp_arena_fini(struct trp_arena *arena)
{
	if (!arena->base)
		return;
	munmap(arena->base, arena->size);
	if (arena->fd >= 0)
		close(arena->fd);
	*arena = (struct trp_arena) { .fd = -1 };
}

/* ---- slots that are free ------------------------------------------------- */

/* The pages that a region has. */
struct pages {
	uint64_t bytes;
	unsigned looks, extents;
	struct {
		size_t begin, end;
	} extent[TRP_KEPT_MAX / TRP_PAGE];
};

static void find_pages(const struct trp_arena *arena, size_t begin, size_t end,
		       struct pages *pages)
{
	enum { LOOKS = 64 };

	while (begin < end) {
		size_t data = (size_t)lseek(arena->fd, (off_t)begin, SEEK_DATA);
		size_t hole;

		if (data >= end)
			return; /* or -1: there is none up to the end */
		hole = (size_t)lseek(arena->fd, (off_t)data, SEEK_HOLE);
		if (hole > end || ++pages->looks == LOOKS)
			hole = end; /* in many pieces: taken for all */
		pages->bytes += hole - data;
		if (pages->bytes <= TRP_KEPT_MAX) {
			pages->extent[pages->extents].begin = data;
			pages->extent[pages->extents++].end = hole;
		}
		begin = hole;
	}
}

static bool write_zeros(const struct trp_arena *arena,
			const struct pages *pages)
{
	static const unsigned char zeros[TRP_KEPT_MAX];
	bool is_written = true;

	for (unsigned i = 0; i < pages->extents && is_written; i++) {
		size_t begin = pages->extent[i].begin;
		size_t size = pages->extent[i].end - begin;

		is_written = pwrite(arena->fd, zeros, size, (off_t)begin) ==
			     (ssize_t)size;
	}
	return is_written;
}

bool trp_arena_clean(const struct trp_arena *arena, uint32_t slot,
		     uint64_t *ret_bytes)
{
	size_t front = front_offset(arena, slot);
	size_t heap = heap_offset(arena, slot);
	struct pages pages;

	assert(slot < arena->slots && slot != arena->entered);
	assert(arena->fd >= 0);

	trp_store_relaxed(&trp_arena_promises(arena)->pages[slot], 0);
	pages.bytes = pages.looks = pages.extents = 0;
	find_pages(arena, front, front + TRP_FRONT_SIZE, &pages);
	find_pages(arena, heap, heap + arena->heap_size, &pages);
	*ret_bytes = pages.bytes;
	return pages.bytes <= TRP_KEPT_MAX && write_zeros(arena, &pages);
}

/* Each hole asks all who map the file to forget: only where there is one. */
static int punch(const struct trp_arena *arena, size_t offset, size_t size)
{
	size_t data = (size_t)lseek(arena->fd, (off_t)offset, SEEK_DATA);

	if (data >= offset + size)
		return 0; /* or -1, as above */
	if (fallocate(arena->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		      (off_t)offset, (off_t)size))
		return -errno;
	return 0;
}

int trp_arena_give_back(const struct trp_arena *arena, uint32_t first,
			uint32_t count)
{
	int r;

	assert(first < arena->slots && count <= arena->slots - first);
	assert(arena->entered - first >= count && arena->fd >= 0);

	r = punch(arena, arena->doorbells + first * sizeof(struct trp_doorbell),
		  count * sizeof(struct trp_doorbell));
	if (r == 0)
		r = punch(arena, front_offset(arena, first),
			  (size_t)count * TRP_FRONT_SIZE);
	if (r == 0)
		r = punch(arena, heap_offset(arena, first),
			  count * arena->heap_size);
	return r;
}

struct trp_promises *trp_arena_promises(const struct trp_arena *arena)
{
	return (struct trp_promises *)(void *)arena->base;
}

struct trp_doorbell *trp_arena_doorbell(const struct trp_arena *arena,
					uint32_t slot)
{
	assert(slot < arena->slots);
	return (struct trp_doorbell *)(void *)(arena->base + arena->doorbells) +
	       slot;
}

struct trp_slot *trp_arena_slot(const struct trp_arena *arena, uint32_t slot)
{
	assert(slot < arena->slots);
	return (struct trp_slot *)(void *)(arena->base + arena->directory) +
	       slot;
}

struct trp_front *trp_arena_front(const struct trp_arena *arena, uint32_t slot)
{
	assert(slot < arena->slots);
	return (struct trp_front *)(void *)(arena->base +
					    front_offset(arena, slot));
}

void *trp_arena_at(const struct trp_arena *arena, uint32_t slot,
		   uint64_t offset, uint64_t size)
{
	if (slot >= arena->slots)
		return NULL;
	if (offset < TRP_FRONT_SIZE) {
		if (size > TRP_FRONT_SIZE - offset)
			return NULL;
		return arena->base + front_offset(arena, slot) + offset;
	}
	offset -= TRP_FRONT_SIZE;
	if (offset > arena->heap_size || size > arena->heap_size - offset)
		return NULL;
	return arena->base + heap_offset(arena, slot) + offset;
}
