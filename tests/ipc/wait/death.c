/* SPDX-License-Identifier: MIT */
#include "tests/ipc/wait/kit.h"

#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- a waker that is killed ---- */

enum { SUPERVISOR, RECEIVER, VICTIM, DEATHS = 200 };

struct tragedy {
	struct doorbells *doorbells;
	enum trp_wait_kind kind;
};

/* Tells the supervisor how many of the victim's messages it has seen. */
static void receive_all(void *data)
{
	struct tragedy *tragedy = data;
	struct doorbells *doorbells = tragedy->doorbells;
	struct trp_wait wait;

	init_wait(&wait, tragedy->kind, doorbells, RECEIVER);
	watch_silence(&wait);
	for (;;) {
		bells_clear(doorbells, RECEIVER);
		atomic_store(&doorbells->count[RECEIVER],
			     atomic_load(&doorbells->count[VICTIM]));
		bells_ring(doorbells, SUPERVISOR, RECEIVER);
		trp_wait_sleep(&wait, TRP_NEVER);
	}
}

static void ring_for_ever(void *data)
{
	struct doorbells *doorbells = data;

	for (;;) {
		atomic_fetch_add(&doorbells->count[VICTIM], 1);
		bells_ring(doorbells, RECEIVER, VICTIM);
	}
}

static void burn(unsigned ns)
{
	struct trp_time end = { trp_time_now().ns + ns };

	while (trp_time_now().ns < end.ns)
		continue;
}

static void kill_at_random(struct doorbells *doorbells)
{
	uint64_t before = atomic_load(&doorbells->count[VICTIM]);
	pid_t victim = start(ring_for_ever, doorbells);

	while (atomic_load(&doorbells->count[VICTIM]) == before)
		sched_yield();
	burn((unsigned)rand() % 20000);
	kill(victim, SIGKILL);
	cr_assert_eq(waitpid(victim, NULL, 0), victim);
	bells_ring_for_dead(doorbells, RECEIVER, VICTIM);
}

static bool hears_of_all(struct trp_wait *wait, struct doorbells *doorbells)
{
	struct trp_time limit = after_ms(10000);

	while (atomic_load(&doorbells->count[RECEIVER]) !=
	       atomic_load(&doorbells->count[VICTIM])) {
		if (trp_time_now().ns >= limit.ns)
			return false;
		bells_clear(doorbells, SUPERVISOR);
		if (atomic_load(&doorbells->count[RECEIVER]) ==
		    atomic_load(&doorbells->count[VICTIM]))
			break;
		cr_assert_eq(trp_wait_sleep(wait, limit), 0);
	}
	return true;
}

EACH_KIND(wait, a_killed_waker_is_made_good_by_its_reaper)
{
	struct tragedy tragedy = { .kind = *kind };
	unsigned seed = (unsigned)time(NULL);
	struct trp_wait wait;
	pid_t receiver;

	require_kind(*kind);
	srand(seed);
	tragedy.doorbells = bells_new();
	receiver = start(receive_all, &tragedy);
	init_wait(&wait, *kind, tragedy.doorbells, SUPERVISOR);
	for (int i = 0; i < DEATHS; i++) {
		kill_at_random(tragedy.doorbells);
		cr_assert(hears_of_all(&wait, tragedy.doorbells),
			  "lost after death %d with seed %u", i, seed);
	}
	kill(receiver, SIGKILL);
	waitpid(receiver, NULL, 0);
	trp_wait_fini(&wait);
	bells_free(tragedy.doorbells);
}

/* ---- nobody else is disturbed, nothing is left ---- */

static void use_own_wait(void *data)
{
	struct tragedy *parent = data;
	struct trp_wait wait;

	init_wait(&wait, parent->kind, parent->doorbells, 1);
	watch_silence(&wait);
	for (int i = 0; i < 100; i++)
		if (trp_wait_sleep(&wait, after_ms(0)) < 0 ||
		    trp_wait_poll(&wait) < 0)
			_exit(1);
	bells_ring(parent->doorbells, 0, 1);
	if (trp_wait_sleep(&wait, after_ms(1)) < 0)
		_exit(2);
	forget_silence(&wait);
	trp_wait_fini(&wait);
}

EACH_KIND(wait, a_forked_child_has_a_wait_of_its_own)
{
	struct tragedy parent = { .kind = *kind };
	struct trp_watch parents_silence;
	struct trp_wait wait;
	pid_t child;

	require_kind(*kind);
	parent.doorbells = bells_new();
	init_wait(&wait, *kind, parent.doorbells, 0);
	watch_silence(&wait);
	cr_assert_eq(trp_wait_sleep(&wait, after_ms(1)), 0);
	parents_silence = silent;

	child = start(use_own_wait, &parent);
	while (!trp_doorbell_is_set(&parent.doorbells->doorbell[0]))
		cr_assert_eq(trp_wait_sleep(&wait, after_ms(10000)), 0);
	join(child);
	bells_clear(parent.doorbells, 0);
	cr_assert_eq(trp_wait_sleep(&wait, after_ms(1)), 0);
	cr_assert_eq(parents_silence.serial, silent.serial);
	forget_silence(&wait);
	trp_wait_fini(&wait);
	bells_free(parent.doorbells);
}

EACH_KIND(wait, no_descriptor_is_left)
{
	struct doorbells *doorbells = bells_new();
	int before;

	require_kind(*kind);
	before = count_descriptors();
	for (int i = 0; i < 50; i++) {
		struct trp_wait wait;

		init_wait(&wait, *kind, doorbells, 0);
		watch_silence(&wait);
		cr_assert_eq(trp_wait_sleep(&wait, after_ms(0)), 0);
		if (i % 2)
			cr_assert_eq(trp_wait_sleep(&wait, after_ms(1)), 0);
		forget_silence(&wait);
		trp_wait_fini(&wait);
	}
	cr_assert_eq(count_descriptors(), before);
	bells_free(doorbells);
}

static long waiters_woken(struct trp_doorbell *doorbell)
{
	return syscall(SYS_futex, &doorbell->word, FUTEX_WAKE, INT_MAX);
}

Test(wait, one_futex_wait_is_armed_over_all_sleeps_and_none_is_left)
{
	struct doorbells *doorbells = bells_new();
	struct trp_wait wait;

	require_kind(TRP_WAIT_URING);
	init_wait(&wait, TRP_WAIT_URING, doorbells, 0);
	watch_silence(&wait);
	for (int i = 0; i < 20; i++)
		cr_assert_eq(trp_wait_sleep(&wait, after_ms(1)), 0);
	cr_assert_eq(waiters_woken(&doorbells->doorbell[0]), 1);
	for (int i = 0; i < 2; i++)
		cr_assert_eq(trp_wait_sleep(&wait, after_ms(1)), 0);
	forget_silence(&wait);
	trp_wait_fini(&wait);
	cr_assert_eq(waiters_woken(&doorbells->doorbell[0]), 0);
	bells_free(doorbells);
}
