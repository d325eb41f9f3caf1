/* SPDX-License-Identifier: MIT */
#include "ipc/bus/local_mail.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "ipc/bus/bus.h"
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
 */

#define SUFFIX	       ".mail"
#define RACES_MOST     100
#define INBOUND_MOST   1024
#define BACKLOG	       128
#define FRAMES_AT_ONCE 16

struct connection {
	struct connection *next;
	int fd;
	uint32_t number; /* of the run that we write to; 0: it writes to us */
	bool is_full;
};

struct mail {
	int directory, listener, epoll;
	char name[24];
	struct connection *connections; /* the one used last is the first */
	int inbound;
	bool is_gone; /* the directory is not the one it was */
};

static void name_of(uint32_t number, char name[static 24])
{
	snprintf(name, 24, "%u" SUFFIX, number);
}

/* ---- the own inbox ------------------------------------------------------- */

static int new_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
			0);

	return fd < 0 ? -errno : fd;
}

static bool is_left_over(const struct sockaddr_un *address)
{
	int fd = new_socket();
	bool is_refused;

	if (fd < 0)
		return false;
	is_refused = connect(fd, (const struct sockaddr *)address,
			     sizeof(*address)) < 0 &&
		     errno == ECONNREFUSED;
	close(fd);
	return is_refused;
}

static int bind_inbox(struct mail *mail)
{
	struct sockaddr_un address;

	trp_runtime_dir_address(&address, mail->directory, mail->name);
	for (int tries = 2; tries; tries--) {
		if (bind(mail->listener, (struct sockaddr *)&address,
			 sizeof(address)) == 0)
			return 0;
		if (errno != EADDRINUSE)
			return -errno;
		if (!is_left_over(&address))
			return -EEXIST;
		unlinkat(mail->directory, mail->name, 0);
	}
	return -EEXIST;
}

static int enter(struct trp_bus *bus, struct mail *mail)
{
	int tries = RACES_MOST, r;

	do {
		if (mail->directory >= 0)
			close(mail->directory);
		mail->directory = trp_runtime_dir_make(bus->address.path);
		r = mail->directory < 0 ? mail->directory : bind_inbox(mail);
	} while (r == -ENOENT && --tries);
	if (r < 0)
		return r;
	if (listen(mail->listener, BACKLOG) == 0)
		return 0;
	r = -errno;
	unlinkat(mail->directory, mail->name, 0);
	return r;
}

static int watch(struct mail *mail, int fd, uint32_t events,
		 struct connection *connection)
{
	struct epoll_event event = { .events = events, .data.ptr = connection };

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
		free(connection);
	}
	if (mail->listener >= 0)
		close(mail->listener);
	if (mail->epoll >= 0)
		close(mail->epoll);
	if (mail->directory >= 0)
		close(mail->directory);
	free(mail);
}

static int begin(struct trp_bus *bus, struct mail *mail)
{
	int r;

	name_of(bus->number, mail->name);
	mail->listener = new_socket();
	if (mail->listener < 0)
		return mail->listener;
	mail->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (mail->epoll < 0)
		return -errno;
	r = enter(bus, mail);
	if (r < 0)
		return r;
	r = watch(mail, mail->listener, EPOLLIN, NULL);
	if (r == 0)
		r = trp_bus_watch(bus, mail->epoll, EPOLLIN);
	if (r < 0)
		unlinkat(mail->directory, mail->name, 0);
	return r;
}

static int local_connect(struct trp_bus *bus)
{
	struct mail *mail = malloc(sizeof(*mail));
	int r;

	if (!mail)
		return -ENOMEM;
	*mail = (struct mail) { .directory = -1, .listener = -1, .epoll = -1 };
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

	unlinkat(mail->directory, mail->name, 0);
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

/* Consumes the descriptor. */
static struct connection *add(struct mail *mail, int fd, uint32_t number)
{
	struct connection *connection = malloc(sizeof(*connection));
	uint32_t events = number ? EPOLLRDHUP : EPOLLIN;

	if (!connection || !is_of_this_user(fd) ||
	    watch(mail, fd, events, connection) < 0) {
		free(connection);
		close(fd);
		return NULL;
	}
	*connection =
		(struct connection) { mail->connections, fd, number, false };
	mail->connections = connection;
	mail->inbound += !number;
	return connection;
}

static void drop(struct mail *mail, struct connection *connection)
{
	struct connection **at = &mail->connections;

	while (*at != connection)
		at = &(*at)->next;
	*at = connection->next;
	mail->inbound -= !connection->number;
	close(connection->fd);
	free(connection);
}

static void accept_some(struct trp_bus *bus)
{
	struct mail *mail = bus->state;
	int fd;

	for (int i = 0; i < FRAMES_AT_ONCE; i++) {
		fd = accept4(mail->listener, NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		if (mail->inbound < INBOUND_MOST && add(mail, fd, 0))
			continue;
		if (mail->inbound >= INBOUND_MOST)
			close(fd);
		bus->lost++;
	}
}

static void read_some(struct trp_bus *bus, struct connection *connection)
{
	char frame[TRP_BUS_SIZE_MAX];
	ssize_t length;

	for (int i = 0; i < FRAMES_AT_ONCE; i++) {
		length = recv(connection->fd, frame, sizeof(frame), MSG_TRUNC);
		if (length < 0 && errno == EAGAIN)
			return;
		if (length <= 0) {
			drop(bus->state, connection);
			return;
		}
		if ((size_t)length > sizeof(frame))
			bus->lost++;
		else
			bus->calls->receive(bus->user, frame, (size_t)length);
	}
}

static void write_again(struct trp_bus *bus, struct connection *connection,
			uint32_t events)
{
	struct mail *mail = bus->state;
	uint32_t number = connection->number;

	if (events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR)) {
		drop(mail, connection);
		bus->calls->nobody(bus->user, number);
		return;
	}
	connection->is_full = false;
	watch(mail, connection->fd, EPOLLRDHUP, connection);
	bus->calls->writable(bus->user);
}

/*
 * One connection at a time, as a callback may close others.  They take turns:
 * epoll puts those that stay ready behind the others.
 */
static int local_ready(struct trp_bus *bus)
{
	struct mail *mail = bus->state;
	struct epoll_event event;
	struct connection *connection;

	trp_bus_up(bus);
	for (int budget = 64; budget && !mail->is_gone; budget--) {
		if (epoll_wait(mail->epoll, &event, 1, 0) <= 0)
			return 0;
		connection = event.data.ptr;
		if (!connection)
			accept_some(bus);
		else if (connection->number)
			write_again(bus, connection, event.events);
		else
			read_some(bus, connection);
	}
	return mail->is_gone ? -ENOTCONN : 0;
}

/* ---- sending ------------------------------------------------------------- */

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

/* Nobody is there, or our directory is no longer the one of the others. */
static int not_there(struct mail *mail)
{
	struct stat status;

	if (fstatat(mail->directory, mail->name, &status, 0) == 0)
		return -EHOSTUNREACH;
	mail->is_gone = true;
	shutdown(mail->listener, SHUT_RDWR); /* wakes the poller */
	return -ENOTCONN;
}

static int connect_to(struct mail *mail, uint32_t number,
		      struct connection **ret_connection)
{
	struct sockaddr_un address;
	char name[24];
	int fd = new_socket(), r;

	*ret_connection = NULL;
	if (fd < 0)
		return fd;
	name_of(number, name);
	trp_runtime_dir_address(&address, mail->directory, name);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		r = -errno;
		close(fd);
		if (r == -ECONNREFUSED)
			unlinkat(mail->directory, name, 0);
		return r == -ENOENT || r == -ECONNREFUSED ? not_there(mail) : r;
	}
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
		watch(mail, connection->fd, EPOLLRDHUP | EPOLLOUT, connection);
		return -EAGAIN;
	}
	if (errno != EPIPE && errno != ECONNRESET)
		return -errno;
	drop(mail, connection);
	return -EHOSTUNREACH;
}

static int local_send_to(struct trp_bus *bus, uint32_t number,
			 const void *frame, size_t length, bool is_sure)
{
	struct connection *connection = find(bus->state, number);
	int r;

	if (!connection) {
		r = connect_to(bus->state, number, &connection);
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
