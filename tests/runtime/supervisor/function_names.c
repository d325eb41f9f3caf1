/* SPDX-License-Identifier: MIT */
/* An actor that is a function has the name of that. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "runtime/supervisor/function_name.h"
#include "tests/support/stage.h"

static int counts_the_till(const void *arguments)
{
	return -EDOM;
}

int function_names_of_all(const void *arguments);
int function_names_of_all(const void *arguments)
{
	return -EDOM;
}

static void ends_as(int (*run)(const void *), const char *name)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn_function(run, NULL, &ref) == 0);
	end = stage_end_of(ref);
	CHECK(strcmp(end.name, name) == 0);
}

static int root(int argc, char **argv)
{
	for (int i = 0; i < 3; i++)
		ends_as(counts_the_till, "counts_the_till");
	ends_as(function_names_of_all, "function_names_of_all");
	return 0;
}

Test(function_names, are_of_the_function_also_of_a_static_one)
{
	stage_pass(root);
}

Test(function_names, what_is_no_function_has_none)
{
	char name[TROUPE_NAME_SIZE];
	static int number;

	cr_expect_not(trp_function_name(getpid(), (uintptr_t)&number, name));
	cr_expect_str_eq(name, "");
	cr_expect_not(trp_function_name(getpid(), 1, name));
	cr_expect_not(trp_function_name(getpid(), (uintptr_t)name, name));
	cr_expect(trp_function_name(getpid(), (uintptr_t)function_names_of_all,
				    name));
}

/* So that the end of an actor whose process has gone has its name. */
Test(function_names, that_were_known_are_so_when_the_process_has_gone)
{
	const uintptr_t at = (uintptr_t)function_names_of_all;
	char name[TROUPE_NAME_SIZE];
	pid_t pid = fork();

	if (pid == 0)
		pause();
	cr_assert_gt(pid, 0);
	cr_expect(trp_function_name(pid, at, name));
	kill(pid, SIGKILL);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	strcpy(name, "");
	cr_expect(trp_function_name(pid, at, name));
	cr_expect_str_eq(name, "function_names_of_all");
	cr_expect_not(trp_function_name(pid, at + 1, name));
}

/* The file may have changed: nothing is read beyond it. */
Test(function_names, a_file_that_is_cut_or_spoilt_does_no_harm)
{
	enum { BYTES = 4096 };
	char path[] = "/tmp/troupe-names-XXXXXX", name[TROUPE_NAME_SIZE];
	int own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int fd = mkstemp(path);
	unsigned char head[BYTES];
	unsigned char *map;

	cr_assert(own >= 0 && fd >= 0);
	cr_assert_eq(pread(own, head, BYTES, 0), BYTES);
	for (size_t i = 4; i < 64; i++) {
		unsigned char whole = head[i];

		head[i] ^= 0xff;
		cr_assert_eq(pwrite(fd, head, BYTES, 0), BYTES);
		map = mmap(NULL, BYTES, PROT_READ, MAP_PRIVATE, fd, 0);
		cr_assert_neq(map, MAP_FAILED);
		cr_expect_not(trp_function_name(getpid(),
						(uintptr_t)map + 16 * i, name));
		munmap(map, BYTES);
		head[i] = whole;
	}
	close(own);
	close(fd);
	unlink(path);
}
