/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_FAMILY_H
#define TRP_RUNTIME_FAMILY_H

/*
 * Who lives in which slot, whose child it is, and who watches it: the
 * supervisor's table.  Pure: it knows neither processes nor memory.
 *
 *	state	NONE -> ORDERED -> RUNNING -> NONE or BURIED -> NONE
 *	NONE	the slot may be given away, at its next generation
 *	ORDERED	the zygote was asked for it; no pid yet
 *	BURIED	dead, but not all that it sent has been read
 *
 *	parent is alive or 0 (the supervisor, which adopts orphans)
 *	c is in the list of children of c.parent <=> c is ORDERED or RUNNING
 *
 * Names among siblings (tree.c), by which addresses are made:
 *
 *	c.is_listed => (c.parent, c.name) is in the buckets, and only once
 *	c.is_listed && c.parent == 0 <=> c is the root, whose name is empty
 *	an orphan keeps its name and is not listed: it has no address any more
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "runtime/node/log.h"
#include "runtime/node/ref.h"
#include "runtime/node/timers.h"

enum trp_child_state { CHILD_NONE, CHILD_ORDERED, CHILD_RUNNING, CHILD_BURIED };

struct trp_guest;
struct trp_restart;

/* Somebody who is to be told of an end. */
struct trp_watcher {
	struct trp_watcher *next_of_target;  /* all that watch the same */
	struct trp_watcher *next_of_watcher; /* all of the same watcher */
	troupe_ref watcher;
	troupe_ref target;
	uint64_t id;
};

struct trp_child {
	enum trp_child_state state;
	uint32_t generation;
	pid_t pid;
	uint32_t parent, first, next, previous; /* slots; 0: none */
	uint32_t count;				/* of children */
	bool is_told;				/* to stop */
	bool is_doomed; /* to be killed as soon as it has a pid */
	int32_t grace_ms;
	struct troupe_timer grace;    /* until it is killed */
	int64_t spawned_at;	      /* CLOCK_MONOTONIC, ns */
	uint64_t stop_children;	      /* the request that waits, or 0 */
	struct trp_watcher *watchers; /* of this one */
	struct trp_watcher *watching; /* what this one watches */
	struct trp_registered *names; /* it is registered under */
	struct trp_restart *keeper;   /* it or an ancestor is kept; or NULL */
	char label[TROUPE_NAME_SIZE]; /* its class; any number have the same */
	char name[TROUPE_NAME_SIZE];  /* among its siblings */
	bool is_listed;
	uint32_t next_in_bucket; /* a slot; 0: none */
	bool is_guest;		 /* not ours to kill or to reap */
	bool is_held;		 /* it may still write its region: guests.h */
	struct trp_guest *guest; /* until it is buried */
};

struct trp_child_table {
	struct trp_child *child; /* by slot; slot 0 is the supervisor */
	uint32_t slots;
	uint32_t alive; /* ORDERED and RUNNING */
	uint32_t *free; /* a stack of slots */
	uint32_t free_count;
	uint16_t *slot_of; /* by pid */
	uint32_t pid_max;
	uint32_t *bucket; /* slots, by parent and name */
	uint32_t buckets; /* a power of two */
};

/* pid_max: as in /proc/sys/kernel/pid_max.  0 or -ENOMEM. */
int trp_child_init(struct trp_child_table *family, uint32_t slots,
		   uint32_t pid_max);
void trp_child_fini(struct trp_child_table *family);

/* A free slot becomes ORDERED, a child of `parent`.  0: there is none. */
uint32_t trp_child_add(struct trp_child_table *family, uint32_t parent);

/*
 * Names a child among its siblings; it had no name before.  list: 0 or
 * -EEXIST.  list_freely: `label` when it is free, else LABEL:SLOT; a '/', a ':'
 * or a control character in it becomes '_'.
 */
int trp_child_address_list(struct trp_child_table *family, uint32_t slot,
			   const char *name);
void trp_child_address_list_freely(struct trp_child_table *family,
				   uint32_t slot, const char *label);
void trp_child_address_unlist(struct trp_child_table *family, uint32_t slot);

/*
 * The slot at an address: "/", "/a/b", "//a" of a child of the supervisor, or
 * from `from` on: "b", "./b", "../c", ".".  0, -ENOENT, -EINVAL: ill-formed.
 */
int trp_child_address_walk(const struct trp_child_table *family, uint32_t from,
			   const char *address, uint32_t *ret_slot);

/*
 * The address of a child: "/", "/a/b"; of one that is not listed, or below it,
 * "?" and "?/b/c", which nobody can look up.  One that is longer than the
 * buffer begins with "..." and false is returned.  size: 8 or more.
 */
bool trp_child_address(const struct trp_child_table *family, uint32_t slot,
		       char *buffer, size_t size);

/* The same for logs, where the root is told by its label; returns buffer. */
const char *trp_child_address_title(const struct trp_child_table *family,
				    uint32_t slot, char *buffer, size_t size);

/* ORDERED -> RUNNING. */
void trp_child_born(struct trp_child_table *family, uint32_t slot, pid_t pid);

/* NULL: no such living child. */
struct trp_child *trp_child_find(struct trp_child_table *family,
				 troupe_ref ref);
/* 0: nobody's. */
uint32_t trp_child_by_pid(const struct trp_child_table *family, pid_t pid);

/*
 * Dead: out of its parent's children; its own become the supervisor's.
 * -> BURIED.  Its watchers stay for the caller to tell and free; what it
 * watched itself is forgotten.
 */
void trp_child_bury(struct trp_child_table *family, uint32_t slot);

/* BURIED -> NONE: the slot may be given away. */
void trp_child_forget(struct trp_child_table *family, uint32_t slot);

/* 0 or -ENOMEM.  target must be alive. */
int trp_child_watch(struct trp_child_table *family, uint32_t watcher,
		    uint32_t target, uint64_t id);
/* True if it was there. */
bool trp_child_unwatch(struct trp_child_table *family, uint32_t watcher,
		       uint64_t id);

#endif
