/* SPDX-License-Identifier: MIT */
#pragma once

/* Two ends, whose frames wait until a test passes them on. */

#include "runtime/session/sessions.h"

enum { PAIR_QUEUE = 4096, PAIR_TEXT = 64, PAIR_BYTES = 131072 };

struct pair_frame {
	uint32_t to;
	size_t length;
	uint8_t *bytes;
};

struct pair_end {
	struct pair *pair;
	struct trp_sessions *sessions;
	uint32_t number;
	struct pair_frame queue[PAIR_QUEUE]; /* what it has sent */
	int queued, passed;
	int ups, downs, lost, may_have_arrived, rooms, delivered;
	int error; /* of the last down() */
	bool is_refusing;
	int bus_error;	      /* of on_send() */
	char last[PAIR_TEXT]; /* of what was delivered */
};

struct pair {
	struct pair_end a, b; /* numbers 2 and 3 */
	struct trp_time now;
	uint64_t random;
};

void pair_init(struct pair *pair, struct trp_guard *guard_a,
	       struct trp_guard *guard_b);
void pair_fini(struct pair *pair);

/* Sends a text; what trp_sessions_send() returns. */
int pair_say(struct pair_end *from, const char *text);

/* Passes on what waits, and what that brings about; or only what `from` sent.
 */
void pair_pass(struct pair *pair);
void pair_pass_from(struct pair_end *from);
void pair_drop(struct pair_end *from);

/* Time goes on, in steps of ten milliseconds, with frames or without. */
void pair_wait(struct pair *pair, int64_t ns);
void pair_wait_cut(struct pair *pair, int64_t ns);

/* A frame of the last kind that was sent, or NULL. */
const struct pair_frame *pair_find(const struct pair_end *from,
				   enum trp_frame_kind kind);

/* A says "open" to B, and all is quiet. */
void pair_open(struct pair *pair);
