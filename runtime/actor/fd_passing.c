/* SPDX-License-Identifier: MIT */
/*
 * Descriptors from actor to actor.  The giver keeps the descriptor, and listens
 * on an abstract socket; the taker connects, names the one it wants, and gets
 * it.  Both sides are watches, served wherever the process sleeps, without a
 * handler.
 *
 * The giver dies: the kernel closes unsent descriptors; sent ones are in the
 * taker's socket.  The taker dies: a watch reports it, and the offer is closed.
 */
#include "runtime/actor/fd_passing.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "ipc/time.h"
#include "ipc/wake_socket.h"
#include "runtime/actor/away.h"
#include "runtime/actor/loop.h"
#include "runtime/actor/target_watch.h"
#include "runtime/control/protocol.h"

enum { MAGIC = 0x68616e64 };

/* The bytes of a handover. */
struct token {
	uint32_t magic;
	uint32_t number;
	uint32_t server;
	uint32_t net; /* the network namespace that its name is in */
	uint64_t secret;
};
static_assert(sizeof(struct token) == sizeof(struct troupe_handover),
	      "its private bytes");

/* A request of the taker. */
struct request {
	struct token token;
	troupe_ref taker;
};

struct offer {
	struct offer *next;
	troupe_ref to; /* 0: it is yet to be started */
	int fd;
	uint32_t number;
	uint64_t secret;
};

static struct offer *offers;
static struct trp_watch server = { .fd = -1 };
static uint32_t server_name, server_net;
static int spare = -1; /* for a caller when no other descriptor is left */
static uint32_t last_number;

static void check(void)
{
	const struct offer *offer;

	for (offer = offers; offer; offer = offer->next) {
		assert(offer->number && offer->number <= last_number);
		assert(!offer->next || offer->number > offer->next->number);
		assert(fcntl(offer->fd, F_GETFD) >= 0); /* ours, until then */
	}
	assert(!offers || server.fd >= 0);
	assert((server.fd >= 0) == (server.serial != 0));
}

/* ---- offers -------------------------------------------------------------- */

static void withdraw(struct offer **link)
{
	struct offer *offer = *link;

	*link = offer->next;
	close(offer->fd);
	free(offer);
}

static void target_ended(const struct troupe_end *end, uint64_t taken)
{
	struct offer **link = &offers;

	if (end->will_restart)
		return; /* its successor has the value among its mail */
	while (*link)
		if ((*link)->to == end->ref)
			withdraw(link);
		else
			link = &(*link)->next;
}

static struct trp_target_listener listener = { .ended = target_ended };

static bool is_meant(const struct offer *offer, const struct request *request)
{
	return offer->number == request->token.number &&
	       offer->secret == request->token.secret &&
	       (!offer->to || offer->to == request->taker);
}

static struct offer **find(const struct request *request)
{
	struct offer **link = &offers;

	while (*link && !is_meant(*link, request))
		link = &(*link)->next;
	return link;
}

/* ---- the giver --------------------------------------------------------- */

static socklen_t name_of(uint32_t name, struct sockaddr_un *ret)
{
	int length;

	*ret = (struct sockaddr_un) { .sun_family = AF_UNIX };
	length = snprintf(ret->sun_path + 1, sizeof(ret->sun_path) - 1,
			  "troupe/handover/%" PRIx32, name);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   (size_t)length);
}

static bool is_same_user(int fd)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) ==
		       0 &&
	       credentials.uid == geteuid();
}

static void keep_spare(void)
{
	if (spare < 0)
		spare = fcntl(server.fd, F_DUPFD_CLOEXEC, 0);
}

static int accept_caller(void)
{
	return accept4(server.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

static void on_request(struct trp_watch *watch, uint32_t events)
{
	struct request request;
	struct offer **link;

	if (recv(watch->fd, &request, sizeof(request), MSG_DONTWAIT) ==
	    sizeof(request)) {
		link = find(&request);
		if (*link) {
			/* On a byte; the socket is new, so there is room. */
			trp_protocol_send(watch->fd, "", 1, &(*link)->fd, 1);
			withdraw(link);
		}
	}
	TRP_CHECK(check());
	trp_wait_remove(&trp_self.wait, watch);
	close(watch->fd);
	free(watch);
	keep_spare();
}

/* All descriptors may be on offer: those go last. */
static void on_connection(struct trp_watch *watch, uint32_t events)
{
	int fd = accept_caller();
	struct trp_watch *caller;

	if (fd < 0 && errno == EMFILE && spare >= 0) {
		close(spare);
		spare = -1;
		fd = accept_caller();
	}
	if (fd < 0)
		return;
	caller = is_same_user(fd) ? malloc(sizeof(*caller)) : NULL;
	if (!caller) {
		close(fd);
		return;
	}
	*caller = (struct trp_watch) { .fd = fd,
				       .events = POLLIN,
				       .ready = on_request };
	if (trp_wait_add(&trp_self.wait, caller) < 0) {
		close(fd);
		free(caller);
	}
}

static int bind_server(int fd)
{
	struct sockaddr_un address;
	socklen_t length;

	if (getrandom(&server_name, sizeof(server_name), 0) !=
	    sizeof(server_name))
		return -EIO;
	server_net = trp_wake_socket_net();
	length = name_of(server_name, &address);
	if (bind(fd, (struct sockaddr *)&address, length) < 0 ||
	    listen(fd, SOMAXCONN) < 0)
		return -errno;
	return 0;
}

static int open_server(void)
{
	int r;

	if (server.fd >= 0)
		return 0;
	server.fd = socket(AF_UNIX,
			   SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server.fd < 0)
		return -errno;
	server.events = POLLIN;
	server.ready = on_connection;
	r = bind_server(server.fd);
	if (r == 0)
		r = trp_wait_add(&trp_self.wait, &server);
	if (r == 0) {
		keep_spare();
	} else {
		close(server.fd);
		server.fd = -1;
	}
	return r;
}

static int give(int fd, troupe_ref to, struct troupe_handover *ret_handover)
{
	struct token token = { .magic = MAGIC };
	struct offer *offer;
	int r;

	if (fcntl(fd, F_GETFD) < 0)
		return -errno;
	if (getrandom(&token.secret, sizeof(token.secret), 0) !=
	    sizeof(token.secret))
		return -EIO;
	r = open_server();
	if (r < 0)
		return r;
	offer = malloc(sizeof(*offer));
	if (!offer)
		return -ENOMEM;
	token.number = ++last_number;
	token.server = server_name;
	token.net = server_net;
	*offer = (struct offer) { offers, to, fd, token.number, token.secret };
	offers = offer;
	TRP_CHECK(check());
	memcpy(ret_handover, &token, sizeof(token));
	trp_target_watch_listen(&listener);
	if (to)
		trp_target_watch(to);
	return 0;
}

int troupe_handover_give(int fd, troupe_ref to,
			 struct troupe_handover *ret_handover)
{
	if (trp_self.ref && trp_away_has(to))
		return -ENOTSUP; /* descriptors stay on their machine */
	return trp_ref_is_here(to) ? give(fd, to, ret_handover) : -EINVAL;
}

bool trp_fd_passing_is_any(void)
{
	return offers;
}

int trp_fd_passing_prepare(int fd, struct troupe_handover *ret_handover)
{
	return give(fd, 0, ret_handover);
}

void trp_fd_passing_aim(const struct troupe_handover *handover, troupe_ref to)
{
	struct request request;
	struct offer **link, *offer;

	memcpy(&request.token, handover, sizeof(request.token));
	request.taker = 0;
	link = find(&request);
	offer = *link;
	if (!offer)
		return; /* it was taken */
	offer->to = to;
	if (to) {
		trp_target_watch(to);
		return;
	}
	*link = offer->next;
	free(offer);
}

/* ---- the taker ----------------------------------------------------------- */

struct answer {
	struct trp_watch watch;
	bool is_here;
};

static void on_answer(struct trp_watch *watch, uint32_t events)
{
	struct answer *answer = watch->data;

	answer->is_here = true;
	trp_wait_remove(&trp_self.wait, watch);
}

/* -ENOENT: the giver has closed without an answer. */
static int receive_descriptor(int socket, int *ret_fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	char byte;
	struct iovec bytes = { &byte, 1 };
	struct msghdr message = { .msg_iov = &bytes,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	const struct cmsghdr *header;

	if (recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
		return errno == ECONNRESET ? -ENOENT : -errno;
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return message.msg_flags & MSG_CTRUNC ? -EMFILE : -ENOENT;
	memcpy(ret_fd, CMSG_DATA(header), sizeof(*ret_fd));
	return 0;
}

static int await_answer(int socket, struct troupe_time deadline)
{
	struct answer answer = { .watch = { .fd = socket,
					    .events = POLLIN,
					    .ready = on_answer,
					    .data = &answer } };
	int r = trp_wait_add(&trp_self.wait, &answer.watch);

	while (r == 0 && !answer.is_here) {
		if (trp_self.is_stopping)
			r = -ECANCELED;
		else if (trp_time_now().ns >= deadline.ns)
			r = -ETIMEDOUT;
		else
			r = trp_loop_block(
				&(struct trp_wait_note) {
					.what = TROUPE_WAITS_ANSWER },
				deadline);
	}
	trp_wait_remove(&trp_self.wait, &answer.watch);
	return r;
}

static int ask(int socket, const struct token *token)
{
	struct sockaddr_un address;
	socklen_t length = name_of(token->server, &address);
	struct request request = { *token, trp_self.ref };

	if (connect(socket, (struct sockaddr *)&address, length) < 0) {
		if (errno != ECONNREFUSED)
			return -errno;
		return token->net == trp_wake_socket_net() ? -ENOENT : -EXDEV;
	}
	if (!is_same_user(socket))
		return -ENOENT;
	if (send(socket, &request, sizeof(request), MSG_NOSIGNAL) < 0)
		return errno == EPIPE || errno == ECONNRESET ? -ENOENT : -errno;
	return 0;
}

int troupe_handover_take(const void *handover, size_t size,
			 struct troupe_time deadline, int *ret_fd)
{
	struct token token;
	int fd, r;

	if (deadline.ns < 0)
		return -EINVAL;
	if (size != sizeof(token))
		return -EBADMSG;
	memcpy(&token, handover, sizeof(token));
	if (token.magic != MAGIC)
		return -EBADMSG;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = ask(fd, &token);
	if (r == 0)
		r = await_answer(fd, deadline);
	if (r == 0)
		r = receive_descriptor(fd, ret_fd);
	close(fd);
	return r;
}
