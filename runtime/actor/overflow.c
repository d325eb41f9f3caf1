/* SPDX-License-Identifier: MIT */
#include "runtime/actor/overflow.h"

#include <errno.h>
#include "ipc/hot.h"
#include "runtime/actor/away.h"
#include "runtime/actor/self.h"
#include "runtime/actor/target_watch.h"

static TRP_HOT struct troupe_room *rooms; /* that are waited for */

bool trp_overflow_is_dropped(troupe_ref to, const struct trp_envelope *envelope)
{
	const struct trp_slot *line =
		trp_arena_slot(&trp_self.node->arena, trp_ref_slot(to));

	return !trp_ref_is_elsewhere(to) &&
	       (trp_load_relaxed(&line->note) & TRP_NOTE_FULL) ==
		       TROUPE_FULL_DROP_NEW &&
	       !envelope->correlation;
}

/* ---- room again ---------------------------------------------------------- */

static int look(struct troupe_room *room)
{
	if (trp_ref_is_elsewhere(room->to))
		return trp_away_want_room(room->to, &room->private_asked);
	return trp_mailbox_want_room(&trp_self.mailbox, trp_ref_slot(room->to),
				     trp_ref_generation(room->to));
}

int troupe_room_notify(struct troupe_room *room, troupe_ref to)
{
	int r;

	if (!trp_self.ref)
		return -ESHUTDOWN;
	if (!room->has_room ||
	    !(trp_ref_is_here(to) || trp_ref_is_elsewhere(to)))
		return -EINVAL;
	troupe_room_cancel(room);
	room->to = to;
	room->private_asked = 0;
	r = look(room);
	if (r < 0)
		return r;
	trp_target_watch(to);
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

static struct troupe_room *find_due(void)
{
	struct troupe_room *room = rooms;

	while (room && look(room) == 0)
		room = room->private_next;
	return room;
}

bool trp_overflow_is_any(void)
{
	return rooms;
}

bool trp_overflow_is_due(void)
{
	return find_due();
}

int trp_overflow_turn(void)
{
	struct troupe_room *room = find_due();
	int r;

	if (!room)
		return TRP_STEP_IDLE;
	troupe_room_cancel(room);
	trp_self_begin(TROUPE_DOING_ROOM);
	r = room->has_room(room);
	trp_self_end();
	return trp_self_result(r);
}
