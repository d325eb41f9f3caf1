/* SPDX-License-Identifier: MIT */
#include "ipc/wake_socket.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

static uint64_t this_node;

/* The socket that this process sends from; `owner` tells it after a fork. */
static struct {
	pid_t owner;
	int fd;
} sender;

void trp_wake_socket_set_node(uint64_t node)
{
	this_node = node;
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

int trp_wake_socket_open(uint32_t slot, int *ret_fd, uint32_t *ret_number)
{
	int fd = -1, r;

	r = open_socket(&fd);
	if (r < 0)
		return r;
	r = bind_free_number(fd, slot, ret_number);
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

/* A child may have closed what it inherited: the number means nothing to it. */
static int sender_socket(int *ret_fd)
{
	pid_t self = getpid();
	int r;

	if (sender.owner != self) {
		r = open_socket(&sender.fd);
		if (r < 0)
			return r;
		sender.owner = self;
	}
	*ret_fd = sender.fd;
	return 0;
}

void trp_wake_socket(uint32_t slot, uint32_t number)
{
	struct sockaddr_un name;
	socklen_t length;
	int fd;

	if (sender_socket(&fd) < 0)
		return;
	length = name_of(slot, number, &name);
	sendto(fd, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&name,
	       length);
}

void trp_wake_socket_fini(void)
{
	if (sender.owner == getpid())
		close(sender.fd);
	sender.owner = 0;
}

void trp_wake_socket_drain(int fd)
{
	char byte;

	while (recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) >= 0)
		continue;
}
