/* SPDX-License-Identifier: MIT */
#include "ipc/wake_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sockios.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>
#include "ipc/hot.h"

static uint64_t this_node;
static uint32_t home; /* the network namespace of the node */
static TRP_HOT void (*tell)(uint32_t slot, int error);

/* The socket of this process; `owner` tells it after a fork. */
static struct {
	pid_t owner;
	int fd;
	bool is_bound;
	uint32_t slot, number;
} own;

/* The kernel numbers namespaces by 32 bits. */
uint32_t trp_wake_socket_net(void)
{
	struct stat about;

	return stat("/proc/self/ns/net", &about) < 0 ? 0
						     : (uint32_t)about.st_ino;
}

void trp_wake_socket_set_node(uint64_t node)
{
	this_node = node;
	home = trp_wake_socket_net();
}

bool trp_wake_socket_is_home(void)
{
	return trp_wake_socket_net() == home;
}

void trp_wake_socket_on_failure(void (*failed)(uint32_t slot, int error))
{
	tell = failed;
}

static socklen_t name_of(uint32_t slot, uint32_t number,
			 struct sockaddr_un *ret)
{
	int length;

	*ret = (struct sockaddr_un) { .sun_family = AF_UNIX };
	length = snprintf(ret->sun_path + 1, sizeof(ret->sun_path) - 1,
			  "troupe/%" PRIx64 "/%" PRIx32 "/%" PRIx32, this_node,
			  slot, number);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   (size_t)length);
}

static int open_socket(int *ret_fd)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

static int bind_free_number(int fd, uint32_t slot, uint32_t *ret_number)
{
	struct sockaddr_un name;

	for (uint32_t number = 0; number < TRP_WAKE_SOCKETS; number++) {
		socklen_t length = name_of(slot, number, &name);

		if (bind(fd, (struct sockaddr *)&name, length) == 0) {
			*ret_number = number;
			return 0;
		}
		if (errno != EADDRINUSE)
			break;
	}
	return -errno;
}

static int open_bound(uint32_t slot, int *ret_fd, uint32_t *ret_number)
{
	int fd = -1, r = open_socket(&fd);

	if (r == 0)
		r = bind_free_number(fd, slot, ret_number);
	if (r == 0)
		*ret_fd = fd;
	else if (fd >= 0)
		close(fd);
	return r;
}

static bool is_own(void)
{
	return own.owner == getpid();
}

static bool is_bound_for(uint32_t slot)
{
	return is_own() && own.is_bound && own.slot == slot;
}

void trp_wake_socket_adopt(int fd, uint32_t slot, uint32_t number)
{
	trp_wake_socket_fini();
	own.owner = getpid();
	own.fd = fd;
	own.is_bound = true;
	own.slot = slot;
	own.number = number;
}

int trp_wake_socket_begin(uint32_t slot)
{
	uint32_t number;
	int fd = -1, r;

	if (is_bound_for(slot))
		return 0;
	r = open_bound(slot, &fd, &number);
	if (r == 0)
		trp_wake_socket_adopt(fd, slot, number);
	return r;
}

int trp_wake_socket_open(uint32_t slot, int *ret_fd, uint32_t *ret_number)
{
	int fd;

	if (!is_bound_for(slot))
		return open_bound(slot, ret_fd, ret_number);
	fd = fcntl(own.fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	*ret_number = own.number;
	return 0;
}

/* A child may have closed what it inherited: the number means nothing to it. */
static int have_own(void)
{
	int fd = -1, r;

	if (is_own())
		return 0;
	r = open_socket(&fd);
	if (r < 0)
		return r;
	own.owner = getpid();
	own.fd = fd;
	own.is_bound = false;
	return 0;
}

static int send_wake(int fd, uint32_t slot, uint32_t number)
{
	struct sockaddr_un name;
	socklen_t length = name_of(slot, number, &name);

	return sendto(fd, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL,
		      (struct sockaddr *)&name, length) < 0
		       ? -errno
		       : 0;
}

/* By what it has sent and others have not taken yet. */
static bool is_full(int fd)
{
	int queued = 0, room = 0;
	socklen_t size = sizeof(room);

	return ioctl(fd, SIOCOUTQ, &queued) == 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, &size) == 0 &&
	       queued >= room;
}

static int wake_by_another(uint32_t slot, uint32_t number)
{
	int fd = -1, r = open_socket(&fd);

	if (r < 0)
		return r;
	r = send_wake(fd, slot, number);
	close(fd);
	return r;
}

/* One that has been woken already is full; one that has died is not there. */
static bool is_failure(int r, bool is_from_home)
{
	return r < 0 && r != -EAGAIN &&
	       (r != -ECONNREFUSED ||
		(!is_from_home && !trp_wake_socket_is_home()));
}

void trp_wake_socket(uint32_t slot, uint32_t number)
{
	bool is_from_home = false;
	int r = have_own();

	if (r == 0) {
		is_from_home = own.is_bound;
		r = send_wake(own.fd, slot, number);
		if (r == -EAGAIN && is_full(own.fd)) {
			is_from_home = false;
			r = wake_by_another(slot, number);
		}
	}
	if (tell && is_failure(r, is_from_home))
		tell(slot, r);
}

void trp_wake_socket_fini(void)
{
	if (is_own())
		close(own.fd);
	own.owner = 0;
}

void trp_wake_socket_drain(int fd)
{
	char byte;

	while (recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) >= 0)
		continue;
}
