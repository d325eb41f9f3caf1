/* SPDX-License-Identifier: MIT */
/*
 * Round trips of two processes that wake each other: each way of waiting
 * against two processes on a bare futex, the floor, measured in the same run.
 *
 *	bench-wake [round trips a round]
 *
 * Prints the median of ROUNDS rounds, in which the ways take turns, and its
 * ratio to the floor, for both on one core, on two, and wherever Linux likes.
 */

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <liburing.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/wait.h"
#include "ipc/wake_socket.h"

enum { ROUNDS = 5, ANY_CPU = -1 };

struct court {
	struct trp_doorbell doorbell[2];
	_Atomic uint32_t sleeping[2];
	alignas(64) _Atomic uint32_t ball[2];
	_Atomic int cpu[2];
	_Atomic int pid[2], ring_fd[2];
	_Atomic int ready;
	double us; /* a round trip of this round */
};

static struct court *court;
static uint32_t trips = 5000;

struct way {
	const char *name;
	void (*play)(const struct way *way, int self);
	enum trp_wait_kind kind;
	const char *spin;
	bool is_watching;
};

/* Both are set up before the clock runs. */
static void both_ready(void)
{
	atomic_fetch_add(&court->ready, 1);
	while (atomic_load(&court->ready) < 2)
		sched_yield();
}

static void report(struct trp_time begin)
{
	court->us = (double)(trp_time_now().ns - begin.ns) / trips / 1000;
}

static void must(bool is_true, const char *what)
{
	if (is_true)
		return;
	perror(what);
	exit(1);
}

/* ---- the floor ---- */

static long futex(_Atomic uint32_t *word, int op, uint32_t value)
{
	return syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

static void throw_ball(int to)
{
	atomic_fetch_add(&court->ball[to], 1);
	futex(&court->ball[to], FUTEX_WAKE, 1);
}

static void catch_ball(int self, uint32_t before)
{
	while (atomic_load(&court->ball[self]) == before)
		futex(&court->ball[self], FUTEX_WAIT, before);
}

static void play_futex(const struct way *way, int self)
{
	struct trp_time begin;

	both_ready();
	begin = trp_time_now();
	for (uint32_t i = 0; i < trips; i++) {
		if (self == 0)
			throw_ball(1);
		catch_ball(self, i);
		if (self == 1)
			throw_ball(0);
	}
	if (self == 0)
		report(begin);
}

/* ---- struct trp_wait ---- */

static void ring_doorbell(int to, int self)
{
	uint32_t how;

	atomic_store_explicit(&court->cpu[self], sched_getcpu(),
			      memory_order_relaxed);
	atomic_fetch_add(&court->ball[to], 1);
	if (!trp_doorbell_set(&court->doorbell[to], (uint32_t)self))
		return;
	atomic_thread_fence(memory_order_seq_cst);
	how = atomic_load_explicit(&court->sleeping[to], memory_order_acquire);
	trp_doorbell_wake(&court->doorbell[to], how, (uint32_t)to);
}

static void ignore(uint32_t sender, void *data)
{
}

static void await_doorbell(struct trp_wait *wait, int self, uint32_t before)
{
	for (;;) {
		trp_doorbell_take(&court->doorbell[self], 2, NULL, ignore,
				  NULL);
		if (atomic_load(&court->ball[self]) != before)
			break;
		must(trp_wait_sleep(wait, TRP_NEVER) == 0, "trp_wait_sleep");
	}
	trp_wait_hint(wait, atomic_load_explicit(&court->cpu[!self],
						 memory_order_relaxed));
}

static void never_ready(struct trp_watch *watch, uint32_t events)
{
}

static void play_wait(const struct way *way, int self)
{
	struct trp_watch watch = { .fd = eventfd(0, EFD_CLOEXEC),
				   .events = POLLIN,
				   .ready = never_ready };
	struct trp_wait wait;
	struct trp_time begin;

	setenv("TROUPE_SPIN", way->spin, 1);
	trp_wait_init(&wait, way->kind, &court->doorbell[self],
		      &court->sleeping[self], (uint32_t)self);
	if (way->is_watching)
		must(trp_wait_add(&wait, &watch) == 0, "trp_wait_add");
	both_ready();
	begin = trp_time_now();
	for (uint32_t i = 0; i < trips; i++) {
		if (self == 0)
			ring_doorbell(1, 0);
		await_doorbell(&wait, self, i);
		if (self == 1)
			ring_doorbell(0, 1);
	}
	if (self == 0)
		report(begin);
	trp_wait_fini(&wait);
}

/* ---- io_uring on both sides ---- */

static void open_ring(struct io_uring *ring)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SINGLE_ISSUER |
						   IORING_SETUP_DEFER_TASKRUN };

	must(io_uring_queue_init_params(8, ring, &params) == 0, "io_uring");
}

static void prep_futex(struct io_uring *ring, int op, _Atomic uint32_t *word,
		       uint64_t value)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	assert(sqe);
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = (uint8_t)op;
	sqe->fd = 0x02;
	sqe->addr = (uintptr_t)word;
	sqe->addr2 = value;
	sqe->addr3 = UINT32_MAX;
	if (op == 52)
		sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
}

static void wait_one(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;

	while (io_uring_submit_and_wait_timeout(ring, &cqe, 1, NULL, NULL) < 0)
		continue;
	io_uring_cqe_seen(ring, cqe);
}

/* The wake and the own wait go down in one system call. */
static void play_uring(const struct way *way, int self)
{
	struct trp_time begin;
	struct io_uring ring;

	open_ring(&ring);
	both_ready();
	begin = trp_time_now();
	for (uint32_t i = 0; i < trips; i++) {
		if (self == 0) {
			atomic_fetch_add(&court->ball[1], 1);
			prep_futex(&ring, 52, &court->ball[1], INT_MAX);
		}
		while (atomic_load(&court->ball[self]) == i) {
			prep_futex(&ring, 51, &court->ball[self], i);
			wait_one(&ring);
		}
		if (self == 1) {
			atomic_fetch_add(&court->ball[0], 1);
			prep_futex(&ring, 52, &court->ball[0], INT_MAX);
		}
	}
	io_uring_submit(&ring);
	if (self == 0)
		report(begin);
	io_uring_queue_exit(&ring);
}

static int fetch_ring(int from)
{
	int pidfd = (int)syscall(SYS_pidfd_open, court->pid[from], 0);
	int fd = (int)syscall(SYS_pidfd_getfd, pidfd, court->ring_fd[from], 0);

	must(fd >= 0, "pidfd_getfd");
	close(pidfd);
	return fd;
}

static void prep_message(struct io_uring *ring, int to)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	io_uring_prep_msg_ring(sqe, to, 0, 1, 0);
	sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

static void play_msg_ring(const struct way *way, int self)
{
	struct trp_time begin;
	struct io_uring ring;
	int peer;

	open_ring(&ring);
	court->pid[self] = getpid();
	court->ring_fd[self] = ring.ring_fd;
	both_ready();
	peer = fetch_ring(!self);
	begin = trp_time_now();
	for (uint32_t i = 0; i < trips; i++) {
		if (self == 0)
			prep_message(&ring, peer);
		wait_one(&ring);
		if (self == 1)
			prep_message(&ring, peer);
	}
	io_uring_submit(&ring);
	if (self == 0)
		report(begin);
	close(peer);
	io_uring_queue_exit(&ring);
}

/* ---- all of them ---- */

static const struct way ways[] = {
	{ "bare futex (the floor)", play_futex, 0, "", false },
	{ "wait: mail, default", play_wait, TRP_WAIT_URING, "auto", false },
	{ "wait: mail, no spinning", play_wait, TRP_WAIT_URING, "never",
	  false },
	{ "wait: mail, both spinning", play_wait, TRP_WAIT_URING, "always",
	  false },
	{ "wait: uring, default", play_wait, TRP_WAIT_URING, "auto", true },
	{ "wait: uring, no spinning", play_wait, TRP_WAIT_URING, "never",
	  true },
	{ "wait: socket, no spinning", play_wait, TRP_WAIT_SOCKET, "never",
	  true },
	{ "wait: epoll, no spinning", play_wait, TRP_WAIT_EPOLL, "never",
	  true },
	{ "io_uring futex wait and wake", play_uring, 0, "", false },
	{ "MSG_RING by pidfd_getfd", play_msg_ring, 0, "", false },
};

enum { WAYS = sizeof(ways) / sizeof(*ways) };

static const struct place {
	const char *name;
	int cpu[2];
} places[] = {
	{ "one core", { 0, 0 } },
	{ "two cores", { 0, 1 } },
	{ "unpinned", { ANY_CPU, ANY_CPU } },
};

static void play(const struct way *way, const struct place *place, int self)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(place->cpu[self] < 0 ? 0 : place->cpu[self], &set);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (place->cpu[self] != ANY_CPU)
		sched_setaffinity(0, sizeof(set), &set);
	way->play(way, self);
	_exit(0);
}

static double round_trip(const struct way *way, const struct place *place)
{
	memset(court, 0, sizeof(*court));
	for (int self = 0; self < 2; self++)
		if (fork() == 0)
			play(way, place, self);
	for (int self = 0; self < 2; self++) {
		int status;

		must(wait(&status) > 0 && status == 0, way->name);
	}
	return court->us;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(const struct place *place)
{
	double us[WAYS][ROUNDS], floor;

	for (int round = 0; round < ROUNDS; round++)
		for (int way = 0; way < WAYS; way++)
			us[way][round] = round_trip(&ways[way], place);
	for (int way = 0; way < WAYS; way++)
		qsort(us[way], ROUNDS, sizeof(double), by_value);
	floor = us[0][ROUNDS / 2];
	for (int way = 0; way < WAYS; way++)
		printf("%-10s %-30s %7.2f us  x%.3f  (%.2f .. %.2f)\n",
		       place->name, ways[way].name, us[way][ROUNDS / 2],
		       us[way][ROUNDS / 2] / floor, us[way][0],
		       us[way][ROUNDS - 1]);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);

	if (argc > 1)
		trips = (uint32_t)strtoul(argv[1], NULL, 10);
	court = mmap(NULL, sizeof(*court), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(court != MAP_FAILED && trips > 0, "mmap");
	trp_wake_socket_set_node((uint64_t)getpid());
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (places[i].cpu[1] < cpus)
			measure(&places[i]);
	return 0;
}
