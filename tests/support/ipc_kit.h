/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A node without a runtime: an arena whose slot 0 is the test's own process,
 * and actors for the other slots, in this process or in forked ones.
 */

#include <sys/types.h>

#include "ipc/mailbox.h"
#include "ipc/mailbox_receive.h"

enum { KIT_SLOTS = 64, KIT_HEAP = 256 << 20 };

struct kit_actor {
	struct trp_arena arena;
	struct trp_mailbox box;
	uint32_t slot;
	uint32_t generation;
};

struct kit {
	struct trp_arena fresh; /* entered by nobody */
	struct kit_actor self;	/* slot 0 */
	unsigned descriptors;	/* how many there were before */
	bool is_entered;	/* each region, by this process */
};

/* These assert that they succeed. */
void kit_init(struct kit *kit, uint32_t slots, uint64_t heap_size);

/* Also asserts that no descriptor and no mapping of the arena is left. */
void kit_fini(struct kit *kit);

/*
 * Enters each region now.  ThreadSanitizer takes that for a write, of which
 * others that look at the region know nothing.
 */
void kit_enter_all(struct kit *kit);

/* Makes `slot` live, with its next generation, and returns that. */
uint32_t kit_give(struct kit *kit, uint32_t slot);
uint32_t kit_generation(struct kit *kit, uint32_t slot);
uint32_t kit_region(const struct kit *kit, uint32_t slot);
void kit_set_state(struct kit *kit, uint32_t slot, enum trp_state state);

/*
 * The next incarnation of `slot` begins, in a region of its own; the last
 * process of it is gone.
 */
void kit_succeed(struct kit *kit, uint32_t slot);
/* Releases the regions of former incarnations that nobody needs any more. */
unsigned kit_sweep(struct kit *kit, uint32_t slot);

/* As a supervisor does; the next kit_give() is another generation. */
void kit_free_slot(struct kit *kit, uint32_t slot);

/* Slots 1 and 2 and their actors, in this process; and all of it again. */
void kit_begin_two(struct kit *kit, uint32_t slots, struct kit_actor *one,
		   struct kit_actor *two);
void kit_end_two(struct kit *kit, struct kit_actor *one, struct kit_actor *two);
/* The present owner of `slot`, in this process. */
void kit_actor_init(struct kit *kit, struct kit_actor *actor, uint32_t slot,
		    uint32_t limit);
void kit_actor_fini(struct kit_actor *actor);

/* The same in a forked process, which exits with the result of body(). */
pid_t kit_fork(struct kit *kit, uint32_t slot, uint32_t limit,
	       int (*body)(struct kit_actor *actor, void *data), void *data);

/*
 * The same for the present incarnation, which body() begins by
 * kit_actor_begin().
 */
pid_t kit_fork_present(struct kit *kit, uint32_t slot,
		       int (*body)(struct kit_actor *actor, void *data),
		       void *data);
void kit_actor_begin(struct kit_actor *actor, uint32_t limit);

/* Waits for its end, makes the slot dead; returns what waitpid(2) says. */
int kit_reap(struct kit *kit, uint32_t slot, pid_t pid);

/* Bytes of memory that the arena holds now, of all writers. */
uint64_t kit_usage(const struct trp_arena *arena);

/* Whole sends; what trp_mailbox_reserve() returns. */
int kit_send(struct kit_actor *from, uint32_t slot, uint32_t generation,
	     enum trp_stream stream, const void *bytes, uint32_t size);
int kit_send_number(struct kit_actor *from, uint32_t slot, uint32_t generation,
		    uint64_t number);

/* Sleeps until there may be mail.  False: there was none for 20 seconds. */
bool kit_sleep(struct kit_actor *actor);

/* trp_mailbox_receive() that sleeps; -ETIMEDOUT as above. */
int kit_receive(struct kit_actor *actor, unsigned take, struct trp_mail *mail);

/* A number as the whole record; asserts that it is one. */
uint64_t kit_number(const struct trp_mail *mail);

/* A seed from TEST_SEED or the clock; printed with how to run it again. */
uint64_t kit_seed(const char *test);
uint64_t kit_random(uint64_t *state);
