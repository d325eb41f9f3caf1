/* SPDX-License-Identifier: MIT */
#include "runtime/mail/exports.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include "runtime/actor/self.h"
#include "runtime/node/options.h"

/* FNV-1a. */
#define HASH_BEGIN UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME UINT64_C(0x100000001b3)

static uint64_t hash(uint64_t so_far, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < length; i++)
		so_far = (so_far ^ at[i]) * HASH_PRIME;
	return so_far;
}

/* ---- the build id -------------------------------------------------------- */

struct search {
	const char *file; /* as it was loaded; "": this program */
	uint64_t build;
};

static size_t padded(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

/* 0: not among these notes. */
static uint64_t build_among(const char *notes, size_t length)
{
	ElfW(Nhdr) note;
	size_t size;

	while (length >= sizeof(note)) {
		memcpy(&note, notes, sizeof(note));
		size = sizeof(note) + padded(note.n_namesz) +
		       padded(note.n_descsz);
		if (size > length)
			break;
		if (note.n_type == NT_GNU_BUILD_ID &&
		    note.n_namesz == sizeof(ELF_NOTE_GNU) &&
		    memcmp(notes + sizeof(note), ELF_NOTE_GNU,
			   sizeof(ELF_NOTE_GNU)) == 0)
			return hash(HASH_BEGIN,
				    notes + sizeof(note) +
					    padded(note.n_namesz),
				    note.n_descsz);
		notes += size;
		length -= size;
	}
	return 0;
}

static int look_at(struct dl_phdr_info *info, size_t size, void *user)
{
	struct search *search = user;
	const ElfW(Phdr) * header;

	if (strcmp(info->dlpi_name, search->file) != 0)
		return 0;
	for (int i = 0; i < info->dlpi_phnum && !search->build; i++) {
		header = &info->dlpi_phdr[i];
		if (header->p_type == PT_NOTE)
			search->build =
				build_among((const char *)(info->dlpi_addr +
							   header->p_vaddr),
					    header->p_memsz);
	}
	return 1;
}

static uint64_t hash_file(const char *path)
{
	FILE *file = fopen(path, "re");
	uint64_t so_far = HASH_BEGIN;
	char bytes[16384];
	size_t length;
	bool is_whole;

	if (!file)
		return 0;
	while ((length = fread(bytes, 1, sizeof(bytes), file)) > 0)
		so_far = hash(so_far, bytes, length);
	is_whole = !ferror(file);
	fclose(file);
	return is_whole ? so_far : 0;
}

uint64_t trp_mail_exports_build(void)
{
	static uint64_t build;
	const struct trp_node *node = trp_self.node;
	struct search search = { .file = node->options->main ? ""
							     : node->argv[0] };

	if (build)
		return build;
	dl_iterate_phdr(look_at, &search);
	build = search.build;
	if (!build)
		build = hash_file(node->options->main ? "/proc/self/exe"
						      : node->argv[0]);
	return build;
}

/* ---- classes ------------------------------------------------------------- */

const struct troupe_class *trp_mail_exports_class(const char *name)
{
	const struct troupe_class *const *classes =
		dlsym(RTLD_DEFAULT, "troupe_classes");

	for (; classes && *classes; classes++)
		if ((*classes)->name && strcmp((*classes)->name, name) == 0)
			return *classes;
	return NULL;
}
