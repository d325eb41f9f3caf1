/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The sessions of a run of a node with others, by their numbers.  Pure: the
 * caller passes in time, frames and randomness, and gets callbacks
 * (session.h), which must not call in here.  A session opens with the first
 * payload.  Within a session payloads arrive once and in order; when it ends,
 * those that were not acknowledged are told as lost.  Single-threaded.
 */

#include "runtime/session/session.h"

struct trp_sessions;

struct trp_sessions_options {
	uint32_t number;	 /* of this run */
	struct trp_guard *guard; /* borrowed; NULL: frames are not sealed */
	int64_t outage_ns;	 /* that loses nothing; 0: ten seconds */
	size_t peers_max;	 /* 0: 4096 */
	uint64_t bytes;		 /* all windows; 0: 8 MiB */
	uint64_t frames;	 /* 0: 800 */
};

/* Returns 0; -EINVAL: the number is none; -ENOMEM. */
int trp_sessions_new(struct trp_sessions **ret_sessions,
		     const struct trp_sessions_options *options,
		     const struct trp_session_calls *calls, void *user);

/* Tells nobody. */
void trp_sessions_free(struct trp_sessions *sessions);
void trp_sessions_check(const struct trp_sessions *sessions);

/* Payload that the next frame may have, at least 16 KiB; 0: none now, and
 * room() will tell. */
size_t trp_sessions_room(struct trp_sessions *sessions, uint32_t number);

/*
 * Returns 0: it will arrive or be told as lost; -EAGAIN: no room now, and
 * room() will tell; -EMSGSIZE: more than the room; -EINVAL: the number is none,
 * or ours, or nothing is to be sent; -ENOBUFS: too many others; -ENOMEM.
 */
int trp_sessions_send(struct trp_sessions *sessions, uint32_t number,
		      const void *payload, size_t length, struct trp_time now);

/*
 * Opens a session if there is none, and has down() tell of its end within two
 * outages though nothing is sent.  Returns 0, -EINVAL, -ENOBUFS or
 * -ENOMEM.
 */
int trp_sessions_watch(struct trp_sessions *sessions, uint32_t number,
		       struct trp_time now);

/* Bytes of a bus, which nobody has looked at. */
void trp_sessions_receive(struct trp_sessions *sessions, const void *bytes,
			  size_t length, struct trp_time now);

/* Does due work.  Call it at the deadline; early or late is safe. */
void trp_sessions_tick(struct trp_sessions *sessions, struct trp_time now);
struct trp_time trp_sessions_deadline(const struct trp_sessions *sessions);

/* The bus says that nobody has this number. */
void trp_sessions_gone(struct trp_sessions *sessions, uint32_t number,
		       struct trp_time now);

/* The bus takes frames again, after send() has failed. */
void trp_sessions_resume(struct trp_sessions *sessions, struct trp_time now);

/* The bus is down, or still down. */
void trp_sessions_unlink(struct trp_sessions *sessions, struct trp_time now);

/*
 * The bus is up again, and may have lost what was under way.  Nobody is gone
 * for as long as it was down, and a second: others wait between attempts.
 */
void trp_sessions_relink(struct trp_sessions *sessions, struct trp_time now);

/* deliver() takes mail of that node again. */
void trp_sessions_accept(struct trp_sessions *sessions, uint32_t number,
			 struct trp_time now);

/* Ends all sessions, each after the mail that was sent: down(0). */
void trp_sessions_close(struct trp_sessions *sessions, struct trp_time now);

/* Whether any is open or opening. */
bool trp_sessions_is_busy(const struct trp_sessions *sessions);

const struct trp_session_counts *trp_sessions_counts(
	const struct trp_sessions *sessions);
