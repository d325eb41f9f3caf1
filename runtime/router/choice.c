/* SPDX-License-Identifier: MIT */
#include "runtime/router/choice.h"

#include "ipc/mailbox_unread.h"
#include "runtime/actor/away.h"

/* Members that are up come before those that are being restarted. */
static bool is_down(const struct trp_router_member *member)
{
	return trp_status_is_down(&trp_self.node->arena, member->ref);
}

static bool is_tried(const struct trp_router *router,
		     const struct trp_router_member *member)
{
	return member->tried == router->choices;
}

struct trp_choice trp_choice_begin(struct trp_router *router, uint64_t key,
				   int64_t now)
{
	struct trp_choice choice = { router, key, now, router->members.next };

	router->choices++;
	if (router->user->by == TROUPE_RANDOM && router->members.count) {
		router->random ^= router->random << 13;
		router->random ^= router->random >> 7;
		router->random ^= router->random << 17;
		choice.start = (size_t)((router->random >> 16) %
					router->members.count);
	}
	return choice;
}

/* ---- in turn ------------------------------------------------------------- */

static struct trp_router_member *in_turn(const struct trp_choice *choice)
{
	struct trp_router_members *members = &choice->router->members;
	struct trp_router_member *member, *other = NULL;

	for (size_t i = 0; i < members->count; i++) {
		member = &members->at[(choice->start + i) % members->count];
		if (is_tried(choice->router, member))
			continue;
		if (!is_down(member))
			return member;
		if (!other)
			other = member;
	}
	return other;
}

/* ---- by what is unread --------------------------------------------------- */

/* There it is not seen: what has not left this node, and calls it owes. */
static uint64_t unread_away(const struct trp_router_member *member)
{
	enum { BYTES_OF_CALL = 64 };
	troupe_ref mail = trp_away_mail();

	return trp_mailbox_waiting(&trp_self.mailbox, trp_ref_slot(mail),
				   trp_ref_generation(mail)) +
	       (uint64_t)member->calls * BYTES_OF_CALL;
}

static uint64_t unread(struct trp_router_member *member, int64_t now)
{
	/* So old may be what is known of other senders: each is visited. */
	enum { STALE_NS = 1000000 };
	uint32_t slot = trp_ref_slot(member->ref);

	if (trp_ref_is_elsewhere(member->ref))
		return unread_away(member);
	if (!member->looked_at || now - member->looked_at > STALE_NS) {
		member->others = trp_mailbox_unread_of_others(
			&trp_self.node->arena, slot, trp_self.mailbox.slot);
		member->looked_at = now;
	}
	return member->others +
	       trp_mailbox_waiting(&trp_self.mailbox, slot,
				   trp_ref_generation(member->ref));
}

/* In a callback; a function, with a message. */
static bool is_at_work(const struct trp_router_member *member)
{
	const struct trp_arena *arena = &trp_self.node->arena;
	const struct trp_status *status = trp_status_of(arena, member->ref);
	const struct trp_front *front;

	if (!status)
		return false;
	front = trp_arena_front(
		arena, trp_arena_region(arena, trp_ref_slot(member->ref)));
	return (trp_load_relaxed(&front->at_work) ||
		(trp_status_is_in_step(status) &&
		 trp_load_relaxed(&status->doing) > TROUPE_DOING_RUN));
}

bool trp_choice_is_idle(struct trp_router_member *member, int64_t now)
{
	return !member->calls && !unread(member, now) && !is_at_work(member);
}

struct load {
	bool is_down;
	uint64_t unread;
	uint64_t work; /* calls, and whether a callback runs */
};

static bool is_less(const struct load *a, const struct load *b)
{
	if (a->is_down != b->is_down)
		return b->is_down;
	if (a->unread != b->unread)
		return a->unread < b->unread;
	return a->work < b->work;
}

static struct trp_router_member *least(const struct trp_choice *choice)
{
	struct trp_router_members *members = &choice->router->members;
	struct trp_router_member *member, *best = NULL;
	struct load load, lowest = { 0 };

	for (size_t i = 0; i < members->count; i++) {
		member = &members->at[(choice->start + i) % members->count];
		if (is_tried(choice->router, member))
			continue;
		load.is_down = is_down(member);
		load.unread = unread(member, choice->now);
		load.work = 2 * (uint64_t)member->calls + is_at_work(member);
		if (!best || is_less(&load, &lowest)) {
			best = member;
			lowest = load;
		}
	}
	return best;
}

/* ---- by key -------------------------------------------------------------- */

/* The member with the highest weight: only the keys of one that leaves, or of
 * one that joins, get another member (rendezvous hashing). */
static uint64_t weight(uint64_t key, troupe_ref ref)
{
	uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15) ^ ref;

	hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
	hash = (hash ^ hash >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return hash ^ hash >> 33;
}

static struct trp_router_member *by_key(const struct trp_choice *choice)
{
	struct trp_router_members *members = &choice->router->members;
	struct trp_router_member *best = NULL;
	uint64_t highest = 0, one;

	for (size_t i = 0; i < members->count; i++) {
		one = weight(choice->key, members->at[i].ref);
		if (!best || one > highest) {
			best = &members->at[i];
			highest = one;
		}
	}
	return best && !is_tried(choice->router, best) ? best : NULL;
}

/* ---- all ----------------------------------------------------------------- */

struct trp_router_member *trp_choice_next(struct trp_choice *choice)
{
	struct trp_router_member *member = NULL;

	switch (choice->router->user->by) {
	case TROUPE_ROUND_ROBIN:
	case TROUPE_RANDOM:
		member = in_turn(choice);
		break;
	case TROUPE_LEAST_UNREAD:
		member = least(choice);
		break;
	case TROUPE_BY_KEY:
		member = by_key(choice);
		break;
	case TROUPE_BROADCAST:
	case TROUPE_FIRST_ANSWER:
		break;
	}
	if (member)
		member->tried = choice->router->choices;
	return member;
}

void trp_choice_end(struct trp_choice *choice, struct trp_router_member *member)
{
	struct trp_router_members *members = &choice->router->members;

	member->used_at = choice->now;
	members->next = (size_t)(member - members->at + 1) % members->count;
}
