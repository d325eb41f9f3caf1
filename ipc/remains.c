/* SPDX-License-Identifier: MIT */
#include "ipc/mailbox.h"

/*
 * What is still unread, as a third process sees it.  Both sides' memory is a
 * stranger's here, and either may change or be given away while we look.
 */

static uint64_t life_of(const struct trp_arena *arena, uint32_t slot)
{
	return atomic_load_explicit(&trp_arena_slot(arena, slot)->life,
				    memory_order_acquire);
}

static uint64_t tail_of(const struct trp_card *card, int stream)
{
	return atomic_load_explicit(&card->out[stream].tail,
				    memory_order_acquire);
}

/* A receiver that has not seen this sender yet has read nothing of it. */
static uint64_t head_of(const struct trp_card *card, int stream,
			uint32_t source)
{
	if (!card ||
	    atomic_load_explicit(&card->source, memory_order_acquire) != source)
		return 0;
	return atomic_load_explicit(&card->in[stream].head,
				    memory_order_acquire);
}

/* Only the card by which the receiver would find it counts. */
static uint64_t unread(const struct trp_arena *arena, uint32_t receiver,
		       uint32_t sender, int first_stream)
{
	uint64_t from = life_of(arena, sender);
	uint64_t to = life_of(arena, receiver);
	const struct trp_card *sent, *read;
	uint64_t bytes = 0;

	if ((uint32_t)from == TRP_FREE || (uint32_t)to != TRP_LIVE)
		return 0;
	sent = trp_card_find(arena, sender, receiver);
	if (!sent || atomic_load_explicit(&sent->target,
					  memory_order_acquire) != to >> 32)
		return 0;
	read = trp_card_find(arena, receiver, sender);
	for (int i = first_stream; i < TRP_STREAMS; i++)
		bytes += tail_of(sent, i) -
			 head_of(read, i, (uint32_t)(from >> 32));
	return bytes;
}

uint64_t trp_mailbox_depth(const struct trp_arena *arena, uint32_t receiver,
			   uint32_t sender)
{
	return unread(arena, receiver, sender, TRP_MAIL);
}

uint64_t trp_mailbox_replies(const struct trp_arena *arena, uint32_t receiver,
			     uint32_t sender)
{
	return unread(arena, receiver, sender, TRP_REPLY);
}

/* All steps, whatever the dead did of them. */
static void ring_again(struct trp_mailbox *box, uint32_t receiver,
		       uint32_t dead)
{
	struct trp_bell *bell = trp_arena_bell(box->arena, receiver);
	uint32_t how;

	trp_bell_set_again(bell, dead);
	atomic_thread_fence(memory_order_seq_cst);
	how = atomic_load_explicit(
		&trp_arena_front(box->arena, receiver)->sleeping,
		memory_order_acquire);
	box->rings++;
	if (how != TRP_AWAKE && trp_bell_wake(bell, how, receiver))
		box->wakes++;
}

uint32_t trp_mailbox_ring_for_dead(struct trp_mailbox *box, uint32_t dead)
{
	const struct trp_arena *arena = box->arena;
	const struct trp_card *card;
	uint32_t cards, receiver;
	uint32_t receivers = 0;

	if ((uint32_t)life_of(arena, dead) == TRP_FREE)
		return 0;
	cards = atomic_load_explicit(&trp_arena_front(arena, dead)->cards,
				     memory_order_acquire);
	if (cards > arena->slots)
		cards = arena->slots;
	for (uint32_t number = 1; number <= cards; number++) {
		card = trp_card_at(arena, dead, number);
		if (!card)
			continue;
		receiver =
			atomic_load_explicit(&card->peer, memory_order_relaxed);
		if (receiver >= arena->slots ||
		    card != trp_card_find(arena, dead, receiver) ||
		    !unread(arena, receiver, dead, TRP_MAIL))
			continue;
		ring_again(box, receiver, dead);
		receivers++;
	}
	return receivers;
}
