/* SPDX-License-Identifier: MIT */
#include "ipc/peer.h"
#include "ipc/mailbox_receive.h"
#include "ipc/mailbox_unread.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/*
 * The input is a sender's changes to its own region, after some honest sends:
 * patches of an offset in its front (16 bit, in words) and a word.  A receiver
 * must read on, and end with a lane that is closed or empty.
 */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { LIAR = 1, READER = 2, HEAP = 1 << 16, READS = 100 };

static struct trp_arena arena, arenas[3];
static struct trp_mailbox boxes[3];
static unsigned char honest[TRP_FRONT_SIZE];
static volatile unsigned touched;

static void must(int r)
{
	assert(r == 0);
}

static _Atomic uint64_t *life_of(uint32_t slot)
{
	return &trp_arena_slot(&arena, slot)->life;
}

static void enter(uint32_t slot)
{
	arenas[slot] = arena;
	arenas[slot].fd = dup(arena.fd);
	must(trp_arena_enter(&arenas[slot], slot));
	trp_arena_assign(&arenas[0], slot, slot, 1, 0);
	*life_of(slot) = trp_life(1, 0, TRP_LIVE);
	must(trp_mailbox_init(&boxes[slot], &arenas[slot], slot, 1, 0));
}

static void send_honestly(uint32_t size, bool is_attached)
{
	struct trp_extent extent;
	void *at, *beside;

	if (is_attached)
		must(trp_mailbox_loan(&boxes[LIAR], 100, &extent, &beside));
	must(trp_mailbox_reserve(&boxes[LIAR], READER, 1, size % 2, size,
				 is_attached ? &extent : NULL, &at));
	memset(at, 1, size);
	trp_mailbox_commit(&boxes[LIAR], size);
}

static void set_up(void)
{
	must(trp_arena_create(&arena, 4, HEAP));
	enter(TRP_SLOT_SUPERVISOR);
	enter(LIAR);
	enter(READER);
	for (uint32_t i = 0; i < 20; i++)
		send_honestly(i * 10, i % 5 == 0);
	memcpy(honest, boxes[LIAR].front, sizeof(honest));
}

static void patch(const uint8_t *bytes, size_t size)
{
	unsigned char *front = (unsigned char *)boxes[LIAR].front;
	uint16_t word;

	for (; size >= 10; bytes += 10, size -= 10) {
		memcpy(&word, bytes, 2);
		memcpy(front + word % (TRP_FRONT_SIZE / 8) * 8, bytes + 2, 8);
	}
}

static void read_all(void)
{
	struct trp_mail mail;
	int r = 1;

	for (int i = 0; r != 0 && i < READS; i++) {
		r = trp_mailbox_receive(&boxes[READER], TRP_TAKE_ALL, &mail);
		if (r <= 0)
			continue;
		for (uint32_t k = 0; k < mail.size; k++)
			touched += ((const unsigned char *)mail.bytes)[k];
		if (mail.attachment)
			touched +=
				((const unsigned char *)mail
					 .attachment)[mail.attachment_size - 1];
		trp_mailbox_receive_done(&boxes[READER], &mail);
	}
}

/* A new generation each time, so that the reader begins anew. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static uint32_t generation = 1;

	if (!arena.base)
		set_up();
	trp_arena_release(&arenas[0], LIAR);
	generation = generation % TRP_GENERATION_MAX + 1;
	trp_arena_assign(&arenas[0], LIAR, LIAR, generation, 0);
	*life_of(LIAR) = trp_life(generation, 0, TRP_LIVE);
	memcpy(boxes[LIAR].front, honest, sizeof(honest));
	patch(bytes, size);
	trp_doorbell_set_again(boxes[READER].doorbell, LIAR);
	read_all();
	trp_mailbox_unread_bytes(&arena, READER, LIAR);
	*life_of(LIAR) = trp_life(generation, 0, TRP_DEAD);
	trp_mailbox_unread_ring(&boxes[TRP_SLOT_SUPERVISOR], LIAR);
	read_all();
	return 0;
}
