/* SPDX-License-Identifier: MIT */
/* Listening for connections. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "runtime/actor/self.h"
#include "runtime/actor/tcp_address.h"
#include "runtime/node/listen_fds.h"
#include "runtime/troupe_io.h"

enum { REST_MS = 100 };

static int wake_up(struct troupe_timer *timer)
{
	struct troupe_listener *listener = timer->data;
	int r = troupe_input_add(&listener->private_input);

	return r < 0 ? listener->accepted(listener, r) : 0;
}

/* The connection stays in the queue and would be reported for ever. */
static int rest(struct troupe_listener *listener, int error)
{
	troupe_input_remove(&listener->private_input);
	listener->private_rest =
		(struct troupe_timer) { .fired = wake_up, .data = listener };
	troupe_timer_start(&listener->private_rest, troupe_in_ms(REST_MS), 0);
	return listener->accepted(listener, error);
}

/* The peer has given up meanwhile, or another process was faster. */
static bool is_none(int error)
{
	return error == EAGAIN || error == EINTR || error == ECONNABORTED ||
	       error == EPROTO;
}

static int on_ready(struct troupe_input *input, short events)
{
	struct troupe_listener *listener = input->data;
	int fd = accept4(input->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0)
		return listener->accepted(listener, fd);
	return is_none(errno) ? 0 : rest(listener, -errno);
}

/* "*" is both kinds if the machine has both. */
static int open_socket(const struct sockaddr_storage *address, socklen_t size,
		       int *ret_fd)
{
	int fd = socket(address->ss_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int yes = 1, no = 0, r;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (address->ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
	if (bind(fd, (const struct sockaddr *)address, size) == 0 &&
	    listen(fd, SOMAXCONN) == 0) {
		*ret_fd = fd;
		return 0;
	}
	r = -errno;
	close(fd);
	return r;
}

/* A copy, so the socket stays there to be opened again. */
static int copy_socket(const char *name, int *ret_fd)
{
	pid_t node = trp_self.node ? trp_self.node->supervisor : getpid();
	int given = trp_listen_fds_find(name, node), is_listening = 0, fd;
	socklen_t size = sizeof(is_listening);

	if (given < 0)
		return given;
	getsockopt(given, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size);
	if (!is_listening)
		return -ENOTSOCK;
	fd = fcntl(given, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return -errno;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	*ret_fd = fd;
	return 0;
}

static int open_address(const char *address, int *ret_fd)
{
	static const char given[] = "systemd:";
	struct sockaddr_storage parsed;
	socklen_t size;
	int r;

	if (strncmp(address, given, sizeof(given) - 1) == 0)
		return copy_socket(address + sizeof(given) - 1, ret_fd);
	r = trp_tcp_address_parse(address, &parsed, &size);
	return r < 0 ? r : open_socket(&parsed, size, ret_fd);
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in6 address = { 0 };
	socklen_t size = sizeof(address);

	getsockname(fd, (struct sockaddr *)&address, &size);
	if (address.sin6_family != AF_INET && address.sin6_family != AF_INET6)
		return 0;
	/* The port is at the same offset in both kinds. */
	return ntohs(address.sin6_port);
}

int troupe_listener_open(struct troupe_listener *listener, const char *address)
{
	int fd = -1;
	int r;

	if (!listener->accepted)
		return -EINVAL;
	if (listener->private_input.ready)
		return -EALREADY;
	r = open_address(address, &fd);
	if (r < 0)
		return r;
	listener->private_input = (struct troupe_input) {
		.fd = fd, .events = POLLIN, .ready = on_ready, .data = listener
	};
	r = troupe_input_add(&listener->private_input);
	if (r < 0) {
		close(fd);
		listener->private_input = (struct troupe_input) { 0 };
		return r;
	}
	listener->port = port_of(fd);
	return 0;
}

void troupe_listener_close(struct troupe_listener *listener)
{
	if (!listener->private_input.ready)
		return;
	troupe_timer_cancel(&listener->private_rest);
	troupe_input_remove(&listener->private_input);
	close(listener->private_input.fd);
	listener->private_input = (struct troupe_input) { 0 };
}
