/* SPDX-License-Identifier: MIT */
#include "runtime/session/arrive.h"

#include <assert.h>
#include <errno.h>
#include "runtime/session/emit.h"

#define ACK_DELAY_NS	INT64_C(20000000)
#define DOUBLE_DELAY_NS INT64_C(5000000)

bool trp_arrive_belongs(const struct trp_session *session,
			const struct trp_frame *frame)
{
	return session->state == TRP_SESSION_OPEN &&
	       frame->echo == session->ours && frame->epoch == session->theirs;
}

bool trp_arrive_is_fresh(const struct trp_session *session,
			 const struct trp_frame *frame)
{
	return session->challenge && frame->echo == session->challenge;
}

/* ---- opening ------------------------------------------------------------- */

/* A hello proves nothing: it may be late.  It changes nothing, either. */
void trp_arrive_hello(struct trp_session *session,
		      const struct trp_frame *frame, struct trp_time now)
{
	if (session->state == TRP_SESSION_IDLE)
		session->since = now;
	if (session->state == TRP_SESSION_OPEN &&
	    session->theirs == frame->epoch)
		trp_emit_ack(session, 0); /* this opens theirs, too */
	else
		trp_emit_hello(session, frame->epoch);
}

void trp_arrive_welcome(struct trp_session *session,
			const struct trp_frame *frame, struct trp_time now)
{
	if (trp_session_open(session, frame->epoch, now) < 0)
		return;
	if (trp_window_has(&session->out))
		trp_emit_mail(session, now);
	else
		trp_emit_ack(session, 0);
}

void trp_arrive_reset(struct trp_session *session,
		      const struct trp_frame *frame)
{
	assert(trp_arrive_belongs(session, frame));
	trp_session_end(session, session->is_closing ? 0 : -ECONNRESET);
}

/* ---- what they tell of our mail ------------------------------------------ */

static void earlier(struct trp_time *due, int64_t ns)
{
	if (ns < due->ns)
		due->ns = ns;
}

static void make_room(struct trp_session *session)
{
	struct trp_session_world *world = session->world;

	if (!session->wants_room || !trp_session_room(session))
		return;
	session->wants_room = false;
	world->calls->room(world->user, session->number);
}

/* Of what they grant, no more than may be kept here. */
static void raise_limits(struct trp_session *session,
			 const struct trp_frame *frame)
{
	const struct trp_session_world *world = session->world;
	uint64_t bytes = session->out.bytes_acked + world->bytes_all / 4;
	uint64_t frames = session->out.first + world->frames_all / 4;

	if (bytes > frame->bytes_limit)
		bytes = frame->bytes_limit;
	if (frames > frame->frames_limit)
		frames = frame->frames_limit;
	if (session->bytes_limit < bytes)
		session->bytes_limit = bytes;
	if (session->frames_limit < frames)
		session->frames_limit = frames;
}

/* Limits and acknowledgements only grow, so late ones do no harm. */
static void learn(struct trp_session *session, const struct trp_frame *frame,
		  struct trp_time now)
{
	if (frame->ack > session->out.first) {
		if (session->timed < frame->ack) {
			trp_pace_measured(&session->pace,
					  now.ns - session->timed_at.ns);
			session->timed = TRP_SESSION_NONE;
		}
		trp_window_ack(&session->out, frame->ack);
		trp_pace_answered(&session->pace);
		session->is_asking = false;
		trp_session_ask_later(session, now);
	}
	raise_limits(session, frame);
	make_room(session);
}

/*
 * Once for each place; an answer counts for what was sent before the question.
 */
static void go_back(struct trp_session *session, const struct trp_frame *frame,
		    struct trp_time now)
{
	if (frame->ack != session->out.first ||
	    (session->is_asking ? frame->ack >= session->asked_at
				: frame->ack == session->went_back))
		return;
	session->went_back = frame->ack;
	session->timed = TRP_SESSION_NONE;
	trp_window_go_back(&session->out);
	trp_emit_mail(session, now);
}

static void take_ack(struct trp_session *session, const struct trp_frame *frame,
		     struct trp_time now)
{
	if (frame->seq <= session->acks_heard) {
		session->world->counts.stale++;
		return;
	}
	session->acks_heard = frame->seq;
	trp_session_heard(session, now);
	learn(session, frame, now);
	if (frame->flags & TRP_FRAME_MISSING)
		go_back(session, frame, now);
	if (session->is_asking) {
		session->is_asking = false;
		trp_pace_answered(&session->pace);
		trp_session_ask_later(session, now);
	} else if (!trp_session_wants(session)) {
		trp_session_ask_later(session, now);
	}
	if (frame->flags & TRP_FRAME_ASK)
		trp_emit_ack(session,
			     session->is_refusing ? 0 : TRP_FRAME_MISSING);
	if (session->is_closing && !trp_window_has(&session->out))
		trp_session_end(session, 0);
}

/* ---- their mail ---------------------------------------------------------- */

/* An ACK is worth its frame when half of the window is used up. */
static void acknowledge(struct trp_session *session, struct trp_time now)
{
	uint64_t frames = session->granted_frames - session->taken;
	uint64_t bytes = session->granted_bytes - session->taken_bytes;

	if (frames <= trp_session_share_frames(session) / 2 ||
	    bytes <= trp_session_share_bytes(session) / 2)
		trp_emit_ack(session, 0);
	else
		earlier(&session->ack_due, now.ns + ACK_DELAY_NS);
}

static void tell_gap(struct trp_session *session)
{
	session->world->counts.gaps++;
	if (session->is_refusing || session->missed == session->taken)
		return;
	session->missed = session->taken;
	trp_emit_ack(session, TRP_FRAME_MISSING);
}

static bool is_granted(const struct trp_session *session,
		       const struct trp_frame *frame)
{
	return frame->seq < session->granted_frames &&
	       frame->length <= session->granted_bytes - session->taken_bytes;
}

static void take_next(struct trp_session *session,
		      const struct trp_frame *frame, struct trp_time now)
{
	struct trp_session_world *world = session->world;

	if (!is_granted(session, frame)) {
		world->counts.excess++;
		earlier(&session->ack_due, now.ns + DOUBLE_DELAY_NS);
		return;
	}
	if (session->is_refusing ||
	    !world->calls->deliver(world->user, session->number, frame->payload,
				   frame->length)) {
		session->is_refusing = true;
		earlier(&session->ack_due, now.ns + DOUBLE_DELAY_NS);
		return;
	}
	session->taken++;
	session->taken_bytes += frame->length;
	acknowledge(session, now);
}

static void take_bye(struct trp_session *session)
{
	bool is_closing = session->is_closing;

	session->taken++;
	session->granted_frames += session->taken > session->granted_frames;
	trp_emit_ack(session, 0);
	trp_session_end(session, is_closing ? 0 : -ESHUTDOWN);
}

static void take_mail(struct trp_session *session,
		      const struct trp_frame *frame, struct trp_time now)
{
	if (frame->seq == session->taken)
		trp_session_heard(session, now);
	learn(session, frame, now);
	if (frame->seq < session->taken) {
		session->world->counts.stale++;
		earlier(&session->ack_due, now.ns + DOUBLE_DELAY_NS);
	} else if (frame->seq > session->taken) {
		tell_gap(session);
	} else if (frame->kind == TRP_FRAME_BYE) {
		take_bye(session);
	} else {
		take_next(session, frame, now);
	}
}

void trp_arrive_frame(struct trp_session *session,
		      const struct trp_frame *frame, struct trp_time now)
{
	assert(trp_arrive_belongs(session, frame));
	if (frame->ack > session->out.sent) {
		session->world->counts.malformed++;
		return;
	}
	if (frame->kind == TRP_FRAME_ACK)
		take_ack(session, frame, now);
	else
		take_mail(session, frame, now);
}
