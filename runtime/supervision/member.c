/* SPDX-License-Identifier: MIT */
#include "runtime/supervision/member.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/control/control.pb-c.h"
#include "runtime/supervisor/asleep.h"
#include "runtime/supervisor/child_address.h"
#include "runtime/supervisor/notify.h"
#include "runtime/supervisor/revival.h"
#include "runtime/supervisor/spawn.h"
#include "runtime/supervisor/stop.h"
#include "runtime/supervisor/supervisor.h"
#include "serialize/message.h"

struct trp_member *trp_member_of(struct trp_supervised *supervised)
{
	return (struct trp_member *)supervised;
}

static bool is_to_rest(const struct trp_member *member)
{
	return member->supervised.state == TRP_DOWN &&
	       member->supervised.intent == TRP_WANT_HELD;
}

void trp_member_check(const struct trp_member *member)
{
	const struct trp_member_parent *parent = member->parent;
	const struct trp_child *child;

	assert(member->spawn && member->id == member->spawn->child);
	assert(!member->slot || parent->slots > 0);
	if (!member->slot)
		return;
	child = &parent->supervisor->children.child[member->slot];
	assert(child->owner == parent->owner && child->owner_data == member);
	assert(trp_child_is_alive(child));
	assert(child->is_parked ==
	       (child->state == CHILD_DOWN && is_to_rest(member)));
}

uint32_t trp_member_check_all(const struct trp_supervised *first,
			      const struct trp_member_parent *parent)
{
	uint32_t slots = 0;

	for (; first; first = first->next) {
		const struct trp_member *member = (const void *)first;

		assert(member->parent == parent && !member->is_forgotten);
		trp_member_check(member);
		slots += member->slot != 0;
	}
	return slots;
}

struct trp_member *trp_member_find(struct trp_supervised *first, const char *id)
{
	while (first && strcmp(trp_member_of(first)->id, id) != 0)
		first = first->next;
	return first ? trp_member_of(first) : NULL;
}

struct trp_member *trp_member_new(struct trp_member_parent *parent)
{
	struct trp_member *member = calloc(1, sizeof(*member));

	if (!member)
		return NULL;
	member->parent = parent;
	member->entry.start = parent->due;
	member->entry.data = member;
	member->limit.fired = parent->late;
	member->limit.data = member;
	return member;
}

void trp_member_free(struct trp_member *member)
{
	struct trp_supervisor *supervisor = member->parent->supervisor;

	assert(!member->slot);
	trp_restart_policy_leave(&supervisor->restarting, &member->entry);
	trp_timers_cancel(&supervisor->timers, &member->limit);
	trp_timers_cancel(&supervisor->timers, &member->bell);
	troupe__control__spawn__free_unpacked(member->spawn, NULL);
	free(member);
}

int trp_member_describe(struct trp_member *member,
			const Troupe__Control__Supervised *child)
{
	Troupe__Control__Spawn *spawn;

	if (!child->spawn || !child->spawn->birth || !child->spawn->child[0] ||
	    child->restart > TRP_TEMPORARY || child->start_ms < 0)
		return -EINVAL;
	spawn = (Troupe__Control__Spawn *)trp_message_copy(&child->spawn->base);
	if (!spawn)
		return -ENOMEM;
	troupe__control__spawn__free_unpacked(member->spawn, NULL);
	member->spawn = spawn;
	member->id = spawn->child;
	member->is_killed = child->is_killed;
	member->decides = child->decides;
	member->start_ms = child->start_ms;
	member->restart = (enum trp_restart_type)child->restart;
	member->supervised = (struct trp_supervised) {
		.restart = member->restart,
		.is_significant = child->is_significant,
		.intent = member->supervised.intent,
	};
	return 0;
}

const char *trp_member_title(const struct trp_member *member, char *title)
{
	const struct trp_member_parent *parent = member->parent;

	return trp_child_address_title(
		&parent->supervisor->children,
		member->slot ? member->slot : parent->slot, title);
}

void trp_member_answer(struct trp_member *member, int result)
{
	Troupe__Control__Answer message = TROUPE__CONTROL__ANSWER__INIT;
	struct trp_supervisor *supervisor = member->parent->supervisor;

	if (!member->asker)
		return;
	message.result = result;
	if (result == 0)
		message.ref =
			trp_child_ref(&supervisor->children, member->slot);
	if (trp_child_find(&supervisor->children, member->asker))
		trp_notify_tell(supervisor, trp_ref_slot(member->asker),
				TRP_REPLY, member->correlation, &message.base);
	member->asker = 0;
}

/* ---- starts and stops ---------------------------------------------------- */

static int launch(struct trp_member *member)
{
	struct trp_member_parent *parent = member->parent;
	struct trp_child *child;
	troupe_ref ref;
	int r;

	if (member->slot) {
		child = &parent->supervisor->children.child[member->slot];
		child->spawn = member->spawn; /* it may be new */
		return trp_supervisor_spawn_again(parent->supervisor,
						  member->slot);
	}
	assert(parent->slot && member->spawn->birth);
	member->spawn->birth->is_owned = true;
	r = trp_supervisor_spawn(parent->supervisor, parent->slot,
				 member->spawn, &ref);
	if (r < 0)
		return r;
	member->slot = trp_ref_slot(ref);
	parent->slots++;
	child = &parent->supervisor->children.child[member->slot];
	assert(!child->owner && !child->owner_data);
	child->owner = parent->owner;
	child->owner_data = member;
	child->spawn = member->spawn;
	return 0;
}

/* Its pause may not be over: it is started by hand, or with its siblings. */
static void join(struct trp_member *member)
{
	struct trp_restart_table *table =
		&member->parent->supervisor->restarting;
	int32_t in_succession = member->entry.in_succession;

	if (member->entry.state == TRP_RESTART_UP ||
	    member->entry.state == TRP_RESTART_STARTING)
		return;
	trp_restart_policy_leave(table, &member->entry);
	trp_restart_policy_join(&member->entry, &member->parent->pauses,
				troupe_now());
	member->entry.in_succession = in_succession;
}

/* In a process of its own; then its present start asks, and no other. */
static void take_question(struct trp_member *member)
{
	struct trp_supervisor *supervisor = member->parent->supervisor;

	trp_timers_cancel(&supervisor->timers, &member->bell);
	if (member->slot)
		supervisor->children.child[member->slot].asks = member->asks;
	member->asks = 0;
}

int trp_member_start(struct trp_member *member)
{
	struct trp_member_parent *parent = member->parent;
	char title[TRP_TITLE_SIZE];
	int r;

	take_question(member);
	r = launch(member);

	join(member);
	if (r < 0) {
		troupe_log(
			TROUPE_WARNING,
			"%s: its child %s cannot be started: %s",
			trp_child_address_title(&parent->supervisor->children,
						parent->slot, title),
			member->id, strerror(-r));
		return r;
	}
	member->starts++;
	if (member->start_ms > 0 && !member->asker)
		trp_timers_start(&parent->supervisor->timers, &member->limit,
				 troupe_in_ms(member->start_ms));
	return 0;
}

void trp_member_start_later(struct trp_member *member)
{
	trp_revival_pause(member->parent->supervisor, &member->entry);
}

int trp_member_stop(struct trp_member *member)
{
	struct trp_supervisor *supervisor = member->parent->supervisor;
	struct trp_child *child = &supervisor->children.child[member->slot];

	if (!member->slot)
		return -ESRCH;
	if (child->state == CHILD_DOWN) {
		child->is_due = false;
		return -ESRCH;
	}
	if (member->is_killed)
		trp_notify_kill(supervisor, member->slot);
	else
		trp_supervisor_stop(supervisor, member->slot);
	return 0;
}

/* Mail is to start it, by itself or if it says so. */
static bool heeds_mail(const struct trp_member *member)
{
	return member->slot && member->supervised.state == TRP_DOWN &&
	       (member->supervised.intent == TRP_WANT_ASLEEP ||
		(member->supervised.intent == TRP_WANT_HELD &&
		 member->decides));
}

/* Its slot, too: its end was told. */
static bool is_down(const struct trp_member *member)
{
	const struct trp_child *children =
		member->parent->supervisor->children.child;

	return children[member->slot].state == CHILD_DOWN;
}

static int pause_is_over(struct troupe_timer *timer)
{
	struct trp_member *member = timer->data;
	struct trp_supervisor *supervisor = member->parent->supervisor;

	if (!heeds_mail(member) || !is_down(member))
		return 0;
	if (!trp_asleep_has_mail(supervisor, member->slot))
		member->bell_ms = member->parent->pauses.first_ms;
	trp_asleep_begin(supervisor, member->slot);
	return 0;
}

/* Until then mail does not start it. */
static void rest(struct trp_member *member, int64_t ms)
{
	struct trp_supervisor *supervisor = member->parent->supervisor;

	trp_asleep_end(supervisor, member->slot);
	member->bell.fired = pause_is_over;
	member->bell.data = member;
	/* Without memory it waits for a start by hand. */
	trp_timers_start(&supervisor->timers, &member->bell, troupe_in_ms(ms));
}

/* Its supervisor may be down as well; then it is asked when that is back. */
void trp_member_mail(struct trp_member *member)
{
	if (!heeds_mail(member))
		return;
	if (is_to_rest(member))
		member->asks = TROUPE_START_MAIL;
	member->parent->mail(member);
	if (heeds_mail(member) && !member->bell.place)
		rest(member, member->bell_ms);
}

void trp_member_park(struct trp_member *member)
{
	struct trp_member_parent *parent = member->parent;
	struct trp_child *child =
		&parent->supervisor->children.child[member->slot];

	if (!member->slot || child->state != CHILD_DOWN)
		return;
	child->is_parked = is_to_rest(member);
	trp_member_heed_mail(member);
}

void trp_member_heed_mail(struct trp_member *member)
{
	struct trp_supervisor *supervisor = member->parent->supervisor;

	if (!heeds_mail(member)) {
		trp_asleep_end(supervisor, member->slot);
		return;
	}
	if (member->bell.place)
		return;
	member->bell_ms = member->parent->pauses.first_ms;
	if (is_down(member))
		trp_asleep_begin(supervisor, member->slot);
	else
		rest(member, 0); /* its end is being told */
}

void trp_member_declined(struct trp_member *member)
{
	struct trp_member_parent *parent = member->parent;
	struct trp_child *child =
		&parent->supervisor->children.child[member->slot];

	member->starts--;
	trp_timers_cancel(&parent->supervisor->timers, &member->limit);
	child->is_parked = is_to_rest(member);
	if (!child->is_parked)
		return;
	member->bell_ms *= 2;
	if (member->bell_ms > parent->pauses.last_ms)
		member->bell_ms = parent->pauses.last_ms;
	rest(member, member->bell_ms);
}

void trp_member_bury(struct trp_member *member)
{
	struct trp_supervisor *supervisor = member->parent->supervisor;

	if (member->slot &&
	    supervisor->children.child[member->slot].state == CHILD_DOWN)
		trp_supervisor_stop(supervisor, member->slot);
}

void trp_member_forget(struct trp_member *member)
{
	bool has_slot = member->slot;

	member->is_forgotten = true;
	trp_member_bury(member); /* and then it is freed */
	if (!has_slot)
		trp_member_free(member);
}

void trp_member_bury_all(struct trp_supervised *first, bool also_held)
{
	struct trp_supervised *next;

	for (struct trp_supervised *child = first; child; child = next) {
		next = child->next;
		if (also_held || child->intent != TRP_WANT_HELD)
			trp_member_bury(trp_member_of(child));
	}
}

void trp_member_answer_all(struct trp_supervised *first)
{
	for (struct trp_supervised *child = first; child; child = child->next)
		if (!trp_member_of(child)->slot)
			trp_member_answer(trp_member_of(child), -ECANCELED);
}

void trp_member_free_all(struct trp_supervised *first)
{
	struct trp_supervised *next;

	for (struct trp_supervised *child = first; child; child = next) {
		next = child->next;
		trp_member_of(child)->slot = 0;
		trp_member_free(trp_member_of(child));
	}
}

struct trp_supervised *trp_member_keep_held(struct trp_supervised *first)
{
	struct trp_supervised *held = NULL, *next;

	for (struct trp_supervised *child = first; child; child = next) {
		next = child->next;
		if (child->intent == TRP_WANT_HELD) {
			child->next = held;
			held = child;
		} else {
			trp_member_forget(trp_member_of(child));
		}
	}
	return held;
}

/* ---- ends ---------------------------------------------------------------- */

enum trp_supervised_end trp_member_kind(const struct trp_member *member,
					const struct troupe_end *end)
{
	if (member->parent->supervisor->children.child[member->slot].is_unborn)
		return TRP_END_UNBORN;
	if (end->reason.cause == TROUPE_NORMAL)
		return TRP_END_NORMAL;
	if (end->reason.cause == TROUPE_SHUTDOWN && !member->has_failed)
		return TRP_END_SHUTDOWN;
	return TRP_END_FAILURE;
}

/* ---- for people ---------------------------------------------------------- */

static enum troupe_child_state state_of_down(const struct trp_member *member)
{
	switch (member->supervised.intent) {
	case TRP_WANT_RUN:
		return TROUPE_CHILD_WAITING;
	case TRP_WANT_REST:
		return TROUPE_CHILD_DOWN;
	case TRP_WANT_HELD:
		return TROUPE_CHILD_STOPPED;
	case TRP_WANT_GIVEN_UP:
		return TROUPE_CHILD_GIVEN_UP;
	case TRP_WANT_ASLEEP:
		return TROUPE_CHILD_ASLEEP;
	}
	return TROUPE_CHILD_DOWN;
}

enum troupe_child_state trp_member_state(const struct trp_member *member)
{
	switch (member->supervised.state) {
	case TRP_DOWN:
		return state_of_down(member);
	case TRP_WAITING:
		return TROUPE_CHILD_WAITING;
	case TRP_STARTING:
		return TROUPE_CHILD_STARTING;
	case TRP_UP:
		return TROUPE_CHILD_UP;
	case TRP_STOPPING:
		return TROUPE_CHILD_STOPPING;
	}
	return TROUPE_CHILD_DOWN;
}

uint32_t trp_member_told_state(const struct trp_child *child)
{
	switch (trp_member_state(child->owner_data)) {
	case TROUPE_CHILD_STOPPED:
		return TROUPE__GUEST__STATE__STOPPED;
	case TROUPE_CHILD_GIVEN_UP:
		return TROUPE__GUEST__STATE__GIVEN_UP;
	case TROUPE_CHILD_ASLEEP:
		return TROUPE__GUEST__STATE__ASLEEP;
	default:
		return TROUPE__GUEST__STATE__DOWN;
	}
}
