/* SPDX-License-Identifier: MIT */
/*
 * The cost of a record, beside the copy that it needs.
 *
 *	bench-lane [records]
 *
 * same core	two actors in one process: a batch is sent, then taken out, so
 *		that either side can be timed alone
 * two cores	one process sends to another, which does not sleep
 *
 * Each figure is the median of 7 rounds, in nanoseconds a record.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ipc/mailbox.h"
#include "ipc/mailbox_receive.h"

enum { ROUNDS = 7, BATCH = 64, SINK = 1, HEAP = 64 << 20 };

static struct trp_arena arena;
static unsigned char source[65536], sink[65536];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *round)
{
	qsort(round, ROUNDS, sizeof(*round), ascending);
	return round[ROUNDS / 2];
}

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void must(int r)
{
	if (r >= 0)
		return;
	fprintf(stderr, "bench-lane: %s\n", strerror(-r));
	exit(1);
}

static void enter(struct trp_mailbox *box, struct trp_arena *mine,
		  uint32_t slot)
{
	*mine = arena;
	mine->fd = dup(arena.fd);
	must(trp_arena_enter(mine, slot));
	must(trp_mailbox_init(box, mine, slot, 1, 0));
}

static int send_one(struct trp_mailbox *box, uint32_t slot, uint32_t size)
{
	void *bytes;
	int r;

	r = trp_mailbox_reserve(box, slot, 1, TRP_MAIL, size, NULL, &bytes);
	if (r < 0)
		return r;
	memcpy(bytes, source, size);
	trp_mailbox_commit(box, size);
	return 0;
}

static bool take_one(struct trp_mailbox *box)
{
	struct trp_mail mail;

	if (trp_mailbox_receive(box, TRP_TAKE_ALL, &mail) != 1)
		return false;
	memcpy(sink, mail.bytes, mail.size);
	trp_mailbox_receive_done(box, &mail);
	return true;
}

static double copy_floor(uint32_t size, int records)
{
	double round[ROUNDS], begin;

	for (int i = 0; i < ROUNDS; i++) {
		begin = now();
		for (int n = 0; n < records; n++) {
			memcpy(sink + n % 16 * 1024, source, size);
			__asm__ volatile("" ::: "memory");
		}
		round[i] = (now() - begin) / records;
	}
	return median(round);
}

static void same_core(uint32_t size, int records)
{
	double in[ROUNDS], out[ROUNDS], a, b, c;
	struct trp_mailbox box, peer;
	struct trp_arena mine, theirs;

	enter(&box, &mine, 1);
	enter(&peer, &theirs, 2);
	for (int i = 0; i < ROUNDS; i++) {
		in[i] = out[i] = 0;
		for (int n = 0; n < records; n += BATCH) {
			a = now();
			for (int k = 0; k < BATCH; k++)
				must(send_one(&box, 2, size));
			b = now();
			for (int k = 0; k < BATCH; k++)
				if (!take_one(&peer))
					abort();
			c = now();
			in[i] += (b - a) / records;
			out[i] += (c - b) / records;
		}
	}
	printf("same core   %5u B   reserve+commit %7.1f   next+done %7.1f\n",
	       size, median(in), median(out));
	trp_mailbox_fini(&box);
	trp_mailbox_fini(&peer);
}

static void drain(uint32_t records)
{
	struct trp_mailbox box;
	struct trp_arena mine;

	stay_on(1);
	enter(&box, &mine, 4);
	box.sender_cpu = 0;
	for (uint32_t n = 0; n < records;)
		if (take_one(&box))
			n++;
		else
			trp_mailbox_receive_is_empty(&box, TRP_TAKE_ALL);
	_exit(0);
}

static double send_all(struct trp_mailbox *box, uint32_t size, int records)
{
	double begin = now();

	for (int n = 0; n < records;) {
		int r = send_one(box, 4, size);

		if (r == 0)
			n++;
		else if (r != -EAGAIN)
			must(r);
	}
	return now() - begin;
}

static void two_cores(uint32_t size, int records)
{
	double round[ROUNDS];
	struct trp_mailbox box;
	struct trp_arena mine;
	double begin;
	pid_t pid;

	for (int i = 0; i < ROUNDS; i++) {
		trp_arena_slot(&arena, 4)->life = trp_life(1, 0, TRP_LIVE);
		enter(&box, &mine, 3);
		pid = fork();
		if (pid == 0)
			drain((uint32_t)records);
		while (!trp_arena_front(&arena, 4)->generation)
			usleep(1000);
		begin = now();
		send_all(&box, size, records);
		waitpid(pid, NULL, 0);
		round[i] = (now() - begin) / records;
		trp_mailbox_fini(&box);
		must(trp_arena_give_back_doorbells(&arena, 3, 2));
		must(trp_arena_give_back(&arena, 3, 2));
	}
	printf("two cores   %5u B   a record       %7.1f\n", size,
	       median(round));
}

static void measure(uint32_t size, int records)
{
	printf("memcpy      %5u B   a copy         %7.1f\n", size,
	       copy_floor(size, records));
	same_core(size, records);
	must(trp_arena_give_back_doorbells(&arena, 1, 2));
	must(trp_arena_give_back(&arena, 1, 2));
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
		two_cores(size, records);
}

int main(int argc, char **argv)
{
	int records = argc > 1 ? atoi(argv[1]) : 1000000;

	stay_on(0);
	must(trp_arena_create(&arena, 8, HEAP));
	must(trp_arena_enter(&arena, TRP_SLOT_SUPERVISOR));
	for (uint32_t slot = 1; slot <= 4; slot++) {
		trp_arena_assign(&arena, slot, slot, 1, 0);
		trp_arena_slot(&arena, slot)->life = trp_life(1, 0, TRP_LIVE);
	}
	arena.entered = TRP_NO_REGION;
	measure(64, records);
	measure(1024, records / 4);
	trp_arena_fini(&arena);
	return 0;
}
