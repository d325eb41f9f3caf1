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
 *	writable bytes == promises + doorbells + board + the region entered
 *	what is not writable cannot become so: its file was opened O_RDONLY
 *
 * The holders of regions: A1 to A3 of README.md.
 */

enum { AREA_ALIGN = 2 << 20 };
static_assert(TRP_FRONT_SIZE + TRP_SLOTS_MAX * sizeof(struct trp_slot) ==
		      AREA_ALIGN,
	      "front 0 and the directory of the largest arena: a page table");

static size_t align_up(size_t size, size_t to)
{
	return (size + to - 1) & ~(to - 1);
}

/*
 * A window is what one page table maps, 2 MiB.  All processes touch two of
 * them: front 0 with the directory; holders, promises and the first doorbells.
 * Fronts and heaps go down from there, so that those of low numbers lie near.
 */
static void lay_out(struct trp_arena *arena, uint32_t slots, uint64_t heap_size)
{
	uint32_t spares =
		slots / 16 > TRP_SPARES_MIN ? slots / 16 : TRP_SPARES_MIN;
	uint32_t regions = slots + spares;
	size_t end;

	*arena = (struct trp_arena) {
		.slots = slots,
		.regions = regions,
		.heap_size = heap_size,
		.fd = -1,
		.entered = TRP_NO_REGION,
	};
	arena->fronts = align_up((regions - 1) * (heap_size + TRP_FRONT_SIZE),
				 AREA_ALIGN);
	arena->directory = arena->fronts + TRP_FRONT_SIZE;
	arena->holders = align_up(
		arena->directory + slots * sizeof(struct trp_slot), TRP_PAGE);
	arena->promises = align_up(
		arena->holders + regions * sizeof(struct trp_holder), TRP_PAGE);
	arena->doorbells = arena->promises + 32 * TRP_PAGE;
	arena->board = arena->doorbells + slots * sizeof(struct trp_doorbell);
	end = arena->board + TRP_BOARD_SIZE;
	arena->heap_0 = align_up(end, AREA_ALIGN);
	arena->size = arena->heap_0 + align_up(heap_size, AREA_ALIGN);
}

static bool is_valid(uint32_t slots, uint64_t heap_size)
{
	return slots >= 2 && slots <= TRP_SLOTS_MAX &&
	       heap_size >= TRP_FRONT_SIZE && !(heap_size & (heap_size - 1)) &&
	       heap_size <= TRP_HEAP_DEFAULT;
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
	/* A kernel without huge pages refuses this. */
	madvise(address, size, MADV_NOHUGEPAGE);
	return 0;
}

/* And leaves it out of core dumps. */
static int map_hidden(const struct trp_arena *arena, int fd, int protection,
		      size_t offset, size_t size)
{
	int r = map(arena, fd, protection, offset, size);

	if (r == 0 && madvise(arena->base + offset, size, MADV_DONTDUMP))
		r = -errno;
	return r;
}

static int map_all(struct trp_arena *arena)
{
	int fd = -1;
	int r = reopen_read_only(arena->fd, &fd);

	if (r < 0)
		return r;
	r = map_hidden(arena, fd, PROT_READ, 0, arena->size);
	if (r == 0)
		r = map_hidden(arena, arena->fd, PROT_READ | PROT_WRITE,
			       arena->promises,
			       arena->heap_0 - arena->promises);
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

static size_t front_offset(const struct trp_arena *arena, uint32_t region)
{
	return arena->fronts - (size_t)region * TRP_FRONT_SIZE;
}

static size_t heap_offset(const struct trp_arena *arena, uint32_t region)
{
	return region ? (arena->regions - 1 - region) * arena->heap_size
		      : arena->heap_0;
}

int trp_arena_enter(struct trp_arena *arena, uint32_t region)
{
	int both = PROT_READ | PROT_WRITE;
	int r;

	assert(region < arena->regions && arena->entered == TRP_NO_REGION);
	assert(arena->fd >= 0);

	/* A front is dumped whole: to leave out some would split its mapping.
	 */
	r = map(arena, arena->fd, both, front_offset(arena, region),
		TRP_FRONT_SIZE);
	if (r == 0)
		r = map_hidden(arena, arena->fd, both,
			       heap_offset(arena, region), arena->heap_size);
	if (r == 0 && region == TRP_SLOT_SUPERVISOR)
		r = map_hidden(arena, arena->fd, both, arena->directory,
			       arena->promises - arena->directory);
	if (r < 0)
		return r;
	arena->entered = region;
	if (region != TRP_SLOT_SUPERVISOR) {
		close(arena->fd);
		arena->fd = -1;
	}
	return 0;
}

int trp_arena_keep_own(const struct trp_arena *arena)
{
	uint32_t region = arena->entered;
	unsigned char *front = arena->base + front_offset(arena, region);
	unsigned char *heap = arena->base + heap_offset(arena, region);

	assert(region < arena->regions);
	return madvise(front, TRP_FRONT_SIZE, MADV_DONTFORK) ||
			       madvise(heap, arena->heap_size, MADV_DONTFORK)
		       ? -errno
		       : 0;
}

void trp_arena_rest(const struct trp_arena *arena)
{
	madvise(arena->base, arena->size, MADV_DONTNEED);
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

/* ---- whose a region is --------------------------------------------------- */

void trp_arena_assign(const struct trp_arena *arena, uint32_t region,
		      uint32_t slot, uint32_t generation, uint32_t incarnation)
{
	struct trp_slot *line = trp_arena_slot(arena, slot);
	struct trp_holder *holder = trp_arena_holder(arena, region);
	uint32_t current = trp_load_relaxed(&line->region);

	assert(arena->entered == TRP_SLOT_SUPERVISOR);
	assert(!trp_load_relaxed(&holder->whose));
	assert(generation && generation <= TRP_GENERATION_MAX);
	if (!incarnation || !trp_arena_is_held(arena, current, slot, generation,
					       incarnation - 1))
		current = TRP_NO_REGION;
	trp_store_relaxed(&holder->incarnation, incarnation);
	trp_store_relaxed(&holder->previous, current);
	/* H1: pairs with H2; the rest of the holder is whole. */
	trp_store_release(&holder->whose,
			  trp_whose(slot, generation, incarnation));
	trp_store_release(&line->region, region);
}

/* A1, A2. */
void trp_arena_check(const struct trp_arena *arena)
{
	for (uint32_t region = 0; region < arena->regions; region++) {
		const struct trp_holder *holder =
			trp_arena_holder(arena, region);
		uint64_t whose = trp_load_relaxed(&holder->whose);
		uint32_t slot = trp_whose_slot(whose);

		assert(!whose ||
		       (slot < arena->slots &&
			trp_arena_region_of(
				arena, slot, (uint32_t)(whose >> 40),
				trp_load_relaxed(&holder->incarnation)) ==
				region));
	}
}

void trp_arena_release(const struct trp_arena *arena, uint32_t region)
{
	assert(arena->entered == TRP_SLOT_SUPERVISOR && region);
	trp_store_release(&trp_arena_holder(arena, region)->whose, 0);
}

uint32_t trp_arena_region(const struct trp_arena *arena, uint32_t slot)
{
	return trp_load_acquire(&trp_arena_slot(arena, slot)->region);
}

bool trp_arena_is_held(const struct trp_arena *arena, uint32_t region,
		       uint32_t slot, uint32_t generation, uint32_t incarnation)
{
	/* H2. */
	return region < arena->regions &&
	       trp_load_acquire(&trp_arena_holder(arena, region)->whose) ==
		       trp_whose(slot, generation, incarnation);
}

uint32_t trp_arena_incarnation(const struct trp_arena *arena, uint32_t region)
{
	return trp_load_relaxed(&trp_arena_holder(arena, region)->incarnation);
}

uint32_t trp_arena_before(const struct trp_arena *arena, uint32_t region)
{
	const struct trp_holder *holder = trp_arena_holder(arena, region);
	uint64_t whose = trp_load_acquire(&holder->whose); /* H2 */
	uint32_t incarnation = trp_arena_incarnation(arena, region);
	uint32_t previous = trp_load_relaxed(&holder->previous);

	if (!whose || previous >= arena->regions)
		return TRP_NO_REGION;
	whose ^= trp_load_acquire(&trp_arena_holder(arena, previous)->whose);
	return whose >> 24 == 0 && trp_arena_incarnation(arena, previous) <
					   incarnation
		       ? previous
		       : TRP_NO_REGION;
}

void trp_arena_pass_over(const struct trp_arena *arena, uint32_t region)
{
	uint32_t former = trp_arena_before(arena, region);

	assert(arena->entered == TRP_SLOT_SUPERVISOR);
	trp_store_relaxed(&trp_arena_holder(arena, region)->previous,
			  trp_arena_before(arena, former));
}

/*
 * Back from the current one.  It is of that incarnation or a later one, for it
 * is stored before the slot's life; a region that changes hands on the way
 * ends the search, as if it had been released before.
 */
uint32_t trp_arena_region_of(const struct trp_arena *arena, uint32_t slot,
			     uint32_t generation, uint32_t incarnation)
{
	uint32_t region = trp_arena_region(arena, slot);

	for (uint32_t i = 0; i < arena->regions && region != TRP_NO_REGION;
	     i++) {
		if (trp_arena_is_held(arena, region, slot, generation,
				      incarnation))
			return region;
		region = trp_arena_before(arena, region);
	}
	return TRP_NO_REGION;
}

/* ---- regions that are nobody's ------------------------------------------- */

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

bool trp_arena_clean(const struct trp_arena *arena, uint32_t region,
		     uint64_t *ret_bytes)
{
	size_t front = front_offset(arena, region);
	size_t heap = heap_offset(arena, region);
	struct pages pages;

	assert(region < arena->regions && region != arena->entered);
	assert(arena->fd >= 0);

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
	uint32_t last = first + count - 1;
	int r;

	assert(first && count && last < arena->regions);
	assert(arena->entered - first >= count && arena->fd >= 0);

	r = punch(arena, front_offset(arena, last),
		  (size_t)count * TRP_FRONT_SIZE);
	return r < 0 ? r
		     : punch(arena, heap_offset(arena, last),
			     count * arena->heap_size);
}

int trp_arena_give_back_doorbells(const struct trp_arena *arena, uint32_t first,
				  uint32_t count)
{
	assert(first < arena->slots && count <= arena->slots - first);
	return punch(arena,
		     arena->doorbells + first * sizeof(struct trp_doorbell),
		     count * sizeof(struct trp_doorbell));
}

_Atomic uint64_t *trp_arena_words(const struct trp_arena *arena)
{
	return trp_arena_promises(arena)->words;
}

struct trp_promises *trp_arena_promises(const struct trp_arena *arena)
{
	return (struct trp_promises *)(void *)(arena->base + arena->promises);
}

void *trp_arena_board(const struct trp_arena *arena)
{
	return arena->base + arena->board;
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

struct trp_holder *trp_arena_holder(const struct trp_arena *arena,
				    uint32_t region)
{
	assert(region < arena->regions);
	return (struct trp_holder *)(void *)(arena->base + arena->holders) +
	       region;
}

struct trp_front *trp_arena_front(const struct trp_arena *arena,
				  uint32_t region)
{
	assert(region < arena->regions);
	return (struct trp_front *)(void *)(arena->base +
					    front_offset(arena, region));
}

void *trp_arena_at(const struct trp_arena *arena, uint32_t region,
		   uint64_t offset, uint64_t size)
{
	if (region >= arena->regions)
		return NULL;
	if (offset < TRP_FRONT_SIZE) {
		if (size > TRP_FRONT_SIZE - offset)
			return NULL;
		return arena->base + front_offset(arena, region) + offset;
	}
	offset -= TRP_FRONT_SIZE;
	if (offset > arena->heap_size || size > arena->heap_size - offset)
		return NULL;
	return arena->base + heap_offset(arena, region) + offset;
}
