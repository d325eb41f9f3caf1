/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A session with one other run of a node: its state and the steps that the
 * others share.  README.md has the argument.
 *
 *	state == OPEN <=> ours and theirs
 *	challenge != ours
 *	taken <= granted_frames + 1 (a BYE), taken_bytes <= granted_bytes
 *	something is wanted => since + limit is a deadline
 */

#include "runtime/session/guard.h"
#include "runtime/session/pace.h"
#include "runtime/session/window.h"

enum {
	/* The least window, which a session begins with. */
	TRP_SESSION_FRAMES_LEAST = 2,
	TRP_SESSION_BYTES_LEAST = 32768,
	/* A payload may have at least this much room, or has to wait. */
	TRP_SESSION_ROOM_LEAST = 16384,
};

/* They must not call into the sessions. */
struct trp_session_calls {
	/*
	 * 0; or a negative errno: see resume() and relink().  -EHOSTUNREACH:
	 * nobody has that number, as gone() tells.  is_question: an answer is
	 * awaited, so gone() should tell if that costs no more than a frame.
	 */
	int (*send)(void *user, uint32_t number, const uint8_t *frame,
		    size_t length, bool is_question);
	void (*random)(void *user, void *bytes, size_t length);

	void (*up)(void *user, uint32_t number);
	/*
	 * Borrowed.  True: the caller has it, and it will be acknowledged.
	 * False: not now, and nothing more of that node until accept().
	 */
	bool (*deliver)(void *user, uint32_t number, const uint8_t *payload,
			size_t length);
	/* There is room again, after none was found. */
	void (*room)(void *user, uint32_t number);
	/* A payload that was not acknowledged when its session ended, before
	 * down().  Unless it `may_have_arrived` it has not. */
	void (*lost)(void *user, uint32_t number, const uint8_t *payload,
		     size_t length, bool may_have_arrived);
	/*
	 * A session, or the attempt to open one, has ended: 0 (closed here),
	 * -ESHUTDOWN (there), -ETIMEDOUT (silence), -EHOSTUNREACH (nobody is
	 * there), -ECONNRESET (it began anew, and knows nothing of this one).
	 * It is no longer watched.
	 */
	void (*down)(void *user, uint32_t number, int error);
};

struct trp_session_counts {
	uint64_t malformed; /* bytes that are no frame, or an impossible one */
	uint64_t misrouted; /* to another number */
	uint64_t refused;   /* another cookie, or none */
	uint64_t stale;	    /* doubled, late or replayed */
	uint64_t gaps;	    /* mail that came before what it follows */
	uint64_t excess;    /* mail beyond what was granted */
	uint64_t throttled; /* hellos and strangers beyond the rate, or room */
	uint64_t repeated;  /* frames of mail that were sent again */
	uint64_t opened, ended;
};

/* Common to the sessions of a node. */
struct trp_session_world {
	const struct trp_session_calls *calls;
	void *user;
	struct trp_guard *guard; /* NULL: none */
	uint32_t number;
	int64_t outage_ns, limit_ns; /* what is survived, and what is not */
	uint64_t bytes_all, frames_all;
	uint64_t open;		  /* sessions */
	struct trp_time unlinked; /* the bus is down since; NEVER: it is up */
	struct trp_time patient;  /* until then others may not be back yet */
	struct trp_time now;
	struct trp_session_counts counts;
};

enum trp_session_state {
	TRP_SESSION_IDLE,    /* no session, and nothing is wanted */
	TRP_SESSION_OPENING, /* says HELLO */
	TRP_SESSION_OPEN,
};

struct trp_session {
	struct trp_session_world *world;
	uint32_t number; /* of the other run */
	enum trp_session_state state;
	bool is_watched;
	bool is_closing;  /* a BYE is the last in `out` */
	bool is_asking;	  /* an ASK has not been answered */
	bool is_refusing; /* until accept() */
	bool wants_room;
	bool owes_ack; /* the bus did not take it */

	uint64_t challenge;    /* our next epoch, once it is echoed; 0: none */
	uint64_t ours, theirs; /* of the open session */
	struct trp_guard_key *key_out, *key_in;

	struct trp_window out;
	uint64_t bytes_limit, frames_limit; /* of what we may send */
	uint64_t asked_at;  /* what had been sent when ASK was */
	uint64_t went_back; /* where a MISSING was obeyed last */
	uint64_t timed;	    /* a frame that was sent once, since timed_at */
	struct trp_time timed_at;
	struct trp_pace pace;

	uint64_t taken, taken_bytes; /* of theirs */
	uint64_t granted_bytes, granted_frames;
	uint64_t missed; /* where a MISSING was told last */
	uint64_t acks_sent, acks_heard;

	struct trp_time ack_due, ask_due, gone_due;
	/* When something was wanted first, or a sign of life came last. */
	struct trp_time since;
};

#define TRP_SESSION_NONE UINT64_MAX /* of went_back, missed, timed */

void trp_session_init(struct trp_session *session,
		      struct trp_session_world *world, uint32_t number);
void trp_session_fini(struct trp_session *session);
void trp_session_check(const struct trp_session *session);

/* An answer is awaited: without a sign of life the session ends. */
bool trp_session_wants(const struct trp_session *session);
struct trp_time trp_session_due(const struct trp_session *session);

/* Payload that may be pushed in one frame; 0: none now, and room() will tell.
 */
size_t trp_session_room(struct trp_session *session);

/* Something is wanted from now on, if nothing was. */
void trp_session_want(struct trp_session *session, struct trp_time now);

/* Draws the epoch that proves an echo to be fresh, unless one is drawn. */
void trp_session_challenge(struct trp_session *session);

/* Their echo of our challenge has come.  0, or -ENOMEM: nothing changed. */
int trp_session_open(struct trp_session *session, uint64_t theirs,
		     struct trp_time now);

/* Tells what is lost.  Nothing, if there is no session and no attempt. */
void trp_session_end(struct trp_session *session, int error);

/* The bus says that nobody is there; a sign of life within a second disproves
 * it for a session. */
void trp_session_nobody(struct trp_session *session);

/* A sign of life has come. */
void trp_session_heard(struct trp_session *session, struct trp_time now);

/* Sets the time of the next question. */
void trp_session_ask_later(struct trp_session *session, struct trp_time now);

/* The size of a window, as many sessions are open. */
uint64_t trp_session_share_bytes(const struct trp_session *session);
uint64_t trp_session_share_frames(const struct trp_session *session);
