/* SPDX-License-Identifier: MIT */
#include "ipc/wait.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/futex.h"
#include "ipc/test_clock.h"
#include "ipc/wait_epoll.h"
#include "ipc/wait_uring.h"
#include "ipc/wake_socket.h"

/*
 * If this process dies asleep, `sleeping` stays set: a sender makes one futile
 * wake, and the successor of the slot first resets it.
 */

static const struct trp_wait_backend *const backends[TRP_WAIT_KINDS] = {
	[TRP_WAIT_URING] = &trp_wait_uring,
	[TRP_WAIT_SOCKET] = &trp_wait_uring,
	[TRP_WAIT_EPOLL] = &trp_wait_epoll,
};

static const char *const names[TRP_WAIT_KINDS] = {
	[TRP_WAIT_URING] = "uring",
	[TRP_WAIT_SOCKET] = "socket",
	[TRP_WAIT_EPOLL] = "epoll",
};

/* A time before the clock began is one that has passed. */
static bool has_passed(struct trp_time deadline)
{
	return deadline.ns != TRP_NEVER.ns &&
	       (deadline.ns <= 0 || deadline.ns <= trp_time_now().ns);
}

/* ---- choosing a kind ---- */

static int kind_by_name(const char *name, enum trp_wait_kind *ret_kind)
{
	for (int kind = 0; kind < TRP_WAIT_KINDS; kind++)
		if (strcmp(name, names[kind]) == 0) {
			*ret_kind = kind;
			return 0;
		}
	return -EINVAL;
}

static enum trp_wait_kind best_kind(char why[160])
{
	bool has_futex;

	if (trp_wait_uring_probe(&has_futex, why) < 0)
		return TRP_WAIT_EPOLL;
	return has_futex ? TRP_WAIT_URING : TRP_WAIT_SOCKET;
}

/* The probe reads it for all that are forked later: it is two page faults. */
static struct {
	bool is_read;
	const char *mode;
} spinning;

/* The kinds are in order: where one works, those below it work, too. */
int trp_wait_probe(enum trp_wait_kind *ret_kind, char ret_why[160])
{
	const char *wish = getenv("TROUPE_WAIT");
	enum trp_wait_kind best = best_kind(ret_why), wished;

	spinning.mode = getenv("TROUPE_SPIN");
	spinning.is_read = true;
	if (!wish || !*wish) {
		*ret_kind = best;
		return 0;
	}
	if (kind_by_name(wish, &wished) < 0) {
		snprintf(ret_why, 160,
			 "TROUPE_WAIT=%.40s is none of uring, socket, epoll",
			 wish);
		return -EINVAL;
	}
	if (wished < best)
		return -EINVAL;
	snprintf(ret_why, 160, "TROUPE_WAIT=%s asks for it", wish);
	*ret_kind = wished;
	return 0;
}

/* ---- one process's wait ---- */

void trp_wait_init(struct trp_wait *wait, enum trp_wait_kind kind,
		   struct trp_doorbell *doorbell, _Atomic uint32_t *sleeping,
		   uint32_t slot)
{
	assert(kind < TRP_WAIT_KINDS);
	*wait = (struct trp_wait) {
		.kind = kind,
		.slot = slot,
		.doorbell = doorbell,
		.sleeping = sleeping,
	};
	trp_spin_init(&wait->spin,
		      spinning.is_read ? spinning.mode : getenv("TROUPE_SPIN"));
	trp_store_relaxed(sleeping, TRP_AWAKE);
}

/* Of one that is not in park(). */
void trp_wait_check(const struct trp_wait *wait)
{
	assert(trp_load_relaxed(wait->sleeping) == TRP_AWAKE);
	assert(!wait->watches.taken || wait->backend);
	assert(!wait->backend || trp_sleep_kind(wait->how) != TRP_AWAKE);
}

void trp_wait_fini(struct trp_wait *wait)
{
	if (wait->backend)
		backends[wait->kind]->close(wait);
	trp_watch_table_fini(&wait->watches);
	trp_wake_socket_fini();
	*wait = (struct trp_wait) { 0 };
}

static int open_backend(struct trp_wait *wait)
{
	if (wait->backend)
		return 0;
	return backends[wait->kind]->open(wait);
}

int trp_wait_add(struct trp_wait *wait, struct trp_watch *watch)
{
	int r;

	assert(watch->ready);
	assert(trp_watch_table_find(&wait->watches, watch->serial) != watch);
	if (!watch->prepare && !watch->is_known &&
	    fcntl(watch->fd, F_GETFD) < 0)
		return -errno;
	r = open_backend(wait);
	if (r < 0)
		return r;
	watch->is_known = true;
	r = trp_watch_table_take(&wait->watches, watch);
	if (r < 0)
		return r;
	watch->is_armed = false;
	r = backends[wait->kind]->watch(wait, watch);
	if (r < 0)
		trp_watch_table_leave(&wait->watches, watch);
	TRP_CHECK(trp_wait_check(wait));
	return r;
}

void trp_wait_remove(struct trp_wait *wait, struct trp_watch *watch)
{
	if (trp_watch_table_find(&wait->watches, watch->serial) != watch)
		return;
	assert(wait->backend);
	backends[wait->kind]->unwatch(wait, watch);
	trp_watch_table_leave(&wait->watches, watch);
}

void trp_wait_hint(struct trp_wait *wait, int sender_cpu)
{
	wait->spin.sender_cpu = sender_cpu;
}

void trp_wait_directly(struct trp_wait *wait)
{
	wait->is_direct = true;
}

/* ---- sleeping ---- */

enum outcome { LOST, WON, PREEMPTED };

/* The clock costs as much as ten looks at the doorbell. */
static enum outcome spin_until(struct trp_wait *wait, struct trp_time now,
			       struct trp_time end)
{
	struct trp_time before;

	do {
		for (int look = 0; look < 16; look++) {
			if (trp_doorbell_is_set(wait->doorbell))
				return WON;
			trp_relax();
		}
		before = now;
		now = trp_time_machine();
		if (now.ns - before.ns > TRP_SPIN_PREEMPTED_NS)
			return PREEMPTED;
	} while (now.ns < end.ns);
	return LOST;
}

static bool spin(struct trp_wait *wait, int own_cpu, struct trp_time deadline)
{
	uint32_t budget = trp_spin_budget(&wait->spin, own_cpu);
	struct trp_time now, end;
	enum outcome outcome;

	if (budget == 0)
		return false;
	now = trp_time_machine();
	end.ns = now.ns + budget;
	outcome = spin_until(wait, now, end.ns < deadline.ns ? end : deadline);
	if (outcome == PREEMPTED)
		trp_spin_was_preempted(&wait->spin);
	else
		trp_spin_learn(&wait->spin, outcome == WON);
	if (outcome == WON)
		wait->spins_won++;
	else
		wait->spins_lost++;
	return outcome == WON;
}

static bool yield(struct trp_wait *wait, int own_cpu)
{
	int64_t before;
	bool is_set;

	if (!trp_spin_may_yield(&wait->spin, own_cpu))
		return false;
	before = trp_time_machine().ns;
	sched_yield();
	is_set = trp_doorbell_is_set(wait->doorbell);
	trp_spin_learn_yield(&wait->spin, is_set,
			     trp_time_machine().ns - before);
	return is_set;
}

static bool linger(struct trp_wait *wait, struct trp_time deadline)
{
	int own_cpu;

	if (wait->is_direct) {
		wait->is_direct = false;
		return false;
	}
	own_cpu = sched_getcpu();
	return yield(wait, own_cpu) || spin(wait, own_cpu, deadline);
}

/* A wake, a word that has changed, the deadline and a signal all end it. */
static int block_on_futex(struct trp_wait *wait, uint32_t value,
			  struct trp_time deadline)
{
	struct timespec until = trp_time_spec(deadline.ns);
	long r = trp_futex(&wait->doorbell->word, FUTEX_WAIT_BITSET, value,
			   deadline.ns == TRP_NEVER.ns ? NULL : &until,
			   FUTEX_BITSET_MATCH_ANY);

	return r == -EAGAIN || r == -ETIMEDOUT || r == -EINTR ? 0 : (int)r;
}

/* README.md, "The doorbell"; tests/sim/wake.pml. */
static int park(struct trp_wait *wait, uint32_t how, struct trp_time deadline,
		int (*block)(struct trp_wait *wait, uint32_t value,
			     struct trp_time deadline))
{
	uint32_t value = trp_doorbell_arm(wait->doorbell);
	int r = 0;

	/* W1: pairs with the acquire of the caller of trp_doorbell_wake(),
	 * which sees the fresh word with it. */
	trp_store_release(wait->sleeping, how);
	/* W2: pairs with the fence between trp_doorbell_set() and that load. */
	atomic_thread_fence(memory_order_seq_cst);
	assert(how != TRP_AWAKE);
	if (!trp_doorbell_is_set(wait->doorbell)) {
		wait->sleeps++;
		r = block(wait, value, deadline);
	}
	trp_store_relaxed(wait->sleeping, TRP_AWAKE);
	return r;
}

/* Its system calls report a timeout or an interruption by errno. */
static int sleep_in_backend(struct trp_wait *wait, struct trp_time deadline)
{
	const struct trp_wait_backend *backend = backends[wait->kind];
	int error = errno, r = park(wait, wait->how, deadline, backend->block);

	if (r >= 0)
		r = backend->dispatch(wait);
	errno = error;
	return r;
}

static int sleep_or_linger(struct trp_wait *wait, struct trp_time deadline)
{
	if (trp_doorbell_is_set(wait->doorbell))
		return 0;
	if (has_passed(deadline))
		return trp_wait_poll(wait);
	if (trp_test_clock_is_used())
		deadline.ns = trp_test_clock_sleep(wait->slot, deadline.ns);
	if (linger(wait, deadline))
		return 0;
	if (wait->watches.taken == 0)
		return park(wait, TRP_ASLEEP_FUTEX, deadline, block_on_futex);
	return sleep_in_backend(wait, deadline);
}

/* errno stays, and without watches is not touched: it is a page of its own. */
int trp_wait_sleep(struct trp_wait *wait, struct trp_time deadline)
{
	int r = sleep_or_linger(wait, deadline);

	TRP_CHECK(trp_wait_check(wait));
	return r;
}

int trp_wait_poll(struct trp_wait *wait)
{
	const struct trp_wait_backend *backend = backends[wait->kind];
	int error, r;

	TRP_CHECK(trp_wait_check(wait));
	if (wait->watches.taken == 0)
		return 0;
	error = errno;
	r = backend->look(wait);
	if (r >= 0)
		r = backend->dispatch(wait);
	errno = error;
	return r;
}
