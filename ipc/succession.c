/* SPDX-License-Identifier: MIT */
#include "ipc/succession.h"

#include "ipc/mailbox_receive.h"
#include "ipc/mailbox_unread.h"
#include "ipc/peer.h"

/*
 * J2: each store here is of a region that says less than it knows, until S1 and
 * R9 say it: a process that is killed in between leaves the rest to the next,
 * which finds it where this one did.
 */

struct import {
	struct trp_mailbox *box;
	int r;
};

static void import_sender(uint32_t sender, uint64_t life,
			  const struct trp_progress *progress, void *data)
{
	struct import *import = data;
	struct trp_mailbox *box = import->box;
	struct trp_place place[TRP_STREAMS];
	struct trp_peer *peer = NULL;

	if (import->r == 0)
		import->r = trp_peer_make(box, sender, &peer);
	if (import->r < 0)
		return;
	for (int i = 0; i < TRP_STREAMS; i++)
		place[i] = trp_progress_place(box->arena, progress, sender,
					      life, i);
	trp_peer_inherit(box, peer, trp_life_generation(life), place);
}

/* Those between have never had a record at work. */
static void import_work(struct trp_front *front, const struct trp_front *from)
{
	uint64_t at_work = trp_load_relaxed(&from->at_work);
	uint64_t again = trp_load_relaxed(&from->again);
	uint64_t handling = trp_load_relaxed(&from->handling);
	uint32_t attempts = again ? trp_load_relaxed(&from->attempts) : 0;

	/* It was done with, and died before it said that nothing is at work. */
	if ((at_work | TRP_HANDLING_DONE) == handling)
		at_work = 0;
	if ((again | TRP_HANDLING_DONE) == handling)
		again = attempts = 0;
	if (at_work) {
		attempts = at_work == again ? attempts + 1 : 1;
		again = at_work;
	}
	trp_store_relaxed(&front->attempts, attempts);
	trp_store_relaxed(&front->again, again);
	trp_store_relaxed(&front->handling, handling);
	trp_store_relaxed(&front->taking, trp_load_relaxed(&from->taking));
}

int trp_succession_import(struct trp_mailbox *box)
{
	uint32_t last = trp_arena_before(box->arena, box->region.number);
	const struct trp_front *oldest = trp_progress_oldest(box->arena, last);
	struct import import = { .box = box };

	trp_progress_each(box->arena, last, import_sender, &import);
	if (import.r == 0 && oldest)
		import_work(box->front, oldest);
	return import.r;
}

/*
 * Passes what was done with, as a receiver does that has just finished it:
 * `handling` stays as it is.
 */
static void pass_done(struct trp_mailbox *box, struct trp_incoming *in,
		      uint64_t done)
{
	struct trp_incoming before = *in;
	struct trp_mail mail;
	bool has_to_ring;

	while (in->cursor < done &&
	       trp_incoming_next(in, box->arena, &mail) == 1) {
		if (mail.position >= done) {
			*in = before;
			break;
		}
		trp_incoming_done(in, &mail);
		before = *in;
	}
	trp_incoming_catch_up(in, &has_to_ring);
	if (has_to_ring)
		trp_peer_ring(box, in->peer);
}

/* Of the lane that `handling` names, if there is one. */
static void pass_handled(struct trp_mailbox *box)
{
	uint64_t handling = trp_load_relaxed(&box->front->handling);
	bool is_reply = handling & TRP_HANDLING_REPLY;
	uint32_t sender = (uint32_t)(handling >> 48);
	struct trp_peer *peer = handling && sender < box->arena->slots
					? trp_peer_find(box, sender)
					: NULL;
	struct trp_progress progress;
	struct trp_place place;

	if (!peer || !peer->in[is_reply].theirs)
		return;
	progress = trp_progress_find(box->arena, box->region.number, sender,
				     peer->source);
	place = trp_progress_place(box->arena, &progress, sender,
				   trp_peer_life(peer), is_reply);
	pass_done(box, &peer->in[is_reply], place.done);
}

void trp_succession_imported(struct trp_mailbox *box)
{
	/* R9: pairs with A10 in progress.c. */
	trp_store_release(&box->front->imported, 1);
	if (!box->incarnation)
		return;
	/* The predecessor was about to meet these: their bits are taken. */
	trp_doorbell_ring_taken(box->doorbell,
				trp_load_relaxed(&box->front->taking));
	trp_store_release(&box->front->taking, 0);
	pass_handled(box);
	/* F5, as F2: the events are at the heads. */
	atomic_thread_fence(memory_order_seq_cst);
	trp_mailbox_receive_rescan(box);
}

int trp_succession_again(struct trp_mailbox *box, struct trp_mail *ret_mail)
{
	uint64_t again = trp_load_relaxed(&box->front->again);
	uint32_t sender = (uint32_t)(again >> 48);
	struct trp_peer *peer = again && !(again & TRP_HANDLING_REPLY) &&
						sender < box->arena->slots
					? trp_peer_find(box, sender)
					: NULL;
	struct trp_incoming before;
	bool is_next;

	if (!peer || !peer->in[TRP_MAIL].theirs)
		return 0;
	before = peer->in[TRP_MAIL];
	is_next = trp_incoming_next(&peer->in[TRP_MAIL], box->arena,
				    ret_mail) == 1 &&
		  trp_handling(sender, ret_mail->position, false) == again;
	peer->in[TRP_MAIL] = before;
	return is_next ? trp_mailbox_receive_mail_of(box, peer, ret_mail) : 0;
}

uint32_t trp_succession_attempts(const struct trp_mailbox *box,
				 const struct trp_mail *mail)
{
	uint64_t its = trp_handling(mail->sender, mail->position,
				    mail->stream == TRP_REPLY);

	return trp_load_relaxed(&box->front->again) == its
		       ? trp_load_relaxed(&box->front->attempts)
		       : 0;
}

uint32_t trp_succession_passed(const struct trp_arena *arena, uint32_t slot)
{
	uint32_t region = trp_arena_region(arena, slot);
	uint32_t former = trp_arena_before(arena, region);

	if (former == TRP_NO_REGION ||
	    trp_arena_before(arena, former) == TRP_NO_REGION ||
	    trp_progress_has_imported(arena, former))
		return TRP_NO_REGION;
	trp_arena_pass_over(arena, region);
	return former;
}

/* J7 */
uint32_t trp_succession_spent(struct trp_mailbox *box, uint32_t slot)
{
	uint32_t region = trp_arena_region(box->arena, slot), older;
	bool has_imported = false;

	while ((older = trp_arena_before(box->arena, region)) !=
	       TRP_NO_REGION) {
		has_imported |= trp_progress_has_imported(box->arena, region);
		region = older;
	}
	return has_imported && !trp_mailbox_unread_ring_of(box, region)
		       ? region
		       : TRP_NO_REGION;
}

uint32_t trp_succession_left(const struct trp_arena *arena, uint32_t slot)
{
	uint64_t life = trp_load_acquire(&trp_arena_slot(arena, slot)->life);
	uint32_t region = trp_arena_region(arena, slot), older;
	uint64_t whose =
		trp_load_acquire(&trp_arena_holder(arena, region)->whose);

	if (!trp_whose_is_of(whose, slot, trp_life_generation(life)))
		return TRP_NO_REGION;
	while ((older = trp_arena_before(arena, region)) != TRP_NO_REGION)
		region = older;
	return region;
}
