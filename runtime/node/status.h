/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The status block of an actor, in its front, for others to read: its exit
 * record, counters, what it does and for whom it waits.  Written by the actor
 * alone, and without a clock: a callback begins where `callbacks` was last seen
 * to change.
 */

#include "ipc/arena.h"
#include "runtime/node/ref.h"

enum { TRP_STATUS_TEXT = 88 };

/* In which callback it is. */
enum trp_doing {
	TRP_DOING_NOTHING,
	TRP_DOING_INIT, /* or run() */
	TRP_DOING_MESSAGE,
	TRP_DOING_METHOD,
	TRP_DOING_OTHER, /* timer, input, answer, end */
};

struct trp_status {
	_Atomic uint32_t said; /* 1: the exit record is complete: */
	int32_t cause;
	int32_t code;
	uint32_t outcome_size;
	char text[TRP_STATUS_TEXT];
	_Atomic uint64_t unwoken;   /* wakes that failed */
	_Atomic uint64_t put_aside; /* messages: save queue, stash */
	_Atomic uint64_t letters;   /* offset of its dead letter counts, or 0 */

	/* A line that is written for each message. */
	alignas(64) _Atomic uint64_t received;
	_Atomic uint64_t sent;
	_Atomic uint64_t callbacks; /* that have begun */
	_Atomic uint32_t doing;	    /* enum trp_doing */
	_Atomic uint32_t hop;
	_Atomic uint64_t type;	      /* of the message, or method */
	_Atomic uint64_t sender;      /* of it */
	_Atomic int64_t created;      /* when it was sent */
	_Atomic uint64_t awaits_room; /* of whom, or 0 */

	/* A line that is written when it waits, or something goes wrong. */
	alignas(64) _Atomic uint64_t awaits; /* whom */
	_Atomic int64_t awaits_since;	     /* when the oldest call was made */
	_Atomic int64_t passed_on; /* when the youngest such call was made */
	_Atomic uint64_t has_unwatched; /* it has calls to actors that it does
					 * not watch */
	_Atomic uint64_t refused;	/* sends that did not go out */
	_Atomic uint64_t dropped;	/* received and not handled */
	_Atomic uint32_t await_turn;	/* odd: it awaits; see deadlock.c */
	_Atomic uint64_t calls; /* below it are the numbers of its calls */
	_Atomic uint64_t shelf; /* actor/shelf.h */
	_Atomic uint64_t shelf_work;
	/* As put_aside; lost only if no restart follows. */
	_Atomic uint64_t shelved;
	_Atomic uint64_t outcome; /* node/outcome.h; an offset, or 0 */
};
static_assert(sizeof(struct trp_status) <=
		      sizeof(((struct trp_front *)NULL)->user),
	      "fits into a front");
static_assert(offsetof(struct trp_status, received) == 128 &&
		      offsetof(struct trp_status, awaits) == 192,
	      "what is written often has lines of its own");

/* The block of this process, in its own front; all zeros. */
struct trp_status *trp_status_begin(struct trp_front *front);

/* NULL: that actor is gone, or has not started. */
const struct trp_status *trp_status_of(const struct trp_arena *arena,
				       troupe_ref ref);

/*
 * The same also for an actor that has ended, until its slot is reused: for the
 * supervisor, which assigns slots.
 */
const struct trp_status *trp_status_last(const struct trp_arena *arena,
					 troupe_ref ref);

/* The exit record: `text` is cut, or NULL.  False: there is none. */
void trp_status_write_exit(struct trp_status *status, enum troupe_cause cause,
			   int code, const char *text);
bool trp_status_read_exit(const struct trp_status *status,
			  struct troupe_reason *ret_reason);

/* `note` of a line of the directory: enum troupe_full, and whether the actor
 * has no process until it is restarted. */
enum { TRP_NOTE_FULL = 3, TRP_NOTE_DOWN = 4 };
bool trp_status_is_down(const struct trp_arena *arena, troupe_ref ref);
/* Of that actor; 0 also where there is none. */
uint32_t trp_status_incarnation(const struct trp_arena *arena, troupe_ref ref);

/* The process of that actor, or 0. */
pid_t trp_status_pid(const struct trp_arena *arena, troupe_ref ref);

/* A counter, of whomever. */
static inline uint64_t trp_status_read(const _Atomic uint64_t *counter)
{
	return trp_load_relaxed(counter);
}

/* One writer, so no locked instruction: it would cost more than a send. */
static inline void trp_status_count(_Atomic uint64_t *counter)
{
	trp_store_relaxed(counter, trp_status_read(counter) + 1);
}
