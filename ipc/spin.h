/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Whether to look at the doorbell for a while before sleeping, and how.  Pure:
 * it is handed the CPUs and told the outcome.
 *
 * A sender that lately ran on another core may answer within microseconds: look
 * again and again.  One that ran on this core cannot before we leave it: yield
 * it once, which is cheaper than a sleep and a wake.  (A machine with one CPU
 * says always this, two processes pinned to two always that.)
 *
 * Both as long as it pays.  Looking: twice as long after each success, half as
 * long after each failure, down to nothing.  Then one trial after some sleeps,
 * lest it never be found out again, and twice as many after each that failed.
 * A trial is long enough for a peer that has to be woken first: two that sleep
 * both come out of it in no other way.  A process that was preempted while it
 * looked has no core to spare, and stops at once.
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

/* When to try again what did not pay. */
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

/* One that is no mode is auto. */
void trp_spin_init(struct trp_spin *spin, const char *mode);

/* How long to spin now, in nanoseconds; counts this sleep. */
uint32_t trp_spin_budget(struct trp_spin *spin, int own_cpu);

/* After spinning: was the doorbell rung before the budget was used up? */
void trp_spin_learn(struct trp_spin *spin, bool has_won);

/* While spinning we were kept from running. */
void trp_spin_was_preempted(struct trp_spin *spin);

/* Whether to yield the processor once; counts this sleep. */
bool trp_spin_may_yield(struct trp_spin *spin, int own_cpu);

/*
 * After that: was the doorbell rung?  Where others take the core for longer
 * than TRP_SPIN_SOON_NS, it is better to be woken.
 */
void trp_spin_learn_yield(struct trp_spin *spin, bool is_rung, int64_t took_ns);
