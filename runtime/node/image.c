/* SPDX-License-Identifier: MIT */
#include "runtime/node/image.h"

#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { WORDS = 512 }; /* of a page */

static struct segment {
	struct segment *next;
	uintptr_t begin;
	size_t size;
	uint64_t *kept; /* NULL: nobody can write there */
} * segments;

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

static uint64_t *copy_of(uintptr_t begin, size_t size)
{
	void *kept = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (kept == MAP_FAILED)
		return NULL;
	copy(kept, (const uint64_t *)begin, size / sizeof(uint64_t));
	return kept;
}

static int keep_segment(uintptr_t base, const ElfW(Phdr) * header)
{
	uintptr_t end = base + header->p_vaddr + header->p_memsz;
	struct segment *segment = malloc(sizeof(*segment));

	if (!segment)
		return -ENOMEM;
	/* Whole words, of pages that are there. */
	*segment = (struct segment) {
		.next = segments,
		.begin = (base + header->p_vaddr) & ~(uintptr_t)7,
	};
	segment->size = ((end + 7) & ~(uintptr_t)7) - segment->begin;
	if (header->p_flags & PF_W)
		segment->kept = copy_of(segment->begin, segment->size);
	if (header->p_flags & PF_W && !segment->kept) {
		free(segment);
		return -ENOMEM;
	}
	segments = segment;
	return 0;
}

static int keep_object(struct dl_phdr_info *info, size_t size, void *data)
{
	int r = 0;

	for (int i = 0; r == 0 && i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
		    info->dlpi_phdr[i].p_memsz)
			r = keep_segment(info->dlpi_addr, &info->dlpi_phdr[i]);
	return r;
}

int trp_image_keep(void)
{
	return dl_iterate_phdr(keep_object, NULL);
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
	return !segment->kept ||
	       memcmp(at,
		      (const char *)segment->kept + (begin - segment->begin),
		      size) == 0;
}
