/* SPDX-License-Identifier: MIT */
/*
 * What becomes of mail for a mailbox that is full, by the policy of its class,
 * and the handlers that are told when there is room again.  All of this runs
 * only after a send found no room.
 */
#include <errno.h>
#include "runtime/actor/actor.h"
#include "runtime/actor/dead_letters.h"
#include "runtime/actor/guest.h"
#include "runtime/actor/memory_policy.h"

enum { DROPPED = 1 }; /* by the policy */

static struct troupe_room *rooms; /* that are waited for */

static enum troupe_full policy_of(troupe_ref ref)
{
	const struct trp_arena *arena = &trp_actor.node->arena;

	return (enum troupe_full)atomic_load_explicit(
		&trp_arena_slot(arena, trp_ref_slot(ref))->note,
		memory_order_relaxed);
}

/* An answer is owed to a call, so it is refused. */
static int drop_new(const struct trp_envelope *envelope,
		    const struct trp_extent *attachment)
{
	if (envelope->correlation)
		return -EAGAIN;
	if (attachment)
		trp_mailbox_unloan(&trp_actor.box, *attachment);
	return DROPPED;
}

/* As trp_overflow_post(), or DROPPED. */
static int post(troupe_ref to, struct trp_envelope *envelope,
		const ProtobufCMessage *message,
		const struct trp_extent *attachment)
{
	int r = trp_memory_policy_check(to, message, envelope);

	if (r < 0)
		return r;
	r = trp_actor_post(to, TRP_MAIL, envelope, message, attachment);
	if (r != -EAGAIN)
		return r;
	switch (policy_of(to)) {
	case TROUPE_FULL_DROP_NEW:
		return drop_new(envelope, attachment);
	case TROUPE_FULL_REFUSE:
	case TROUPE_FULL_DROP_OLD:
		break;
	}
	return -EAGAIN;
}

int trp_overflow_post(troupe_ref to, struct trp_envelope *envelope,
		      const ProtobufCMessage *message,
		      const struct trp_extent *attachment)
{
	int r = post(to, envelope, message, attachment);

	if (r == -ESRCH || r == -EAGAIN || r == DROPPED)
		trp_dead_letters_sent(r, to, envelope, message);
	return r == DROPPED ? 0 : r;
}

/* ---- room again ---------------------------------------------------------- */

static int look(const struct troupe_room *room)
{
	return trp_mailbox_want_room(&trp_actor.box, trp_ref_slot(room->to),
				     trp_ref_generation(room->to));
}

int troupe_room_notify(struct troupe_room *room, troupe_ref to)
{
	if (!trp_actor.self)
		return -ESHUTDOWN;
	if (!room->has_room || !trp_ref_is_here(to))
		return -EINVAL;
	troupe_room_cancel(room);
	room->to = to;
	if (look(room) == -ESRCH)
		return -ESRCH;
	trp_call_watch(to);
	room->private_next = rooms;
	room->private_is_waiting = true;
	rooms = room;
	return 0;
}

int troupe_room_cancel(struct troupe_room *room)
{
	struct troupe_room **link = &rooms;

	if (!room->private_is_waiting)
		return 0;
	while (*link != room)
		link = &(*link)->private_next;
	*link = room->private_next;
	room->private_is_waiting = false;
	return 1;
}

void trp_overflow_leave(void)
{
	while (rooms)
		troupe_room_cancel(rooms);
}

int trp_overflow_turn(void)
{
	struct troupe_room *room = rooms;
	int r;

	while (room && look(room) == 0)
		room = room->private_next;
	if (!room)
		return 0;
	troupe_room_cancel(room);
	trp_actor.is_busy = true;
	r = room->has_room(room);
	trp_actor.is_busy = false;
	return trp_actor_result(r);
}
