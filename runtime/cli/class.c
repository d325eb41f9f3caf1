/* SPDX-License-Identifier: MIT */
#include "runtime/cli/class.h"

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int trp_class_load(struct trp_look *look)
{
	struct trp_client *client = &look->client;
	const char *path = look->node->application;

	if (!look->is_own) {
		trp_look_say_why(look);
		return -EPERM;
	}
	if (path[0] && dlopen(path, RTLD_LAZY | RTLD_LOCAL))
		return 0;
	snprintf(client->why, sizeof(client->why), "cannot load %.200s: %.200s",
		 path[0] ? path : "the application",
		 path[0] ? dlerror() : "the node has none");
	return -ENOEXEC;
}

/* ---- the same place of the same file ------------------------------------- */

struct place {
	uint64_t offset; /* from where the file begins in memory */
	dev_t device;
	ino_t inode;
};

/* Of an address of another process, by proc_pid_maps(5). */
static bool find_place(pid_t pid, uint64_t address, struct place *ret_place)
{
	char path[32], line[4352], file[4096], first[4096] = "";
	uint64_t from, to, begin = 0;
	bool is_found = false;
	struct stat status;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	while (maps && !is_found && fgets(line, sizeof(line), maps)) {
		if (sscanf(line,
			   "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %*s %4095[^\n]",
			   &from, &to, file) != 3)
			continue;
		if (strcmp(file, first) != 0) {
			strcpy(first, file);
			begin = from;
		}
		is_found = address >= from && address < to;
	}
	if (maps)
		fclose(maps);
	if (!is_found || stat(first, &status) < 0)
		return false;
	*ret_place = (struct place) { address - begin, status.st_dev,
				      status.st_ino };
	return true;
}

struct search {
	struct place place;
	const void *found;
};

static bool has_class(const struct dl_phdr_info *info, uintptr_t at)
{
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		uintptr_t from = info->dlpi_addr + part->p_vaddr;

		if (part->p_type == PT_LOAD && at >= from &&
		    at + sizeof(struct troupe_class) <= from + part->p_memsz)
			return at % _Alignof(struct troupe_class) == 0;
	}
	return false;
}

static int look_into(struct dl_phdr_info *info, size_t size, void *data)
{
	struct search *search = data;
	uintptr_t begin = info->dlpi_addr, at;
	struct stat status;

	if (!info->dlpi_name[0] || stat(info->dlpi_name, &status) < 0 ||
	    status.st_ino != search->place.inode ||
	    status.st_dev != search->place.device)
		return 0;
	at = begin + search->place.offset;
	if (has_class(info, at))
		search->found = (const void *)at;
	return 1;
}

const struct troupe_class *trp_class_of(const struct trp_look_actor *actor)
{
	const Troupe__Guest__Actor *told = actor->told;
	struct search search = { 0 };

	if (!told->klass || told->is_guest || !told->pid ||
	    !find_place(told->pid, told->klass, &search.place))
		return NULL;
	dl_iterate_phdr(look_into, &search);
	return search.found;
}

/* ---- what it has --------------------------------------------------------- */

static const ProtobufCServiceDescriptor *service_of(
	const struct troupe_class *klass)
{
	return klass->service ? klass->service->descriptor : NULL;
}

void trp_class_print_methods(const struct troupe_class *klass,
			     const char *before)
{
	const ProtobufCServiceDescriptor *service = service_of(klass);

	for (unsigned i = 0; service && i < service->n_methods; i++)
		printf("%s%s.%s (%s) returns (%s)\n", before, service->name,
		       service->methods[i].name,
		       service->methods[i].input->name,
		       service->methods[i].output->name);
}

struct troupe_value *trp_class_methods(const struct troupe_class *klass)
{
	const ProtobufCServiceDescriptor *service = service_of(klass);
	struct troupe_value *list = troupe_value_list(), *map;
	char name[512];

	for (unsigned i = 0; service && i < service->n_methods; i++) {
		snprintf(name, sizeof(name), "%s.%s", service->name,
			 service->methods[i].name);
		map = troupe_value_map();
		trp_value_add_text(map, "method", name);
		trp_value_add_text(map, "input",
				   service->methods[i].input->name);
		trp_value_add_text(map, "output",
				   service->methods[i].output->name);
		troupe_value_append(list, map);
	}
	return list;
}

struct troupe_value *trp_class_messages(const struct troupe_class *klass)
{
	struct troupe_value *list = troupe_value_list();
	const struct troupe_handler *handler = klass->handlers;

	for (; handler && handler->type; handler++)
		troupe_value_append(list,
				    troupe_value_text(handler->type->name));
	return list;
}
