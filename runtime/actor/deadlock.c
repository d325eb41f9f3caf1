/* SPDX-License-Identifier: MIT */
/*
 * Cycles of blocking asks, detected by the actor that would close them.  Before
 * it sleeps in an await, an actor whose calls all wait for one target publishes
 * that target in its status, and follows the chain from there:
 *
 *	X -> Y	X sleeps, or is about to, until Y answers
 *
 * Such an edge holds while await_turn of X stays the same odd number: until it
 * wakes X takes nothing, runs nothing and sends nothing.  Only Y can end this
 * wait if also Y has sent X no unread answer, and has passed on no call that is
 * as young as X's oldest.
 *
 * Publish, fence, walk: if several actors publish at the same time, at least
 * one sees all.  Walk, check each edge, read each turn again: if none has
 * changed, all edges held at once, between the two reads, and only a deadline
 * could have ended any of these waits.  So a detected cycle is real.
 * A missed cycle (a wait for several targets, or more than STEPS_MAX actors)
 * ends by its deadline.
 */
#include "runtime/actor/deadlock.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "ipc/mailbox_unread.h"
#include "runtime/actor/self.h"

enum { STEPS_MAX = 1024 };

/* An awaiting actor, and its state when we read it. */
struct step {
	troupe_ref ref;
	uint32_t turn;
	int64_t since;
};

static struct step step[STEPS_MAX];

/* The actor that it awaits, or 0. */
static troupe_ref look(troupe_ref ref, struct step *ret_step)
{
	const struct trp_status *status =
		trp_status_of(&trp_self.node->arena, ref);

	/* One that is down awaits nobody, whatever its last block says. */
	if (!status || trp_status_is_down(&trp_self.node->arena, ref))
		return 0;
	ret_step->ref = ref;
	/* D1: pairs with the release in begin(). */
	ret_step->turn = trp_load_acquire(&status->await_turn);
	ret_step->since = trp_load_relaxed(&status->awaits_since);
	if (ret_step->turn % 2 == 0)
		return 0;
	return trp_load_relaxed(&status->awaits);
}

/* Can only `to` end the wait of `from`? */
static bool is_edge(const struct step *from, troupe_ref to)
{
	const struct trp_status *status =
		trp_status_of(&trp_self.node->arena, to);

	return status && trp_load_relaxed(&status->passed_on) < from->since &&
	       trp_mailbox_unread_replies(&trp_self.node->arena,
					  trp_ref_slot(from->ref),
					  trp_ref_slot(to)) == 0;
}

/* The cycle of step[0..count - 1]: does all of it hold at once? */
static bool is_true(size_t count)
{
	const struct trp_status *status;

	for (size_t i = 0; i < count; i++)
		if (!is_edge(&step[i], step[(i + 1) % count].ref))
			return false;
	/* All of the above was read before the turns below are. */
	atomic_thread_fence(memory_order_acquire);
	for (size_t i = 0; i < count; i++) {
		status = trp_status_of(&trp_self.node->arena, step[i].ref);
		if (!status ||
		    trp_load_relaxed(&status->await_turn) != step[i].turn)
			return false;
	}
	return true;
}

/* The length of the cycle that leads back to us; 0: there is none. */
static size_t walk(void)
{
	troupe_ref ref = trp_self.ref;

	for (size_t count = 0; count < STEPS_MAX; count++) {
		ref = look(ref, &step[count]);
		if (!ref)
			return 0;
		if (ref == trp_self.ref)
			return is_true(count + 1) ? count + 1 : 0;
	}
	return 0;
}

/* "a[12] -> b[13] -> a[12]", cut to the room. */
static void write_path(size_t count, char path[TROUPE_TEXT_SIZE])
{
	size_t used = 0, i;

	for (i = 0; i <= count && used < TROUPE_TEXT_SIZE; i++) {
		const struct trp_slot *line =
			trp_arena_slot(&trp_self.node->arena,
				       trp_ref_slot(step[i % count].ref));

		used += (size_t)snprintf(path + used, TROUPE_TEXT_SIZE - used,
					 "%s%.*s[%d]", i ? " -> " : "",
					 (int)sizeof(line->name), line->name,
					 (int)trp_load_relaxed(&line->pid));
	}
	if (used >= TROUPE_TEXT_SIZE)
		strcpy(path + TROUPE_TEXT_SIZE - 4, "...");
}

static void turn(void)
{
	uint32_t now = trp_load_relaxed(&trp_self.status->await_turn);

	/* Pairs with D1; publishes our target. */
	trp_store_release(&trp_self.status->await_turn, now + 1);
}

bool trp_deadlock_begin(troupe_ref target, int64_t since,
			char path[TROUPE_TEXT_SIZE])
{
	struct trp_status *status = trp_self.status;
	size_t count;

	assert(trp_load_relaxed(&status->await_turn) % 2 == 0);
	trp_store_relaxed(&status->awaits, target);
	trp_store_relaxed(&status->awaits_since, since);
	turn();
	atomic_thread_fence(memory_order_seq_cst);
	count = walk();
	if (!count)
		return false;
	write_path(count, path);
	trp_deadlock_end();
	return true;
}

void trp_deadlock_end(void)
{
	assert(trp_load_relaxed(&trp_self.status->await_turn) % 2 == 1);
	turn();
	/* No later store of ours may become visible before it. */
	atomic_thread_fence(memory_order_release);
}

void trp_deadlock_passed_on(int64_t created)
{
	_Atomic int64_t *passed_on = &trp_self.status->passed_on;

	if (created > trp_load_relaxed(passed_on))
		trp_store_relaxed(passed_on, created);
}
