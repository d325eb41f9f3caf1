/* SPDX-License-Identifier: MIT */
#include "tests/bench/lanes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "ipc/incoming.h"
#include "ipc/mailbox.h"
#include "ipc/mailbox_unread.h"
#include "runtime/actor/self.h"

enum { SHOWN_MOST = 64 };

/* ---- the arena of another process ---------------------------------------- */

int lanes_attach(pid_t pid, const struct trp_arena *its,
		 struct trp_arena *ret_arena)
{
	struct trp_arena arena = *its;
	char path[64], name[64];
	ssize_t length;

	if (!arena.base)
		return -ENOENT;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, arena.fd);
	length = readlink(path, name, sizeof(name));
	if (length < 13 || strncmp(name, "/memfd:troupe", 13) != 0)
		return -ENOENT;
	arena.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (arena.fd < 0)
		return -errno;
	arena.base = mmap(NULL, arena.size, PROT_READ,
			  MAP_SHARED | MAP_NORESERVE, arena.fd, 0);
	if (arena.base == MAP_FAILED) {
		close(arena.fd);
		return -ENOMEM;
	}
	*ret_arena = arena;
	return 0;
}

void lanes_detach(struct trp_arena *arena)
{
	munmap(arena->base, arena->size);
	close(arena->fd);
}

/* ---- one actor ----------------------------------------------------------- */

static const struct trp_front *front_of(const struct trp_arena *arena,
					uint32_t slot)
{
	return trp_arena_front(arena, trp_arena_region(arena, slot));
}

static const struct trp_endpoint *endpoint_of(const struct trp_arena *arena,
					      uint32_t slot, uint32_t peer)
{
	return trp_endpoint_find(arena, trp_arena_region(arena, slot), peer);
}

/* Its generation, or 0: there is no actor, or it has not started. */
static uint32_t generation_of(const struct trp_arena *arena, uint32_t slot)
{
	uint64_t life = atomic_load_explicit(&trp_arena_slot(arena, slot)->life,
					     memory_order_acquire);
	uint32_t generation = trp_life_generation(life);

	if (trp_life_state(life) == TRP_FREE ||
	    trp_load_acquire(&front_of(arena, slot)->generation) != generation)
		return 0;
	return generation;
}

static const char *name_of(const struct trp_arena *arena, uint32_t slot,
			   char buffer[64])
{
	const struct trp_slot *line;

	if (slot == TRP_SLOT_SUPERVISOR)
		return "the supervisor";
	if (slot >= arena->slots)
		return "nobody";
	line = trp_arena_slot(arena, slot);
	snprintf(buffer, 64, "%.*s[%d]", (int)sizeof(line->name), line->name,
		 (int)atomic_load_explicit(&line->pid, memory_order_relaxed));
	return buffer;
}

static void dump_wait(FILE *file, const struct trp_arena *arena, uint32_t slot)
{
	const struct trp_front *front = front_of(arena, slot);
	const struct trp_status *words = (const struct trp_status *)front->user;
	char name[64], other[64];

	fprintf(file, "  %s %s; received %llu, sent %llu\n",
		name_of(arena, slot, name),
		(uint8_t)front->sleeping == TRP_AWAKE ? "is awake" : "sleeps",
		(unsigned long long)words->received,
		(unsigned long long)words->sent);
	if (slot != TRP_SLOT_SUPERVISOR && words->await_turn % 2)
		fprintf(file, "    awaits an answer of %s since %.1f s\n",
			name_of(arena, trp_ref_slot(words->awaits), other),
			(double)(troupe_now().ns - words->awaits_since) / 1e9);
}

/* ---- its lanes ----------------------------------------------------------- */

/*
 * The receiver's end of the lane, a second time: with an endpoint of our own to
 * write to, it reads what the receiver would read next.
 */
static long count_records(const struct trp_arena *arena,
			  const struct trp_endpoint_out *out, uint32_t sender,
			  uint64_t head, uint64_t ring, uint64_t base)
{
	struct trp_endpoint mine = { 0 };
	struct trp_moving moving = { 0 };
	struct trp_incoming in = { .mine = &mine.in[TRP_MAIL],
				   .moving = &moving,
				   .sender = sender };
	struct trp_mail mail;
	long count = 0;
	int r;

	trp_incoming_reset(&in, 0);
	trp_incoming_attach(&in, out, trp_arena_region(arena, sender), NULL, 0);
	if (ring) {
		in.ring_size = UINT64_C(1) << (ring & 63);
		in.ring = trp_arena_at(arena, in.region, ring & ~UINT64_C(63),
				       in.ring_size);
		if (!in.ring)
			return -1;
		in.base = base;
		in.word = ring;
		in.cursor = in.head = in.tail = head;
	}
	while ((r = trp_incoming_next(&in, arena, &mail)) > 0) {
		trp_incoming_done(&in, &mail);
		count++;
	}
	return r < 0 ? -1 : count;
}

static bool is_read_by(const struct trp_arena *arena,
		       const struct trp_endpoint *read, uint32_t sender)
{
	return read &&
	       atomic_load_explicit(&read->source, memory_order_acquire) ==
		       generation_of(arena, sender);
}

long lanes_unread(const struct trp_arena *arena, uint32_t sender,
		  uint32_t receiver, enum trp_stream stream)
{
	const struct trp_endpoint *sent = endpoint_of(arena, sender, receiver);
	const struct trp_endpoint *read = endpoint_of(arena, receiver, sender);
	const struct trp_endpoint_in *in;

	if (!sent)
		return -1;
	if (!is_read_by(arena, read, sender))
		return count_records(arena, &sent->out[stream], sender, 0, 0,
				     0);
	in = &read->in[stream];
	return count_records(arena, &sent->out[stream], sender, in->head,
			     in->ring, in->base);
}

static void dump_lane(FILE *file, const struct trp_arena *arena,
		      uint32_t sender, uint32_t receiver,
		      const struct trp_endpoint *sent)
{
	const struct trp_endpoint *read = endpoint_of(arena, receiver, sender);
	uint64_t head =
		is_read_by(arena, read, sender) ? read->in[TRP_MAIL].head : 0;
	uint64_t room = sent->out[TRP_MAIL].room;
	char name[64];

	fprintf(file,
		"    %ld messages and %ld answers (%llu bytes) unread by %s",
		lanes_unread(arena, sender, receiver, TRP_MAIL),
		lanes_unread(arena, sender, receiver, TRP_REPLY),
		(unsigned long long)trp_mailbox_unread_bytes(arena, receiver,
							     sender),
		name_of(arena, receiver, name));
	fputs(room != UINT64_MAX && room > head ? "; waits for room there\n"
						: "\n",
	      file);
}

/* Its lanes with unread records, up to the number shown. */
static int dump_lanes(FILE *file, const struct trp_arena *arena, uint32_t slot)
{
	uint32_t endpoints = front_of(arena, slot)->endpoints;
	int shown = 0;

	for (uint32_t number = 1; number <= endpoints &&
				  number <= arena->slots && shown < SHOWN_MOST;
	     number++) {
		const struct trp_endpoint *sent = trp_endpoint_at(
			arena, trp_arena_region(arena, slot), number);
		uint32_t peer = sent ? sent->peer : arena->slots;

		if (peer >= arena->slots || !generation_of(arena, peer) ||
		    !trp_mailbox_unread_bytes(arena, peer, slot))
			continue;
		if (file)
			dump_lane(file, arena, slot, peer, sent);
		shown++;
	}
	return shown;
}

/* An actor that sleeps, awaits no answer and has no unread mail is one of
 * many. */
static bool is_worth_a_line(const struct trp_arena *arena, uint32_t slot)
{
	const struct trp_front *front = front_of(arena, slot);
	const struct trp_status *words = (const struct trp_status *)front->user;

	return (uint8_t)front->sleeping == TRP_AWAKE ||
	       (slot != TRP_SLOT_SUPERVISOR && words->await_turn % 2) ||
	       dump_lanes(NULL, arena, slot) > 0;
}

void lanes_dump(FILE *file, const struct trp_arena *arena)
{
	long quiet = 0, busy = 0;

	for (uint32_t slot = 0; slot < arena->slots; slot++) {
		if (!generation_of(arena, slot))
			continue;
		if (!is_worth_a_line(arena, slot)) {
			quiet++;
			continue;
		}
		if (busy++ >= SHOWN_MOST)
			continue;
		dump_wait(file, arena, slot);
		dump_lanes(file, arena, slot);
	}
	if (busy > SHOWN_MOST)
		fprintf(file, "  and %ld more like them\n", busy - SHOWN_MOST);
	fprintf(file, "  %ld sleep, await no answer and have been read\n",
		quiet);
}

/* ---- pages --------------------------------------------------------------- */

/* The region of that byte; what all share is the supervisor's. */
static uint32_t region_at(const struct trp_arena *arena, size_t offset)
{
	if (offset >= arena->fronts)
		return TRP_SLOT_SUPERVISOR;
	if (offset < (arena->regions - 1) * arena->heap_size)
		return arena->regions - 1 -
		       (uint32_t)(offset / arena->heap_size);
	return (uint32_t)((arena->fronts - offset + TRP_FRONT_SIZE - 1) /
			  TRP_FRONT_SIZE);
}

/* Of each region; and of all but the supervisor's, doorbells. */
struct counts {
	long region[TRP_REGIONS_MAX];
	long doorbells;
};

static void count_page(const struct trp_arena *arena, size_t offset,
		       struct counts *counts)
{
	if (offset >= arena->doorbells + sizeof(struct trp_doorbell) &&
	    offset < arena->heap_0)
		counts->doorbells++;
	else
		counts->region[region_at(arena, offset)]++;
}

static bool is_of_dead(const struct trp_arena *arena, uint32_t region)
{
	uint64_t whose =
		trp_load_acquire(&trp_arena_holder(arena, region)->whose);
	uint32_t slot = trp_whose_slot(whose);

	return whose &&
	       trp_life_state(trp_load_relaxed(
		       &trp_arena_slot(arena, slot)->life)) == TRP_DEAD;
}

static struct lanes_pages sum_up(const struct trp_arena *arena,
				 const struct counts *counts)
{
	struct lanes_pages pages = { .kept = counts->doorbells };

	for (uint32_t region = 1; region < arena->regions; region++) {
		long count = counts->region[region];

		if (count == 0)
			continue;
		if (is_of_dead(arena, region))
			pages.unread += count;
		else if (count <= TRP_KEPT_MAX / TRP_PAGE)
			pages.kept += count;
		else
			pages.left += count;
	}
	return pages;
}

void lanes_count_pages(const struct trp_arena *arena,
		       struct lanes_pages *ret_pages)
{
	static struct counts counts;
	off_t at = 0, end;

	counts = (struct counts) { 0 };
	while ((at = lseek(arena->fd, at, SEEK_DATA)) >= 0) {
		end = lseek(arena->fd, at, SEEK_HOLE);
		for (; at < end; at += TRP_PAGE)
			count_page(arena, (size_t)at, &counts);
	}
	*ret_pages = sum_up(arena, &counts);
}
