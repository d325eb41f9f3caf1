/* SPDX-License-Identifier: MIT */
/*
 * One run: a child process becomes the supervisor of a node (or the floor),
 * and everything that it forks is gone when it is.
 *
 * The standard error of a run is shown if it fails.
 *
 * The harness is a subreaper: it adopts the leftovers of a node, kills them and
 * reports that the run left them.
 */
#include "tests/bench/harness.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "runtime/supervisor/revival.h"
#include "runtime/supervisor/supervisor.h"
#include "runtime/supervisor/slot_memory.h"
#include "tests/bench/lanes.h"

/*
 * The program is linked with --wrap of these two: a node reports its arena to
 * the harness, which checks it when all its actors are gone.
 */
int __real_trp_arena_create(struct trp_arena *arena, uint32_t slots,
			    uint64_t heap_size);
int __wrap_trp_arena_create(struct trp_arena *arena, uint32_t slots,
			    uint64_t heap_size);
void __real_trp_arena_fini(struct trp_arena *arena);
void __wrap_trp_arena_fini(struct trp_arena *arena);

int __wrap_trp_arena_create(struct trp_arena *arena, uint32_t slots,
			    uint64_t heap_size)
{
	int r = __real_trp_arena_create(arena, slots, heap_size);

	if (r == 0)
		board->arena = *arena;
	return r;
}

void __wrap_trp_arena_fini(struct trp_arena *arena)
{
	struct lanes_pages pages;

	if (arena->base && arena->entered == TRP_SLOT_SUPERVISOR) {
		lanes_count_pages(arena, &pages);
		board->pages = pages.kept;
		if (pages.left > TRP_SLOT_MEMORY_SPENT)
			bench_fail("the node left %ld pages", pages.left);
	}
	__real_trp_arena_fini(arena);
}

/* Set by a signal to end this program; the run is ended then. */
static volatile sig_atomic_t is_interrupted;

static void interrupt(int signal_number)
{
	is_interrupted = 1;
}

void run_watch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = interrupt };

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &action, NULL);
}

bool run_is_interrupted(void)
{
	return is_interrupted;
}

/* A run must not inherit the harness's handlers of signals. */
static void forget_signals(void)
{
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
}

static void apply(const struct settings *settings, const struct bench *bench)
{
	if (settings->pinning == PIN_ONE)
		kit_pin(0);
	if (settings->wait)
		setenv("TROUPE_WAIT", settings->wait, 1);
	if (settings->spin)
		setenv("TROUPE_SPIN", settings->spin, 1);
	for (int i = 0; i < BENCH_CLASSES && bench->classes[i]; i++)
		if (settings->mailbox)
			bench->classes[i]->mailbox_limit =
				(uint32_t)settings->mailbox;
}

static int run_plain(const struct bench *bench)
{
	int r;

	bench_start();
	r = bench->plain();
	if (!board->stop_ns)
		bench_stop();
	if (r < 0)
		bench_fail("ended with error %d: %s", r, strerror(-r));
	return r < 0;
}

static int run_node(const struct bench *bench)
{
	static const struct trp_module *const modules[] = { NULL };
	char *argv[] = { (char *)bench->name, NULL };
	const char *rate = getenv("TROUPE_TRACE_RATE");
	struct trp_options options = {
		.trace_rate = rate ? (uint32_t)atoi(rate) : 10000,
		.main = kit_root,
		.argc = 1,
		.argv = argv,
	};
	/* A bench of restarts is not one of pauses. */
	static const struct trp_restart_rules at_once = { .quiet_ms = 60000,
							  .limit = -1 };
	int descriptors = watch_count_descriptors(), status, left;

	if (getenv("TROUPE_TRACE"))
		snprintf(options.trace, sizeof(options.trace), "%s",
			 getenv("TROUPE_TRACE"));
	trp_revival_rules = &at_once;
	status = trp_supervisor_run(&options, modules);
	if (status != 0)
		bench_fail("the node ended with status %d", status);
	if (watch_is_mapped("/memfd:troupe"))
		bench_fail("the node left its arena mapped");
	left = watch_count_descriptors() - descriptors;
	if (left != 0)
		bench_fail("the node left %d descriptors", left);
	if (waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD)
		bench_fail("the node left a process");
	return status;
}

/* errors: becomes the standard error of the run. */
static int start(const struct entry *entry, const struct settings *settings,
		 int errors, pid_t *ret_pid)
{
	const struct bench *bench = entry->bench;
	int r = kit_prepare();
	pid_t pid;

	if (r < 0)
		return r;
	kit_entry = entry;
	kit_settings = settings;
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		board->top = getpid();
		/* All that is below dies with it. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		forget_signals();
		dup2(errors, STDERR_FILENO);
		apply(settings, bench);
		r = bench->plain ? run_plain(bench) : run_node(bench);
		fflush(NULL);
		_exit(r);
	}
	*ret_pid = pid;
	return 0;
}

/* False: the time was over, or a signal came. */
static bool wait_until(struct pollfd *ended, double seconds)
{
	/* A signal may come just before poll(). */
	enum { SLICE = 1000000000 };
	int64_t end = troupe_now().ns + (int64_t)(seconds * 1e9);
	int64_t left;

	while ((left = end - troupe_now().ns) > 0 && !is_interrupted)
		if (poll(ended, 1,
			 (int)(left > SLICE ? SLICE : left) / 1000000 + 1) == 1)
			return true;
	return false;
}

/* One that is late is shown and ended: it hangs, or it is slow, if it has gone
 * on in the second half of its time. */
static void wait_for(pid_t pid, const struct entry *entry, double timeout)
{
	struct pollfd ended = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	bool is_over = wait_until(&ended, timeout / 2);
	uint64_t count = board->latency.count;
	struct trp_arena arena;
	bool is_slow;

	is_over = is_over || wait_until(&ended, timeout / 2);
	close(ended.fd);
	if (is_interrupted)
		kill(pid, SIGKILL);
	if (is_over || is_interrupted)
		return;
	is_slow = board->latency.count != count;
	count = board->latency.count;
	fprintf(stderr, "\ntroupe-bench: %s %s; alive are\n", entry->name,
		is_slow ? "is slow" : "hangs");
	watch_dump(stderr, pid);
	if (lanes_attach(pid, &board->arena, &arena) == 0) {
		lanes_dump(stderr, &arena);
		lanes_detach(&arena);
	}
	kill(pid, SIGKILL);
	if (is_slow)
		bench_fail("is slow: %llu latencies in %.1f s",
			   (unsigned long long)count, timeout);
	else
		bench_fail("hung for %.1f s", timeout);
}

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void collect(const struct rusage *usage, struct run *run)
{
	run->seconds = (double)(board->stop_ns - board->start_ns) / 1e9;
	run->cpu = seconds_of(usage->ru_utime) + seconds_of(usage->ru_stime);
	run->switches = usage->ru_nvcsw + usage->ru_nivcsw;
	run->rss = usage->ru_maxrss;
	/* A failed run may not have reached its end, or its start. */
	if (run->seconds < 0)
		run->seconds = 0;
	run->items = board->items > 0 ? board->items : 1;
	run->bytes = board->bytes;
	run->pages = board->pages;
	memcpy(run->figure, board->figure, sizeof(run->figure));
	memcpy(run->why, board->why, sizeof(run->why));
}

static void show(int errors)
{
	char text[4096];
	ssize_t size = pread(errors, text, sizeof(text), 0);

	if (size > 0)
		fwrite(text, 1, (size_t)size, stderr);
}

static int keep(struct entry *entry, const struct run *run)
{
	if (entry->count == entry->room) {
		int room = entry->room ? 2 * entry->room : 8;
		struct run *more =
			reallocarray(entry->run, (size_t)room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		entry->run = more;
		entry->room = room;
	}
	entry->run[entry->count++] = *run;
	entry->failed += run->why[0] != 0;
	entry->total += run->whole;
	if (board->latency.count && !entry->latency)
		entry->latency = calloc(1, sizeof(*entry->latency));
	if (entry->latency && !run->why[0])
		histogram_add(entry->latency, &board->latency);
	return 0;
}

int run_once(struct entry *entry, const struct settings *settings)
{
	struct troupe_time begin = troupe_now();
	struct run run = { 0 };
	struct rusage usage;
	int errors = memfd_create("errors", MFD_CLOEXEC), status, strays, r;
	pid_t pid = 0;

	if (errors < 0)
		return -errno;
	r = start(entry, settings, errors, &pid);
	if (r < 0)
		goto close_errors;
	wait_for(pid, entry, settings->timeout);
	if (wait4(pid, &status, 0, &usage) != pid) {
		r = -errno;
		goto close_errors;
	}
	if (WIFSIGNALED(status))
		bench_fail("ended by signal %d", WTERMSIG(status));
	strays = watch_reap_strays();
	if (WIFSIGNALED(status))
		watch_remove_files(pid);
	if (strays && WIFEXITED(status))
		bench_fail("%d processes outlived the node", strays);
	if (is_interrupted) {
		r = -ECANCELED;
		goto close_errors;
	}
	run.whole = (double)(troupe_now().ns - begin.ns) / 1e9;
	collect(&usage, &run);
	if (run.why[0])
		show(errors);
	r = keep(entry, &run);
close_errors:
	close(errors);
	return r;
}
