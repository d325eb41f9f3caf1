/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The status block of an actor, in its front, for others to read: its exit
 * record, counters, what it does and for whom it waits.  Written by the actor
 * alone, and without a clock: a callback began when a reader first saw its
 * number.
 *
 * A message from a lane is not noted here: front->at_work names its record for
 * a successor, so a reader finds it there.  For all other callbacks
 *
 *	steps odd	<==>  one runs
 *	steps		      changes with each begin and end
 *
 * A function actor begins a step in run(), or where it receives something else
 * than a message of a lane; it ends one where it receives again.
 */

#include "ipc/arena.h"
#include "runtime/node/ref.h"
#include "runtime/troupe_state.h"

enum { TRP_STATUS_TEXT = 80 };

/* The code of a normal end: decide_to_start() said no; or it has fallen asleep.
 */
enum { TRP_STATUS_DECLINED = 0x6e6f, TRP_STATUS_ASLEEP = 0x7a7a };

/* `said`: it has begun, for those who wait for that; its exit record is
 * complete. */
enum { TRP_STATUS_READY = 1, TRP_STATUS_EXIT = 2 };

/* `waits`: enum troupe_waiting, and above it how often it has waited. */
enum { TRP_STATUS_WAITS = 0xff, TRP_STATUS_WAITED = 0x100 };

struct trp_status {
	_Atomic uint32_t said; /* TRP_STATUS_READY, _EXIT: and here it is: */
	int32_t cause;
	int32_t code;
	uint32_t outcome_size;
	char text[TRP_STATUS_TEXT];
	_Atomic uint64_t unwoken; /* wakes that failed */
	/* Messages of save queue and stash: in private memory; in its region,
	 * lost only if no restart follows. */
	_Atomic uint32_t put_aside, shelved;
	_Atomic uint64_t letters;  /* offset of its dead letter counts, or 0 */
	_Atomic uint64_t handling; /* the same of node/handling.h */

	/* A line that is written for each message. */
	alignas(64) _Atomic uint64_t received;
	_Atomic uint64_t sent;
	_Atomic uint64_t steps; /* callbacks begun, and ended */
	_Atomic uint32_t doing; /* enum troupe_doing */
	_Atomic uint32_t waits;
	_Atomic uint64_t type;	    /* of the message, or trp_types_method() */
	_Atomic uint64_t sender;    /* of it */
	_Atomic int64_t created;    /* when it was sent */
	_Atomic uint64_t waits_for; /* whom; or 0 */

	/* A line that is written when it waits, or something goes wrong. */
	alignas(64) _Atomic uint64_t awaits; /* whom */
	_Atomic int64_t awaits_since;	     /* when the oldest call was made */
	_Atomic int64_t passed_on; /* when the youngest such call was made */
	_Atomic uint32_t has_unwatched; /* it has calls to actors that it does
					 * not watch */
	_Atomic uint32_t asks_away;	/* it has asked actors of other nodes */
	_Atomic uint64_t refused;	/* sends that did not go out */
	_Atomic uint64_t dropped;	/* received and not handled */
	_Atomic uint32_t await_turn;	/* odd: it awaits; see deadlock.c */
	_Atomic uint32_t has_routers;	/* it wants mail of the dead back */
	_Atomic uint64_t calls; /* below it are the numbers of its calls */
	_Atomic uint64_t shelf; /* actor/shelf.h */
	_Atomic uint64_t shelf_work;
	_Atomic uint64_t outcome;    /* node/outcome.h; an offset, or 0 */
	_Atomic uint64_t born;	     /* its pid, above that its incarnation */
	_Atomic uint64_t called;     /* the method of its oldest open call */
	_Atomic uint64_t waits_type; /* what `waits` asks for; or 0 */
	_Atomic int64_t waits_since; /* or 0: not known */
	_Atomic int64_t closed_at;   /* by an order that it has taken; or 0 */
};
static_assert(sizeof(struct trp_status) <=
		      sizeof(((struct trp_front *)NULL)->user),
	      "fits into a front");
static_assert(offsetof(struct trp_status, received) == 128 &&
		      offsetof(struct trp_status, awaits) == 192,
	      "what is written often has lines of its own");

/* The block of this process, in its own front; all zeros, except for `born`. */
struct trp_status *trp_status_begin(struct trp_front *front,
				    uint32_t incarnation);

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

/* It has begun: also where its message of that is still unread. */
void trp_status_write_ready(struct trp_status *status);
bool trp_status_is_ready(const struct trp_status *status);

/* `note` of a line of the directory: enum troupe_full, and whether the actor
 * has no process until it is restarted; above that, for trp_status_mail(). */
enum { TRP_NOTE_FULL = 3, TRP_NOTE_DOWN = 4, TRP_NOTE_MAIL = 8 };
bool trp_status_is_down(const struct trp_arena *arena, troupe_ref ref);
/* Of that actor; 0 also where there is none. */
uint32_t trp_status_incarnation(const struct trp_arena *arena, troupe_ref ref);

/* The mail actor's own bits of its reference (ref.h), which the supervisor
 * says in its line of the directory; 0: there is none. */
static inline uint64_t trp_status_mail(const struct trp_arena *arena)
{
	return trp_load_relaxed(
		       &trp_arena_slot(arena, TRP_SLOT_SUPERVISOR)->note) >>
	       TRP_NOTE_MAIL;
}

/*
 * Why that actor is not among those of this node.  -ENOTSUP: it is one of
 * another, where what is asked for is not known; -ESRCH: it is gone, as are all
 * of others where no mail goes.
 */
int trp_status_absent(const struct trp_arena *arena, troupe_ref ref);

/* The process of that actor; 0: it has not begun, or is down. */
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

/* ---- what it does: by the actor ------------------------------------------ */

/*
 * Each store here is a release, so that none of a later callback is seen before
 * the end of the one before it.
 */
static inline void trp_status_begin_step(struct trp_status *status,
					 enum troupe_doing doing)
{
	trp_store_release(&status->doing, (uint32_t)doing);
	/* S1: pairs with the acquire in trp_status_look(). */
	trp_store_release(&status->steps, trp_status_read(&status->steps) + 1);
}

/* The same, of mail that is in no lane. */
static inline void trp_status_begin_mail(struct trp_status *status,
					 enum troupe_doing doing, uint64_t type,
					 troupe_ref sender, int64_t created)
{
	trp_store_release(&status->type, type);
	trp_store_release(&status->sender, sender);
	trp_store_release(&status->created, created);
	trp_status_begin_step(status, doing);
}

static inline void trp_status_end_step(struct trp_status *status)
{
	trp_store_release(&status->steps, trp_status_read(&status->steps) + 1);
}

static inline bool trp_status_is_in_step(const struct trp_status *status)
{
	return trp_status_read(&status->steps) % 2;
}

/*
 * It is about to sleep for that: of `whom` (0: anybody), the answer to that
 * type or method (0: to none), since a time that was read already (0: none).
 */
struct trp_wait_note {
	enum troupe_waiting what;
	troupe_ref whom;
	uint64_t type;
	int64_t since;
};
void trp_status_wait(struct trp_status *status,
		     const struct trp_wait_note *note);
void trp_status_go_on(struct trp_status *status);

/* ---- what it does: by anybody -------------------------------------------- */

struct trp_activity {
	uint64_t number; /* grows with each callback that begins, or ends */
	uint64_t waited; /* changes with each wait, and with each record */
	enum troupe_doing doing;
	enum troupe_waiting waits;
	uint64_t type; /* doing a message or a method; 0: not known */
	troupe_ref sender;
	int64_t created;
	troupe_ref peer; /* it waits for; or 0 */
	uint64_t wanted; /* of it: the message or method; or 0 */
	int64_t since;	 /* it waits; or 0 */
};

/* Of an actor that runs meanwhile.  False: it is gone, or has not started. */
bool trp_status_look(const struct trp_arena *arena, troupe_ref ref,
		     struct trp_activity *ret_activity);
/* The number alone, also of one that has ended; 0: not known. */
uint64_t trp_status_number(const struct trp_arena *arena, troupe_ref ref);

/* All that can be seen of that actor.  0 or -ESRCH. */
int trp_status_state(const struct trp_arena *arena, troupe_ref ref,
		     struct troupe_state *ret_state);

/* "handles shop.Sale", "awaits an answer", "idle"; returns text. */
char *trp_status_text(const struct trp_activity *activity, char *text,
		      size_t size);
