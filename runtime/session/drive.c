/* SPDX-License-Identifier: MIT */
#include "runtime/session/drive.h"

#include <errno.h>
#include "runtime/session/emit.h"

static void say_hello(struct trp_session *session, struct trp_time now)
{
	trp_emit_hello(session, 0);
	session->ask_due.ns = now.ns + trp_pace_ns(&session->pace);
}

static void begin(struct trp_session *session, struct trp_time now)
{
	if (session->state != TRP_SESSION_IDLE)
		return;
	trp_session_want(session, now);
	session->state = TRP_SESSION_OPENING;
	trp_pace_answered(&session->pace);
	say_hello(session, now);
}

int trp_drive_push(struct trp_session *session, const void *payload,
		   size_t length, struct trp_time now)
{
	size_t room = trp_session_room(session);
	int r;

	if (!room)
		return -EAGAIN;
	if (length > room)
		return -EMSGSIZE;
	trp_session_want(session, now);
	r = trp_window_push(&session->out, TRP_FRAME_MAIL, payload, length);
	if (r < 0)
		return r;
	begin(session, now);
	trp_emit_mail(session, now);
	return 0;
}

void trp_drive_watch(struct trp_session *session, struct trp_time now)
{
	session->is_watched = true;
	begin(session, now);
	if (session->state == TRP_SESSION_OPEN &&
	    session->ask_due.ns == TRP_NEVER.ns)
		trp_session_ask_later(session, now);
}

void trp_drive_close(struct trp_session *session, struct trp_time now)
{
	if (session->is_closing)
		return;
	if (session->state != TRP_SESSION_OPEN) {
		trp_session_end(session, 0);
		return;
	}
	trp_session_want(session, now);
	if (trp_window_push(&session->out, TRP_FRAME_BYE, NULL, 0) < 0) {
		trp_session_end(session, 0);
		return;
	}
	session->is_closing = true;
	trp_emit_mail(session, now);
}

static void ask(struct trp_session *session, struct trp_time now)
{
	trp_session_want(session, now);
	if (session->is_asking)
		trp_pace_missed(&session->pace);
	session->is_asking = true;
	session->asked_at = session->out.sent;
	session->timed = TRP_SESSION_NONE;
	trp_emit_ack(session, TRP_FRAME_ASK);
	trp_session_ask_later(session, now);
}

void trp_drive_gone(struct trp_session *session, struct trp_time now)
{
	if (session->state == TRP_SESSION_OPENING &&
	    session->world->patient.ns <= now.ns)
		trp_session_end(session, -EHOSTUNREACH);
	if (session->state != TRP_SESSION_OPEN ||
	    session->gone_due.ns < TRP_NEVER.ns)
		return;
	trp_session_nobody(session);
	ask(session, now);
}

void trp_drive_resume(struct trp_session *session, struct trp_time now)
{
	if (session->owes_ack)
		trp_emit_ack(session, 0);
	trp_emit_mail(session, now);
}

/* Mail that the bus did not take goes first, and then the question after it. */
static void go_on(struct trp_session *session, struct trp_time now)
{
	trp_drive_resume(session, now);
	ask(session, now);
}

void trp_drive_relink(struct trp_session *session, struct trp_time now)
{
	if (session->state == TRP_SESSION_OPENING)
		say_hello(session, now);
	if (session->state == TRP_SESSION_OPEN && trp_session_wants(session))
		go_on(session, now);
	trp_drive_resume(session, now);
}

void trp_drive_accept(struct trp_session *session)
{
	if (!session->is_refusing)
		return;
	session->is_refusing = false;
	session->missed = session->taken;
	trp_emit_ack(session, TRP_FRAME_MISSING);
}

/* They may hear it, and need not wait for as long. */
static void give_up(struct trp_session *session, int error)
{
	if (session->state == TRP_SESSION_OPEN)
		trp_emit_reset(session->world, session->number, session->ours,
			       session->theirs);
	trp_session_end(session, error);
}

void trp_drive_tick(struct trp_session *session, struct trp_time now)
{
	if (session->gone_due.ns <= now.ns) {
		trp_session_end(session, -EHOSTUNREACH);
		return;
	}
	if (trp_session_wants(session) &&
	    session->since.ns + session->world->limit_ns <= now.ns) {
		give_up(session, -ETIMEDOUT);
		return;
	}
	if (session->ack_due.ns <= now.ns)
		trp_emit_ack(session, 0);
	if (session->ask_due.ns > now.ns)
		return;
	if (session->state == TRP_SESSION_OPENING) {
		trp_pace_missed(&session->pace);
		say_hello(session, now);
	} else {
		go_on(session, now);
	}
}
