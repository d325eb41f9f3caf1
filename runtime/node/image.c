/* SPDX-License-Identifier: MIT */
#include "runtime/node/image.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct segment {
	struct segment *next;
	uintptr_t begin;
	uintptr_t zeros; /* from here on nothing is from a file */
	size_t size;
	bool is_kept; /* else nobody can write there */
	size_t at;    /* in `copies` */
} * segments;

/*
 * In shared memory, which no process can write: private pages would be copied
 * in each fork.
 */
static const char *copies;

/*
 * Pages of zeros stay untouched.  By hand, as an address sanitizer objects to
 * the bytes between variables.
 */
__attribute__((no_sanitize("address"))) static void copy(uint64_t *to,
							 const uint64_t *from,
							 size_t words)
{
	for (size_t i = 0; i < words; i++)
		if (from[i])
			to[i] = from[i];
}

/*
 * To look at a page of zeros would map it, here and in each fork.  So those
 * that the page map calls neither present nor swapped are passed over.
 */
static bool is_there(int pagemap, uintptr_t at, size_t page)
{
	uint64_t entry;

	return pread(pagemap, &entry, sizeof(entry),
		     (off_t)(at / page * sizeof(entry))) != sizeof(entry) ||
	       entry >> 62;
}

static void copy_segment(const struct segment *of, char *to, int pagemap)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t end = of->begin + of->size, at, next;

	for (at = of->begin; at < end; at = next) {
		next = (at | (page - 1)) + 1;
		next = next < end ? next : end;
		if (at < of->zeros || is_there(pagemap, at, page))
			copy((uint64_t *)(to + (at - of->begin)),
			     (const uint64_t *)at,
			     (next - at) / sizeof(uint64_t));
	}
}

static int add_segment(uintptr_t base, const ElfW(Phdr) * header, size_t *total)
{
	uintptr_t end = base + header->p_vaddr + header->p_memsz;
	struct segment *segment = malloc(sizeof(*segment));

	if (!segment)
		return -ENOMEM;
	/* Whole words, of pages that are there. */
	*segment = (struct segment) {
		.next = segments,
		.begin = (base + header->p_vaddr) & ~(uintptr_t)7,
		.zeros = base + header->p_vaddr + header->p_filesz,
		.is_kept = header->p_flags & PF_W,
		.at = *total,
	};
	segment->size = ((end + 7) & ~(uintptr_t)7) - segment->begin;
	if (segment->is_kept)
		*total += segment->size;
	segments = segment;
	return 0;
}

static int add_object(struct dl_phdr_info *info, size_t size, void *total)
{
	int r = 0;

	for (int i = 0; r == 0 && i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
		    info->dlpi_phdr[i].p_memsz)
			r = add_segment(info->dlpi_addr, &info->dlpi_phdr[i],
					total);
	return r;
}

/* Constants become executable, so that the kernel joins them to the code. */
static int merge_object(struct dl_phdr_info *info, size_t size, void *none)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin, end;
	const ElfW(Phdr) * header;

	for (int i = 0; i < info->dlpi_phnum; i++) {
		header = &info->dlpi_phdr[i];
		if (header->p_type != PT_LOAD || header->p_flags & PF_W)
			continue;
		begin = (info->dlpi_addr + header->p_vaddr) & -page;
		end = info->dlpi_addr + header->p_vaddr + header->p_memsz;
		mprotect((void *)begin, end - begin, PROT_READ | PROT_EXEC);
	}
	return 0;
}

void trp_image_merge(void)
{
	dl_iterate_phdr(merge_object, NULL);
}

int trp_image_keep(void)
{
	size_t total = 0;
	char *to;
	int pagemap, r = dl_iterate_phdr(add_object, &total);

	if (r < 0)
		return r;
	to = mmap(NULL, total, PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (to == MAP_FAILED)
		return -ENOMEM;
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	for (const struct segment *of = segments; of; of = of->next)
		if (of->is_kept)
			copy_segment(of, to + of->at, pagemap);
	if (pagemap >= 0)
		close(pagemap);
	copies = to;
	return mprotect(to, total, PROT_READ) < 0 ? -errno : 0;
}

bool trp_image_has(const void *at, size_t size)
{
	const struct segment *segment = segments;
	uintptr_t begin = (uintptr_t)at;

	while (segment && (begin < segment->begin ||
			   begin - segment->begin >= segment->size))
		segment = segment->next;
	if (!segment || size > segment->size - (begin - segment->begin))
		return false;
	return !segment->is_kept ||
	       memcmp(at, copies + segment->at + (begin - segment->begin),
		      size) == 0;
}
