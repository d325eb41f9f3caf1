/* SPDX-License-Identifier: MIT */
#include "runtime/node/types.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/node/system.pb-c.h"
#include "runtime/node/dead_letter.pb-c.h"
#include "runtime/troupe_ends.h"
#include "runtime/troupe_link.h"
#include "serialize/type.h"
#include "serialize/value.pb-c.h"

static struct trp_type_table table;

int trp_types_add(const ProtobufCMessageDescriptor *type)
{
	uint64_t id = trp_type_of(type);
	const ProtobufCMessageDescriptor *known =
		trp_type_table_find(&table, id);

	/* No types of mail: a message that claims it must not be unpacked. */
	if (type == &troupe__end__descriptor ||
	    type == &troupe__exit_signal__descriptor)
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
		&troupe__control__trace__descriptor,
		&troupe__control__ended__descriptor,
		&troupe__control__group_changed__descriptor,
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

/*
 * Of types that are not in this process, and of methods: the values are in
 * `learnt`.  In that text the methods of a service follow its name.
 */
enum { SERVICE = 1, METHOD = 2 };
static struct trp_type_table names;
static char *learnt;
static size_t learnt_size;

void trp_types_learn(char *text, size_t size)
{
	const char *name, *end = text + size;
	uint64_t method = 0;

	trp_type_table_fini(&names);
	free(learnt);
	learnt = text;
	learnt_size = size;
	text[size - 1] = '\0';
	for (name = text; name < end; name += strlen(name) + 1) {
		if (name[0] == SERVICE)
			method = trp_type_id(name + 1);
		else if (name[0] == METHOD)
			trp_type_table_add(&names, ++method, name + 1);
		else
			trp_type_table_add(&names, trp_type_id(name), name);
	}
}

const char *trp_types_learnt(size_t *ret_size)
{
	*ret_size = learnt_size;
	return learnt;
}

void trp_types_each_name(void (*visit)(const char *name, bool is_method,
				       void *data),
			 void *data)
{
	const char *name, *end = learnt + learnt_size;

	for (name = learnt; name < end; name += strlen(name) + 1)
		if (name[0] != SERVICE)
			visit(name + (name[0] == METHOD), name[0] == METHOD,
			      data);
}

static void write_type(const ProtobufCMessageDescriptor *type, void *data)
{
	fwrite(type->name, 1, strlen(type->name) + 1, data);
}

static void write_methods(const ProtobufCServiceDescriptor *service, void *data)
{
	fprintf(data, "%c%s%c", SERVICE, service->name, '\0');
	for (unsigned i = 0; i < service->n_methods; i++)
		fprintf(data, "%c%s.%s%c", METHOD, service->name,
			service->methods[i].name, '\0');
}

char *trp_types_text(void *application, size_t *ret_size)
{
	char *text = NULL;
	FILE *stream = open_memstream(&text, ret_size);

	if (!stream)
		return NULL;
	trp_types_each(write_type, stream);
	trp_types_services(application, write_methods, stream);
	fclose(stream);
	return text;
}

const char *trp_types_name(uint64_t id)
{
	const ProtobufCMessageDescriptor *type = trp_types_find(id);

	return type ? type->name : trp_type_table_find(&names, id);
}

/* ---- descriptors of a loaded image --------------------------------------- */

/* How both kinds of descriptors begin, as protoc-c writes them. */
struct head {
	uint32_t magic;
	const char *name, *short_name, *c_name, *package;
};

struct search {
	ElfW(Addr) application; /* where it was loaded */
	bool is_alone, is_there;
	size_t size_of;
	uint32_t magic;
	int (*visit)(const void *descriptor, void *data);
	void *data;
};

/* A NUL-terminated string within one segment of that image. */
static bool is_text(const struct dl_phdr_info *info, const char *text)
{
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		ElfW(Addr) at = (ElfW(Addr))text - info->dlpi_addr;

		if (part->p_type == PT_LOAD && at >= part->p_vaddr &&
		    at - part->p_vaddr < part->p_filesz) {
			size_t most = part->p_filesz - (at - part->p_vaddr);

			return strnlen(text, most) < most;
		}
	}
	return false;
}

/* "package.Short", or without a package; anything else is no descriptor. */
static bool is_named(const struct dl_phdr_info *info, const struct head *head)
{
	size_t size;

	if (!is_text(info, head->name) || !is_text(info, head->short_name) ||
	    !is_text(info, head->c_name) || !is_text(info, head->package))
		return false;
	size = strlen(head->package);
	if (strncmp(head->name, head->package, size) != 0)
		return false;
	return strcmp(head->name + size + (size && head->name[size] == '.'),
		      head->short_name) == 0;
}

/*
 * It looks between the variables of others, which a sanitizer takes for an
 * error.
 */
__attribute__((no_sanitize("address"))) static int search_part(
	const struct dl_phdr_info *info, const ElfW(Phdr) * part,
	const struct search *search)
{
	const char *at = (const char *)(info->dlpi_addr + part->p_vaddr);
	const char *end = at + part->p_filesz;
	int r = 0;

	at += -(uintptr_t)at % _Alignof(struct head);
	for (; r == 0 && at + search->size_of <= end;
	     at += _Alignof(struct head)) {
		const struct head *head = (const void *)at;

		if (head->magic == search->magic && is_named(info, head))
			r = search->visit(head, search->data);
	}
	return r;
}

/*
 * Descriptors have pointers, so in an image that can be anywhere they are where
 * it can be written to while it is loaded.
 */
static int search_image(struct dl_phdr_info *info, size_t size, void *data)
{
	struct search *search = data;
	int r = 0;

	if (!search->is_there && info->dlpi_addr != search->application)
		return 0;
	search->is_there = true;
	for (size_t i = 0; r == 0 && i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type == PT_LOAD && part->p_flags & PF_R &&
		    (part->p_flags & PF_W || !info->dlpi_addr))
			r = search_part(info, part, search);
	}
	return r ? r : search->is_alone;
}

/*
 * Until visit() returns a negative value: those of an application and of the
 * libraries that came with it, which follow it in the list; the program itself
 * (the first) stands alone.
 */
static int each_of(void *application, size_t size_of, uint32_t magic,
		   int (*visit)(const void *descriptor, void *data), void *data)
{
	struct search search = {
		.size_of = size_of, .magic = magic, .visit = visit, .data = data
	};
	struct link_map *map;
	int r;

	if (dlinfo(application, RTLD_DI_LINKMAP, &map) < 0)
		return 0;
	search.application = map->l_addr;
	search.is_alone = !map->l_prev;
	r = dl_iterate_phdr(search_image, &search);
	return r < 0 ? r : 0;
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
