/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Whether to poll the doorbell for a while before sleeping, and how.  Pure: the
 * caller passes in the CPUs and the outcome.
 *
 * A sender that lately ran on another core may answer within microseconds:
 * poll.  One that ran on this core cannot before we leave it: yield once, which
 * is cheaper than a sleep and a wake.  Both go on as long as they pay.
 *
 * Polling: twice as long after each success, half as long after each failure,
 * down to nothing.  Then one trial after some sleeps, and after twice as many
 * for each failed trial.  A trial is long enough for a peer that has to be
 * woken first: otherwise two sleeping processes would never start to poll.  A
 * process that was preempted while it polled has no core to spare, and stops at
 * once.
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

/* When to retry what did not pay. */
struct trp_trial {
	uint32_t sleeps; /* since the last */
	uint32_t after;	 /* so many */
};

struct trp_spin {
	enum trp_spin_mode mode;
	int sender_cpu;	    /* -1: not known */
	uint32_t budget_ns; /* 0: trials only */
	uint32_t credit;    /* of yielding; 0: trials only */
	struct trp_trial spinning, yielding;
};

enum {
	TRP_SPIN_FIRST_NS = 5000,
	TRP_SPIN_MOST_NS = 50000, /* and that of a trial */
	TRP_SPIN_LEAST_NS = 1500, /* below it: nothing */
	TRP_SPIN_ALWAYS_NS = 1000000,
	TRP_SPIN_PREEMPTED_NS = 100000, /* between two looks at the clock */
	TRP_SPIN_SOON_NS = 200000,
	TRP_SPIN_CREDIT = 4,
	TRP_SPIN_TRIAL_AFTER = 64,
	TRP_SPIN_TRIAL_MOST = 4096,
};

/* Of the variable TROUPE_SPIN: always, never, auto; NULL and "": auto. */
bool trp_spin_is_mode(const char *mode);

/* An unknown mode counts as auto. */
void trp_spin_init(struct trp_spin *spin, const char *mode);

/* How long to spin now, in nanoseconds; counts this sleep. */
uint32_t trp_spin_budget(struct trp_spin *spin, int own_cpu);

/* After spinning: was the doorbell rung before the budget was used up? */
void trp_spin_learn(struct trp_spin *spin, bool has_won);

/* The process was preempted while it spun. */
void trp_spin_was_preempted(struct trp_spin *spin);

/* Whether to yield the processor once; counts this sleep. */
bool trp_spin_may_yield(struct trp_spin *spin, int own_cpu);

/*
 * After that: was the doorbell rung?  If others take the core for longer than
 * TRP_SPIN_SOON_NS, a wake is better.
 */
void trp_spin_learn_yield(struct trp_spin *spin, bool is_rung, int64_t took_ns);
