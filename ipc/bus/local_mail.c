/* SPDX-License-Identifier: MIT */
#include "ipc/bus/local_mail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ipc/bus/bus.h"
#include "ipc/bus/local_runs.h"
#include "ipc/runtime_dir.h"

/*
 * Mail among the nodes of one user on one host: each run listens at a
 * SOCK_SEQPACKET socket NUMBER.mail in the folder of the bus (local.c), and
 * connects to those that it writes to.
 *
 * - A number is ours when bind(2) has made its name.  A name whose socket is
 *   closed (ECONNREFUSED, which nothing else gives) was left by a dead run.
 * - The kernel names the user at the other end, which must be us.
 * - A connection that ends tells that the run has ended, or its bus.
 * - A run that does not read fills its connections, one for each sender:
 *   -EAGAIN for these.  One that floods fills its own.
 * - A run says what it is (presence.h) to all that have connected to it.  One
 *   that attends to others connects to all in the folder, and notices new ones.
 */

#define RACES_MOST     100
#define INBOUND_MOST   1024
#define ACCEPTS_MOST   16 /* at once */
#define FRAMES_AT_ONCE 4  /* of a connection */
#define READY_AT_ONCE  16
#define READS_MOST     64 /* before others have a turn */

struct connection {
	struct connection *next;
	int fd;
	uint32_t number; /* of the run that we write to; 0: it writes to us */
	bool is_full;
	bool is_owed; /* it has not been told what this run is */
	bool is_told; /* our user was told that it is there */
	size_t length;
	uint8_t *said; /* what the run says that it is; NULL: nothing yet */
};

struct mail {
	int directory, listener;
	int epoll; /* of the bus */
	int watch; /* of the directory; -1: it attends to nobody */
	struct connection *connections; /* the one used last is the first */
	int inbound;
	/* Ready and not served yet; `nobody`: it has gone. */
	struct epoll_event ready[READY_AT_ONCE];
	int ready_count;
	bool has_more; /* a connection has frames behind those that were read */
	bool is_gone;  /* the directory is not the one it was */
	bool is_stale; /* there may be runs that it is not connected to */
};

/* ---- the own inbox ------------------------------------------------------- */

static int enter(struct trp_bus *bus, struct mail *mail)
{
	int tries = RACES_MOST, r;

	do {
		if (mail->directory >= 0)
			close(mail->directory);
		mail->directory = trp_runtime_dir_make(bus->address.path);
		if (mail->directory < 0)
			return mail->directory;
		r = trp_local_runs_listen(mail->directory, bus->number);
	} while (r == -ENOENT && --tries);
	mail->listener = r;
	return r;
}

/* whose: a connection; NULL: the listener; &mail->watch: that. */
static int watch(struct mail *mail, int fd, uint32_t events, void *whose)
{
	struct epoll_event event = { .events = events, .data.ptr = whose };

	if (epoll_ctl(mail->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ||
	    (errno == EEXIST &&
	     epoll_ctl(mail->epoll, EPOLL_CTL_MOD, fd, &event) == 0))
		return 0;
	return -errno;
}

static void close_all(struct mail *mail)
{
	struct connection *connection;

	while ((connection = mail->connections)) {
		mail->connections = connection->next;
		close(connection->fd);
		free(connection->said);
		free(connection);
	}
	if (mail->watch >= 0)
		close(mail->watch);
	if (mail->listener >= 0)
		close(mail->listener);
	if (mail->directory >= 0)
		close(mail->directory);
	free(mail);
}

static int begin(struct trp_bus *bus, struct mail *mail)
{
	int r;

	r = enter(bus, mail);
	if (r < 0)
		return r;
	r = watch(mail, mail->listener, EPOLLIN, NULL);
	if (r < 0)
		trp_local_runs_remove(mail->directory, bus->number);
	return r;
}

static int local_connect(struct trp_bus *bus)
{
	struct mail *mail = malloc(sizeof(*mail));
	int r;

	if (!mail)
		return -ENOMEM;
	*mail = (struct mail) { .directory = -1,
				.listener = -1,
				.epoll = bus->epoll,
				.watch = -1 };
	r = begin(bus, mail);
	if (r < 0) {
		close_all(mail);
		return r;
	}
	bus->state = mail;
	return 0;
}

static void local_disconnect(struct trp_bus *bus)
{
	struct mail *mail = bus->state;

	trp_local_runs_remove(mail->directory, bus->number);
	rmdir(bus->address.path); /* fails, unless it is empty */
	close_all(mail);
}

/* ---- connections --------------------------------------------------------- */

static bool is_of_this_user(int fd)
{
	struct ucred other;
	socklen_t size = sizeof(other);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &other, &size) == 0 &&
	       other.uid == getuid();
}

static uint32_t events_of(const struct connection *connection)
{
	return EPOLLIN | (connection->number ? EPOLLRDHUP : 0) |
	       (connection->is_full || connection->is_owed ? EPOLLOUT : 0);
}

static void watch_again(struct mail *mail, struct connection *connection)
{
	watch(mail, connection->fd, events_of(connection), connection);
}

/* Consumes the descriptor. */
static struct connection *add(struct mail *mail, int fd, uint32_t number)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (connection)
		connection->number = number;
	if (!connection || !is_of_this_user(fd) ||
	    watch(mail, fd, events_of(connection), connection) < 0) {
		free(connection);
		close(fd);
		return NULL;
	}
	connection->next = mail->connections;
	connection->fd = fd;
	mail->connections = connection;
	mail->inbound += !number;
	return connection;
}

static char nobody;

static void drop(struct mail *mail, struct connection *connection)
{
	struct connection **at = &mail->connections;

	for (int i = 0; i < mail->ready_count; i++)
		if (mail->ready[i].data.ptr == connection)
			mail->ready[i].data.ptr = &nobody;
	while (*at != connection)
		at = &(*at)->next;
	*at = connection->next;
	mail->inbound -= !connection->number;
	close(connection->fd);
	free(connection->said);
	free(connection);
}

static struct connection *find(struct mail *mail, uint32_t number)
{
	struct connection **at = &mail->connections, *found;

	while ((found = *at) && found->number != number)
		at = &found->next;
	if (!found)
		return NULL;
	*at = found->next;
	found->next = mail->connections;
	mail->connections = found;
	return found;
}

/* ---- presence ------------------------------------------------------------ */

static void say_to(struct trp_bus *bus, struct connection *connection)
{
	uint8_t bytes[TRP_PRESENCE_BYTES_MAX];
	size_t length;

	if (!bus->presence.node[0])
		return;
	length = trp_presence_write(&bus->presence, bus->number, false, bytes);
	connection->is_owed = send(connection->fd, bytes, length,
				   MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
			      (errno == EAGAIN || errno == ENOBUFS);
	watch_again(bus->state, connection);
}

static void say_to_all(struct trp_bus *bus)
{
	struct mail *mail = bus->state;
	struct connection *connection;

	for (connection = mail->connections; connection;
	     connection = connection->next)
		if (!connection->number)
			say_to(bus, connection);
	bus->presence.is_new = false;
}

static void tell(struct trp_bus *bus, struct connection *connection)
{
	struct trp_presence_heard heard;

	if (!connection->said ||
	    trp_presence_read(&bus->presence, connection->said,
			      connection->length, &heard) < 0)
		return;
	connection->is_told = trp_presence_wants(&bus->presence, heard.node);
	trp_bus_heard(bus, &heard);
}

static void tell_end(struct trp_bus *bus, struct connection *connection)
{
	struct trp_presence_heard heard;
	uint32_t number = connection->number;

	if (connection->is_told &&
	    trp_presence_read(&bus->presence, connection->said,
			      connection->length, &heard) == 0) {
		heard.is_gone = true;
		trp_bus_heard(bus, &heard);
	}
	drop(bus->state, connection);
	trp_local_runs_sweep(((struct mail *)bus->state)->directory, number);
	bus->calls->nobody(bus->user, number);
}

/* A run says what it is, or has ended. */
static void hear(struct trp_bus *bus, struct connection *connection)
{
	uint8_t bytes[TRP_PRESENCE_BYTES_MAX];
	struct trp_presence_heard heard;
	ssize_t length = recv(connection->fd, bytes, sizeof(bytes), MSG_TRUNC);
	uint8_t *said;

	if (length < 0 && errno == EAGAIN)
		return;
	if (length <= 0) {
		tell_end(bus, connection);
		return;
	}
	said = (size_t)length <= sizeof(bytes) &&
			       trp_presence_read(&bus->presence, bytes,
						 (size_t)length, &heard) == 0 &&
			       heard.number == connection->number &&
			       !heard.is_gone
		       ? malloc((size_t)length)
		       : NULL;
	if (!said) {
		bus->lost++;
		return;
	}
	memcpy(said, bytes, (size_t)length);
	free(connection->said);
	connection->said = said;
	connection->length = (size_t)length;
	tell(bus, connection);
}

/* One that refuses is left over, or will tell when it listens. */
static void meet(void *user, uint32_t number)
{
	struct trp_bus *bus = user;
	struct mail *mail = bus->state;
	int fd;

	if (number == bus->number || find(mail, number))
		return;
	fd = trp_local_runs_connect(mail->directory, number);
	if (fd == -EAGAIN)
		mail->is_stale = true; /* others are before us */
	else if (fd < 0 && fd != -ECONNREFUSED && fd != -ENOENT)
		bus->lost++;
	else if (fd >= 0 && !add(mail, fd, number))
		bus->lost++;
}

static void miss(void *user, uint32_t number)
{
	struct trp_bus *bus = user;

	if (number == bus->number)
		((struct mail *)bus->state)->is_gone = true;
}

static int attend(struct trp_bus *bus)
{
	struct mail *mail = bus->state;
	struct connection *connection;
	int r = 0;

	trp_presence_sweep(&bus->presence);
	if (bus->presence.wishes && mail->watch < 0) {
		r = mail->watch = trp_local_runs_watch(mail->directory);
		if (r >= 0)
			r = watch(mail, mail->watch, EPOLLIN, &mail->watch);
		mail->is_stale = true;
	} else if (!bus->presence.wishes && mail->watch >= 0) {
		close(mail->watch);
		mail->watch = -1;
	}
	for (connection = mail->connections; connection;
	     connection = connection->next)
		tell(bus, connection);
	return r;
}

static void look(struct trp_bus *bus)
{
	struct mail *mail = bus->state;

	if (!mail->is_stale || mail->watch < 0)
		return;
	mail->is_stale = false;
	trp_local_runs_each(mail->directory, meet, bus);
	bus->is_hurried |= mail->is_stale;
}

/* ---- what is ready ------------------------------------------------------- */

static void accept_some(struct trp_bus *bus)
{
	struct mail *mail = bus->state;
	struct connection *connection;
	int fd;

	for (int i = 0; i < ACCEPTS_MOST; i++) {
		fd = accept4(mail->listener, NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		connection = NULL;
		if (mail->inbound < INBOUND_MOST)
			connection = add(mail, fd, 0);
		else
			close(fd);
		if (connection)
			say_to(bus, connection);
		else
			bus->lost++;
	}
}

/* Fewer than asked for are all that there were. */
static void read_some(struct trp_bus *bus, struct connection *connection)
{
	static char frames[FRAMES_AT_ONCE][TRP_BUS_SIZE_MAX];
	struct mmsghdr message[FRAMES_AT_ONCE];
	struct iovec part[FRAMES_AT_ONCE];
	int count;

	for (int i = 0; i < FRAMES_AT_ONCE; i++) {
		part[i] = (struct iovec) { frames[i], TRP_BUS_SIZE_MAX };
		message[i] = (struct mmsghdr) { .msg_hdr.msg_iov = &part[i],
						.msg_hdr.msg_iovlen = 1 };
	}
	count = recvmmsg(connection->fd, message, FRAMES_AT_ONCE,
			 MSG_DONTWAIT | MSG_TRUNC, NULL);
	if (count < 0 && errno == EAGAIN)
		return;
	((struct mail *)bus->state)->has_more |= count == FRAMES_AT_ONCE;
	for (int i = 0; i < count && message[i].msg_len; i++)
		if (message[i].msg_len > TRP_BUS_SIZE_MAX)
			bus->lost++;
		else
			bus->calls->receive(bus->user, frames[i],
					    message[i].msg_len);
	if (count < 0 || !message[count - 1].msg_len)
		drop(bus->state, connection);
}

static void write_again(struct trp_bus *bus, struct connection *connection)
{
	connection->is_full = false;
	watch_again(bus->state, connection);
	bus->calls->writable(bus->user);
}

static void serve(struct trp_bus *bus, struct connection *connection,
		  uint32_t events)
{
	if (!connection->number) {
		if (connection->is_owed)
			say_to(bus, connection);
		read_some(bus, connection);
	} else if (events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR)) {
		tell_end(bus, connection);
	} else if (events & EPOLLIN) {
		hear(bus, connection);
	} else {
		write_again(bus, connection);
	}
}

static void serve_ready(struct trp_bus *bus)
{
	struct mail *mail = bus->state;
	const struct epoll_event *event;

	for (int i = 0; i < mail->ready_count && !mail->is_gone; i++) {
		event = &mail->ready[i];
		if (!event->data.ptr)
			accept_some(bus);
		else if (event->data.ptr == &mail->watch)
			mail->is_stale |= !trp_local_runs_read(mail->watch,
							       meet, miss, bus);
		else if (event->data.ptr != &nobody)
			serve(bus, event->data.ptr, event->events);
	}
}

/* Those that are ready take turns: epoll puts those that stay so behind the
 * others. */
static int local_ready(struct trp_bus *bus)
{
	struct mail *mail = bus->state;
	int r = 0;

	trp_bus_up(bus);
	if (bus->presence.is_new)
		say_to_all(bus);
	if (bus->presence.are_wishes_new)
		r = attend(bus);
	look(bus);
	for (int i = 0; i < READS_MOST && r >= 0 && !mail->is_gone; i++) {
		mail->has_more = false;
		mail->ready_count =
			epoll_wait(mail->epoll, mail->ready, READY_AT_ONCE, 0);
		serve_ready(bus);
		if (mail->ready_count < READY_AT_ONCE && !mail->has_more)
			break;
	}
	mail->ready_count = 0;
	bus->is_hurried |= mail->is_stale;
	return mail->is_gone ? -ENOTCONN : r < 0 ? r : 0;
}

/* ---- sending ------------------------------------------------------------- */

/* Nobody is there, or our directory is no longer the one of the others. */
static int not_there(struct trp_bus *bus)
{
	struct mail *mail = bus->state;

	if (trp_local_runs_has(mail->directory, bus->number))
		return -EHOSTUNREACH;
	mail->is_gone = true;
	shutdown(mail->listener, SHUT_RDWR); /* wakes the poller */
	return -ENOTCONN;
}

static int connect_to(struct trp_bus *bus, uint32_t number,
		      struct connection **ret_connection)
{
	struct mail *mail = bus->state;
	int fd = trp_local_runs_connect(mail->directory, number);

	*ret_connection = NULL;
	if (fd == -ECONNREFUSED)
		trp_local_runs_remove(mail->directory, number);
	if (fd < 0)
		return fd == -ENOENT || fd == -ECONNREFUSED ? not_there(bus)
							    : fd;
	*ret_connection = add(mail, fd, number);
	return *ret_connection ? 0 : -EPERM;
}

static int write_to(struct trp_bus *bus, struct connection *connection,
		    const void *frame, size_t length)
{
	struct mail *mail = bus->state;

	if (connection->is_full)
		return -EAGAIN;
	if (send(connection->fd, frame, length, MSG_DONTWAIT | MSG_NOSIGNAL) >=
	    0)
		return 0;
	if (errno == EAGAIN || errno == ENOBUFS) {
		connection->is_full = true;
		watch_again(mail, connection);
		return -EAGAIN;
	}
	/* Its end will be told. */
	return errno == EPIPE || errno == ECONNRESET ? -EHOSTUNREACH : -errno;
}

static int local_send_to(struct trp_bus *bus, uint32_t number,
			 const void *frame, size_t length, bool is_sure)
{
	struct connection *connection = find(bus->state, number);
	int r;

	if (!connection) {
		r = connect_to(bus, number, &connection);
		if (!connection)
			return r;
	}
	return write_to(bus, connection, frame, length);
}

const struct trp_bus_kind trp_bus_local_mail = {
	.name = "local",
	.join = "/",
	.connect = local_connect,
	.disconnect = local_disconnect,
	.ready = local_ready,
	.send_to = local_send_to,
};
