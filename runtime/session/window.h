/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The frames of a session that are not acknowledged yet, and those that were
 * never sent.  Go-back-N: one that is missing is repeated with all behind it.
 *
 *	first <= next <= sent <= end, end - first <= space
 *	first: the oldest that is kept
 *	next:  the one to be sent now
 *	sent:  the first that never was sent
 */

#include "runtime/session/frame.h"

struct trp_window_frame {
	enum trp_frame_kind kind;
	bool is_written; /* header and seal are in place */
	size_t length;	 /* of the payload */
	uint8_t bytes[]; /* header, payload, room for the tag */
};

struct trp_window {
	struct trp_window_frame **at; /* a ring */
	uint64_t space;		      /* 0 or a power of two */
	uint64_t first, next, sent, end;
	uint64_t bytes;	      /* payload before `end` */
	uint64_t bytes_acked; /* and before `first` */
};

void trp_window_fini(struct trp_window *window);
void trp_window_check(const struct trp_window *window);

/* Copies the payload to the end.  0 or -ENOMEM. */
int trp_window_push(struct trp_window *window, enum trp_frame_kind kind,
		    const void *payload, size_t length);

/* NULL: all have been sent. */
struct trp_window_frame *trp_window_next(const struct trp_window *window);

/* That one was sent.  True: for the first time. */
bool trp_window_passed(struct trp_window *window);

/* The other end has all before `ack`, which is between first and sent. */
void trp_window_ack(struct trp_window *window, uint64_t ack);

/* All that is kept is to be sent again. */
void trp_window_go_back(struct trp_window *window);

/* Takes out the first, whatever has become of it; NULL: none.  free() it. */
struct trp_window_frame *trp_window_take(struct trp_window *window);

/* Whether something is kept. */
static inline bool trp_window_has(const struct trp_window *window)
{
	return window->first < window->end;
}
