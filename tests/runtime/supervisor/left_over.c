/* SPDX-License-Identifier: MIT */
/* The supervisor sees to processes that are nobody's actor. */
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include "runtime/actor/self.h"
#include "runtime/troupe_io.h"
#include "tests/support/program.h"
#include "tests/support/stage.h"

#define UNTIL(claim)                                                    \
	do {                                                            \
		for (int tries = 0; tries < 10000 && !(claim); tries++) \
			usleep(1000);                                   \
		CHECK(claim);                                           \
	} while (0)

static bool is_alive(long pid)
{
	return kill((pid_t)pid, 0) == 0;
}

/* ---- at the end of the node ---------------------------------------------- */

static int starter_run(const void *arguments)
{
	CHECK(system("(sleep 40 | cat; true) &") == 0);
	return 0;
}

static int starter_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn_function(starter_run, NULL, &ref) == 0);
	stage_end_of(ref);
	return 0;
}

Test(left_over, a_pipeline_in_the_background_ends_with_the_node, .timeout = 600)
{
	for (int i = 0; i < 20; i++)
		stage_pass(starter_root);
}

/* It has taken off the limit by which the dead's are known. */
static int unmarked_root(int argc, char **argv)
{
	FILE *shell =
		popen("ulimit -m unlimited; sleep 300 <>/dev/null >&0 2>&0 & "
		      "echo $!",
		      "r");
	long pid = 0;

	CHECK(shell && fscanf(shell, "%ld", &pid) == 1);
	pclose(shell);
	CHECK(pid > 0 && is_alive(pid));
	board->value[0] = pid;
	return 0;
}

Test(left_over, one_without_a_mark_ends_with_the_node)
{
	stage_pass(unmarked_root);
	cr_expect_gt(board->value[0], 0);
	cr_expect_not(is_alive(board->value[0]));
}

static int shell_run(const void *arguments)
{
	board->count = 1;
	return system("sleep 300; :");
}

static int shell_root(int argc, char **argv)
{
	troupe_ref ref;

	board->count = 0;
	CHECK(troupe_spawn_function(shell_run, NULL, &ref) == 0);
	UNTIL(board->count);
	usleep(20000);
	CHECK(troupe_kill(ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_KILLED);
	return 0;
}

Test(left_over, one_that_is_killed_in_a_shell_command_holds_up_nothing,
     .timeout = 600)
{
	for (int i = 0; i < 20; i++)
		stage_pass(shell_root);
}

/* A child of this process, or, where it is double-forked, an orphan. */
static void fork_helper(int number, bool is_double)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (is_double && fork() > 0)
			_exit(0);
		board->value[number] = getpid();
		for (;;)
			pause();
	}
	if (is_double)
		waitpid(pid, NULL, 0);
	UNTIL(board->value[number]);
}

static int others_root(int argc, char **argv)
{
	fork_helper(1, false);
	fork_helper(2, true);
	kill((pid_t)board->value[11], SIGUSR1); /* it orphans its child */
	UNTIL(program_parent_of((pid_t)board->value[12]) == getppid());
	return 0;
}

static void end_at_once(int number)
{
	_exit(0);
}

Test(left_over, children_from_before_it_was_a_supervisor_are_not_touched)
{
	pid_t stays, goes;

	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fork_helper(10, false);
	stays = (pid_t)board->value[10];
	goes = fork();
	if (goes == 0) {
		fork_helper(12, false);
		signal(SIGUSR1, end_at_once);
		board->value[11] = getpid();
		for (;;)
			pause();
	}
	UNTIL(board->value[11]);
	cr_assert_eq(stage_run_on(board, others_root), 0);
	cr_assert_eq(board->failures, 0);
	cr_assert(!is_alive(board->value[1]) && !is_alive(board->value[2]));
	cr_assert(is_alive(stays) && is_alive(board->value[12]));
	kill(stays, SIGKILL);
	kill((pid_t)board->value[12], SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

/* ---- while it lives ------------------------------------------------------ */

static int crash_run(const void *arguments)
{
	const Play__Number *number = arguments;

	fork_helper((int)number->value, false);
	fork_helper((int)number->value + 1, true);
	kill(getpid(), SIGKILL);
	return 0;
}

static int helped_run(const void *arguments)
{
	fork_helper(1, false);
	fork_helper(2, true);
	board->count = 1;
	return stage_idle(NULL);
}

static int litter_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref helped, ref;

	CHECK(troupe_spawn_function(helped_run, NULL, &helped) == 0);
	UNTIL(board->count);
	for (int i = 10; i < 20; i += 2) {
		number.value = i;
		CHECK(troupe_spawn_function(crash_run, &number.base, &ref) ==
		      0);
		stage_end_of(ref);
		UNTIL(!is_alive(board->value[i]));
		UNTIL(!is_alive(board->value[i + 1]));
	}
	CHECK(is_alive(board->value[1]) && is_alive(board->value[2]));
	CHECK(troupe_stop(helped) == 0);
	stage_end_of(helped);
	UNTIL(!is_alive(board->value[1]) && !is_alive(board->value[2]));
	return 0;
}

Test(left_over, helpers_end_with_their_actor_and_not_before)
{
	stage_pass(litter_root);
}

static long anonymous_kib(pid_t pid)
{
	char path[64], line[256];
	long kib = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "RssAnon: %ld", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib;
}

/* AddressSanitizer keeps one return address, and a nested vfork(2) spoils it.
 */
#ifdef __SANITIZE_ADDRESS__
#define outer_fork fork
enum { ORPHANS = 200 };
#else
#define outer_fork vfork
enum { ORPHANS = 5000 };
#endif

static void double_fork(void)
{
	pid_t pid = outer_fork();

	if (pid == 0) {
		if (vfork() == 0)
			_exit(0);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static int nothing_run(const void *arguments)
{
	return 0;
}

/* Zombies are some. */
static int count_children(pid_t pid)
{
	char path[64];
	int child, count = 0;
	FILE *list;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid,
		 (int)pid);
	list = fopen(path, "re");
	while (list && fscanf(list, "%d", &child) == 1)
		count++;
	if (list)
		fclose(list);
	return count;
}

/* All of them are remembered: they could be the one that is not born yet. */
static void leave_orphans(pid_t zygote)
{
	int before = count_children(getppid());
	troupe_ref ref;

	CHECK(kill(zygote, SIGSTOP) == 0);
	CHECK(troupe_spawn_function(nothing_run, NULL, &ref) == 0);
	for (int i = 0; i < ORPHANS; i++)
		double_fork();
	UNTIL(count_children(getppid()) == before);
	CHECK(kill(zygote, SIGCONT) == 0);
	stage_end_of(ref);
}

/* The first ones show how much memory they take. */
static int orphans_root(int argc, char **argv)
{
	pid_t zygote = stage_zygote();
	long before [[gnu::unused]];

	leave_orphans(zygote);
	before = anonymous_kib(getppid());
	for (int i = 0; i < 3; i++)
		leave_orphans(zygote);
#ifndef __SANITIZE_ADDRESS__
	CHECK(anonymous_kib(getppid()) < before + 512);
#endif
	return 0;
}

Test(left_over, ends_of_those_that_were_never_known_are_forgotten,
     .timeout = 600)
{
	stage_pass(orphans_root);
}

static int frozen_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(kill(stage_zygote(), SIGSTOP) == 0);
	CHECK(troupe_spawn_function(nothing_run, NULL, &ref) == 0);
	return 0;
}

Test(left_over, a_stopped_zygote_does_not_hold_up_the_end, .timeout = 120)
{
	stage_pass(frozen_root);
}

/* ---- the second signal --------------------------------------------------- */

/* Bits of the signals that wait for the process. */
static unsigned long long pending_of(pid_t pid)
{
	unsigned long long bits = 0;
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "ShdPnd: %llx", &bits) == 1)
			break;
	if (file)
		fclose(file);
	return bits;
}

static int stopped_zygote_root(int argc, char **argv)
{
	pid_t zygote = stage_zygote();
	troupe_ref ref;

	CHECK(zygote > 0 && kill(zygote, SIGSTOP) == 0);
	CHECK(troupe_spawn_function(nothing_run, NULL, &ref) == 0);
	kill(getppid(), SIGTERM);
	UNTIL(!(pending_of(getppid()) & 1ULL << (SIGTERM - 1)));
	usleep(200000); /* what comes sooner is the same signal, twice */
	kill(getppid(), SIGTERM);
	pause();
	return 0;
}

Test(left_over, a_second_signal_kills_all_while_a_birth_is_awaited,
     .timeout = 600)
{
	cr_assert_eq(stage_run(stopped_zygote_root), 1);
	cr_assert_eq(board->failures, 0);
}

/* ---- a stop is not an end ------------------------------------------------ */

static void on_user_signal(int number)
{
	board->count++;
}

static int traced_run(const void *arguments)
{
	signal(SIGUSR1, on_user_signal);
	CHECK(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
	raise(SIGUSR1);
	usleep(50000);
	board->value[0] = 1;
	return -ENOTDIR;
}

static int traced_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn_function(traced_run, NULL, &ref) == 0);
	end = stage_end_of(ref);
	CHECK(end.reason.cause == TROUPE_ERROR && end.reason.code == -ENOTDIR);
	CHECK(board->count == 1 && board->value[0] == 1);
	return 0;
}

Test(left_over, a_stop_of_one_that_has_itself_traced_is_not_its_end)
{
	stage_pass(traced_root);
}

/* ---- inherited state ----------------------------------------------------- */

static int crashes_run(const void *arguments)
{
	kill(getpid(), SIGKILL);
	return 0;
}

static int disposed_run(const void *arguments)
{
	struct sigaction action;
	sigset_t mask;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	CHECK(!sigismember(&mask, SIGTERM) && !sigismember(&mask, SIGUSR1));
	sigaction(SIGCHLD, NULL, &action);
	CHECK(action.sa_handler == SIG_DFL);
	sigaction(SIGPIPE, NULL, &action);
	CHECK(action.sa_handler == SIG_DFL);
	return 0;
}

static int ignored_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn_function(crashes_run, NULL, &ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_KILLED);
	CHECK(troupe_spawn_function(disposed_run, NULL, &ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	return 0;
}

Test(inherited, signals_that_were_ignored_or_blocked_before_do_not_matter)
{
	sigset_t all;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	stage_pass(ignored_root);
}

/* ---- changes that actors make to themselves ------------------------------ */

static int count_writable(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	int count = 0;

	while (maps && fgets(line, sizeof(line), maps))
		count += strstr(line, " rw-s ") && strstr(line, "memfd:troupe");
	if (maps)
		fclose(maps);
	return count;
}

static int forks_root(int argc, char **argv)
{
	int status = -1;
	pid_t pid;

	CHECK(count_writable() > 1);
	pid = fork();
	if (pid == 0)
		_exit(count_writable());
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	CHECK(WEXITSTATUS(status) == 1); /* the doorbells */
	return 0;
}

Test(left_over, what_an_actor_forks_cannot_write_its_region)
{
	stage_pass(forks_root);
}

static int deaf_log_root(int argc, char **argv)
{
	int ends[2], errors = dup(2);

	signal(SIGPIPE, SIG_DFL);
	CHECK(pipe(ends) == 0 && dup2(ends[1], 2) == 2);
	close(ends[0]);
	close(ends[1]);
	troupe_log(TROUPE_WARNING, "nobody reads this");
	dup2(errors, 2);
	return 0;
}

Test(left_over, a_line_that_nobody_reads_ends_no_actor)
{
	stage_pass(deaf_log_root);
}

static int program_ended(struct troupe_program *program,
			 const struct troupe_end *end)
{
	CHECK(end->reason.cause == TROUPE_ERROR);
	CHECK(end->reason.code == -ECHILD && program->pid == 0);
	board->count++;
	return TROUPE_STOP;
}

static int ignores_init(const void *arguments)
{
	static const char *const argv[] = { "true", NULL };
	static struct troupe_program program = { .argv = argv,
						 .ended = program_ended };

	signal(SIGCHLD, SIG_IGN);
	return troupe_program_start(&program);
}

static const struct troupe_class ignores = { .name = "ignores",
					     .init = ignores_init };

static int ignores_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&ignores, NULL, &ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	CHECK(board->count == 1);
	return 0;
}

Test(left_over, a_program_that_another_reaps_has_ended)
{
	stage_pass(ignores_root);
}

static int drops_root(int argc, char **argv)
{
	int number = 0;

	CHECK(setgid(65534) == 0 && setuid(65534) == 0);
	while (!trp_self.wait.sleeps)
		stage_receive(10);
	prctl(PR_GET_PDEATHSIG, &number);
	CHECK(number == SIGKILL);
	return 0;
}

Test(left_over, one_that_drops_its_privileges_dies_with_the_supervisor_still)
{
	if (geteuid() != 0)
		return;
	stage_pass(drops_root);
}
