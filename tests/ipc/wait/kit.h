/* SPDX-License-Identifier: MIT */
#pragma once

/* Three processes' doorbells in shared memory, without an arena around them. */

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <sys/types.h>

#include "ipc/wait.h"

enum { SLOTS = 3, ANY_CPU = -1 };

struct doorbells {
	struct trp_doorbell doorbell[SLOTS];
	_Atomic uint32_t sleeping[SLOTS];
	_Atomic uint64_t count[SLOTS];
};

/* Shared and zero; NULL is never returned. */
struct doorbells *bells_new(void);
void bells_free(struct doorbells *doorbells);

/* The steps of a sender: set, fence, look, wake. */
void bells_ring(struct doorbells *doorbells, uint32_t to, uint32_t from);

/* The same for a sender that died at any step. */
void bells_ring_for_dead(struct doorbells *doorbells, uint32_t to,
			 uint32_t from);

/* Takes all set bits and drops them. */
void bells_clear(struct doorbells *doorbells, uint32_t slot);

/* Skips the test if this kind does not work; also sets the node. */
void require_kind(enum trp_wait_kind kind);

void init_wait(struct trp_wait *wait, enum trp_wait_kind kind,
	       struct doorbells *doorbells, uint32_t slot);

/* Watches a descriptor that is never ready, so the backend sleeps, not the
 * futex. */
extern struct trp_watch silent;
void watch_silence(struct trp_wait *wait);
void forget_silence(struct trp_wait *wait);

struct trp_time after_ms(int64_t ms);

/* Runs on this CPU only; ANY_CPU or a missing one: anywhere. */
void pin(int cpu);

int count_descriptors(void);

/* The child runs body(data) and leaves with 0. */
pid_t start(void (*body)(void *data), void *data);

/* Asserts that it left with 0. */
void join(pid_t pid);

extern const char *const kind_names[TRP_WAIT_KINDS];
struct criterion_test_params all_kinds(void);

#define EACH_KIND(suite, name)                   \
	ParameterizedTestParameters(suite, name) \
	{                                        \
		return all_kinds();              \
	}                                        \
	ParameterizedTest(enum trp_wait_kind *kind, suite, name, .timeout = 600)
