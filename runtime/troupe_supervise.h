/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_SUPERVISE_H
#define TROUPE_SUPERVISE_H

/*
 * Supervisors as data: a class that sets `supervises` has children that are
 * started in order when its init() has returned, restarted in place when they
 * fail, and stopped in reverse order with it.  The behaviour is that of OTP's
 * supervisor(3), with pauses between restarts.  Zero is the default of each
 * member.  Errors and ownership as in troupe.h.
 */

#include "troupe.h"
#include "troupe_state.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Which children are restarted with one that has failed. */
enum troupe_strategy {
	TROUPE_ONE_FOR_ONE,  /* none */
	TROUPE_ONE_FOR_ALL,  /* all */
	TROUPE_REST_FOR_ONE, /* those that were started after it */
	TROUPE_NONE_FOR_ONE, /* all stop, and their supervisor ends */
};

/* After which end a child is restarted. */
enum troupe_restart_type {
	TROUPE_PERMANENT, /* each */
	TROUPE_TRANSIENT, /* a failure: not a normal end, nor a stop */
	TROUPE_TEMPORARY, /* none; its spec is forgotten */
};

/* Whether the end of significant children, other than by hand, ends all. */
enum troupe_auto_shutdown {
	TROUPE_STAY,
	TROUPE_ANY_SIGNIFICANT, /* of one of them */
	TROUPE_ALL_SIGNIFICANT, /* of the last of them */
};

/* Of an intensity. */
enum {
	TROUPE_INTENSITY_NONE = -1,	 /* the first failure is one too many */
	TROUPE_INTENSITY_UNLIMITED = -2, /* pauses alone */
};

struct troupe_child_spec {
	const char *id; /* its name in the tree; NULL ends a table */
	const struct troupe_class *klass;
	const ProtobufCMessage *arguments; /* static; at each start; or NULL */
	const char *name;		   /* registered for it; or NULL */
	enum troupe_restart_type restart;
	bool is_significant; /* not of a permanent one */
	bool is_killed;	     /* it is stopped by SIGKILL */
	int32_t start_ms;    /* init() takes no longer; 0: for ever */
};

struct troupe_supervisor {
	/* Started in order, each when the one before has returned from init();
	 * ends with an empty entry; or NULL. */
	const struct troupe_child_spec *children;
	enum troupe_strategy strategy;
	enum troupe_auto_shutdown auto_shutdown;

	/*
	 * More than `intensity` restarts within period_ms are too many: the
	 * supervisor ends, and the one above it decides.  Where there is none
	 * above, the children stay down, as `troupe ps` shows, until they are
	 * started again by hand.  0: 3 within 5,000 ms.
	 */
	int32_t intensity;
	int32_t period_ms;

	/*
	 * A restart waits for first_ms, the next for twice as long, up to
	 * last_ms; all are forgotten when a child has lived for quiet_ms.
	 * 0: 100, 15,000 and 60,000 ms.
	 */
	int32_t first_ms, last_ms, quiet_ms;

	bool is_parallel; /* children are stopped at once, not in turn */
};

/*
 * At run time, by any actor of the node.  `supervisor` is one whose class has
 * `supervises`; id is that of a child.  -ESRCH: no such supervisor is alive;
 * -ENOENT: no such child; -ECANCELED: the supervisor is ending.
 */

/*
 * Adds a child as the last one and starts it; waits until its init() has
 * returned.  -EEXIST: the id is taken; -EBUSY: all children are being stopped
 * after too many failures; -ETIMEDOUT; or what init() has returned if that is
 * negative: the spec is then not kept.
 */
TROUPE_API int troupe_child_add(troupe_ref supervisor,
				const struct troupe_child_spec *spec,
				struct troupe_time deadline,
				troupe_ref *ret_ref);

/*
 * stop: it stays down, whatever else is restarted and also when its supervisor
 *	is, until it is started by hand; its mail is kept.  Of a temporary child
 *	the spec is forgotten.
 * start: -EALREADY: it runs; -EBUSY: it is being stopped.
 * restart: stops it, if it runs, and starts it.
 * remove: forgets one that is down.  -EBUSY: it runs, or will be restarted.
 * Each returns at once.
 */
TROUPE_API int troupe_child_stop(troupe_ref supervisor, const char *id);
TROUPE_API int troupe_child_start(troupe_ref supervisor, const char *id);
TROUPE_API int troupe_child_restart(troupe_ref supervisor, const char *id);
TROUPE_API int troupe_child_remove(troupe_ref supervisor, const char *id);

/*
 * decide_to_start() of the class of a child says whether it starts now: before
 * init(), in the new process, and with static variables as at a first start.
 *
 * RESTART: it has failed, and its pause is over.  False: it waits for another
 *	pause, which counts as no failure.
 * MAIL: it was stopped by hand, and mail waits for it.  True: as if it was
 *	started by hand.  False: it stays down; it is asked again as long as
 *mail waits, after pauses as before restarts, so a flood of mail starts no
 *	flood of processes.
 *
 * Not at a first start, nor at a start by hand or with its siblings.  NULL: yes
 * to a restart, no to mail.
 */

/* troupe_children() (troupe_state.h) lists them, with their states. */

#ifdef __cplusplus
}
#endif

#endif
