/* SPDX-License-Identifier: MIT */
/* Where a core is, by what core(5) says of its name. */
#include "runtime/supervisor/core_file.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct trp_core_file dead = { 42, 11, "a/b[1]" };
static char glob[PATH_MAX];

static const char *glob_of(const char *pattern, bool uses_pid)
{
	cr_assert(trp_core_file_glob(pattern, uses_pid, &dead, glob));
	return glob;
}

Test(core_file, a_name_is_made_of_what_is_known)
{
	cr_expect_str_eq(glob_of("core", false), "core");
	cr_expect_str_eq(glob_of("core", true), "core.42");
	cr_expect_str_eq(glob_of("/c/%e.%p.%s%%", true), "/c/a!b\\[1].42.11%");
	cr_expect_str_eq(glob_of("/c*/%t-%P-%E.%i%", false), "/c\\*/*-*-*.*");
}

Test(core_file, a_pattern_that_is_too_long_is_refused)
{
	static char pattern[PATH_MAX + 8];

	for (size_t i = 0; i < sizeof(pattern) - 1; i++)
		pattern[i] = 'a';
	cr_expect_not(trp_core_file_glob(pattern, false, &dead, glob));
	cr_expect_not(trp_core_file_glob("", false, &dead, glob));
}

static void write_core(const char *name, int pid)
{
	const struct elf_prpsinfo info = { .pr_pid = pid };
	const ElfW(Ehdr) head = { .e_ident = ELFMAG,
				  .e_phoff = sizeof(head),
				  .e_phentsize = sizeof(ElfW(Phdr)),
				  .e_phnum = 2 };
	const ElfW(Phdr) parts[2] = {
		{ .p_type = PT_LOAD },
		{ .p_type = PT_NOTE,
		  .p_offset = sizeof(head) + sizeof(parts),
		  .p_filesz = 2 * (sizeof(ElfW(Nhdr)) + 8) + 4 + sizeof(info) },
	};
	const ElfW(Nhdr) other = { 5, 1, NT_PRSTATUS };
	const ElfW(Nhdr) note = { 5, sizeof(info), NT_PRPSINFO };
	FILE *file = fopen(name, "we");

	cr_assert(file);
	fwrite(&head, sizeof(head), 1, file);
	fwrite(parts, sizeof(parts), 1, file);
	fwrite(&other, sizeof(other), 1, file);
	fwrite("CORE\0\0\0\0x\0\0\0", 12, 1, file);
	fwrite(&note, sizeof(note), 1, file);
	fwrite("CORE\0\0\0\0", 8, 1, file);
	fwrite(&info, sizeof(info), 1, file);
	cr_assert_eq(fclose(file), 0);
}

Test(core_file, a_core_says_whose_it_is)
{
	char name[] = "/tmp/troupe-core-XXXXXX";
	int fd = mkstemp(name);

	cr_assert_geq(fd, 0);
	close(fd);
	cr_expect_eq(trp_core_file_pid(name), 0);
	write_core(name, 4711);
	cr_expect_eq(trp_core_file_pid(name), 4711);
	for (long size = 0; size < 340; size += 7) {
		write_core(name, 4711);
		cr_assert_eq(truncate(name, size), 0);
		cr_expect_eq(trp_core_file_pid(name), 0);
	}
	unlink(name);
	cr_expect_eq(trp_core_file_pid(name), 0);
}

static void make(const char *name, time_t second)
{
	const struct timespec times[2] = { { second, 0 }, { second, 0 } };
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0);
	cr_assert_eq(futimens(fd, times), 0);
	close(fd);
}

Test(core_file, the_newest_file_is_meant)
{
	char folder[] = "/tmp/troupe-core-XXXXXX", path[PATH_MAX];

	cr_assert(mkdtemp(folder) && chdir(folder) == 0);
	cr_expect_not(trp_core_file_find("core.*", path));
	make("core.1", 100);
	make("core.2", 300);
	make("core.3", 200);
	cr_assert_eq(mkdir("core.4", 0700), 0);
	cr_expect(trp_core_file_find("core.*", path));
	cr_expect_str_eq(strrchr(path, '/'), "/core.2");
	cr_expect_eq(path[0], '/');
	unlink("core.1");
	unlink("core.2");
	unlink("core.3");
	rmdir("core.4");
	cr_expect_eq(rmdir(folder), 0);
}
