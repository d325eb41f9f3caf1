/* SPDX-License-Identifier: MIT */
/*
 * A process that sleeps has told until when (ipc/test_clock.h).  So the clock
 * moves from one deadline to the next, and each time all come to rest: a timer
 * fires at its time and not later.
 *
 * At rest: all processes of the node sleep, no doorbell is set, and none has
 * slept anew since the look before, so at one moment all slept.
 */
#include "runtime/test/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include "ipc/arena.h"
#include "ipc/doorbell.h"
#include "ipc/test_clock.h"
#include "ipc/time.h"
#include "runtime/actor/self.h"
#include "runtime/node/status.h"
#include "runtime/test/failure.h"
#include "runtime/test/node.h"
#include "runtime/test/patience.h"
#include "runtime/test/told.h"
#include "runtime/troupe_test.h"

static struct trp_test_clock *shared;
static size_t shared_size;

int trp_clock_begin(uint32_t slots)
{
	void *at;

	shared_size = sizeof(*shared) + slots * sizeof(shared->until[0]);
	at = mmap(NULL, shared_size, PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return -ENOMEM;
	shared = at;
	shared->slots = slots;
	trp_time_use(shared);
	return 0;
}

void trp_clock_end(void)
{
	trp_time_use(NULL);
	if (shared)
		munmap(shared, shared_size);
	shared = NULL;
}

/* ---- the processes of the node, but ours --------------------------------- */

/* One that has a process. */
static bool is_there(uint32_t slot)
{
	const struct trp_arena *arena = &trp_self.node->arena;
	uint64_t life = trp_load_acquire(&trp_arena_slot(arena, slot)->life);

	if (slot == TRP_SLOT_SUPERVISOR)
		return true;
	return slot != trp_ref_slot(trp_self.ref) &&
	       trp_life_state(life) == TRP_LIVE &&
	       !trp_status_is_down(arena,
				   trp_ref(slot, trp_life_generation(life)));
}

static const struct trp_front *front_of(uint32_t slot)
{
	const struct trp_arena *arena = &trp_self.node->arena;
	uint32_t region = trp_arena_region(arena, slot);

	return region == TRP_NO_REGION ? NULL : trp_arena_front(arena, region);
}

/* As a sender would, whatever it has read. */
static void ring(uint32_t slot)
{
	struct trp_doorbell *doorbell =
		trp_arena_doorbell(&trp_self.node->arena, slot);
	const struct trp_front *front = front_of(slot);

	trp_doorbell_set_again(doorbell, trp_ref_slot(trp_self.ref));
	atomic_thread_fence(memory_order_seq_cst);
	if (front)
		trp_doorbell_wake_again(
			doorbell, trp_load_acquire(&front->sleeping), slot);
}

static void ring_all(void)
{
	for (uint32_t slot = 0; slot < trp_self.node->arena.slots; slot++)
		if (is_there(slot))
			ring(slot);
}

/* ---- rest ---------------------------------------------------------------- */

/* It sleeps and has nothing to read. */
static bool sleeps(uint32_t slot)
{
	const struct trp_arena *arena = &trp_self.node->arena;
	const struct trp_front *front = front_of(slot);
	uint64_t life = trp_load_acquire(&trp_arena_slot(arena, slot)->life);

	return front &&
	       (slot == TRP_SLOT_SUPERVISOR ||
		trp_load_acquire(&front->generation) ==
			trp_life_generation(life)) &&
	       trp_load_acquire(&front->sleeping) != TRP_AWAKE &&
	       !trp_doorbell_is_set(trp_arena_doorbell(arena, slot));
}

/*
 * All sleep: a print of their sleeps and the earliest deadline; else 0, and one
 * that does not.
 */
static uint64_t look(int64_t *ret_next, uint32_t *ret_awake)
{
	const struct trp_arena *arena = &trp_self.node->arena;
	uint64_t print = 1;
	int64_t next = INT64_MAX;

	for (uint32_t slot = 0; slot < arena->slots; slot++) {
		int64_t until;

		if (!is_there(slot))
			continue;
		if (!sleeps(slot)) {
			*ret_awake = slot;
			return 0;
		}
		until = atomic_load_explicit(&shared->until[slot],
					     memory_order_relaxed);
		next = until < next ? until : next;
		print = (print ^ slot) * UINT64_C(0x100000001b3) +
			trp_load_acquire(
				&trp_arena_doorbell(arena, slot)->word);
	}
	*ret_next = next;
	return print ? print : 1;
}

static void pause_shortly(unsigned looks)
{
	const struct timespec pause = { .tv_nsec =
						looks < 100 ? 20000 : 1000000 };

	nanosleep(&pause, NULL);
}

/* Until all are at rest.  0 with the earliest deadline, or -ETIMEDOUT. */
static int await_rest(int64_t ms, int64_t *ret_next, uint32_t *ret_awake)
{
	int64_t end =
		trp_timers_after(trp_time_machine().ns, trp_patience_ms(ms));
	uint64_t before = 0, now;

	for (unsigned looks = 0;; looks++) {
		now = look(ret_next, ret_awake);
		if (now && now == before)
			return 0;
		if (trp_time_machine().ns >= end)
			return -ETIMEDOUT;
		before = now;
		if (!now)
			pause_shortly(looks);
	}
}

static int fail_restless(uint32_t slot)
{
	const struct trp_arena *arena = &trp_self.node->arena;
	uint64_t life = trp_load_acquire(&trp_arena_slot(arena, slot)->life);
	char text[TRP_TOLD_SIZE];

	trp_failure_tell(
		"expected that all actors come to rest%s",
		trp_told_state(trp_ref(slot, trp_life_generation(life)), text));
	return -ETIMEDOUT;
}

static int fail_absent(void)
{
	trp_failure_tell("no node runs");
	return -ESHUTDOWN;
}

int(troupe_test_settle)(int64_t ms)
{
	uint32_t awake = 0;
	int64_t next;

	if (!shared || !trp_self.ref)
		return fail_absent();
	if (ms < 0) {
		trp_failure_tell("a negative time to wait");
		return -EINVAL;
	}
	return await_rest(ms, &next, &awake) < 0 ? fail_restless(awake) : 0;
}

/* ---- moves --------------------------------------------------------------- */

static int64_t stands_at(void)
{
	return atomic_load_explicit(&shared->stands_at, memory_order_relaxed);
}

static void set(int64_t ns)
{
	/* M2: pairs with M1 in trp_test_clock_at(). */
	atomic_store_explicit(&shared->stands_at, ns, memory_order_release);
	ring_all();
}

void trp_clock_stand(void)
{
	set(trp_time_now().ns);
}

void trp_clock_go(void)
{
	int64_t ahead = stands_at() - trp_time_machine().ns;

	if (!stands_at())
		return;
	atomic_store_explicit(&shared->ahead, ahead, memory_order_relaxed);
	set(0);
}

/* From deadline to deadline. */
static int walk(int64_t target, uint32_t *ret_awake)
{
	int64_t next;
	int r;

	for (;;) {
		r = await_rest(0, &next, ret_awake);
		/* Mail that came now was sent before that which comes next. */
		trp_patience_take();
		if (r < 0 || stands_at() == target)
			return r;
		next = next > stands_at() ? next : stands_at() + 1;
		set(next < target ? next : target);
	}
}

int(troupe_test_advance)(int64_t ms)
{
	uint32_t awake = 0;

	if (!shared || !trp_self.ref)
		return fail_absent();
	if (!stands_at() || ms < 0) {
		trp_failure_tell(ms < 0 ? "time does not go back"
					: "the clock does not stand");
		return -EINVAL;
	}
	return walk(trp_timers_after(stands_at(), ms), &awake) < 0
		       ? fail_restless(awake)
		       : 0;
}
