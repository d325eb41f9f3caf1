/* SPDX-License-Identifier: MIT */
#include "runtime/node/types.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/node/system.pb-c.h"
#include "runtime/node/dead_letter.pb-c.h"
#include "runtime/troupe_ends.h"
#include "serialize/type.h"
#include "serialize/value.pb-c.h"

static struct trp_type_table table;

int trp_types_add(const ProtobufCMessageDescriptor *type)
{
	uint64_t id = trp_type_of(type);
	const ProtobufCMessageDescriptor *known =
		trp_type_table_find(&table, id);

	/* Not a type of mail: a message that claims it must not be unpacked. */
	if (type == &troupe__end__descriptor)
		return 0;
	if (known)
		return strcmp(known->name, type->name) == 0 ? 0 : -EEXIST;
	return trp_type_table_add(&table, id, type);
}

int trp_types_begin(void)
{
	static const ProtobufCMessageDescriptor *const type[] = {
		&troupe__value__descriptor,
		&troupe__dead_letter__descriptor,
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

/* Of types that are not in this process: the values are in `learnt`. */
static struct trp_type_table names;
static char *learnt;

void trp_types_learn(char *text, size_t size)
{
	const char *name, *end = text + size;

	trp_type_table_fini(&names);
	free(learnt);
	learnt = text;
	text[size - 1] = '\0';
	for (name = text; name < end; name += strlen(name) + 1)
		trp_type_table_add(&names, trp_type_id(name), name);
}

const char *trp_types_name(uint64_t id)
{
	const ProtobufCMessageDescriptor *type = trp_types_find(id);

	return type ? type->name : trp_type_table_find(&names, id);
}

/* The number of dynamic symbols: up to the last one in the GNU hash. */
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

/* A descriptor of that size and magic, the first word of each; or NULL. */
static const void *as_descriptor(const struct link_map *map,
				 const ElfW(Sym) * symbol, const char *name,
				 size_t size_of, uint32_t magic)
{
	static const char suffix[] = "__descriptor";
	const uint32_t *descriptor;
	size_t size = strlen(name);

	if (size < sizeof(suffix) || symbol->st_shndx == SHN_UNDEF ||
	    strcmp(name + size - strlen(suffix), suffix) != 0 ||
	    symbol->st_size != size_of)
		return NULL;
	descriptor = (const void *)(map->l_addr + symbol->st_value);
	return *descriptor == magic ? descriptor : NULL;
}

/* Until visit() returns a value other than 0. */
static int each_descriptor(const struct link_map *map, size_t size_of,
			   uint32_t magic,
			   int (*visit)(const void *descriptor, void *data),
			   void *data)
{
	struct symbols symbols;
	uint32_t i, count;
	int r = 0;

	find_symbols(map, &symbols);
	if (!symbols.symbol || !symbols.names || !symbols.hash)
		return 0;
	count = count_symbols(symbols.hash);
	for (i = 0; r == 0 && i < count; i++) {
		const ElfW(Sym) *symbol = &symbols.symbol[i];
		const void *descriptor = as_descriptor(
			map, symbol, symbols.names + symbol->st_name, size_of,
			magic);

		r = descriptor ? visit(descriptor, data) : 0;
	}
	return r;
}

/*
 * The same for an application and the libraries that came with it, which follow
 * it in the list; the program itself (the first) stands alone.
 */
static int each_of(void *application, size_t size_of, uint32_t magic,
		   int (*visit)(const void *descriptor, void *data), void *data)
{
	struct link_map *map;
	bool is_alone;
	int r = 0;

	if (dlinfo(application, RTLD_DI_LINKMAP, &map) < 0)
		return 0;
	is_alone = !map->l_prev;
	for (; r == 0 && map; map = is_alone ? NULL : map->l_next)
		r = each_descriptor(map, size_of, magic, visit, data);
	return r;
}

static int add_type(const void *descriptor, void *data)
{
	return trp_types_add(descriptor);
}

int trp_types_load(void *application)
{
	return each_of(application, sizeof(ProtobufCMessageDescriptor),
		       PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC, add_type, NULL);
}

struct visitor {
	void (*visit)(const ProtobufCServiceDescriptor *service, void *data);
	void *data;
};

static int visit_service(const void *descriptor, void *data)
{
	const struct visitor *visitor = data;

	visitor->visit(descriptor, visitor->data);
	return 0;
}

void trp_types_services(void *application,
			void (*visit)(const ProtobufCServiceDescriptor *service,
				      void *data),
			void *data)
{
	struct visitor visitor = { visit, data };

	each_of(application, sizeof(ProtobufCServiceDescriptor),
		PROTOBUF_C__SERVICE_DESCRIPTOR_MAGIC, visit_service, &visitor);
}

void trp_types_each(void (*visit)(const ProtobufCMessageDescriptor *type,
				  void *data),
		    void *data)
{
	for (size_t i = 0; i < table.room; i++)
		if (table.entries[i].value)
			visit(table.entries[i].value, data);
}
