/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/asleep.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/mailbox_unread.h"
#include "ipc/relay.h"
#include "runtime/node/status.h"
#include "runtime/supervisor/requests.h"
#include "runtime/supervisor/supervisor.h"
#include "runtime/troupe_sleep.h"

static bool is_relayed(const struct trp_supervisor *supervisor, uint32_t slot)
{
	return trp_life_is_relayed(trp_load_relaxed(
		&trp_arena_slot(&supervisor->node.arena, slot)->life));
}

/* ---- rings --------------------------------------------------------------- */

bool trp_asleep_has_mail(struct trp_supervisor *supervisor, uint32_t slot)
{
	const struct trp_arena *arena = &supervisor->node.arena;

	return trp_mailbox_unread_of_others(arena, slot, TRP_SLOT_SUPERVISOR) ||
	       (trp_asleep_is(&supervisor->children.child[slot]) &&
		trp_mailbox_unread_bytes(arena, slot, TRP_SLOT_SUPERVISOR));
}

static void look_at(struct trp_supervisor *supervisor, uint32_t slot)
{
	const struct trp_child *child = &supervisor->children.child[slot];

	if (child->state != CHILD_DOWN || !is_relayed(supervisor, slot) ||
	    !trp_asleep_has_mail(supervisor, slot))
		return;
	assert(child->owner && child->owner->mail);
	child->owner->mail(supervisor, slot);
}

static int look(struct troupe_timer *timer)
{
	enum { WORDS = TRP_SLOTS_MAX / 64 };
	struct trp_supervisor *supervisor = timer->data;

	for (uint32_t word = 0; word < WORDS; word++)
		while (supervisor->rung[word]) {
			uint32_t slot =
				word * 64 + (uint32_t)__builtin_ctzll(
						    supervisor->rung[word]);

			supervisor->rung[word] &= supervisor->rung[word] - 1;
			look_at(supervisor, slot);
		}
	return 0;
}

/* As a doorbell is taken, where nothing may be sent. */
static void look_later(struct trp_supervisor *supervisor, uint32_t slot)
{
	supervisor->rung[slot / 64] |= UINT64_C(1) << slot % 64;
	/* Without memory, at the next ring. */
	if (!supervisor->look_at_rung.place)
		trp_timers_start(&supervisor->timers, &supervisor->look_at_rung,
				 TROUPE_POLL);
}

static void is_rung(struct trp_mailbox *box, uint32_t slot)
{
	struct trp_supervisor *supervisor =
		(void *)((char *)box -
			 offsetof(struct trp_supervisor, mailbox));

	if (supervisor->children.child[slot].state == CHILD_DOWN)
		look_later(supervisor, slot);
}

void trp_asleep_init(struct trp_supervisor *supervisor)
{
	supervisor->mailbox.rung = is_rung;
	supervisor->look_at_rung =
		(struct troupe_timer) { .fired = look, .data = supervisor };
}

void trp_asleep_begin(struct trp_supervisor *supervisor, uint32_t slot)
{
	assert(supervisor->children.child[slot].state == CHILD_DOWN);
	trp_relay_begin(&supervisor->node.arena, slot);
	look_later(supervisor, slot);
}

void trp_asleep_end(struct trp_supervisor *supervisor, uint32_t slot)
{
	if (is_relayed(supervisor, slot))
		trp_relay_end(&supervisor->node.arena, slot);
}

/* ---- states -------------------------------------------------------------- */

bool trp_asleep_is(const struct trp_child *child)
{
	return child->is_sleepy && child->state == CHILD_DOWN;
}

void trp_asleep_put(const struct trp_child *child,
		    Troupe__Control__Birth *birth)
{
	if (!child->saved)
		return;
	birth->state_type = child->saved->type;
	birth->state.data = child->saved->bytes;
	birth->state.len = child->saved->size;
}

/* Those that it watches may end, and its children, without any mail. */
static bool is_needed(const struct trp_child *child)
{
	const struct trp_groups_place *place = child->groups;

	while (place && !place->is_follower)
		place = place->next_of_actor;
	return place || child->watching || child->first || child->awaited;
}

int trp_asleep_on_sleep(struct trp_request *request)
{
	const Troupe__Control__Sleep *sleep = request->message;
	struct trp_child *child = request->child;
	struct trp_saved *saved = NULL;

	if (!child->owner || !child->owner->slept ||
	    sleep->state.len > TROUPE_SAVED_SIZE)
		return -EINVAL;
	if (child->is_told || is_needed(child))
		return -EBUSY;
	if (sleep->state_type) {
		saved = malloc(sizeof(*saved) + sleep->state.len);
		if (!saved)
			return -ENOMEM;
		saved->type = sleep->state_type;
		saved->size = sleep->state.len;
		if (saved->size)
			memcpy(saved->bytes, sleep->state.data, saved->size);
	}
	free(child->saved);
	child->saved = saved;
	child->is_sleepy = true;
	return 0;
}

/* ---- ends ---------------------------------------------------------------- */

enum trp_rest trp_asleep_why(const struct trp_supervisor *supervisor,
			     uint32_t slot, struct troupe_end *end)
{
	const struct trp_child *child = &supervisor->children.child[slot];
	bool stays = child->owner && child->state == CHILD_RUNNING &&
		     !child->is_told && !child->is_final &&
		     !supervisor->is_ending;

	if (end->reason.cause != TROUPE_NORMAL)
		return TRP_REST_NONE;
	if (end->reason.code == TRP_STATUS_DECLINED)
		return stays && child->asks ? TRP_REST_DECLINED : TRP_REST_NONE;
	if (end->reason.code != TRP_STATUS_ASLEEP || !child->is_sleepy)
		return TRP_REST_NONE;
	if (stays)
		return TRP_REST_SLEPT;
	end->reason.code = 0;
	if (child->is_told)
		end->reason.cause = TROUPE_SHUTDOWN;
	return TRP_REST_NONE;
}
