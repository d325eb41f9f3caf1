/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/guest.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "ipc/wake_socket.h"
#include "runtime/node/status.h"
#include "runtime/supervisor/exit.h"
#include "runtime/supervisor/slot.h"
#include "runtime/supervisor/spawn.h"
#include "runtime/supervisor/supervisor.h"
#include "serialize/printable.h"

static struct trp_child *child_of(const struct trp_guest *guest)
{
	struct trp_child *child =
		&guest->supervisor->children.child[guest->slot];

	return child->generation == guest->generation ? child : NULL;
}

/* ---- the end ------------------------------------------------------------- */

static void forget(struct trp_guest *guest)
{
	struct trp_supervisor *supervisor = guest->supervisor;

	trp_timers_cancel(&supervisor->timers, &guest->expulsion);
	trp_wait_remove(&supervisor->wait, &guest->end);
	close(guest->end.fd);
	assert(*guest->link == guest);
	*guest->link = guest->next;
	if (guest->next)
		guest->next->link = guest->link;
	free(guest);
}

static void end(struct trp_guest *guest, bool is_held, enum trp_exit_kind kind)
{
	const struct troupe_end seen = trp_exit_seen(kind, 0);
	struct trp_child *child = child_of(guest);

	if (!child)
		return; /* it was our descendant, and has been reaped */
	assert(child->is_guest);
	child->is_held = is_held;
	if (child->state == CHILD_RUNNING)
		trp_exit(guest->supervisor, guest->slot, &seen);
	else if (child->state == CHILD_DEAD && !is_held)
		trp_slot_sweep(guest->supervisor);
	assert(!is_held || child->state == CHILD_DEAD); /* and not released */
}

/* Its exit record is written, or it was never set up. */
static bool has_left(const struct trp_guest *guest)
{
	const struct trp_status *status =
		trp_status_last(&guest->supervisor->node.arena,
				trp_ref(guest->slot, guest->generation));
	struct troupe_reason reason;

	return !status || trp_status_read_exit(status, &reason);
}

/* Its connection has ended. */
static void on_gone(struct trp_control_session *session)
{
	struct trp_guest *guest = session->data;
	bool is_held = !has_left(guest);

	guest->session = NULL;
	end(guest, is_held, TRP_EXIT_GONE);
	if (!is_held)
		forget(guest);
}

/* Its process is dead, but another may have a copy of the connection. */
static void on_end(struct trp_watch *watch, uint32_t events)
{
	struct trp_guest *guest = watch->data;

	if (guest->session) {
		guest->session->gone = NULL;
		trp_control_server_drop(guest->session);
	}
	end(guest, false, TRP_EXIT_GONE);
	forget(guest);
}

static int on_expulsion(struct troupe_timer *timer)
{
	end(timer->data, true, TRP_EXIT_EXPELLED);
	return 0;
}

/* Not at once: a caller may be walking over the children. */
static void expel(struct trp_guest *guest)
{
	if (guest->session)
		shutdown(guest->session->watch.fd, SHUT_WR);
	guest->expulsion.fired = on_expulsion;
	guest->expulsion.data = guest;
	trp_timers_start(&guest->supervisor->timers, &guest->expulsion,
			 troupe_now());
}

void trp_supervisor_guest_close(struct trp_supervisor *supervisor)
{
	struct trp_guest *guest, *next;

	for (guest = supervisor->guest; guest; guest = next) {
		next = guest->next;
		forget(guest);
	}
}

/* ---- the beginning ------------------------------------------------------- */

static int open_pidfd(const struct trp_control_session *session)
{
	int fd = -1;

#ifdef SO_PEERPIDFD /* Linux 6.5: the process itself, not its number */
	socklen_t size = sizeof(fd);

	if (getsockopt(session->watch.fd, SOL_SOCKET, SO_PEERPIDFD, &fd,
		       &size) == 0)
		return fd;
#endif
	fd = (int)syscall(SYS_pidfd_open, session->pid, 0);
	return fd < 0 ? -errno : fd;
}

static struct trp_guest *add(struct trp_control_session *session, int pidfd)
{
	struct trp_supervisor *supervisor = session->supervisor;
	struct trp_guest *guest = calloc(1, sizeof(*guest));

	if (!guest)
		return NULL;
	*guest = (struct trp_guest) {
		.next = supervisor->guest,
		.link = &supervisor->guest,
		.supervisor = supervisor,
		.session = session,
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

/* From now on it can get mail. */
static void begin(struct trp_guest *guest, const Troupe__Guest__Join *join)
{
	struct trp_supervisor *supervisor = guest->supervisor;
	struct trp_child *child = &supervisor->children.child[guest->slot];

	child->is_guest = true;
	child->guest = guest;
	child->expel = expel;
	child->spawned_at = trp_time_now().ns;
	child->grace_ms = join->grace_ms ? join->grace_ms : TRP_GRACE_MS;
	trp_printable(*join->label ? join->label : "guest", child->label,
		      sizeof(child->label));
	guest->generation = child->generation;
	trp_child_born(&supervisor->children, guest->slot, guest->session->pid);
	supervisor->guests++;
	trp_slot_announce(supervisor, guest->slot, join->mailbox_limit,
			  join->when_full);
}

static int welcome(const struct trp_guest *guest)
{
	const struct trp_supervisor *supervisor = guest->supervisor;
	const struct trp_arena *arena = &supervisor->node.arena;
	Troupe__Guest__Joined joined = TROUPE__GUEST__JOINED__INIT;
	int fds[] = { arena->fd, -1 };
	int r = trp_wake_socket_open(guest->slot, &fds[1], &joined.wake_number);

	if (r < 0)
		return r;
	joined.slot = guest->slot;
	joined.generation = guest->generation;
	joined.slots = arena->slots;
	joined.heap_size = arena->heap_size;
	joined.identity = supervisor->node.identity;
	joined.run = trp_ref_node(trp_ref_here);
	r = trp_control_server_say_with(guest->session, &joined.base, fds, 2);
	close(fds[1]);
	return r;
}

/* From now on its connection can only end. */
static int say_nothing(struct trp_control_session *session)
{
	return TRP_CONTROL_LATER;
}

/* It has left already, and we have not yet handled that connection. */
static bool is_leaving(const struct trp_guest *guest)
{
	struct pollfd old;

	if (!guest || !guest->session || !has_left(guest))
		return false;
	old = (struct pollfd) { guest->session->watch.fd, POLLRDHUP, 0 };
	return poll(&old, 1, 0) == 1;
}

static int may_join(const struct trp_control_session *session)
{
	struct trp_supervisor *supervisor = session->supervisor;
	struct trp_child *child;

	if (supervisor->is_ending)
		return -ESHUTDOWN;
	child = &supervisor->children.child[trp_child_by_pid(
		&supervisor->children, session->pid)];
	if (is_leaving(child->guest))
		trp_control_server_drop(child->guest->session);
	return trp_child_by_pid(&supervisor->children, session->pid) ? -EEXIST
								     : 0;
}

int trp_supervisor_guest_join(struct trp_control_session *session,
			      const Troupe__Guest__Join *join)
{
	struct trp_supervisor *supervisor = session->supervisor;
	struct trp_guest *guest;
	int pidfd, r = may_join(session);

	if (r < 0)
		return r;
	if (!trp_slot_is_any_free(supervisor))
		return -EAGAIN;
	pidfd = open_pidfd(session);
	if (pidfd < 0)
		return pidfd;
	guest = add(session, pidfd);
	if (!guest) {
		close(pidfd);
		return -ENOMEM;
	}
	guest->slot = trp_child_add(&supervisor->children, TRP_SLOT_SUPERVISOR);
	assert(guest->slot); /* there was a free one */
	begin(guest, join);
	session->data = guest;
	session->gone = on_gone;
	session->more = say_nothing;
	/* A guest that cannot be notified is dropped, and ends then. */
	return welcome(guest) < 0 ? -EBADMSG : TRP_CONTROL_MORE;
}
