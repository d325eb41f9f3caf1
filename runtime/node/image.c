/* SPDX-License-Identifier: MIT */
#include "runtime/node/image.h"

#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static struct segment {
	struct segment *next;
	uintptr_t begin;
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

int trp_image_keep(void)
{
	size_t total = 0;
	char *to;
	int r = dl_iterate_phdr(add_object, &total);

	if (r < 0)
		return r;
	to = mmap(NULL, total, PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (to == MAP_FAILED)
		return -ENOMEM;
	for (const struct segment *of = segments; of; of = of->next)
		if (of->is_kept)
			copy((uint64_t *)(to + of->at),
			     (const uint64_t *)of->begin,
			     of->size / sizeof(uint64_t));
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
