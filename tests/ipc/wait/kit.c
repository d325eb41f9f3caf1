/* SPDX-License-Identifier: MIT */
#include "tests/ipc/wait/kit.h"
#include "ipc/wake_socket.h"
#include "tests/support/skip.h"

#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

const char *const kind_names[TRP_WAIT_KINDS] = {
	[TRP_WAIT_URING] = "uring",
	[TRP_WAIT_SOCKET] = "socket",
	[TRP_WAIT_EPOLL] = "epoll",
};

struct doorbells *bells_new(void)
{
	void *map = mmap(NULL, sizeof(struct doorbells), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	cr_assert_neq(map, MAP_FAILED);
	return map;
}

void bells_free(struct doorbells *doorbells)
{
	munmap(doorbells, sizeof(*doorbells));
}

static void wake(struct doorbells *doorbells, uint32_t to)
{
	uint32_t how;

	atomic_thread_fence(memory_order_seq_cst);
	how = atomic_load_explicit(&doorbells->sleeping[to],
				   memory_order_acquire);
	trp_doorbell_wake(&doorbells->doorbell[to], how, to);
}

void bells_ring(struct doorbells *doorbells, uint32_t to, uint32_t from)
{
	if (trp_doorbell_set(&doorbells->doorbell[to], from))
		wake(doorbells, to);
}

void bells_ring_for_dead(struct doorbells *doorbells, uint32_t to,
			 uint32_t from)
{
	trp_doorbell_set_again(&doorbells->doorbell[to], from);
	wake(doorbells, to);
}

static void ignore(uint32_t sender, void *data)
{
}

void bells_clear(struct doorbells *doorbells, uint32_t slot)
{
	trp_doorbell_take(&doorbells->doorbell[slot], SLOTS, NULL, ignore,
			  NULL);
}

/* From the parent, so that a child of a test has the same. */
static uint64_t node_of_test(void)
{
	static uint64_t node;

	if (!node)
		node = (uint64_t)getpid() << 32 | 0x7e57;
	return node;
}

void require_kind(enum trp_wait_kind kind)
{
	enum trp_wait_kind best;
	char why[160];

	unsetenv("TROUPE_WAIT");
	cr_assert_eq(trp_wait_probe(&best, why), 0);
	if (kind < best)
		SKIP(kind_names[kind], "%s does not work here: %s",
		     kind_names[kind], why);
	trp_wake_socket_set_node(node_of_test());
}

void init_wait(struct trp_wait *wait, enum trp_wait_kind kind,
	       struct doorbells *doorbells, uint32_t slot)
{
	trp_wait_init(wait, kind, &doorbells->doorbell[slot],
		      &doorbells->sleeping[slot], slot);
}

/* A descriptor that is never ready makes the backend sleep, not the futex. */
static void must_not_be_called(struct trp_watch *watch, uint32_t events)
{
	cr_assert(false, "ready() for a silent descriptor");
}

struct trp_watch silent;

void watch_silence(struct trp_wait *wait)
{
	silent = (struct trp_watch) { .fd = eventfd(0, EFD_CLOEXEC),
				      .events = POLLIN,
				      .ready = must_not_be_called };
	cr_assert_eq(trp_wait_add(wait, &silent), 0);
}

void forget_silence(struct trp_wait *wait)
{
	trp_wait_remove(wait, &silent);
	close(silent.fd);
}

struct trp_time after_ms(int64_t ms)
{
	return (struct trp_time) { trp_time_now().ns + ms * 1000000 };
}

void pin(int cpu)
{
	cpu_set_t set;

	if (cpu == ANY_CPU)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

int count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	cr_assert_not_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

pid_t start(void (*body)(void *data), void *data)
{
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		body(data);
		_exit(0);
	}
	return pid;
}

void join(pid_t pid)
{
	int status;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0, "the child left with status %#x", status);
}

struct criterion_test_params all_kinds(void)
{
	static enum trp_wait_kind kinds[] = { TRP_WAIT_URING, TRP_WAIT_SOCKET,
					      TRP_WAIT_EPOLL };

	return cr_make_param_array(enum trp_wait_kind, kinds, TRP_WAIT_KINDS);
}
