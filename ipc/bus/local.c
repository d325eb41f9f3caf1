/* SPDX-License-Identifier: MIT */
#include "ipc/bus/local.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "ipc/bus/bus.h"
#include "ipc/bus/local_mail.h"
#include "ipc/runtime_dir.h"

/*
 * The bus of one user on one host: a directory with a datagram socket for each
 * member; a sender sends to every socket there, including its own.
 *
 * - The directory is ours alone: owned by us, mode 0700, no symbolic link; and
 *   the kernel names the sender of each datagram, which must be us, too.
 * - A member that dies leaves its socket's name.  The first one to send to it
 *   gets ECONNREFUSED, which nothing but a closed socket gives, and unlinks it.
 * - A member that does not read (it is stopped) misses what its socket cannot
 *   hold; no member waits for it.
 * - A member that leaves removes the directory if it is empty, and a member
 *   that joins at that moment creates it again.
 * - Names are used through the descriptor of the directory (/proc/self/fd), so
 *   they may be long, and a replaced directory is noticed: our own socket is no
 *   longer in it.
 */

#define SUFFIX	   ".bus"
#define RACES_MOST 100 /* races lost to members that leave */

struct local {
	int directory;
	int socket;
	char name[32];
	bool is_gone; /* the directory is not the one it was */
};

static int bind_socket(struct local *local)
{
	struct sockaddr_un address;
	uint32_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	snprintf(local->name, sizeof(local->name), "%d-%08x" SUFFIX,
		 (int)getpid(), random);
	trp_runtime_dir_address(&address, local->directory, local->name);
	return bind(local->socket, (struct sockaddr *)&address,
		    sizeof(address)) < 0
		       ? -errno
		       : 0;
}

static void local_free(struct local *local)
{
	if (local->socket >= 0)
		close(local->socket);
	if (local->directory >= 0)
		close(local->directory);
	free(local);
}

/* -ENOENT: it has just been removed. */
static int enter_directory(struct trp_bus *bus, struct local *local)
{
	if (local->directory >= 0)
		close(local->directory);
	local->directory = trp_runtime_dir_make(bus->address.path);
	return local->directory < 0 ? local->directory : bind_socket(local);
}

static int begin(struct trp_bus *bus, struct local *local)
{
	int tries = RACES_MOST, on = 1, r;

	local->socket =
		socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (local->socket < 0 || setsockopt(local->socket, SOL_SOCKET,
					    SO_PASSCRED, &on, sizeof(on)) < 0)
		return -errno;
	do {
		r = enter_directory(bus, local);
	} while (r == -ENOENT && --tries);
	if (r == 0)
		r = trp_bus_watch(bus, local->socket, EPOLLIN);
	return r;
}

static int local_connect(struct trp_bus *bus)
{
	struct local *local = malloc(sizeof(*local));
	int r;

	if (!local)
		return -ENOMEM;
	*local = (struct local) { .directory = -1, .socket = -1 };
	r = begin(bus, local);
	if (r < 0) {
		local_free(local);
		return r;
	}
	bus->state = local;
	return 0;
}

static void local_disconnect(struct trp_bus *bus)
{
	struct local *local = bus->state;

	unlinkat(local->directory, local->name, 0);
	rmdir(bus->address.path); /* fails, unless it is empty */
	local_free(local);
}

/* The sender's real user, from the kernel; -1: unknown. */
static uid_t sender_of(struct msghdr *header)
{
	struct cmsghdr *control;
	struct ucred sender;

	for (control = CMSG_FIRSTHDR(header); control;
	     control = CMSG_NXTHDR(header, control)) {
		if (control->cmsg_level != SOL_SOCKET ||
		    control->cmsg_type != SCM_CREDENTIALS)
			continue;
		memcpy(&sender, CMSG_DATA(control), sizeof(sender));
		return sender.uid;
	}
	return (uid_t)-1;
}

/* Returns the length, 0 for a message to be dropped, or a negative errno. */
static ssize_t receive(struct trp_bus *bus, char *payload)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec part = { payload, TRP_BUS_SIZE_MAX };
	struct msghdr header = { .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control) };
	struct local *local = bus->state;
	ssize_t length = recvmsg(local->socket, &header, MSG_CMSG_CLOEXEC);

	if (length < 0)
		return -errno;
	if (sender_of(&header) == getuid() && !(header.msg_flags & MSG_TRUNC))
		return length;
	bus->lost++;
	return 0;
}

static int local_ready(struct trp_bus *bus)
{
	char payload[TRP_BUS_SIZE_MAX];
	ssize_t length;

	if (((struct local *)bus->state)->is_gone)
		return -ENOTCONN;
	trp_bus_up(bus);
	for (int budget = 64; budget; budget--) {
		length = receive(bus, payload);
		if (length == -EAGAIN)
			return 0;
		if (length < 0)
			return (int)length;
		if (length)
			bus->calls->deliver(bus->user, payload, (size_t)length);
	}
	return 0;
}

static void send_to(struct trp_bus *bus, const char *name, const void *payload,
		    size_t length)
{
	struct local *local = bus->state;
	struct sockaddr_un address;

	trp_runtime_dir_address(&address, local->directory, name);
	if (sendto(local->socket, payload, length, MSG_DONTWAIT | MSG_NOSIGNAL,
		   (struct sockaddr *)&address, sizeof(address)) >= 0)
		return;
	if (errno == ECONNREFUSED)
		unlinkat(local->directory, name, 0);
	else
		bus->lost++;
}

static int local_send(struct trp_bus *bus, const void *payload, size_t length)
{
	struct local *local = bus->state;
	DIR *list = trp_runtime_dir_list(local->directory);
	bool is_here = false;
	struct dirent *entry;
	size_t stem;

	if (!list)
		return -errno;
	while ((entry = readdir(list))) {
		stem = trp_runtime_dir_stem(entry->d_name, SUFFIX);
		if (!stem || stem + strlen(SUFFIX) >= sizeof(local->name))
			continue;
		send_to(bus, entry->d_name, payload, length);
		if (strcmp(entry->d_name, local->name) == 0)
			is_here = true;
	}
	closedir(list);
	if (is_here)
		return 0;
	/* The directory was replaced or emptied: start anew. */
	local->is_gone = true;
	shutdown(local->socket, SHUT_RDWR); /* wakes who polls */
	return -ENOTCONN;
}

const struct trp_bus_kind trp_bus_local = {
	.name = "local",
	.join = "/",
	.connect = local_connect,
	.disconnect = local_disconnect,
	.ready = local_ready,
	.send = local_send,
	.mail = &trp_bus_local_mail,
};
