/* SPDX-License-Identifier: MIT */
#include "runtime/session/session.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define GRACE_NS INT64_C(1000000000)

/* The window of a session, and the keys, begin anew with each. */
static void reset(struct trp_session *session)
{
	session->bytes_limit = TRP_SESSION_BYTES_LEAST;
	session->frames_limit = TRP_SESSION_FRAMES_LEAST;
	session->went_back = TRP_SESSION_NONE;
	session->timed = TRP_SESSION_NONE;
	session->taken = 0;
	session->taken_bytes = 0;
	session->granted_bytes = TRP_SESSION_BYTES_LEAST;
	session->granted_frames = TRP_SESSION_FRAMES_LEAST;
	session->missed = TRP_SESSION_NONE;
	session->acks_sent = 0;
	session->acks_heard = 0;
	session->is_asking = false;
	session->is_refusing = false;
	session->owes_ack = false;
	session->ack_due = TRP_NEVER;
	session->ask_due = TRP_NEVER;
	session->gone_due = TRP_NEVER;
}

void trp_session_init(struct trp_session *session,
		      struct trp_session_world *world, uint32_t number)
{
	*session = (struct trp_session) { .world = world,
					  .number = number,
					  .since = TRP_LONG_AGO };
	trp_pace_init(&session->pace, world->outage_ns / 10);
	reset(session);
}

static void drop_key(struct trp_guard *guard, struct trp_guard_key *key)
{
	if (key)
		guard->calls->key_free(key);
}

static void drop_keys(struct trp_session *session)
{
	drop_key(session->world->guard, session->key_out);
	drop_key(session->world->guard, session->key_in);
	session->key_out = NULL;
	session->key_in = NULL;
}

void trp_session_fini(struct trp_session *session)
{
	session->world->open -= session->state == TRP_SESSION_OPEN;
	session->state = TRP_SESSION_IDLE;
	drop_keys(session);
	trp_window_fini(&session->out);
}

void trp_session_check(const struct trp_session *session)
{
	bool is_open = session->state == TRP_SESSION_OPEN;

	trp_window_check(&session->out);
	assert(is_open == (session->ours != 0));
	assert(is_open == (session->theirs != 0));
	assert(!session->challenge || session->challenge != session->ours);
	assert(is_open || !session->out.sent);
	assert(session->state != TRP_SESSION_IDLE ||
	       !trp_window_has(&session->out));
	assert((session->key_in && session->key_out) ==
	       (is_open && session->world->guard));
	assert(session->taken <= session->granted_frames);
	assert(session->taken_bytes <= session->granted_bytes);
	assert(session->out.end <= session->frames_limit + session->is_closing);
	assert(session->out.bytes <= session->bytes_limit);
	assert(!trp_session_wants(session) ||
	       trp_session_due(session).ns < TRP_NEVER.ns);
}

bool trp_session_wants(const struct trp_session *session)
{
	return session->state == TRP_SESSION_OPENING || session->is_asking ||
	       trp_window_has(&session->out);
}

static void earlier(struct trp_time *due, int64_t ns)
{
	if (ns < due->ns)
		due->ns = ns;
}

struct trp_time trp_session_due(const struct trp_session *session)
{
	struct trp_time due = session->ask_due;

	earlier(&due, session->ack_due.ns);
	earlier(&due, session->gone_due.ns);
	if (trp_session_wants(session))
		earlier(&due, session->since.ns + session->world->limit_ns);
	return due;
}

size_t trp_session_room(struct trp_session *session)
{
	uint64_t room = session->bytes_limit - session->out.bytes;

	if (session->is_closing || session->out.end >= session->frames_limit ||
	    room < TRP_SESSION_ROOM_LEAST) {
		session->wants_room = true;
		return 0;
	}
	return room < TRP_FRAME_PAYLOAD_MAX ? room : TRP_FRAME_PAYLOAD_MAX;
}

void trp_session_want(struct trp_session *session, struct trp_time now)
{
	if (!trp_session_wants(session))
		session->since = now;
}

void trp_session_challenge(struct trp_session *session)
{
	struct trp_session_world *world = session->world;

	while (!session->challenge)
		world->calls->random(world->user, &session->challenge,
				     sizeof(session->challenge));
}

/* Of the session that the challenge opens. */
static int make_keys(const struct trp_session *session, uint64_t theirs,
		     struct trp_guard_key *ret_keys[2])
{
	struct trp_guard *guard = session->world->guard;
	uint32_t here = session->world->number, there = session->number;
	struct trp_guard_path out = { here, there, session->challenge, theirs };
	struct trp_guard_path in = { there, here, theirs, session->challenge };

	if (!guard)
		return 0;
	ret_keys[0] = guard->calls->key_new(guard, &out);
	ret_keys[1] = guard->calls->key_new(guard, &in);
	if (ret_keys[0] && ret_keys[1])
		return 0;
	drop_key(guard, ret_keys[0]);
	drop_key(guard, ret_keys[1]);
	return -ENOMEM;
}

int trp_session_open(struct trp_session *session, uint64_t theirs,
		     struct trp_time now)
{
	struct trp_session_world *world = session->world;
	struct trp_guard_key *keys[2] = { NULL };

	assert(session->challenge && theirs);
	if (make_keys(session, theirs, keys) < 0)
		return -ENOMEM;
	if (session->state == TRP_SESSION_OPEN)
		trp_session_end(session, -ECONNRESET);
	session->key_out = keys[0];
	session->key_in = keys[1];
	session->ours = session->challenge;
	session->theirs = theirs;
	session->challenge = 0;
	session->state = TRP_SESSION_OPEN;
	reset(session);
	session->since = now;
	trp_pace_answered(&session->pace);
	trp_session_ask_later(session, now);
	world->open++;
	world->counts.opened++;
	world->calls->up(world->user, session->number);
	return 0;
}

/* Reads back what was sealed for the wire. */
static bool unseal(struct trp_session *session, struct trp_window_frame *frame)
{
	struct trp_guard *guard = session->world->guard;
	uint8_t *payload = frame->bytes + TRP_FRAME_HEADER;

	return !guard || !frame->is_written ||
	       guard->calls->open(session->key_out, frame->bytes, payload,
				  frame->length, payload,
				  payload + frame->length);
}

static void tell_lost(struct trp_session *session)
{
	struct trp_session_world *world = session->world;
	struct trp_window_frame *frame;
	uint64_t sent = session->out.sent, seq = session->out.first;

	for (; (frame = trp_window_take(&session->out)); seq++) {
		if (frame->kind == TRP_FRAME_MAIL && unseal(session, frame))
			world->calls->lost(world->user, session->number,
					   frame->bytes + TRP_FRAME_HEADER,
					   frame->length, seq < sent);
		free(frame);
	}
	trp_window_fini(&session->out);
}

void trp_session_end(struct trp_session *session, int error)
{
	struct trp_session_world *world = session->world;
	bool wanted_room = session->wants_room;

	if (session->state == TRP_SESSION_IDLE)
		return;
	world->open -= session->state == TRP_SESSION_OPEN;
	world->counts.ended += session->state == TRP_SESSION_OPEN;
	tell_lost(session);
	drop_keys(session);
	session->state = TRP_SESSION_IDLE;
	session->ours = 0;
	session->theirs = 0;
	session->is_watched = false;
	session->is_closing = false;
	session->wants_room = false;
	reset(session);
	world->calls->down(world->user, session->number, error);
	if (wanted_room)
		world->calls->room(world->user, session->number);
}

void trp_session_nobody(struct trp_session *session)
{
	const struct trp_session_world *world = session->world;
	int64_t due_ns = world->now.ns;

	if (session->state == TRP_SESSION_OPEN)
		due_ns += GRACE_NS;
	if (due_ns < world->patient.ns)
		due_ns = world->patient.ns;
	if (session->state != TRP_SESSION_IDLE)
		earlier(&session->gone_due, due_ns);
}

void trp_session_heard(struct trp_session *session, struct trp_time now)
{
	session->since = now;
	session->gone_due = TRP_NEVER;
}

void trp_session_ask_later(struct trp_session *session, struct trp_time now)
{
	if (trp_session_wants(session))
		session->ask_due.ns = now.ns + trp_pace_ns(&session->pace);
	else if (session->is_watched)
		session->ask_due.ns = now.ns + session->world->outage_ns / 2;
	else
		session->ask_due = TRP_NEVER;
}

static uint64_t share(uint64_t all, uint64_t open, uint64_t least)
{
	uint64_t part = all / (open > 4 ? open : 4);

	return part > least ? part : least;
}

uint64_t trp_session_share_bytes(const struct trp_session *session)
{
	return share(session->world->bytes_all, session->world->open,
		     TRP_SESSION_BYTES_LEAST);
}

uint64_t trp_session_share_frames(const struct trp_session *session)
{
	return share(session->world->frames_all, session->world->open,
		     TRP_SESSION_FRAMES_LEAST);
}
