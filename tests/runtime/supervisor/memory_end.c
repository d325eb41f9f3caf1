/* SPDX-License-Identifier: MIT */
/* A node that runs out of memory: senders get an error, and none is killed. */
#include <sys/wait.h>
#include "tests/support/memory_group.h"
#include "tests/support/skip.h"
#include "tests/support/stage.h"

enum { LIMIT = 256 << 20, SENDERS = 300, SPAWNS = 4000 };

/* Of the board. */
enum { PID, ALL_HERE, REFUSED, ALL_REFUSED, SCORE, ACTOR_SCORE };

TestSuite(memory_end, .timeout = 300);

#ifndef __SANITIZE_ADDRESS__ /* whose processes are many times as large */

/* ---- the group ----------------------------------------------------------- */

/* A node whose processes are all in a group with that many kills. */
static void pass_in_group(int (*root)(int argc, char **argv), long kills)
{
	int status = 0;
	long killed;
	pid_t pid;

	if (!memory_group_make(LIMIT))
		SKIP("cgroup", "no cgroup with a limit of memory may be made "
			       "here");
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = fork();
	if (pid == 0)
		_exit(memory_group_enter() ? stage_run_on(board, root) : 99);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	killed = memory_group_killed();
	memory_group_remove();
	cr_assert_eq(status, 0, "the node ended with %x", (unsigned)status);
	cr_assert(killed == kills || killed < 0, "the kernel killed %ld",
		  killed);
	cr_assert_eq(board->failures, 0);
	cr_assert_gt(board->value[REFUSED], 0, "memory did not end");
}

static void pause_ms(int64_t ms)
{
	stage_receive(ms);
}

/* ---- by mail ------------------------------------------------------------- */

/* When all are there, sends until it is refused; and once more when all were.
 */
static int press(const void *arguments)
{
	static uint8_t bytes[1000];
	const Play__Who *who = arguments;
	Play__Blob blob = PLAY__BLOB__INIT;
	int r;

	blob.bytes.data = bytes;
	blob.bytes.len = sizeof(bytes);
	while (!board->value[ALL_HERE])
		pause_ms(10);
	do
		r = troupe_send(who->ref, &blob.base);
	while (r == 0);
	CHECK(r == -ENOMEM || r == -EAGAIN);
	board->value[REFUSED] += r == -ENOMEM;
	board->count++;
	while (!board->value[ALL_REFUSED])
		pause_ms(10);
	r = troupe_send(who->ref, &blob.base);
	CHECK(r == 0 || r == -ENOMEM || r == -EAGAIN);
	return 0;
}

/* Reads nothing, ever. */
static int stand_still(const void *arguments)
{
	board->value[PID] = getpid();
	return kill(getpid(), SIGSTOP);
}

static int flood_root(int argc, char **argv)
{
	static troupe_ref senders[SENDERS];
	Play__Who who = PLAY__WHO__INIT;
	struct troupe_end end;
	int i, r = 0;

	CHECK(troupe_spawn_function(stand_still, NULL, &who.ref) == 0);
	for (i = 0; i < SENDERS && r == 0; i++)
		r = troupe_spawn_function(press, &who.base, &senders[i]);
	CHECK(r == 0);
	board->value[ALL_HERE] = 1;
	while (r == 0 && board->count < SENDERS)
		pause_ms(10);
	board->value[ALL_REFUSED] = 1;
	for (i = 0; i < SENDERS; i++) {
		CHECK(troupe_wait(senders[i], troupe_in_ms(120000), &end) == 0);
		CHECK(end.reason.cause == TROUPE_NORMAL);
	}
	kill((pid_t)board->value[PID], SIGKILL);
	return 0;
}

Test(memory_end, by_mail_is_told_to_its_senders_and_nobody_is_killed)
{
	pass_in_group(flood_root, 0);
}

/* ---- by actors ----------------------------------------------------------- */

static int spawn_root(int argc, char **argv)
{
	troupe_ref ref, last = 0;
	struct troupe_end end;
	int i, r = 0;

	for (i = 0; i < SPAWNS && r == 0; i++) {
		r = troupe_spawn_function(stage_idle, NULL, &ref);
		last = r == 0 ? ref : last;
	}
	CHECK(r == -ENOMEM);
	board->value[REFUSED] = r == -ENOMEM;
	CHECK(troupe_stop(last) == 0);
	CHECK(troupe_wait(last, troupe_in_ms(120000), &end) == 0);
	return 0;
}

Test(memory_end, by_actors_is_told_to_who_spawns_and_nobody_is_killed)
{
	pass_in_group(spawn_root, 0);
}

/* ---- all the same -------------------------------------------------------- */

/* All memory, without asking the runtime. */
static int eat(const void *arguments)
{
	enum { PIECE = 1 << 20 };
	char *piece;

	while ((piece = mmap(NULL, PIECE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) != MAP_FAILED)
		memset(piece, 1, PIECE);
	return -ENOMEM;
}

static int eat_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn_function(eat, NULL, &ref) == 0);
	CHECK(troupe_wait(ref, troupe_in_ms(120000), &end) == 0);
	CHECK(end.reason.cause == TROUPE_KILLED);
	board->value[REFUSED] = 1;
	return 0;
}

Test(memory_end, by_what_an_actor_takes_itself_kills_that_alone)
{
	pass_in_group(eat_root, 1);
}

#endif

static long score_of(const char *process)
{
	char path[64], text[16] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/oom_score_adj", process);
	file = fopen(path, "re");
	CHECK(file && fgets(text, sizeof(text), file));
	if (file)
		fclose(file);
	return atol(text);
}

static int score_root(int argc, char **argv)
{
	char parent[16];

	snprintf(parent, sizeof(parent), "%d", getppid());
	board->value[SCORE] = score_of(parent);
	board->value[ACTOR_SCORE] = score_of("self");
	return 0;
}

Test(memory_end, would_kill_actors_first)
{
	long before = score_of("self");

	stage_pass(score_root);
	cr_assert(board->value[SCORE] == before || board->value[SCORE] == -500);
	cr_assert_eq(board->value[ACTOR_SCORE],
		     before + 200 > 1000 ? 1000 : before + 200);
}
