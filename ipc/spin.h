/* SPDX-License-Identifier: MIT */
#ifndef TRP_IPC_SPIN_H
#define TRP_IPC_SPIN_H

/*
 * Whether to look at the bell for a while before sleeping, and for how long.
 * Pure: it is handed the CPUs and told the outcome.
 *
 * Spinning pays when the sender runs on another core and answers within
 * microseconds; on the same core it only keeps the sender from running.  So:
 * not unless the last sender ran elsewhere (which a machine with one CPU never
 * says, and two processes pinned to two do); twice as long after each success,
 * half as long after each failure; and once it has come down to nothing, one
 * trial after TRIAL_AFTER sleeps, lest it never be found out again.
 */

#include <stdbool.h>
#include <stdint.h>

/* Within a loop that waits for another core. */
static inline void trp_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

enum trp_spin_mode { TRP_SPIN_AUTO, TRP_SPIN_NEVER, TRP_SPIN_ALWAYS };

struct trp_spin {
	enum trp_spin_mode mode;
	int sender_cpu; /* -1: not known */
	uint32_t budget_ns;
	uint32_t sleeps; /* since the budget came down to nothing */
};

enum {
	TRP_SPIN_FIRST_NS = 5000,
	TRP_SPIN_MOST_NS = 20000,
	TRP_SPIN_LEAST_NS = 1500, /* below it: nothing */
	TRP_SPIN_TRIAL_AFTER = 64,
	TRP_SPIN_ALWAYS_NS = 1000000,
};

/* `mode` is what TROUPE_SPIN says: always, never, auto; NULL and others: auto.
 */
void trp_spin_init(struct trp_spin *spin, const char *mode);

/* How long to spin now, in nanoseconds; counts this sleep. */
uint32_t trp_spin_budget(struct trp_spin *spin, int own_cpu);

/* After spinning: was the bell rung before the budget was used up? */
void trp_spin_learn(struct trp_spin *spin, bool has_won);

#endif
