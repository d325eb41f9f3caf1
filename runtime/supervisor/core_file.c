/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/core_file.h"

#include <glob.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

/* "*": not known here. */
static const char *value_of(char which, const struct trp_core_file *of,
			    char space[128])
{
	struct utsname machine;

	switch (which) {
	case 'p':
		snprintf(space, 128, "%d", (int)of->pid);
		return space;
	case 's':
		snprintf(space, 128, "%d", of->signal);
		return space;
	case 'u':
		snprintf(space, 128, "%u", getuid());
		return space;
	case 'g':
		snprintf(space, 128, "%u", getgid());
		return space;
	case 'e':
		return of->comm;
	case 'h':
		if (uname(&machine) < 0)
			return "*";
		snprintf(space, 128, "%s", machine.nodename);
		return space;
	case '%':
		return "%";
	default:
		return "*";
	}
}

/* A value is meant as it is, except for a lone star; the kernel has no '/'
 * there. */
static void append(char *glob, size_t *used, const char *text, bool is_value)
{
	bool is_star = is_value && strcmp(text, "*") == 0;

	for (; *text && *used < PATH_MAX - 2; text++) {
		if (!is_star && strchr("*?[\\", *text))
			glob[(*used)++] = '\\';
		glob[(*used)++] = is_value && *text == '/' ? '!' : *text;
	}
	glob[*used] = '\0';
}

bool trp_core_file_glob(const char *pattern, bool uses_pid,
			const struct trp_core_file *of, char ret_glob[PATH_MAX])
{
	char space[128], one[2] = "";
	bool has_pid = false;
	size_t used = 0;

	for (; *pattern; pattern++) {
		if (*pattern != '%') {
			one[0] = *pattern;
			append(ret_glob, &used, one, false);
		} else if (pattern[1]) {
			pattern++;
			has_pid |= *pattern == 'p';
			append(ret_glob, &used, value_of(*pattern, of, space),
			       true);
		}
	}
	if (uses_pid && !has_pid) {
		snprintf(space, sizeof(space), ".%d", (int)of->pid);
		append(ret_glob, &used, space, false);
	}
	return used > 0 && used < PATH_MAX - 2;
}

bool trp_core_file_find(const char *pattern, char ret_path[PATH_MAX])
{
	struct stat st, newest = { 0 };
	const char *best = NULL;
	glob_t found;
	bool is_found;

	if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
		return false;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		if (stat(found.gl_pathv[i], &st) < 0 || !S_ISREG(st.st_mode) ||
		    (best && (st.st_mtim.tv_sec < newest.st_mtim.tv_sec ||
			      (st.st_mtim.tv_sec == newest.st_mtim.tv_sec &&
			       st.st_mtim.tv_nsec < newest.st_mtim.tv_nsec))))
			continue;
		best = found.gl_pathv[i];
		newest = st;
	}
	is_found = best && realpath(best, ret_path);
	globfree(&found);
	return is_found;
}

/* Of the notes, which lie one behind the other. */
static pid_t pid_in(FILE *file, uint64_t size)
{
	struct elf_prpsinfo info;
	ElfW(Nhdr) note;
	uint64_t name, described;

	while (size >= sizeof(note) &&
	       fread(&note, sizeof(note), 1, file) == 1) {
		name = (note.n_namesz + UINT64_C(3)) & ~UINT64_C(3);
		described = (note.n_descsz + UINT64_C(3)) & ~UINT64_C(3);
		size -= sizeof(note);
		if (name + described > size ||
		    fseek(file, (long)name, SEEK_CUR) < 0)
			return 0;
		if (note.n_type == NT_PRPSINFO && note.n_descsz == sizeof(info))
			return fread(&info, sizeof(info), 1, file) == 1
				       ? info.pr_pid
				       : 0;
		if (fseek(file, (long)described, SEEK_CUR) < 0)
			return 0;
		size -= name + described;
	}
	return 0;
}

pid_t trp_core_file_pid(const char *path)
{
	FILE *file = fopen(path, "re");
	ElfW(Ehdr) head;
	ElfW(Phdr) part;
	pid_t pid = 0;
	long at;

	if (!file)
		return 0;
	if (fread(&head, sizeof(head), 1, file) != 1 ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
	    head.e_phentsize != sizeof(part))
		head.e_phnum = 0;
	for (unsigned i = 0; !pid && i < head.e_phnum; i++) {
		at = (long)(head.e_phoff + i * sizeof(part));
		if (fseek(file, at, SEEK_SET) < 0 ||
		    fread(&part, sizeof(part), 1, file) != 1)
			break;
		if (part.p_type == PT_NOTE &&
		    fseek(file, (long)part.p_offset, SEEK_SET) == 0)
			pid = pid_in(file, part.p_filesz);
	}
	fclose(file);
	return pid;
}

const char *trp_core_file_setting(const char *name, char text[PATH_MAX])
{
	char path[64];
	FILE *file;

	text[0] = '\0';
	snprintf(path, sizeof(path), "/proc/sys/kernel/%s", name);
	file = fopen(path, "re");
	if (!file)
		return text;
	if (!fgets(text, PATH_MAX, file))
		text[0] = '\0';
	fclose(file);
	text[strcspn(text, "\n")] = '\0';
	return text;
}
