/* SPDX-License-Identifier: MIT */
#include "runtime/node/status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "ipc/mailbox_unread.h"
#include "ipc/relay.h"
#include "runtime/node/types.h"
#include "serialize/envelope.h"

struct trp_status *trp_status_begin(struct trp_front *front,
				    uint32_t incarnation)
{
	struct trp_status *status = (struct trp_status *)front->user;

	memset(status, 0, sizeof(*status));
	trp_store_relaxed(&status->born,
			  (uint64_t)incarnation << 32 | (uint32_t)getpid());
	return status;
}

/* The slot of that actor, also when it has ended; NULL: it has a new owner. */
static const struct trp_slot *slot_of(const struct trp_arena *arena,
				      troupe_ref ref, enum trp_state *ret_state)
{
	uint32_t at = trp_ref_slot(ref);
	const struct trp_slot *slot;
	uint64_t life;

	if (!trp_ref_is_here(ref) || at >= arena->slots)
		return NULL;
	slot = trp_arena_slot(arena, at);
	life = trp_load_acquire(&slot->life);
	*ret_state = trp_life_state(life);
	return trp_life_generation(life) == trp_ref_generation(ref) ? slot
								    : NULL;
}

/* It has set up its front. */
static const struct trp_status *status_of(const struct trp_arena *arena,
					  troupe_ref ref)
{
	const struct trp_front *front = trp_arena_front(
		arena, trp_arena_region(arena, trp_ref_slot(ref)));

	return trp_load_acquire(&front->generation) == trp_ref_generation(ref)
		       ? (const struct trp_status *)front->user
		       : NULL;
}

const struct trp_status *trp_status_of(const struct trp_arena *arena,
				       troupe_ref ref)
{
	enum trp_state state;

	return slot_of(arena, ref, &state) && state == TRP_LIVE
		       ? status_of(arena, ref)
		       : NULL;
}

const struct trp_status *trp_status_last(const struct trp_arena *arena,
					 troupe_ref ref)
{
	enum trp_state state;

	return slot_of(arena, ref, &state) ? status_of(arena, ref) : NULL;
}

static bool is_asleep(const struct trp_slot *slot)
{
	return trp_life_is_relayed(trp_load_relaxed(&slot->life)) &&
	       !(trp_load_relaxed(&slot->note) & TRP_NOTE_DOWN);
}

/* The supervisor learns the pid by a report, the actor may run before that. */
static pid_t pid_of(const struct trp_arena *arena, troupe_ref ref,
		    const struct trp_slot *slot, enum trp_state state)
{
	pid_t pid = trp_load_relaxed(&slot->pid);
	const struct trp_status *status;
	uint64_t born;

	if (pid || state != TRP_LIVE || is_asleep(slot) ||
	    trp_load_relaxed(&slot->note) & TRP_NOTE_DOWN)
		return pid;
	status = status_of(arena, ref);
	born = status ? trp_load_relaxed(&status->born) : 0;
	return born >> 32 == trp_life_incarnation(trp_load_relaxed(&slot->life))
		       ? (pid_t)(uint32_t)born
		       : 0;
}

pid_t trp_status_pid(const struct trp_arena *arena, troupe_ref ref)
{
	enum trp_state state;
	const struct trp_slot *slot = slot_of(arena, ref, &state);

	return slot ? pid_of(arena, ref, slot, state) : 0;
}

bool trp_status_is_down(const struct trp_arena *arena, troupe_ref ref)
{
	enum trp_state state;
	const struct trp_slot *slot = slot_of(arena, ref, &state);

	return slot && trp_load_relaxed(&slot->note) & TRP_NOTE_DOWN;
}

uint32_t trp_status_incarnation(const struct trp_arena *arena, troupe_ref ref)
{
	enum trp_state state;
	const struct trp_slot *slot = slot_of(arena, ref, &state);

	return slot ? trp_life_incarnation(trp_load_relaxed(&slot->life)) : 0;
}

static void say(struct trp_status *status, uint32_t what)
{
	/* E1: pairs with the acquire in trp_status_read_exit(). */
	trp_store_release(&status->said,
			  trp_load_relaxed(&status->said) | what);
}

void trp_status_write_exit(struct trp_status *status, enum troupe_cause cause,
			   int code, const char *text)
{
	assert((unsigned)cause <= TROUPE_NOCONNECTION);
	status->cause = (int32_t)cause;
	status->code = code;
	/* Not by snprintf(): most have no text, and its code is three faults.
	 */
	status->text[0] = '\0';
	if (text)
		strncat(status->text, text, sizeof(status->text) - 1);
	say(status, TRP_STATUS_EXIT);
}

void trp_status_write_ready(struct trp_status *status)
{
	say(status, TRP_STATUS_READY);
}

bool trp_status_is_ready(const struct trp_status *status)
{
	return trp_load_acquire(&status->said) & TRP_STATUS_READY;
}

bool trp_status_read_exit(const struct trp_status *status,
			  struct troupe_reason *ret_reason)
{
	int32_t cause;

	if (!(trp_load_acquire(&status->said) & TRP_STATUS_EXIT))
		return false;
	cause = status->cause;
	if ((unsigned)cause > TROUPE_NOCONNECTION)
		return false;
	ret_reason->cause = (enum troupe_cause)cause;
	ret_reason->code = status->code;
	snprintf(ret_reason->text, sizeof(ret_reason->text), "%.*s",
		 (int)sizeof(status->text) - 1, status->text);
	return true;
}

/* ---- what it does -------------------------------------------------------- */

void trp_status_wait(struct trp_status *status,
		     const struct trp_wait_note *note)
{
	uint32_t waits = trp_load_relaxed(&status->waits);

	assert(!(waits & TRP_STATUS_WAITS));
	trp_store_release(&status->waits_for, note->whom);
	trp_store_release(&status->waits_type, note->type);
	trp_store_release(&status->waits_since, note->since);
	trp_store_release(&status->waits,
			  waits + TRP_STATUS_WAITED + (uint32_t)note->what);
}

void trp_status_go_on(struct trp_status *status)
{
	trp_store_release(&status->waits, trp_load_relaxed(&status->waits) &
						  ~(uint32_t)TRP_STATUS_WAITS);
}

/* An await is told where a deadlock is looked for, if it is of one target. */
static void look_at_waits(const struct trp_status *status,
			  struct trp_activity *ret_activity)
{
	uint32_t waits = trp_load_relaxed(&status->waits);
	uint32_t turn = trp_load_relaxed(&status->await_turn);
	uint32_t what = waits & TRP_STATUS_WAITS;

	ret_activity->waited = (uint64_t)waits << 32 | turn;
	ret_activity->waits = what <= TROUPE_WAITS_SUPERVISOR
				      ? (enum troupe_waiting)what
				      : TROUPE_WAITS_NOT;
	if (what) {
		ret_activity->peer = trp_load_relaxed(&status->waits_for);
		ret_activity->wanted = trp_load_relaxed(&status->waits_type);
		ret_activity->since = trp_load_relaxed(&status->waits_since);
	} else if (turn % 2) {
		ret_activity->waits = TROUPE_WAITS_ANSWER;
		ret_activity->peer = trp_load_relaxed(&status->awaits);
		ret_activity->wanted = trp_load_relaxed(&status->called);
		ret_activity->since = trp_load_relaxed(&status->awaits_since);
	}
}

static void note(const struct trp_mail *mail, void *data)
{
	struct trp_activity *activity = data;
	struct trp_envelope envelope;
	const void *body;
	size_t size;

	if (trp_envelope_read(mail->bytes, mail->size, &envelope, &body,
			      &size) < 0)
		return;
	activity->type = envelope.type;
	if (envelope.kind == TRP_CALL) {
		activity->doing = TROUPE_DOING_METHOD;
		activity->type =
			trp_types_method(envelope.service, envelope.method);
	}
	activity->sender = envelope.sender;
	activity->created = envelope.created;
}

/* A step, which is noted in the block. */
static void look_at_step(const struct trp_status *status,
			 struct trp_activity *ret_activity)
{
	uint32_t doing = trp_load_acquire(&status->doing);

	ret_activity->doing = doing <= TROUPE_DOING_STOP
				      ? (enum troupe_doing)doing
				      : TROUPE_DOING_RUN;
	if (doing != TROUPE_DOING_MESSAGE && doing != TROUPE_DOING_METHOD)
		return;
	ret_activity->type = trp_load_acquire(&status->type);
	ret_activity->sender = trp_load_acquire(&status->sender);
	ret_activity->created = trp_load_acquire(&status->created);
}

static uint64_t number_of(const struct trp_status *status)
{
	return trp_load_acquire(&status->steps) +
	       2 * trp_load_acquire(&status->received);
}

/* False: it did something else meanwhile. */
static bool look(const struct trp_arena *arena, uint32_t slot,
		 const struct trp_front *front,
		 struct trp_activity *ret_activity)
{
	const struct trp_status *status = (const void *)front->user;
	uint64_t number = number_of(status);
	uint64_t at_work = trp_load_acquire(&front->at_work);

	*ret_activity = (struct trp_activity) { .number = number };
	if (at_work) {
		ret_activity->doing = TROUPE_DOING_MESSAGE;
		trp_mailbox_unread_at_work(arena, slot, at_work, note,
					   ret_activity);
	}
	if (trp_status_is_in_step(status))
		look_at_step(status, ret_activity);
	look_at_waits(status, ret_activity);
	ret_activity->waited ^= at_work;
	atomic_thread_fence(memory_order_acquire);
	return number_of(status) == number &&
	       trp_load_relaxed(&front->at_work) == at_work;
}

bool trp_status_look(const struct trp_arena *arena, troupe_ref ref,
		     struct trp_activity *ret_activity)
{
	enum { TRIES = 8 };
	const struct trp_status *status = trp_status_of(arena, ref);
	const struct trp_front *front;

	if (!status)
		return false;
	front = (const void *)((const char *)status -
			       offsetof(struct trp_front, user));
	/* One that is always at something else does not hang. */
	for (int i = 0; i < TRIES; i++)
		if (look(arena, trp_ref_slot(ref), front, ret_activity))
			return true;
	ret_activity->type = 0;
	return true;
}

uint64_t trp_status_number(const struct trp_arena *arena, troupe_ref ref)
{
	const struct trp_status *status = trp_status_last(arena, ref);

	return status ? number_of(status) : 0;
}

/* 0: the supervisor. */
static troupe_ref parent_of(const struct trp_arena *arena,
			    const struct trp_slot *slot)
{
	uint32_t parent = trp_load_relaxed(&slot->parent);

	if (parent == TRP_SLOT_SUPERVISOR || parent >= arena->slots)
		return 0;
	return trp_ref(parent, trp_life_generation(trp_load_relaxed(
				       &trp_arena_slot(arena, parent)->life)));
}

int trp_status_absent(const struct trp_arena *arena, troupe_ref ref)
{
	return trp_ref_is_elsewhere(ref) && trp_status_mail(arena) ? -ENOTSUP
								   : -ESRCH;
}

int trp_status_state(const struct trp_arena *arena, troupe_ref ref,
		     struct troupe_state *ret_state)
{
	enum trp_state life;
	const struct trp_slot *slot = slot_of(arena, ref, &life);
	struct troupe_state state = { 0 };
	struct trp_activity activity;
	const char *type, *wanted;

	if (!slot || life != TRP_LIVE)
		return trp_status_absent(arena, ref);
	state.parent = parent_of(arena, slot);
	state.restarts = trp_life_incarnation(trp_load_relaxed(&slot->life));
	state.is_down = trp_load_relaxed(&slot->note) & TRP_NOTE_DOWN;
	state.is_asleep = is_asleep(slot);
	snprintf(state.label, sizeof(state.label), "%.*s",
		 (int)sizeof(slot->name), slot->name);
	state.has_begun = !state.is_down && !state.is_asleep &&
			  trp_status_look(arena, ref, &activity);
	/* After that; and its block may have been there before its pid. */
	state.pid = state.is_asleep ? 0 : pid_of(arena, ref, slot, life);
	state.has_begun &= state.pid != 0;
	if (state.has_begun) {
		type = activity.type ? trp_types_name(activity.type) : NULL;
		state.doing = activity.doing;
		state.waits = activity.waits;
		state.sender = activity.sender;
		state.created.ns = activity.created;
		state.peer = activity.peer;
		state.since.ns = activity.since;
		wanted = activity.wanted ? trp_types_name(activity.wanted)
					 : NULL;
		snprintf(state.wanted, sizeof(state.wanted), "%s",
			 wanted ? wanted : "");
		state.number = activity.number;
		snprintf(state.type, sizeof(state.type), "%s",
			 type ? type : "");
	}
	*ret_state = state;
	return 0;
}

char *trp_status_text(const struct trp_activity *activity, char *text,
		      size_t size)
{
	static const char *const doings[] = {
		[TROUPE_DOING_NOTHING] = "idle",
		[TROUPE_DOING_INIT] = "init",
		[TROUPE_DOING_RUN] = "run",
		[TROUPE_DOING_MESSAGE] = "handles ",
		[TROUPE_DOING_METHOD] = "answers ",
		[TROUPE_DOING_TIMER] = "timer",
		[TROUPE_DOING_INPUT] = "input",
		[TROUPE_DOING_ROOM] = "room",
		[TROUPE_DOING_ANSWER] = "takes an answer",
		[TROUPE_DOING_END] = "hears of an end",
		[TROUPE_DOING_IDLE] = "idle timeout",
		[TROUPE_DOING_STOP] = "stop",
	};
	static const char *const waits[] = {
		[TROUPE_WAITS_NOT] = "",
		[TROUPE_WAITS_ANSWER] = "awaits an answer",
		[TROUPE_WAITS_ROOM] = "waits for room",
		[TROUPE_WAITS_MESSAGE] = "receives",
		[TROUPE_WAITS_END] = "waits for an end",
		[TROUPE_WAITS_SUPERVISOR] = "asks the supervisor",
	};
	const char *type = activity->type ? trp_types_name(activity->type) : "";
	bool is_doing =
		activity->doing != TROUPE_DOING_NOTHING || !activity->waits;

	snprintf(text, size, "%s%s%s%s",
		 is_doing ? doings[activity->doing] : "",
		 type ? type : "an unknown type",
		 is_doing && activity->waits ? ", " : "",
		 waits[activity->waits]);
	return text;
}
