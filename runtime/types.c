/* SPDX-License-Identifier: MIT */
#include "runtime/types.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include "runtime/control.pb-c.h"
#include "serialize/type.h"
#include "serialize/value.pb-c.h"

static struct trp_type_table table;

int trp_types_add(const ProtobufCMessageDescriptor *type)
{
	uint64_t id = trp_type_of(type);
	const ProtobufCMessageDescriptor *known =
		trp_type_table_find(&table, id);

	if (known)
		return strcmp(known->name, type->name) == 0 ? 0 : -EEXIST;
	return trp_type_table_add(&table, id, type);
}

int trp_types_begin(void)
{
	static const ProtobufCMessageDescriptor *const type[] = {
		&troupe__value__descriptor,
		&troupe__control__answer__descriptor,
		&troupe__control__order__descriptor,
		&troupe__control__ended__descriptor,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(type) / sizeof(type[0]); i++)
		r = trp_types_add(type[i]);
	return r;
}

const ProtobufCMessageDescriptor *trp_types_find(uint64_t id)
{
	return trp_type_table_find(&table, id);
}

/* How many dynamic symbols there are: the last one that a GNU hash reaches. */
static uint32_t count_symbols(const uint32_t *hash)
{
	uint32_t buckets = hash[0], first = hash[1], bloom = hash[2];
	const uint32_t *bucket = hash + 4 + bloom * (sizeof(ElfW(Addr)) / 4);
	const uint32_t *chain = bucket + buckets;
	uint32_t i, last = 0;

	for (i = 0; i < buckets; i++)
		if (bucket[i] > last)
			last = bucket[i];
	if (last < first)
		return first;
	while (!(chain[last - first] & 1))
		last++;
	return last + 1;
}

struct symbols {
	const ElfW(Sym) * symbol;
	const char *names;
	const uint32_t *hash;
};

static void find_symbols(const struct link_map *map, struct symbols *ret)
{
	const ElfW(Dyn) * entry;

	*ret = (struct symbols) { 0 };
	for (entry = map->l_ld; entry->d_tag != DT_NULL; entry++) {
		if (entry->d_tag == DT_SYMTAB)
			ret->symbol = (const void *)entry->d_un.d_ptr;
		else if (entry->d_tag == DT_STRTAB)
			ret->names = (const void *)entry->d_un.d_ptr;
		else if (entry->d_tag == DT_GNU_HASH)
			ret->hash = (const void *)entry->d_un.d_ptr;
	}
}

static const ProtobufCMessageDescriptor *as_type(const struct link_map *map,
						 const ElfW(Sym) * symbol,
						 const char *name)
{
	static const char suffix[] = "__descriptor";
	const ProtobufCMessageDescriptor *type;
	size_t size = strlen(name);

	if (size < sizeof(suffix) || symbol->st_shndx == SHN_UNDEF ||
	    strcmp(name + size - strlen(suffix), suffix) != 0 ||
	    symbol->st_size != sizeof(*type))
		return NULL;
	type = (const void *)(map->l_addr + symbol->st_value);
	return type->magic == PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC ? type
								   : NULL;
}

static int load_object(const struct link_map *map)
{
	const ProtobufCMessageDescriptor *type;
	struct symbols symbols;
	uint32_t i, count;
	int r;

	find_symbols(map, &symbols);
	if (!symbols.symbol || !symbols.names || !symbols.hash)
		return 0;
	count = count_symbols(symbols.hash);
	for (i = 0; i < count; i++) {
		const ElfW(Sym) *symbol = &symbols.symbol[i];

		type = as_type(map, symbol, symbols.names + symbol->st_name);
		r = type ? trp_types_add(type) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

int trp_types_load(void *application)
{
	struct link_map *map;

	if (dlinfo(application, RTLD_DI_LINKMAP, &map) < 0)
		return 0;
	return load_object(map);
}

void trp_types_each(void (*visit)(const ProtobufCMessageDescriptor *type,
				  void *data),
		    void *data)
{
	size_t i;

	for (i = 0; i < table.room; i++)
		if (table.entries[i].value)
			visit(table.entries[i].value, data);
}
