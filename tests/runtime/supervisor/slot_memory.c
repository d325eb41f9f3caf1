/* SPDX-License-Identifier: MIT */
/* Memory of the node that the dead leave, and how their ends are seen. */
#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "runtime/supervisor/slot_memory.h"
#include "tests/support/stage.h"

enum { PAGE = 4096, MIB = 1 << 20 };

/* ---- the memory of the node ---------------------------------------------- */

/* The pages of the arena, which the supervisor alone has open. */
static long arena_pages(void)
{
	char folder[40], path[320], name[64];
	struct dirent *entry;
	struct stat file;
	long pages = -1;
	DIR *dir;

	snprintf(folder, sizeof(folder), "/proc/%d/fd", (int)getppid());
	dir = opendir(folder);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (readlink(path, name, sizeof(name)) >= 13 &&
		    strncmp(name, "/memfd:troupe", 13) == 0 &&
		    stat(path, &file) == 0)
			pages = (long)file.st_blocks * 512 / PAGE;
	}
	if (dir)
		closedir(dir);
	return pages;
}

/* Until the arena has no more pages than that. */
static bool falls_to(long pages)
{
	for (int tries = 0; tries < 3000; tries++) {
		if (arena_pages() <= pages)
			return true;
		stage_receive(10);
	}
	fprintf(stderr, "%ld pages, and not %ld\n", arena_pages(), pages);
	return false;
}

static size_t loaned; /* by each actor */

/* Its bytes are the last owner's, if anybody's. */
static int fill_loan(const void *arguments)
{
	const unsigned char *bytes;
	struct troupe_loan loan;

	if (!loaned)
		return 0;
	CHECK(troupe_loan(loaned, &loan) == 0);
	bytes = loan.bytes;
	CHECK(bytes[0] == 0 && bytes[loaned / 2] == 0 &&
	      bytes[loaned - 1] == 0);
	memset(loan.bytes, 0xa5, loaned);
	return 0;
}

static void live_and_die(long count)
{
	troupe_ref ref;

	while (count-- > 0) {
		CHECK(troupe_spawn_function(fill_loan, NULL, &ref) == 0);
		CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	}
}

static int hold_on(const void *arguments)
{
	stage_receive(60000);
	return 0;
}

/* So many at once, and then none. */
static void live_at_once(int count)
{
	troupe_ref *ref = calloc((size_t)count, sizeof(*ref));

	for (int i = 0; i < count; i++)
		CHECK(troupe_spawn_function(hold_on, NULL, &ref[i]) == 0);
	for (int i = 0; i < count; i++)
		CHECK(troupe_kill(ref[i]) == 0);
	for (int i = 0; i < count; i++)
		CHECK(stage_end_of(ref[i]).reason.cause == TROUPE_KILLED);
	free(ref);
}

/* First comes the memory that the supervisor and the root need themselves. */
static long begin(void)
{
	live_at_once(100);
	return arena_pages();
}

static int quiet_root(int argc, char **argv)
{
	long before;

	CHECK(begin() >= 200);
	CHECK(falls_to(100));
	before = arena_pages();
	live_at_once(100);
	CHECK(falls_to(before + 16));
	return 0;
}

Test(slot_memory, of_the_dead_is_given_back_when_nobody_dies, .timeout = 60)
{
	stage_pass(quiet_root);
}

static int churn_root(int argc, char **argv)
{
	long before = begin();

	for (size_t size = 1000; size <= 40000; size += 39000) {
		loaned = size;
		live_and_die(300);
		CHECK(arena_pages() <= before + 200);
	}
	return 0;
}

Test(slot_memory, a_slot_with_few_pages_is_used_again_with_them, .timeout = 60)
{
	stage_pass(churn_root);
}

static int heavy_root(int argc, char **argv)
{
	long before = begin();

	loaned = MIB;
	for (int i = 0; i < 100; i++) {
		live_and_die(1);
		CHECK(arena_pages() <=
		      before + TRP_SLOT_MEMORY_SPENT + 2 * MIB / PAGE);
	}
	CHECK(falls_to(before + 100));
	return 0;
}

Test(slot_memory, of_many_pages_is_given_back_beyond_a_bound, .timeout = 60)
{
	stage_pass(heavy_root);
}

static int scarce_root(int argc, char **argv)
{
	loaned = MIB / 4;
	live_and_die(50);
	return 0;
}

Test(slot_memory, a_slot_with_many_pages_is_used_again_when_there_is_no_other,
     .timeout = 60)
{
	stage_slots = 4;
	stage_pass(scarce_root);
}

/* ---- ends ---------------------------------------------------------------- */

/* The signal that its parent gets at its end, as proc(5) has it. */
static int exit_signal(void)
{
	FILE *file = fopen("/proc/self/stat", "re");
	char line[1024] = "";
	const char *at;
	int number = 0;

	if (file && fgets(line, sizeof(line), file) &&
	    (at = strrchr(line, ')'))) {
		for (int field = 2; at && field < 38; field++)
			at = strchr(at + 1, ' ');
		number = at ? atoi(at) : 0;
	}
	if (file)
		fclose(file);
	return number;
}

static int ends_root(int argc, char **argv)
{
	board->count = exit_signal();
	live_and_die(100);
	for (int i = 0; i < 5; i++)
		live_at_once(100);
	return 0;
}

/* Criterion has threads; a child of it has none. */
static void pass_alone(rlim_t queue)
{
	struct board *shared =
		mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct rlimit limit;
	int status = -1;
	pid_t pid;

	board = shared;
	pid = fork();
	if (pid == 0) {
		getrlimit(RLIMIT_SIGPENDING, &limit);
		if (queue < limit.rlim_cur)
			limit.rlim_cur = queue;
		setrlimit(RLIMIT_SIGPENDING, &limit);
		_exit(stage_run_on(shared, ends_root));
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0);
	cr_assert_eq(board->failures, 0);
}

Test(slot_memory, each_end_has_a_signal_of_its_own, .timeout = 60)
{
	pass_alone(RLIM_INFINITY);
	cr_assert_geq(board->count, SIGRTMIN);
}

Test(slot_memory, ends_are_seen_where_no_signal_may_be_queued, .timeout = 60)
{
	pass_alone(0);
	cr_assert_eq(board->count, SIGCHLD);
}
