/* SPDX-License-Identifier: MIT */
#include "serialize/type.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x00000100000001b3)
#define GOLDEN	  UINT64_C(0x9e3779b97f4a7c15) /* 2^64 / phi, Knuth 6.4 */

enum { CACHE_BITS = 8, TABLE_FIRST = 16 };
_Static_assert((TABLE_FIRST & (TABLE_FIRST - 1)) == 0, "for the mask");

/*
 * Shared by the threads of a process without a lock: beside the id it stores
 * key XOR id, so halves of two entries match no key (Hyatt and Mann, "A
 * lockless transposition table implementation for parallel search", ICGA
 * Journal 25(1), 2002).  A page, in which each key has two places: the zygote
 * fills it for its children, to which a miss is a page of their own.
 */
static _Alignas(4096) struct {
	_Atomic uint64_t check, id;
} cache[1 << CACHE_BITS];

uint64_t trp_type_mix(uint64_t hash, const void *bytes, size_t size)
{
	const unsigned char *byte = bytes;

	while (size--)
		hash = (hash ^ *byte++) * FNV_PRIME;
	return hash;
}

uint64_t trp_type_id(const char *full_name)
{
	uint64_t hash = trp_type_mix(FNV_BASIS, full_name, strlen(full_name));

	return hash ? hash : FNV_BASIS;
}

static uint64_t remember(uint64_t slot, uint64_t key, const char *name)
{
	uint64_t id = trp_type_id(name);

	if (atomic_load_explicit(&cache[slot].id, memory_order_relaxed))
		slot ^= 1;
	atomic_store_explicit(&cache[slot].check, key ^ id,
			      memory_order_relaxed);
	atomic_store_explicit(&cache[slot].id, id, memory_order_relaxed);
	return id;
}

/* The id of that key, if it is there; an empty entry matches none. */
static uint64_t recall(uint64_t slot, uint64_t key)
{
	uint64_t check =
		atomic_load_explicit(&cache[slot].check, memory_order_relaxed);
	uint64_t id =
		atomic_load_explicit(&cache[slot].id, memory_order_relaxed);

	return (check ^ id) == key ? id : 0;
}

static uint64_t id_of(const void *descriptor, const char *name)
{
	uint64_t key = (uintptr_t)descriptor;
	uint64_t slot = key * GOLDEN >> (64 - CACHE_BITS);

	return recall(slot, key) ?: recall(slot ^ 1, key)
						?: remember(slot, key, name);
}

uint64_t trp_type_of(const ProtobufCMessageDescriptor *type)
{
	return id_of(type, type->name);
}

uint64_t trp_type_of_service(const ProtobufCServiceDescriptor *service)
{
	return id_of(service, service->name);
}

/* Where `id` is, or else the free entry where it would be. */
static struct trp_type_entry *entry_for(const struct trp_type_table *table,
					uint64_t id)
{
	uint32_t mask = table->room - 1;
	uint32_t i = (uint32_t)(id * GOLDEN >> 32) & mask;

	while (table->entries[i].id && table->entries[i].id != id)
		i = (i + 1) & mask;
	return &table->entries[i];
}

void trp_type_table_check(const struct trp_type_table *table)
{
	uint32_t count = 0;

	assert((table->room & (table->room - 1)) == 0);
	assert(2 * table->count <= table->room);
	for (uint32_t i = 0; i < table->room; i++) {
		const struct trp_type_entry *entry = &table->entries[i];

		assert(!entry->id == !entry->value);
		assert(!entry->id || entry_for(table, entry->id) == entry);
		count += entry->id != 0;
	}
	assert(table->count == count);
}

static int grow(struct trp_type_table *table)
{
	struct trp_type_table larger = {
		.count = table->count,
		.room = table->room ? 2 * table->room : TABLE_FIRST,
	};

	larger.entries = calloc(larger.room, sizeof(*larger.entries));
	if (!larger.entries)
		return -ENOMEM;
	for (uint32_t i = 0; i < table->room; i++)
		if (table->entries[i].id)
			*entry_for(&larger, table->entries[i].id) =
				table->entries[i];
	free(table->entries);
	*table = larger;
	return 0;
}

int trp_type_table_add(struct trp_type_table *table, uint64_t id,
		       const void *value)
{
	struct trp_type_entry *entry;
	int r;

	assert(id && value);
	if (trp_type_table_find(table, id))
		return -EEXIST;
	if (2 * (table->count + 1) > table->room) {
		r = grow(table);
		if (r < 0)
			return r;
	}
	entry = entry_for(table, id);
	assert(!entry->id);
	entry->id = id;
	entry->value = value;
	table->count++;
	TRP_CHECK(trp_type_table_check(table));
	return 0;
}

const void *trp_type_table_find(const struct trp_type_table *table, uint64_t id)
{
	return table->room ? entry_for(table, id)->value : NULL;
}

void trp_type_table_fini(struct trp_type_table *table)
{
	free(table->entries);
	*table = (struct trp_type_table) { 0 };
}
