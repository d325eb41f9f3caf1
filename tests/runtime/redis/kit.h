/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A Redis server of the test's own (a socket and an append-only file in a
 * folder of /tmp), and nodes that can be killed as wholes.
 */

#include <hiredis/hiredis.h>
#include "runtime/troupe_mailbox.h"
#include "tests/support/stage.h"
#include "tests/support/program.h"

struct redis {
	struct program program;
	char folder[64], socket[80], url[96];
	const char *password;  /* NULL: none is needed */
	int port;	       /* on 127.0.0.1; 0: none */
	redisContext *context; /* of the test itself */
};

/* Chooses a folder; the server is not there yet. */
void redis_init(struct redis *redis);
void redis_start(struct redis *redis);
void redis_kill(struct redis *redis);
void redis_fini(struct redis *redis);

/* The result of a command: an integer, or the number of elements or bytes. */
long long redis_ask(struct redis *redis, const char *format, ...);
/* The value of that field in entry `at` of a stream; "": it is not there. */
void redis_field(struct redis *redis, const char *key, unsigned at,
		 const char *name, char text[160]);

/* A node in a separate process group; its root writes to `board`. */
pid_t node_start(int (*root)(int argc, char **argv));
/* Kills its supervisor, which kills all; all are gone afterwards. */
void node_kill(pid_t node);
/* Waits for its end; it must be in order, with no CHECK failed. */
void node_pass(pid_t node);

/* ---- mail ---------------------------------------------------------------- */

enum { VALUES = 1000 };

/* Events on the board, and from HANDLED on how often each number was. */
enum { ALL, FLUSHED, STUCK, CRASHES, READY, FULL, HANDLED = 100 };

/* Of each test: before and after it.  The server is started by the test. */
extern struct redis mail_redis;
extern struct troupe_redis_mailbox mail_mailbox; /* at that server */
void mail_begin(void);
void mail_end(void);

/* Nothing is in the stream, and nothing is pending. */
void mail_expect_empty(void);

/* In actors: */
int64_t mail_number(const struct troupe_message *message);
void mail_note(int64_t value); /* it was handled */
void mail_send(troupe_ref to, int first, int count);
/* Asks: 0: all earlier mail is kept.  For actors with mail_service. */
int mail_flush(troupe_ref to);
extern ProtobufCService mail_service;
void mail_close(troupe_ref ref);

/* Counts, and wakes a waiting reader. */
void event_add(_Atomic long *event);
bool event_await(_Atomic long *event, long least, int ms);
