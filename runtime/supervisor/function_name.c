/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/function_name.h"

#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { KNOWN = 64 };

/* ---- the file ------------------------------------------------------------ */

/* Where the address lies in a file that the process has mapped. */
struct place {
	uint64_t offset;
	unsigned major, minor;
	unsigned long inode;
	char path[4096];
};

static bool find_place(pid_t pid, uint64_t address, struct place *ret_place)
{
	char name[32], line[4400];
	uint64_t start, end, offset;
	bool is_found = false;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/maps", (int)pid);
	file = fopen(name, "re");
	if (!file)
		return false;
	while (!is_found && fgets(line, sizeof(line), file))
		is_found = sscanf(line, "%lx-%lx %*s %lx %x:%x %lu %4095[^\n]",
				  &start, &end, &offset, &ret_place->major,
				  &ret_place->minor, &ret_place->inode,
				  ret_place->path) == 7 &&
			   start <= address && address < end;
	fclose(file);
	if (is_found)
		ret_place->offset = address - start + offset;
	return is_found;
}

/* Not another one that has its name by now. */
static int open_place(const struct place *place)
{
	int fd = open(place->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd >= 0 &&
	    (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	     st.st_ino != place->inode || major(st.st_dev) != place->major ||
	     minor(st.st_dev) != place->minor)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* ---- its symbols --------------------------------------------------------- */

/* Reads, and never maps: a file that shrinks must not end the supervisor. */
static bool get(int fd, uint64_t offset, void *to, size_t size)
{
	return pread(fd, to, size, (off_t)offset) == (ssize_t)size;
}

static bool find_address(int fd, const ElfW(Ehdr) * head, uint64_t offset,
			 uint64_t *ret_address)
{
	ElfW(Phdr) part;

	for (unsigned i = 0; i < head->e_phnum; i++)
		if (get(fd, head->e_phoff + i * sizeof(part), &part,
			sizeof(part)) &&
		    part.p_type == PT_LOAD && offset >= part.p_offset &&
		    offset - part.p_offset < part.p_filesz) {
			*ret_address = offset - part.p_offset + part.p_vaddr;
			return true;
		}
	return false;
}

static bool find_symbol(int fd, const ElfW(Shdr) * table, uint64_t address,
			ElfW(Sym) * ret_symbol)
{
	static ElfW(Sym) part[512];
	uint64_t end = table->sh_offset + table->sh_size;
	uint64_t at = table->sh_offset;
	ssize_t size;

	for (; at < end; at += (uint64_t)size) {
		size = pread(fd, part, sizeof(part), (off_t)at);
		size -= size % (ssize_t)sizeof(part[0]);
		if (size <= 0)
			return false;
		for (size_t i = 0; i < (size_t)size / sizeof(part[0]); i++)
			if (ELF64_ST_TYPE(part[i].st_info) == STT_FUNC &&
			    part[i].st_shndx != SHN_UNDEF &&
			    address >= part[i].st_value &&
			    address - part[i].st_value < part[i].st_size) {
				*ret_symbol = part[i];
				return true;
			}
	}
	return false;
}

static bool read_name(int fd, const ElfW(Ehdr) * head, const ElfW(Shdr) * table,
		      uint64_t address, char name[TROUPE_NAME_SIZE])
{
	ElfW(Shdr) strings;
	ElfW(Sym) symbol;

	if (table->sh_link >= head->e_shnum ||
	    !get(fd, head->e_shoff + table->sh_link * sizeof(strings), &strings,
		 sizeof(strings)) ||
	    !find_symbol(fd, table, address, &symbol) ||
	    symbol.st_name >= strings.sh_size)
		return false;
	memset(name, 0, TROUPE_NAME_SIZE);
	if (pread(fd, name, TROUPE_NAME_SIZE - 1,
		  (off_t)(strings.sh_offset + symbol.st_name)) <= 0)
		return false;
	name[strcspn(name, ".")] = '\0'; /* run.constprop.0 */
	return name[0];
}

/* The second table is in each shared object, and has what it exports. */
static bool find_name(int fd, uint64_t offset, char name[TROUPE_NAME_SIZE])
{
	static const uint32_t kinds[] = { SHT_SYMTAB, SHT_DYNSYM };
	ElfW(Ehdr) head;
	ElfW(Shdr) table;
	uint64_t address;

	if (!get(fd, 0, &head, sizeof(head)) ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
	    head.e_ident[EI_CLASS] !=
		    (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
	    head.e_shentsize != sizeof(table) ||
	    head.e_phentsize != sizeof(ElfW(Phdr)) ||
	    !find_address(fd, &head, offset, &address))
		return false;
	for (size_t kind = 0; kind < 2; kind++)
		for (unsigned i = 0; i < head.e_shnum; i++)
			if (get(fd, head.e_shoff + i * sizeof(table), &table,
				sizeof(table)) &&
			    table.sh_type == kinds[kind] &&
			    read_name(fd, &head, &table, address, name))
				return true;
	return false;
}

/* ---- those that were asked for ------------------------------------------- */

static struct known {
	pid_t pid;
	uint64_t address;
	char name[TROUPE_NAME_SIZE]; /* "": it has none */
} known[KNOWN];

bool trp_function_name(pid_t pid, uint64_t address,
		       char ret_name[TROUPE_NAME_SIZE])
{
	static unsigned next;
	static struct place place;
	struct known *one = known;
	int fd;

	while (one < known + KNOWN &&
	       (one->pid != pid || one->address != address))
		one++;
	if (one == known + KNOWN) {
		one = &known[next++ % KNOWN];
		*one = (struct known) { .pid = pid, .address = address };
		fd = find_place(pid, address, &place) ? open_place(&place) : -1;
		if (fd >= 0 && !find_name(fd, place.offset, one->name))
			one->name[0] = '\0';
		if (fd >= 0)
			close(fd);
	}
	strcpy(ret_name, one->name);
	return one->name[0];
}
