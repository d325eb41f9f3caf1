/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A connection to Redis that never blocks its actor: requests go out together,
 * answers arrive in order at the functions that wait for them.  The descriptor
 * is an input of the actor, and a timer reconnects a lost connection.
 *
 *	sent	UP: written or to be written, in the order of their answers
 *	again	else: what is sent again before anything else
 *
 * An error as an answer is handled here: it is fatal, or the connection is
 * closed and made anew after a pause, as if it had been lost.
 */

#include <stdint.h>
#include <string.h>
#include "runtime/redis/url.h"
#include "runtime/troupe.h"

struct redisReply;
struct redisReader;

enum trp_redis_mode {
	TRP_REDIS_ONCE,	    /* lost with the connection: answer NULL */
	TRP_REDIS_REPEATED, /* until it is answered, in the order of asking */
	/* (once) An error that starts with BUSYGROUP counts as OK. */
	TRP_REDIS_MAY_EXIST,
};

/* One string of a command. */
struct trp_redis_word {
	const void *bytes;
	size_t size;
};

/* reply: NULL: the connection was lost.  Never an error.  A NULL function: the
 * answer is ignored. */
typedef void (*trp_redis_answer)(void *data, uint64_t tag,
				 const struct redisReply *reply);

struct trp_redis_calls {
	/* Connected and known there; the caller's requests come first, then
	 * it calls trp_redis_connection_repeat(). */
	void (*is_up)(void *data);
	/* Only a person can fix that; there is no further try. */
	void (*is_refused)(void *data, int error);
};

enum trp_redis_state {
	TRP_REDIS_DOWN,
	TRP_REDIS_CONNECTING,
	TRP_REDIS_UP,
	TRP_REDIS_REFUSED,
};

struct trp_redis_request;
struct trp_redis_queue {
	struct trp_redis_request *first, **last;
};

struct trp_redis_connection {
	struct trp_redis_address address;
	const struct trp_redis_calls *calls;
	void *data;
	enum trp_redis_state state;
	struct troupe_input input;
	struct troupe_timer timer; /* DOWN: to connect; UP: patience */
	struct redisReader *reader;
	struct trp_redis_queue sent, again;
	char *out; /* [out_done, out_size) is to be written */
	size_t out_done, out_size, out_room;
	int64_t pause_ms;
	uint64_t answers; /* so far; when it stands still, patience ends */
	uint64_t answers_seen;
	unsigned attempts;
	bool is_told_down;
};

void trp_redis_connection_check(const struct trp_redis_connection *redis);

/*
 * Starts to connect.  The struct is zeroed except for address, calls and data.
 * 0, or -ELIBACC without its client library.
 */
int trp_redis_connection_begin(struct trp_redis_connection *redis);

/*
 * Appends a request; written by the next flush.  tag is for the answer.
 * If not UP, only TRP_REDIS_REPEATED is allowed.
 */
void trp_redis_connection_ask(struct trp_redis_connection *redis,
			      enum trp_redis_mode mode,
			      const struct trp_redis_word *words, size_t count,
			      trp_redis_answer answer, uint64_t tag);

/* (is_up) Sends again the unanswered requests of the last connection. */
void trp_redis_connection_repeat(struct trp_redis_connection *redis);

/* Writes as much as possible now; the rest follows by itself. */
void trp_redis_connection_flush(struct trp_redis_connection *redis);

/* Waits for all answers, blocking, at most for that time; then ends. */
void trp_redis_connection_end(struct trp_redis_connection *redis,
			      int64_t milliseconds);

/* `memory`; if it is NULL, this actor ends with -ENOMEM. */
void *trp_redis_connection_need(void *memory);

static inline struct trp_redis_word trp_redis_word(const char *text)
{
	return (struct trp_redis_word) { text, strlen(text) };
}
