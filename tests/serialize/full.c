/* SPDX-License-Identifier: MIT */
#include "tests/serialize/full.h"

#include <assert.h>
#include <float.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint8_t blob[] = { 0, 0xff, 'a', 0, 0xff };

static Sample__Scalars scalars = {
	.base = PROTOBUF_C_MESSAGE_INIT(&sample__scalars__descriptor),
	.a_double = -DBL_MAX,
	.a_float = FLT_MIN,
	.an_int32 = INT32_MIN,
	.an_int64 = INT64_MIN,
	.a_uint32 = UINT32_MAX,
	.a_uint64 = UINT64_MAX,
	.a_sint32 = INT32_MIN,
	.a_sint64 = INT64_MIN,
	.a_fixed32 = UINT32_MAX,
	.a_fixed64 = UINT64_MAX - 1,
	.a_sfixed32 = INT32_MIN,
	.a_sfixed64 = INT64_MIN,
	.a_bool = 1,
	.a_colour = SAMPLE__COLOUR__BLUE,
	.a_string = (char *)"gr\xc3\xbc\xc3\x9f",
	.some_bytes = { sizeof(blob), blob },
};

static double doubles[] = { 0, -1.5, DBL_MIN };
static int32_t ints[] = { 0, -1, INT32_MAX, INT32_MIN };
static uint64_t longs[] = { 0, 127, 128, UINT64_MAX };
static int64_t signeds[] = { 0, -1, 1, INT64_MAX, INT64_MIN };
static uint32_t fixeds[] = { 1, UINT32_MAX };
static protobuf_c_boolean bools[] = { 0, 1, 1 };
static Sample__Colour colours[] = { SAMPLE__COLOUR__RED, SAMPLE__COLOUR__BLUE };
static char *strings[] = { (char *)"", (char *)"one", (char *)"two" };
static ProtobufCBinaryData blobs[] = { { 0, NULL }, { sizeof(blob), blob } };
static Sample__Scalars empty_scalars = SAMPLE__SCALARS__INIT;
static Sample__Scalars *scalar_list[] = { &scalars, &empty_scalars };
static uint32_t loose[] = { 1, 300, UINT32_MAX };
static Sample__Entry entry = {
	.base = PROTOBUF_C_MESSAGE_INIT(&sample__entry__descriptor),
	.key = (char *)"key",
	.value = &scalars,
};
static Sample__Entry *entries[] = { &entry, &entry };

static Sample__Lists lists = {
	.base = PROTOBUF_C_MESSAGE_INIT(&sample__lists__descriptor),
	.n_doubles = COUNT(doubles),
	.doubles = doubles,
	.n_ints = COUNT(ints),
	.ints = ints,
	.n_longs = COUNT(longs),
	.longs = longs,
	.n_signeds = COUNT(signeds),
	.signeds = signeds,
	.n_fixeds = COUNT(fixeds),
	.fixeds = fixeds,
	.n_bools = COUNT(bools),
	.bools = bools,
	.n_colours = COUNT(colours),
	.colours = colours,
	.n_strings = COUNT(strings),
	.strings = strings,
	.n_blobs = COUNT(blobs),
	.blobs = blobs,
	.n_scalars = COUNT(scalar_list),
	.scalars = scalar_list,
	.n_loose = COUNT(loose),
	.loose = loose,
	.n_entries = COUNT(entries),
	.entries = entries,
};

static Sample__Tree leaf = {
	.base = PROTOBUF_C_MESSAGE_INIT(&sample__tree__descriptor),
	.value = 3,
};
static Sample__Tree *leaves[] = { &leaf, &leaf, &leaf };
static Sample__Tree tree = {
	.base = PROTOBUF_C_MESSAGE_INIT(&sample__tree__descriptor),
	.value = 1,
	.left = &leaf,
	.n_children = COUNT(leaves),
	.children = leaves,
};

static Sample__Choice choice = {
	.base = PROTOBUF_C_MESSAGE_INIT(&sample__choice__descriptor),
	.of_case = SAMPLE__CHOICE__OF_TREE,
	.tree = &tree,
};

static const Sample__Everything everything = {
	.base = PROTOBUF_C_MESSAGE_INIT(&sample__everything__descriptor),
	.scalars = &scalars,
	.lists = &lists,
	.choice = &choice,
	.tree = &tree,
	.after = 1,
};

const Sample__Everything *full_message(void)
{
	return &everything;
}

static size_t whole_pages(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (size + page - 1) & ~(page - 1);
}

unsigned char *guarded_new(size_t size)
{
	size_t pages = whole_pages(size), page = whole_pages(1);
	unsigned char *map = mmap(NULL, pages + page, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert(map != MAP_FAILED);
	assert(mprotect(map + pages, page, PROT_NONE) == 0);
	return map + pages - size;
}

void guarded_free(unsigned char *bytes, size_t size)
{
	size_t pages = whole_pages(size);

	munmap(bytes + size - pages, pages + whole_pages(1));
}

static atomic_size_t calls;

size_t heap_calls(void)
{
	return atomic_load_explicit(&calls, memory_order_relaxed);
}

#ifdef __SANITIZE_ADDRESS__
/* gcc has the function, but not clang's <sanitizer/allocator_interface.h>. */
extern int __sanitizer_install_malloc_and_free_hooks(
	void (*on_malloc)(const volatile void *, size_t),
	void (*on_free)(const volatile void *));

static void on_malloc(const volatile void *bytes, size_t size)
{
	atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
}

static void on_free(const volatile void *bytes)
{
	atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
}

__attribute__((constructor)) static void hook(void)
{
	__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}
#else
/* These stand before glibc's for every library of the process. */
extern void *__libc_malloc(size_t size);
extern void __libc_free(void *bytes);

void *malloc(size_t size)
{
	atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
	return __libc_malloc(size);
}

void free(void *bytes)
{
	atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
	__libc_free(bytes);
}
#endif

unsigned long seed_of(const char *test)
{
	const char *given = getenv("TROUPE_SEED");
	struct timespec now;
	unsigned long seed;

	clock_gettime(CLOCK_MONOTONIC, &now);
	seed = given ? strtoul(given, NULL, 0) : (unsigned long)now.tv_nsec;
	fprintf(stderr,
		"again: TROUPE_SEED=%lu build/bin/test-serialize "
		"--filter '%s'\n",
		seed, test);
	return seed;
}
