/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * One child of an actor that supervises: its spec, and its present life.
 *
 *	slot == 0   <==>  it has no reference: it was never started, or has
 *			  ended for good
 *	slot	    ==>	  child(slot).owner_data is this member
 */

#include "runtime/node/system.pb-c.h"
#include "runtime/supervision/supervision.h"
#include "runtime/supervisor/child.h"
#include "runtime/supervisor/restart_policy.h"
#include "runtime/troupe_supervise.h"

struct trp_supervisor;
struct trp_member;

/* The parent of a member, and what its children have in common. */
struct trp_member_parent {
	struct trp_supervisor *supervisor;
	uint32_t slot;	/* 0: it is gone */
	uint32_t slots; /* of its members */
	struct trp_restart_rules pauses;
	const struct trp_owner *owner;
	void (*due)(struct trp_restart_entry *entry); /* a pause is over */
	int (*late)(struct troupe_timer *timer); /* a start takes too long */
	/* Mail waits for one: it is to be started. */
	void (*mail)(struct trp_member *member);
};

struct trp_member {
	struct trp_supervised supervised; /* first */
	struct trp_member_parent *parent;
	Troupe__Control__Spawn *spawn; /* owned */
	const char *id;		       /* in the spawn */
	bool is_killed;		       /* to stop it */
	bool decides;		       /* whether it starts */
	uint32_t asks;		  /* at its next start: enum troupe_start */
	struct troupe_timer bell; /* until mail counts again */
	int64_t bell_ms;
	bool is_forgotten; /* freed when it is buried */
	bool has_failed;   /* to start its own children: its end is no stop */
	int32_t start_ms;
	uint32_t slot;
	uint32_t starts;
	enum trp_restart_type restart;	/* once it has started */
	struct trp_restart_entry entry; /* of the pauses */
	struct troupe_timer limit;	/* of its start */
	troupe_ref asker; /* of troupe_child_add(), until it is ready; or 0 */
	uint64_t correlation;
	struct troupe_reason last; /* of its latest end */
	int error;		   /* of a start or stop without a process, */
	struct trp_member *failed; /* and the next of those */
};

struct trp_member *trp_member_of(struct trp_supervised *supervised);

/* The two lines above, and that it is parked or not. */
void trp_member_check(const struct trp_member *member);
/* The same of a list of that parent's; returns how many have a slot. */
uint32_t trp_member_check_all(const struct trp_supervised *first,
			      const struct trp_member_parent *parent);

/* Of that id; NULL: none. */
struct trp_member *trp_member_find(struct trp_supervised *first,
				   const char *id);

/* NULL: no memory. */
struct trp_member *trp_member_new(struct trp_member_parent *parent);
/* Without a slot. */
void trp_member_free(struct trp_member *member);

/* Describes it, from its next start on.  0, -EINVAL, -ENOMEM. */
int trp_member_describe(struct trp_member *member,
			const Troupe__Control__Supervised *child);

/* Its address, or its parent's if it is down. */
const char *trp_member_title(const struct trp_member *member, char *title);

/* Answers troupe_child_add(), if it still waits. */
void trp_member_answer(struct trp_member *member, int result);

/* The first, or its next life.  0 or as trp_supervisor_spawn(). */
int trp_member_start(struct trp_member *member);
/* One that is asleep, or was stopped by hand and decides, is started when it
 * has mail; others are not.  It is DOWN, as is its slot. */
void trp_member_heed_mail(struct trp_member *member);
/* It has. */
void trp_member_mail(struct trp_member *member);
/* It was asked, and does not start. */
void trp_member_declined(struct trp_member *member);
/* After a pause: then parent->due(). */
void trp_member_start_later(struct trp_member *member);
/* 0; -ESRCH: it has no process, as it waits for the end of its children. */
int trp_member_stop(struct trp_member *member);
/* Its parent neither waits for it nor loses it while it is stopped by hand;
 * after each event. */
void trp_member_park(struct trp_member *member);
/* One that is down loses its reference. */
void trp_member_bury(struct trp_member *member);
/* All of a list, or those alone that were not stopped by hand. */
void trp_member_bury_all(struct trp_supervised *first, bool also_held);
/* Those that asked for a child which was never started. */
void trp_member_answer_all(struct trp_supervised *first);
void trp_member_free_all(struct trp_supervised *first);
/* Those that were stopped by hand, in a list; the others are forgotten. */
struct trp_supervised *trp_member_keep_held(struct trp_supervised *first);
/* The same, and it is freed: now, or when it is buried. */
void trp_member_forget(struct trp_member *member);

enum trp_supervised_end trp_member_kind(const struct trp_member *member,
					const struct troupe_end *end);

enum troupe_child_state trp_member_state(const struct trp_member *member);
/* Of one that is DOWN: a State of control.proto. */
uint32_t trp_member_told_state(const struct trp_child *child);
