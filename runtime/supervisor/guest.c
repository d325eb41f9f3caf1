/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/guest.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "runtime/node/status.h"
#include "runtime/supervisor/supervisor.h"

static struct trp_child *child_of(const struct trp_guest *guest)
{
	struct trp_child *child = &guest->supervisor->family.child[guest->slot];

	return child->generation == guest->generation ? child : NULL;
}

/* ---- the end ------------------------------------------------------------- */

static void forget(struct trp_guest *guest)
{
	struct trp_supervisor *supervisor = guest->supervisor;

	trp_timers_cancel(&supervisor->timers, &guest->burial);
	trp_wait_remove(&supervisor->wait, &guest->end);
	close(guest->end.fd);
	*guest->link = guest->next;
	if (guest->next)
		guest->next->link = guest->link;
	free(guest);
}

static void bury(struct trp_guest *guest, bool is_held, bool is_expelled)
{
	struct trp_child *child = child_of(guest);

	if (!child)
		return; /* it was our descendant, and has been reaped */
	child->is_held = is_held;
	if (child->state == CHILD_RUNNING)
		trp_funeral_guest(guest->supervisor, guest->slot, is_expelled);
	else if (child->state == CHILD_BURIED && !is_held)
		trp_funeral_sweep(guest->supervisor);
}

static bool has_left(const struct trp_guest *guest)
{
	const struct trp_status *status =
		trp_status_last(&guest->supervisor->node.arena,
				trp_ref(guest->slot, guest->generation));

	return !status ||
	       atomic_load_explicit(&status->said, memory_order_acquire);
}

/* Its connection has ended. */
static void on_gone(struct trp_control_session *visitor)
{
	struct trp_guest *guest = visitor->data;
	bool is_held = !has_left(guest);

	guest->visitor = NULL;
	bury(guest, is_held, false);
	if (!is_held)
		forget(guest);
}

/* Its process is dead, whoever has a copy of the connection. */
static void on_end(struct trp_watch *watch, uint32_t events)
{
	struct trp_guest *guest = watch->data;

	if (guest->visitor) {
		guest->visitor->gone = NULL;
		trp_control_server_drop(guest->visitor);
	}
	bury(guest, false, false);
	forget(guest);
}

static int on_burial(struct troupe_timer *timer)
{
	bury(timer->data, true, true);
	return 0;
}

/* Not at once: somebody may be walking over the children. */
void trp_guests_expel(struct trp_guest *guest)
{
	if (guest->visitor)
		shutdown(guest->visitor->watch.fd, SHUT_WR);
	guest->burial.fired = on_burial;
	guest->burial.data = guest;
	trp_timers_start(&guest->supervisor->timers, &guest->burial,
			 troupe_now());
}

void trp_guests_close(struct trp_supervisor *supervisor)
{
	struct trp_guest *guest, *next;

	for (guest = supervisor->guest; guest; guest = next) {
		next = guest->next;
		forget(guest);
	}
}

/* ---- the beginning ------------------------------------------------------- */

static int open_pidfd(const struct trp_control_session *visitor)
{
	int fd = -1;

#ifdef SO_PEERPIDFD /* Linux 6.5: the process itself, not its number */
	socklen_t size = sizeof(fd);

	if (getsockopt(visitor->watch.fd, SOL_SOCKET, SO_PEERPIDFD, &fd,
		       &size) == 0)
		return fd;
#endif
	fd = (int)syscall(SYS_pidfd_open, visitor->pid, 0);
	return fd < 0 ? -errno : fd;
}

static struct trp_guest *add(struct trp_control_session *visitor, int pidfd)
{
	struct trp_supervisor *supervisor = visitor->supervisor;
	struct trp_guest *guest = calloc(1, sizeof(*guest));

	if (!guest)
		return NULL;
	*guest = (struct trp_guest) {
		.next = supervisor->guest,
		.link = &supervisor->guest,
		.supervisor = supervisor,
		.visitor = visitor,
		.end = { .fd = pidfd,
			 .events = POLLIN,
			 .ready = on_end,
			 .data = guest },
	};
	if (trp_wait_add(&supervisor->wait, &guest->end) < 0) {
		free(guest);
		return NULL;
	}
	if (guest->next)
		guest->next->link = &guest->next;
	supervisor->guest = guest;
	return guest;
}

/* From now on it can be sent to. */
static void settle(struct trp_guest *guest, const Troupe__Guest__Join *join)
{
	struct trp_supervisor *supervisor = guest->supervisor;
	struct trp_child *child = &supervisor->family.child[guest->slot];

	child->is_guest = true;
	child->guest = guest;
	child->spawned_at = trp_now().ns;
	child->grace_ms = join->grace_ms ? join->grace_ms : TRP_GRACE_MS;
	snprintf(child->label, sizeof(child->label), "%s",
		 *join->label ? join->label : "guest");
	guest->generation = child->generation;
	trp_child_born(&supervisor->family, guest->slot, guest->visitor->pid);
	supervisor->guests++;
	trp_office_announce(supervisor, guest->slot, join->mailbox_limit,
			    join->when_full);
	atomic_store_explicit(
		&trp_arena_slot(&supervisor->node.arena, guest->slot)->pid,
		guest->visitor->pid, memory_order_relaxed);
}

static int welcome(const struct trp_guest *guest)
{
	const struct trp_supervisor *supervisor = guest->supervisor;
	const struct trp_arena *arena = &supervisor->node.arena;
	Troupe__Guest__Joined joined = TROUPE__GUEST__JOINED__INIT;

	joined.slot = guest->slot;
	joined.generation = guest->generation;
	joined.slots = arena->slots;
	joined.heap_size = arena->heap_size;
	joined.identity = supervisor->node.identity;
	return trp_control_server_say_with(guest->visitor, &joined.base,
					   &arena->fd, 1);
}

/* Its connection is only there to end. */
static int say_nothing(struct trp_control_session *visitor)
{
	return TRP_GATE_LATER;
}

/* It has left already, and we have not looked at that connection yet. */
static bool is_leaving(const struct trp_guest *guest)
{
	struct pollfd old;

	if (!guest || !guest->visitor || !has_left(guest))
		return false;
	old = (struct pollfd) { guest->visitor->watch.fd, POLLRDHUP, 0 };
	return poll(&old, 1, 0) == 1;
}

static int may_join(const struct trp_control_session *visitor)
{
	struct trp_supervisor *supervisor = visitor->supervisor;
	struct trp_child *child;

	if (supervisor->is_ending)
		return -ESHUTDOWN;
	if ((uint32_t)visitor->pid > supervisor->family.pid_max)
		return -ESRCH;
	child = &supervisor->family.child[trp_child_by_pid(&supervisor->family,
							   visitor->pid)];
	if (is_leaving(child->guest))
		trp_control_server_drop(child->guest->visitor);
	return trp_child_by_pid(&supervisor->family, visitor->pid) ? -EEXIST
								   : 0;
}

int trp_guests_join(struct trp_control_session *visitor,
		    const Troupe__Guest__Join *join)
{
	struct trp_supervisor *supervisor = visitor->supervisor;
	struct trp_guest *guest;
	int pidfd, r = may_join(visitor);

	if (r < 0)
		return r;
	if (!supervisor->family.free_count)
		trp_funeral_sweep(supervisor);
	if (!supervisor->family.free_count)
		return -EAGAIN;
	pidfd = open_pidfd(visitor);
	if (pidfd < 0)
		return pidfd;
	guest = add(visitor, pidfd);
	if (!guest) {
		close(pidfd);
		return -ENOMEM;
	}
	guest->slot = trp_child_add(&supervisor->family, TRP_SLOT_SUPERVISOR);
	settle(guest, join);
	visitor->data = guest;
	visitor->gone = on_gone;
	visitor->more = say_nothing;
	/* One that cannot be told is dropped, and then buried. */
	return welcome(guest) < 0 ? -EBADMSG : TRP_GATE_MORE;
}
