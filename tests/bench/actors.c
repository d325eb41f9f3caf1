/* SPDX-License-Identifier: MIT */
/*
 * What a node reaches on this machine, beside the floors of the same run.
 * Each figure is the median of ROUNDS rounds, in which floor and node take
 * turns, so that a machine that becomes slower becomes so for both.
 *
 *	bench-actors [rounds [asks|floods|spawns|memory]]
 */
#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "runtime/supervisor.h"
#include "runtime/troupe.h"
#include "tests/bench/measure.pb-c.h"

enum { ROUNDS_MAX = 25, ASKS = 20000, SPAWNS = 2000, IDLE = 1000 };
enum { MESSAGES = 1000000 };
enum pinning { SAME, TWO, FREE };

static const char *const pinning_name[] = { "one core", "two cores",
					    "unpinned" };

/* Where the processes of a node leave what they measured. */
static struct board {
	double seconds;
	_Atomic uint32_t ball;
	_Atomic long count;
	_Atomic long gate;
	long pinning;
} * board;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void pin_side(int side)
{
	if (board->pinning != FREE)
		pin(board->pinning == TWO ? side : 0);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *value, int count)
{
	qsort(value, (size_t)count, sizeof(*value), compare);
	return value[count / 2];
}

static void run_node(int (*root)(int argc, char **argv))
{
	static char *argv[] = { "bench", NULL };
	pid_t pid = fork();

	if (pid == 0) {
		struct trp_options options = { .main = root,
					       .argc = 1,
					       .argv = argv };

		_exit(trp_supervisor_run(&options));
	}
	waitpid(pid, NULL, 0);
}

/* ---- the floor: two processes and a bare futex
 * --------------------------------- */

static void futex_wait(uint32_t value)
{
	syscall(SYS_futex, &board->ball, FUTEX_WAIT, value, NULL, NULL, 0);
}

static void futex_play(uint32_t mine, int rounds)
{
	int i;

	for (i = 0; i < rounds; i++) {
		while (atomic_load(&board->ball) != mine)
			futex_wait(1 - mine);
		atomic_store(&board->ball, 1 - mine);
		syscall(SYS_futex, &board->ball, FUTEX_WAKE, 1, NULL, NULL, 0);
	}
}

static double futex_floor(void)
{
	double start;
	pid_t pid;

	board->ball = 0;
	pid = fork();
	if (pid == 0) {
		pin_side(1);
		futex_play(1, ASKS);
		_exit(0);
	}
	if (fork() == 0) {
		pin_side(0);
		start = now();
		futex_play(0, ASKS);
		board->seconds = now() - start;
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
	return board->seconds / ASKS;
}

/* ---- ask and reply
 * -------------------------------------------------------------- */

static void echo_ask(Measure__Echo_Service *service,
		     const Measure__Point *point, Measure__Point_Closure reply,
		     void *call)
{
	reply(point, call);
}

static const Measure__Echo_Service echo_methods = MEASURE__ECHO__INIT(echo_);

static int echo_init(const void *arguments)
{
	pin_side(1);
	return 0;
}

static const struct troupe_class echo = { .name = "echo",
					  .init = echo_init,
					  .service = &echo_methods.base };

static void take_answer(const Measure__Point *point, void *data)
{
	if (!point)
		abort();
}

static int ask_root(int argc, char **argv)
{
	Measure__Point point = MEASURE__POINT__INIT;
	struct troupe_proxy proxy;
	troupe_ref ref;
	double start = 0;
	int i;

	pin_side(0);
	if (troupe_spawn(&echo, NULL, &ref) < 0)
		return -1;
	troupe_proxy_init(&proxy, ref, &measure__echo__descriptor);
	point.name = "point";
	for (i = 0; i < ASKS + 1000; i++) {
		if (i == 1000)
			start = now();
		point.number = i;
		measure__echo__ask(&proxy.base, &point, take_answer, NULL);
		if (troupe_await(&proxy) < 0)
			return -1;
	}
	board->seconds = now() - start;
	return 0;
}

static void measure_asks(int rounds)
{
	double floor[ROUNDS_MAX], asked[ROUNDS_MAX];
	double f, a;
	int i;

	for (board->pinning = SAME; board->pinning <= FREE; board->pinning++) {
		for (i = 0; i < rounds; i++) {
			floor[i] = futex_floor();
			run_node(ask_root);
			asked[i] = board->seconds / ASKS;
		}
		f = median(floor, rounds);
		a = median(asked, rounds);
		printf("ask and reply, %-9s   %8.2f us   bare futex %8.2f us   "
		       "ratio %.2f\n",
		       pinning_name[board->pinning], a * 1e6, f * 1e6, a / f);
	}
	setenv("TROUPE_SPIN", "always", 1);
	board->pinning = TWO;
	for (i = 0; i < rounds; i++) {
		run_node(ask_root);
		asked[i] = board->seconds / ASKS;
	}
	unsetenv("TROUPE_SPIN");
	printf("ask and reply, spinning    %8.2f us\n",
	       median(asked, rounds) * 1e6);
}

/* ---- one way
 * ---------------------------------------------------------------------- */

static double first;

static int count_point(const struct troupe_message *message)
{
	const Measure__Point *point = message->body;

	if (point->number == 0)
		first = now();
	if (point->number < MESSAGES - 1)
		return 0;
	board->seconds = now() - first;
	return TROUPE_STOP;
}

static const struct troupe_handler counters[] = {
	{ &measure__point__descriptor, count_point },
	{ 0 },
};
static const struct troupe_class counter = { .name = "counter",
					     .init = echo_init,
					     .handlers = counters };

static int flood_root(int argc, char **argv)
{
	Measure__Point point = MEASURE__POINT__INIT;
	troupe_ref ref;
	int r;

	pin_side(0);
	if (troupe_spawn(&counter, NULL, &ref) < 0)
		return -1;
	point.name = "point";
	point.x = point.y = 1.5;
	for (point.number = 0; point.number < MESSAGES; point.number++) {
		r = troupe_send_wait(ref, &point.base, TROUPE_NEVER);
		if (r < 0)
			return r;
	}
	return troupe_wait(ref, TROUPE_NEVER, NULL);
}

static int count_nothing(const struct troupe_message *message)
{
	if (board->count++ == 0)
		first = now();
	if (board->count < MESSAGES)
		return 0;
	board->seconds = now() - first;
	return TROUPE_STOP;
}

static const struct troupe_handler nothing_counters[] = {
	{ &measure__nothing__descriptor, count_nothing },
	{ 0 },
};
static const struct troupe_class nothing_counter = {
	.name = "counter", .init = echo_init, .handlers = nothing_counters
};

static int nothing_root(int argc, char **argv)
{
	Measure__Nothing nothing = MEASURE__NOTHING__INIT;
	troupe_ref ref;
	int i, r;

	pin_side(0);
	board->count = 0;
	if (troupe_spawn(&nothing_counter, NULL, &ref) < 0)
		return -1;
	for (i = 0; i < MESSAGES; i++) {
		r = troupe_send_wait(ref, &nothing.base, TROUPE_NEVER);
		if (r < 0)
			return r;
	}
	return troupe_wait(ref, TROUPE_NEVER, NULL);
}

static void measure_floods(int rounds)
{
	double with[ROUNDS_MAX], without[ROUNDS_MAX];
	int i;

	for (board->pinning = SAME; board->pinning <= FREE; board->pinning++) {
		for (i = 0; i < rounds; i++) {
			run_node(flood_root);
			with[i] = MESSAGES / board->seconds;
			run_node(nothing_root);
			without[i] = MESSAGES / board->seconds;
		}
		printf("one way, %-9s         %8.2f M/s  empty body %8.2f "
		       "M/s\n",
		       pinning_name[board->pinning],
		       median(with, rounds) * 1e-6,
		       median(without, rounds) * 1e-6);
	}
}

/* ---- spawn and exit
 * ------------------------------------------------------------------ */

static double fork_floor(void)
{
	double start;
	int i;

	if (fork() == 0) {
		start = now();
		for (i = 0; i < SPAWNS; i++) {
			pid_t pid = fork();

			if (pid == 0)
				_exit(0);
			waitpid(pid, NULL, 0);
		}
		board->seconds = now() - start;
		_exit(0);
	}
	wait(NULL);
	return board->seconds / SPAWNS;
}

static int ends_at_once(const void *arguments)
{
	return 0;
}

static const struct troupe_class short_lived = { .name = "short",
						 .run = ends_at_once };

static int spawned, ended;

static int one_ended(const struct troupe_end *end)
{
	troupe_ref ref;
	int r = 0;

	if (++ended == SPAWNS) {
		board->seconds = now() - first;
		return TROUPE_STOP;
	}
	if (spawned < SPAWNS) {
		r = troupe_spawn(&short_lived, NULL, &ref);
		spawned++;
	}
	return r;
}

static int spawner_init(const void *arguments)
{
	enum { AT_ONCE = 16 };
	troupe_ref ref;
	int r = 0;

	first = now();
	for (; spawned < AT_ONCE && r == 0; spawned++)
		r = troupe_spawn(&short_lived, NULL, &ref);
	return r;
}

static const struct troupe_class spawner = { .name = "spawner",
					     .init = spawner_init,
					     .child_stopped = one_ended };

static int spawn_root(int argc, char **argv)
{
	troupe_ref ref;
	int r = troupe_spawn(&spawner, NULL, &ref);

	return r < 0 ? r : troupe_wait(ref, TROUPE_NEVER, NULL);
}

static void measure_spawns(int rounds)
{
	double floor[ROUNDS_MAX], spawn[ROUNDS_MAX];
	double f, s;
	int i;

	for (i = 0; i < rounds; i++) {
		floor[i] = fork_floor();
		run_node(spawn_root);
		spawn[i] = board->seconds / SPAWNS;
	}
	f = median(floor, rounds);
	s = median(spawn, rounds);
	printf("spawn and exit             %8.2f us   bare fork  %8.2f us   "
	       "speed %.2f of it\n",
	       s * 1e6, f * 1e6, f / s);
}

/* ---- memory
 * -----------------------------------------------------------------------------
 */

static long available(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];
	long kib = 0;

	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %ld", &kib) == 1)
			break;
	fclose(file);
	return kib;
}

static int idle_run(const void *arguments)
{
	struct troupe_message message;

	board->count++;
	troupe_receive(NULL, 0, TROUPE_NEVER, &message);
	return 0;
}

static int idle_root(int argc, char **argv)
{
	long before;
	troupe_ref ref;
	int i;

	board->count = 0;
	usleep(300000);
	before = available();
	for (i = 0; i < IDLE; i++)
		if (troupe_spawn_function(idle_run, NULL, &ref) < 0)
			return -1;
	while (board->count < IDLE)
		usleep(10000);
	usleep(300000);
	board->seconds = (double)(before - available()) / IDLE;
	return 0;
}

static void measure_memory(int rounds)
{
	double kib[ROUNDS_MAX];
	int i;

	for (i = 0; i < rounds; i++) {
		run_node(idle_root);
		kib[i] = board->seconds;
	}
	printf("memory of an idle actor    %8.1f KiB of MemAvailable, of %d "
	       "alive\n",
	       median(kib, rounds), IDLE);
}

static const struct {
	const char *name;
	void (*measure)(int rounds);
} part[] = {
	{ "asks", measure_asks },
	{ "floods", measure_floods },
	{ "spawns", measure_spawns },
	{ "memory", measure_memory },
};

int main(int argc, char **argv)
{
	size_t i;
	int rounds = argc > 1 ? atoi(argv[1]) : 5;

	if (rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "bench-actors: 1 to %d rounds\n", ROUNDS_MAX);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	printf("median of %d rounds\n", rounds);
	for (i = 0; i < sizeof(part) / sizeof(part[0]); i++)
		if (argc < 3 || strcmp(argv[2], part[i].name) == 0)
			part[i].measure(rounds);
	return 0;
}
