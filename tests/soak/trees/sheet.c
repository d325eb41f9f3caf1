/* SPDX-License-Identifier: MIT */
#include "tests/soak/trees/sheet.h"

struct sheet *sheet;
int sheet_report = STDERR_FILENO;
uint64_t sheet_chance;

void sheet_open(void)
{
	sheet = mmap(NULL, sizeof(*sheet), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	cr_assert_neq(sheet, MAP_FAILED);
}

uint64_t sheet_below(uint64_t bound)
{
	return kit_random(&sheet_chance) % bound;
}

void sheet_complain(const char *what, uint64_t of, uint64_t found,
		    uint64_t expected)
{
	if (++board->failures < 20)
		dprintf(sheet_report, "%s: %llu: %llu and not %llu\n", what,
			(unsigned long long)of, (unsigned long long)found,
			(unsigned long long)expected);
}

static uint32_t place_of(uint64_t ref, uint32_t probe)
{
	uint64_t mixed = ref * UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)((mixed >> 32) + probe) % (2 * POSTS);
}

/* One that was killed while it added itself is not in post_of. */
static uint32_t find_slowly(uint64_t ref)
{
	for (uint32_t i = 1; i < POSTS && sheet->post[i].ref; i++)
		if (sheet->post[i].ref == ref)
			return i;
	return 0;
}

uint32_t sheet_find(uint64_t ref)
{
	uint32_t probe = 0, post;

	while (ref && (post = sheet->post_of[place_of(ref, probe++)]))
		if (sheet->post[post].ref == ref)
			return post;
	return ref ? find_slowly(ref) : 0;
}

/* Only the one actor at that reference adds it; it may be killed anywhere. */
uint32_t sheet_find_or_add(uint64_t ref)
{
	uint32_t post = sheet_find(ref), probe = 0, none = 0, posts;
	uint64_t no_ref = 0;

	if (post && post <= sheet->posts)
		return post;
	for (post = post ? post : sheet->posts + 1; post < POSTS; post++) {
		if (sheet->post[post].ref == ref ||
		    atomic_compare_exchange_strong(&sheet->post[post].ref,
						   &no_ref, ref))
			break;
		no_ref = 0;
	}
	if (post >= POSTS) {
		sheet_complain("too many references", post, 0, 0);
		_exit(0);
	}
	posts = sheet->posts;
	while (posts < post &&
	       !atomic_compare_exchange_strong(&sheet->posts, &posts, post))
		;
	while (!atomic_compare_exchange_strong(
		&sheet->post_of[place_of(ref, probe++)], &none, post))
		none = 0;
	return post;
}

bool sheet_is_gone(const struct post *post)
{
	return post->told[0].is_final && post->told[1].is_final;
}

uint64_t sheet_since(int pid)
{
	char path[64], text[1024], *rest;
	unsigned long long since = 0;
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	rest = strrchr(text, ')'); /* the name may contain anything */
	for (int field = 2; rest && field < 22; field++)
		rest = strchr(rest + 1, ' ');
	if (rest)
		sscanf(rest, "%llu", &since);
	return since;
}

/* ---- items ----------------------------------------------------------------
 */

/* Any piece of it is as long, and as random, as its number says. */
static uint8_t pattern[LARGEST + 256];

static void make_pattern(void)
{
	uint64_t state = 1;

	if (pattern[0] | pattern[1] | pattern[2])
		return;
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)kit_random(&state);
}

static bool is_attached(uint64_t number)
{
	return number % 16 == 15;
}

static size_t size_of(uint64_t number)
{
	uint64_t state = number;

	return is_attached(number) ? 1 + kit_random(&state) % LARGEST
				   : kit_random(&state) % 700;
}

int sheet_send(uint64_t to, uint32_t lane, uint64_t number)
{
	Trees__Item item = TREES__ITEM__INIT;
	uint8_t *bytes = pattern + number % 256;

	make_pattern();
	item.lane = lane;
	item.number = number;
	if (is_attached(number))
		return troupe_send_attached(to, &item.base, bytes,
					    size_of(number));
	item.bytes.data = bytes;
	item.bytes.len = size_of(number);
	return troupe_send(to, &item.base);
}

bool sheet_is_whole(const struct troupe_message *message)
{
	const Trees__Item *item = message->body;
	const void *bytes = message->attachment;
	size_t size = message->attachment_size;

	make_pattern();
	if (!is_attached(item->number)) {
		if (bytes)
			return false;
		bytes = item->bytes.data;
		size = item->bytes.len;
	}
	return size == size_of(item->number) &&
	       (!size ||
		memcmp(bytes, pattern + item->number % 256, size) == 0);
}
