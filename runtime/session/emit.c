/* SPDX-License-Identifier: MIT */
#include "runtime/session/emit.h"

#include <assert.h>
#include <errno.h>

/* Frames without a payload. */
struct lone {
	uint8_t bytes[TRP_FRAME_HEADER + TRP_FRAME_TAG];
};

static int put_out(struct trp_session_world *world, uint32_t number,
		   const uint8_t *bytes, size_t length, bool is_question)
{
	if (world->guard)
		length += TRP_FRAME_TAG;
	return world->calls->send(world->user, number, bytes, length,
				  is_question);
}

static int put_out_of(struct trp_session *session, const uint8_t *bytes,
		      size_t length, bool is_question)
{
	int r = put_out(session->world, session->number, bytes, length,
			is_question);

	if (r == -EHOSTUNREACH)
		trp_session_nobody(session);
	return r;
}

static void sign(struct trp_session_world *world, struct trp_frame *frame,
		 struct lone *ret_lone)
{
	frame->from = world->number;
	frame->flags = world->guard ? TRP_FRAME_SEALED : 0;
	trp_frame_write(frame, ret_lone->bytes);
	if (world->guard)
		world->guard->calls->sign(world->guard, ret_lone->bytes,
					  TRP_FRAME_HEADER,
					  ret_lone->bytes + TRP_FRAME_HEADER);
}

void trp_emit_hello(struct trp_session *session, uint64_t echo)
{
	struct trp_frame frame = {
		.kind = echo ? TRP_FRAME_WELCOME : TRP_FRAME_HELLO,
		.to = session->number,
		.echo = echo,
	};
	struct lone lone = { 0 };

	trp_session_challenge(session);
	frame.epoch = session->challenge;
	sign(session->world, &frame, &lone);
	put_out_of(session, lone.bytes, TRP_FRAME_HEADER, !echo);
}

void trp_emit_reset(struct trp_session_world *world, uint32_t number,
		    uint64_t epoch, uint64_t echo)
{
	struct trp_frame frame = { .kind = TRP_FRAME_RESET,
				   .to = number,
				   .epoch = epoch,
				   .echo = echo };
	struct lone lone = { 0 };

	sign(world, &frame, &lone);
	put_out(world, number, lone.bytes, TRP_FRAME_HEADER, false);
}

/* A grant never shrinks, as it cannot be taken back. */
static void grant(struct trp_session *session)
{
	uint64_t bytes =
		session->taken_bytes + trp_session_share_bytes(session);
	uint64_t frames = session->taken + trp_session_share_frames(session);

	if (session->granted_bytes < bytes)
		session->granted_bytes = bytes;
	if (session->granted_frames < frames)
		session->granted_frames = frames;
}

/* The header of a frame of the session, and its seal. */
static bool finish(struct trp_session *session, struct trp_frame *frame,
		   uint8_t *bytes)
{
	struct trp_guard *guard = session->world->guard;
	uint8_t *payload = bytes + TRP_FRAME_HEADER;

	grant(session);
	frame->from = session->world->number;
	frame->to = session->number;
	frame->flags |= guard ? TRP_FRAME_SEALED : 0;
	frame->epoch = session->ours;
	frame->echo = session->theirs;
	frame->ack = session->taken;
	frame->bytes_limit = session->granted_bytes;
	frame->frames_limit = session->granted_frames;
	trp_frame_write(frame, bytes);
	return !guard || guard->calls->seal(session->key_out, bytes, payload,
					    frame->length, payload,
					    payload + frame->length);
}

void trp_emit_ack(struct trp_session *session, uint32_t flags)
{
	struct trp_frame frame = { .kind = TRP_FRAME_ACK, .flags = flags };
	struct lone lone = { 0 };

	assert(session->state == TRP_SESSION_OPEN);
	frame.seq = ++session->acks_sent;
	session->ack_due = TRP_NEVER;
	session->owes_ack = !finish(session, &frame, lone.bytes) ||
			    put_out_of(session, lone.bytes, TRP_FRAME_HEADER,
				       flags & TRP_FRAME_ASK) < 0;
}

/* Once: it is repeated as it is. */
static bool write_mail(struct trp_session *session,
		       struct trp_window_frame *mail)
{
	struct trp_frame frame = { .kind = mail->kind,
				   .length = mail->length,
				   .seq = session->out.next };

	if (!mail->is_written)
		mail->is_written = finish(session, &frame, mail->bytes);
	return mail->is_written;
}

static void passed(struct trp_session *session, bool is_fresh,
		   struct trp_time now)
{
	uint64_t seq = session->out.next;

	if (is_fresh) /* and has what an ACK would have */
		session->ack_due = TRP_NEVER;

	if (!trp_window_passed(&session->out)) {
		session->world->counts.repeated++;
		if (session->timed == seq)
			session->timed = TRP_SESSION_NONE;
		return;
	}
	if (session->timed == TRP_SESSION_NONE) {
		session->timed = seq;
		session->timed_at = now;
	}
}

void trp_emit_mail(struct trp_session *session, struct trp_time now)
{
	struct trp_window_frame *mail;
	bool is_fresh;

	if (session->state != TRP_SESSION_OPEN)
		return;
	while ((mail = trp_window_next(&session->out))) {
		is_fresh = !mail->is_written;
		if (!write_mail(session, mail) ||
		    put_out_of(session, mail->bytes,
			       TRP_FRAME_HEADER + mail->length, false) < 0)
			break;
		passed(session, is_fresh, now);
	}
	if (trp_session_wants(session) &&
	    session->ask_due.ns > now.ns + trp_pace_ns(&session->pace))
		trp_session_ask_later(session, now);
}
