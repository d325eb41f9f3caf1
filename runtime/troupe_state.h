/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_STATE_H
#define TROUPE_STATE_H

/*
 * The present work of an actor, and its children; for any actor of the node,
 * from any other.  The same is shown by `troupe ps`.
 */

#include "troupe_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The callback that runs. */
enum troupe_doing {
	TROUPE_DOING_NOTHING,
	TROUPE_DOING_INIT,
	TROUPE_DOING_RUN, /* a function, other than with a message */
	/* A handler; a function, from troupe_receive() to the next one. */
	TROUPE_DOING_MESSAGE,
	TROUPE_DOING_METHOD,
	TROUPE_DOING_TIMER,
	TROUPE_DOING_INPUT,  /* any source of troupe_io.h */
	TROUPE_DOING_ROOM,   /* has_room() */
	TROUPE_DOING_ANSWER, /* the closure of a call */
	TROUPE_DOING_END,    /* child_stopped() or down() */
	TROUPE_DOING_IDLE,   /* idle() */
	TROUPE_DOING_STOP,
};

/* The function in which it sleeps, within that callback or without one. */
enum troupe_waiting {
	TROUPE_WAITS_NOT,
	TROUPE_WAITS_ANSWER,	 /* troupe_await() */
	TROUPE_WAITS_ROOM,	 /* troupe_send_wait() */
	TROUPE_WAITS_MESSAGE,	 /* troupe_receive() */
	TROUPE_WAITS_END,	 /* troupe_wait() */
	TROUPE_WAITS_SUPERVISOR, /* a spawn, a name ... */
};

struct troupe_state {
	enum troupe_doing doing;
	enum troupe_waiting waits;
	char type[TROUPE_TEXT_SIZE]; /* of the message, or its method; or "" */
	troupe_ref sender;	     /* of the message or call; or 0 */
	struct troupe_time created;  /* when it was sent; or 0 */
	troupe_ref peer; /* it waits for one; 0: for none, or for several */
	char wanted[TROUPE_TEXT_SIZE]; /* of it: a message, a method; or "" */
	struct troupe_time since;      /* it waits; 0: not known */
	uint64_t number;   /* grows with each callback that begins, and more */
	uint32_t restarts; /* so far */
	bool is_down;	   /* it has no process until it is restarted */
	bool is_asleep; /* nor has it one until it has mail: troupe_sleep.h */
	bool has_begun; /* it has, and what is above is known */
	pid_t pid;	/* 0, not for kill(): it has not begun, or is down */
	troupe_ref parent;	      /* 0: the supervisor */
	char label[TROUPE_NAME_SIZE]; /* its name or class, as ps shows it */
};

/*
 * The state of an actor, oneself or another, without a message: it does not
 * notice.  It may have changed before this returns.  0 or -ESRCH.
 */
TROUPE_API int troupe_state_of(troupe_ref ref, struct troupe_state *ret_state);

/* ---- children ------------------------------------------------------------ */

enum troupe_child_state {
	TROUPE_CHILD_DOWN,     /* ended, and not to be restarted */
	TROUPE_CHILD_WAITING,  /* for its restart */
	TROUPE_CHILD_STARTING, /* its process, or init() of one with a spec */
	TROUPE_CHILD_UP,
	TROUPE_CHILD_STOPPING,
	TROUPE_CHILD_STOPPED,  /* by hand */
	TROUPE_CHILD_GIVEN_UP, /* after too many restarts */
	TROUPE_CHILD_ASLEEP,   /* until it has mail: troupe_sleep.h */
};

struct troupe_class;

struct troupe_child {
	char id[TROUPE_NAME_SIZE]; /* its name in the tree */
	troupe_ref ref;		   /* 0: it has none now */
	enum troupe_child_state state;
	uint32_t restarts;
	pid_t pid;			  /* 0: it has no process now */
	char name[TROUPE_NAME_SIZE];	  /* the latest registered; or "" */
	const struct troupe_class *klass; /* NULL: a function */
	bool supervises;
};

/*
 * The children of any actor: those of its specs (troupe_supervise.h) in the
 * order of start, then those that it has spawned.  The first `room` of them,
 * and how many there are.  0; -ESRCH; -ENOMEM.
 */
TROUPE_API int troupe_children(troupe_ref parent, struct troupe_child *ret,
			       size_t room, size_t *ret_count);

/* As count_children of OTP. */
struct troupe_child_counts {
	size_t all;
	size_t active; /* have a process */
	size_t supervisors, workers;
};
TROUPE_API int troupe_children_count(troupe_ref parent,
				     struct troupe_child_counts *ret_counts);

#ifdef __cplusplus
}
#endif

#endif
