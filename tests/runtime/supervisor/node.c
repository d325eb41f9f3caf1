/* SPDX-License-Identifier: MIT */
/* A node as a whole: signals, its processes, its memory. */
#include "tests/support/stage.h"

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Waits, with a bound, until it is so. */
#define UNTIL(claim)                                                   \
	do {                                                           \
		int tries_;                                            \
		for (tries_ = 0; tries_ < 10000 && !(claim); tries_++) \
			usleep(1000);                                  \
		CHECK(claim);                                          \
	} while (0)

static int waits_run(const void *arguments)
{
	board->value[board->count++] = getpid();
	stage_receive(3600000);
	return 0;
}

static int stubborn_run(const void *arguments)
{
	board->value[board->count++] = getpid();
	for (;;)
		pause();
	return 0;
}

static const struct troupe_class stubborn = { .name = "stubborn",
					      .run = stubborn_run,
					      .grace_ms = -1 };

/* ---- signals to the supervisor ------------------------------------------- */

static int signalled_root(int argc, char **argv)
{
	struct troupe_message message;
	troupe_ref ref;

	CHECK(troupe_spawn_function(waits_run, NULL, &ref) == 0);
	UNTIL(board->count == 1);
	kill(getppid(), SIGTERM);
	CHECK(troupe_receive(NULL, 0, troupe_in_ms(10000), &message) ==
	      -ECANCELED);
	board->value[100] = 1;
	return -ECANCELED;
}

Test(node, a_signal_stops_it_in_order)
{
	stage_pass(signalled_root);
	cr_assert_eq(board->value[100], 1);
}

/* By an error that run() may return, as of what else may be cancelled. */
static int spawning_root(int argc, char **argv)
{
	struct troupe_time end = troupe_in_ms(30000);
	troupe_ref ref;
	int r;

	kill(getppid(), SIGTERM);
	do
		r = troupe_spawn_function(waits_run, NULL, &ref);
	while (r == 0 && troupe_now().ns < end.ns);
	CHECK(r == -ECANCELED);
	return r;
}

Test(node, a_spawn_in_one_that_is_being_stopped_is_cancelled)
{
	for (int i = 0; i < 10; i++)
		stage_pass(spawning_root);
}

static int twice_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&stubborn, NULL, &ref) == 0);
	UNTIL(board->count == 1);
	kill(getppid(), SIGINT);
	UNTIL(troupe_is_stopping());
	usleep(200 * 1000); /* what comes sooner is the same signal, twice */
	kill(getppid(), SIGINT);
	for (;;)
		pause();
	return 0;
}

Test(node, a_second_signal_kills_it)
{
	cr_assert_eq(stage_run(twice_root), 1);
	cr_assert_eq(board->failures, 0);
	cr_assert_lt(kill((pid_t)board->value[0], 0), 0);
}

static int termed_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn_function(waits_run, NULL, &ref) == 0);
	UNTIL(board->count == 1);
	kill((pid_t)board->value[0], SIGTERM);
	CHECK(troupe_wait(ref, troupe_in_ms(10000), &end) == 0);
	CHECK(end.reason.cause == TROUPE_SHUTDOWN);
	return 0;
}

Test(node, sigterm_to_an_actor_stops_it_in_order)
{
	stage_pass(termed_root);
}

/* ---- the death of those above -------------------------------------------- */

static int family_root(int argc, char **argv)
{
	troupe_ref ref;
	int i;

	for (i = 0; i < 10; i++)
		CHECK(troupe_spawn(&stubborn, NULL, &ref) == 0);
	UNTIL(board->count == 10);
	board->value[101] = getppid();
	for (;;)
		pause();
	return 0;
}

Test(node, the_death_of_the_supervisor_is_the_death_of_all)
{
	pid_t pid;
	int i, tries;

	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = fork();
	if (pid == 0) {
		stage_run_on(board, family_root);
		_exit(0);
	}
	for (tries = 0; tries < 10000 && !board->value[101]; tries++)
		usleep(1000);
	cr_assert_eq(board->value[101], pid);
	kill(pid, SIGKILL);
	/* Everybody comes to us and can be waited for: nobody is left. */
	while (waitpid(-1, NULL, 0) > 0)
		;
	for (i = 0; i < 10; i++)
		cr_assert_lt(kill((pid_t)board->value[i], 0), 0);
}

static int orphan_root(int argc, char **argv)
{
	struct troupe_message message;
	pid_t zygote = stage_zygote();
	troupe_ref ref;

	CHECK(zygote > 0);
	CHECK(troupe_spawn_function(waits_run, NULL, &ref) == 0);
	UNTIL(board->count == 1);
	kill(zygote, SIGKILL);
	CHECK(troupe_receive(NULL, 0, troupe_in_ms(10000), &message) ==
	      -ECANCELED);
	CHECK(troupe_spawn_function(waits_run, NULL, &ref) == -ECANCELED);
	CHECK(troupe_spawn_function(waits_run, NULL, &ref) == -ECANCELED);
	board->value[100] = 1;
	return -ECANCELED;
}

Test(node, the_death_of_the_zygote_stops_it_in_order)
{
	cr_assert_eq(stage_run(orphan_root), 1);
	cr_assert_eq(board->failures, 0);
	cr_assert_eq(board->value[100], 1);
}

static int burst_root(int argc, char **argv)
{
	pid_t zygote = stage_zygote();
	troupe_ref ref;
	int i;

	for (i = 0; i < 200; i++) {
		if (i == 100)
			kill(zygote, SIGKILL);
		if (troupe_spawn_function(waits_run, NULL, &ref) < 0)
			break;
	}
	CHECK(i >= 100);
	return stage_receive(10000) < 0 ? -ECANCELED : 0;
}

Test(node, actors_that_were_ordered_when_the_zygote_died_are_never_born)
{
	for (int i = 0; i < 5; i++) {
		cr_assert_eq(stage_run(burst_root), 1);
		cr_assert_eq(board->failures, 0);
	}
}

static int leaver_run(const void *arguments)
{
	pid_t pid = fork();

	if (pid == 0) {
		board->value[0] = getpid();
		for (;;)
			pause();
	}
	UNTIL(board->value[0]);
	return 0;
}

static int leaver_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn_function(leaver_run, NULL, &ref) == 0);
	CHECK(troupe_wait(ref, troupe_in_ms(10000), NULL) == 0);
	return 0;
}

Test(node, what_an_actor_started_and_left_ends_with_it)
{
	stage_pass(leaver_root);
	cr_assert_lt(kill((pid_t)board->value[0], 0), 0);
}

/* ---- a raw clone is a whole process -------------------------------------- */

static void *in_thread(void *data)
{
	return data;
}

static int whole_run(const void *arguments)
{
	pthread_mutexattr_t attributes;
	pthread_mutex_t mutex;
	pthread_t thread;
	void *result = NULL;
	int one;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	CHECK(pthread_mutex_init(&mutex, &attributes) == 0);
	CHECK(pthread_mutex_lock(&mutex) == 0);
	CHECK(pthread_mutex_lock(&mutex) == EDEADLK);
	CHECK(pthread_mutex_unlock(&mutex) == 0);
	/* The owner that the C library writes is its cached thread id. */
	CHECK(pthread_mutex_lock(&mutex) == 0);
	CHECK((pid_t)mutex.__data.__owner == (pid_t)syscall(SYS_gettid));
	CHECK(pthread_mutex_unlock(&mutex) == 0);
	CHECK(pthread_create(&thread, NULL, in_thread, &one) == 0);
	CHECK(pthread_join(thread, &result) == 0 && result == &one);
	signal(SIGUSR1, SIG_IGN);
	CHECK(raise(SIGUSR1) == 0);
	board->count++;
	return 0;
}

static int whole_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn_function(whole_run, NULL, &ref) == 0);
	CHECK(troupe_wait(ref, troupe_in_ms(10000), NULL) == 0);
	CHECK(board->count == 1);
	return 0;
}

Test(node, locks_threads_and_signals_work_in_an_actor)
{
	stage_pass(whole_root);
}

/* ---- one at a time ------------------------------------------------------- */

static int inside;

static int enter_and_leave(void)
{
	CHECK(inside == 0);
	inside++;
	usleep(200);
	inside--;
	return ++board->count >= 300 ? TROUPE_STOP : 0;
}

static int by_mail(const struct troupe_message *message)
{
	troupe_send(troupe_self(), message->body);
	return enter_and_leave();
}

static int by_timer(struct troupe_timer *timer)
{
	board->value[1]++;
	return enter_and_leave();
}

static int by_input(struct troupe_input *input, short events)
{
	board->value[2]++;
	return enter_and_leave();
}

static int busy_init(const void *arguments)
{
	static struct troupe_timer timer = { .fired = by_timer };
	static struct troupe_input input = { .ready = by_input,
					     .events = POLLOUT };
	static int ends[2];

	CHECK(pipe(ends) == 0);
	input.fd = ends[1];
	CHECK(troupe_input_add(&input) == 0);
	CHECK(troupe_timer_start(&timer, troupe_in_ms(1), 1) == 0);
	return stage_send(troupe_self(), 0);
}

static const struct troupe_handler busy_handlers[] = {
	{ &play__number__descriptor, by_mail },
	{ 0 },
};
static const struct troupe_class busy = { .name = "busy",
					  .init = busy_init,
					  .handlers = busy_handlers };

static int busy_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn(&busy, NULL, &ref) == 0);
	CHECK(troupe_wait(ref, troupe_in_ms(20000), &end) == 0);
	CHECK(end.reason.cause == TROUPE_NORMAL);
	CHECK(board->value[1] > 0);
	CHECK(board->value[2] > 0);
	return 0;
}

Test(node, mail_timers_and_descriptors_are_handled_one_at_a_time)
{
	stage_pass(busy_root);
}

/* ---- memory -------------------------------------------------------------- */

/* The memory of the arena: the supervisor has the only descriptor of it. */
static int64_t arena_bytes(void)
{
	char path[64], target[64];
	struct dirent *entry;
	struct stat status;
	int64_t bytes = -1;
	ssize_t size;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)getppid());
	dir = opendir(path);
	while (dir && bytes < 0 && (entry = readdir(dir))) {
		size = readlinkat(dirfd(dir), entry->d_name, target,
				  sizeof(target) - 1);
		if (size <= 0)
			continue;
		target[size] = '\0';
		if (strncmp(target, "/memfd:", 7) == 0 &&
		    fstatat(dirfd(dir), entry->d_name, &status, 0) == 0)
			bytes = status.st_blocks * INT64_C(512);
	}
	if (dir)
		closedir(dir);
	return bytes;
}

static int short_run(const void *arguments)
{
	return 0;
}

enum { CROWD = 200 };

static int cycle(int times)
{
	struct troupe_end end;
	troupe_ref ref;
	int i;

	for (i = 0; i < times; i++) {
		CHECK(troupe_spawn_function(short_run, NULL, &ref) == 0);
		CHECK(troupe_wait(ref, troupe_in_ms(10000), &end) == 0);
	}
	return 0;
}

/* Each in a slot of its own, of which no page is to stay for long. */
static void live_together(void)
{
	troupe_ref ref[CROWD];

	for (int i = 0; i < CROWD; i++)
		CHECK(troupe_spawn_function(waits_run, NULL, &ref[i]) == 0);
	for (int i = 0; i < CROWD; i++) {
		CHECK(troupe_stop(ref[i]) == 0);
		stage_end_of(ref[i]);
	}
}

static int memory_root(int argc, char **argv)
{
	int64_t before, after;

	live_together();
	cycle(20);
	UNTIL(arena_bytes() < CROWD * INT64_C(4096)); /* when nobody dies */
	before = arena_bytes();
	CHECK(before > 0);
	cycle(1000);
	live_together();
	UNTIL(arena_bytes() <= before + 64 * 1024);
	after = arena_bytes();
	board->value[0] = before;
	board->value[1] = after;
	return 0;
}

Test(node, a_thousand_births_and_deaths_give_back_their_pages, .timeout = 600)
{
	stage_pass(memory_root);
}

static int stopped_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref, short_lived;
	uint64_t monitor;
	int i;

	/* The supervisor has much to say to one that does not listen. */
	CHECK(troupe_spawn_function(waits_run, NULL, &ref) == 0);
	UNTIL(board->count == 1);
	kill((pid_t)board->value[0], SIGSTOP);
	for (i = 0; i < 2000; i++)
		CHECK(troupe_stop(ref) == 0);
	for (i = 0; i < 100; i++) {
		CHECK(troupe_spawn_function(short_run, NULL, &short_lived) ==
		      0);
		CHECK(troupe_monitor(short_lived, &monitor) == 0);
	}
	kill((pid_t)board->value[0], SIGCONT);
	CHECK(troupe_wait(ref, troupe_in_ms(10000), &end) == 0);
	return 0;
}

Test(node, one_that_is_stopped_does_not_stop_the_supervisor)
{
	stage_pass(stopped_root);
}
