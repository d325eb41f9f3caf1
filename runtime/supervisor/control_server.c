/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/control_server.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "ipc/runtime_dir.h"
#include "runtime/control/control.pb-c.h"
#include "runtime/control/protocol.h"
#include "runtime/supervisor/supervisor.h"

#define SUFFIX ".sock"

enum { AT_ONCE = 16, PAUSE_MS = 200 };

/* ---- sessions ------------------------------------------------------------ */

void trp_control_server_drop(struct trp_control_session *session)
{
	struct trp_control_server *server = &session->supervisor->control;

	trp_wait_remove(&session->supervisor->wait, &session->watch);
	if (session->gone)
		session->gone(session);
	assert(*session->link == session && server->count > 0);
	*session->link = session->next;
	if (session->next)
		session->next->link = session->link;
	server->count--;
	close(session->watch.fd);
	free(session->kept);
	free(session);
}

/* If that fails for lack of memory, it is ignored until the server closes. */
static void listen_for(struct trp_control_session *session, uint32_t events)
{
	if (session->watch.events == events)
		return;
	trp_wait_remove(&session->supervisor->wait, &session->watch);
	session->watch.events = events;
	trp_wait_add(&session->supervisor->wait, &session->watch);
}

int trp_control_server_say_with(struct trp_control_session *session,
				const ProtobufCMessage *message, const int *fds,
				size_t count)
{
	size_t size = trp_protocol_size(message);
	void *bytes;
	int r;

	assert(count <= TRP_PROTOCOL_FDS && size > 0);
	if (session->kept)
		return -EAGAIN;
	bytes = malloc(size);
	if (!bytes)
		return -ENOMEM;
	trp_protocol_pack(message, bytes);
	r = trp_protocol_send(session->watch.fd, bytes, size, fds, count);
	if (r == -EAGAIN && !count) {
		session->kept = bytes;
		session->kept_size = size;
		listen_for(session, POLLIN | POLLOUT);
		return 0;
	}
	free(bytes);
	return r;
}

int trp_control_server_say(struct trp_control_session *session,
			   const ProtobufCMessage *message)
{
	int r = trp_control_server_say_with(session, message, NULL, 0);

	/* Its watch reports its end. */
	return r == -EAGAIN || r == -ENOMEM || r == -EMSGSIZE ? r : 0;
}

static void say_done(struct trp_control_session *session, int result)
{
	Troupe__Guest__Done done = TROUPE__GUEST__DONE__INIT;

	assert(result <= 0);
	done.result = result;
	done.text = (char *)(session->why ? session->why
			     : result < 0 ? strerror(-result)
					  : "");
	session->why = NULL;
	session->more = NULL;
	trp_control_server_say(session, &done.base);
}

/* Sends items as long as there is room. */
static void pump(struct trp_control_session *session)
{
	while (session->more && !session->kept) {
		int r = session->more(session);

		if (r == TRP_CONTROL_LATER)
			break;
		if (r <= 0)
			say_done(session, r);
	}
	if (!session->kept)
		listen_for(session, POLLIN);
	assert(session->watch.events ==
	       (session->kept ? POLLIN | POLLOUT : POLLIN));
}

/* False: it was dropped. */
static bool flush(struct trp_control_session *session)
{
	int r = trp_protocol_send(session->watch.fd, session->kept,
				  session->kept_size, NULL, 0);

	if (r == -EAGAIN)
		return true;
	if (r < 0) {
		trp_control_server_drop(session);
		return false;
	}
	free(session->kept);
	session->kept = NULL;
	return true;
}

/* False: it was dropped. */
static bool take_request(struct trp_control_session *session)
{
	static struct trp_protocol_packet packet;
	int r = trp_protocol_receive(session->watch.fd, 0, &packet);

	session->heard_at = troupe_now().ns;
	if (r == -EAGAIN || r == -EINTR)
		return true;
	if (r == 1 && (session->more || session->kept))
		r = -EBADMSG; /* speaks out of turn */
	if (r == 1)
		r = session->supervisor->control.ask(session, packet.type,
						     packet.body, packet.size);
	else if (r == 0)
		r = -EBADMSG;
	if (r == -EBADMSG) {
		trp_control_server_drop(session);
		return false;
	}
	if (r <= 0)
		say_done(session, r);
	return true;
}

static void on_session(struct trp_watch *watch, uint32_t events)
{
	struct trp_control_session *session = watch->data;

	if (events & POLLOUT && session->kept && !flush(session))
		return;
	if (events & ~(uint32_t)POLLOUT && !take_request(session))
		return;
	pump(session);
}

/* ---- new sessions -------------------------------------------------------- */

static bool is_allowed(const struct ucred *who)
{
	return who->pid > 0 && (who->uid == geteuid() || who->uid == 0);
}

static void refuse(int fd)
{
	Troupe__Guest__Done done = TROUPE__GUEST__DONE__INIT;
	unsigned char bytes[256];

	done.result = -EUSERS;
	done.text = "this node has too many clients";
	if (trp_protocol_size(&done.base) > sizeof(bytes))
		return;
	trp_protocol_pack(&done.base, bytes);
	trp_protocol_send(fd, bytes, trp_protocol_size(&done.base), NULL, 0);
}

/*
 * An idle session blocks no other: the one that was silent longest goes.
 * False: all are busy.
 */
static bool make_room(struct trp_control_server *server)
{
	struct trp_control_session *session, *idle = NULL;

	for (session = server->sessions; session; session = session->next)
		if (!session->more && !session->kept && !session->gone &&
		    !session->is_waiting &&
		    (!idle || session->heard_at <= idle->heard_at))
			idle = session;
	if (!idle)
		return false;
	refuse(idle->watch.fd);
	trp_control_server_drop(idle);
	return true;
}

static int add_session(struct trp_supervisor *supervisor, int fd, pid_t pid)
{
	struct trp_control_server *server = &supervisor->control;
	struct trp_control_session *session = calloc(1, sizeof(*session));
	int r;

	if (!session)
		return -ENOMEM;
	*session = (struct trp_control_session) {
		.supervisor = supervisor,
		.watch = { .fd = fd,
			   .events = POLLIN,
			   .ready = on_session,
			   .data = session },
		.pid = pid,
		.heard_at = troupe_now().ns,
	};
	r = trp_wait_add(&supervisor->wait, &session->watch);
	if (r < 0) {
		free(session);
		return r;
	}
	session->next = server->sessions;
	session->link = &server->sessions;
	if (session->next)
		session->next->link = &session->next;
	server->sessions = session;
	server->count++;
	assert(server->count <= TRP_CONTROL_SESSIONS);
	return 0;
}

static void admit(struct trp_supervisor *supervisor, int fd)
{
	struct ucred who = { 0 };
	socklen_t size = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 &&
	    is_allowed(&who)) {
		if (supervisor->control.count >= TRP_CONTROL_SESSIONS &&
		    !make_room(&supervisor->control))
			refuse(fd);
		else if (add_session(supervisor, fd, who.pid) == 0)
			return;
	}
	close(fd);
}

static int reopen(struct troupe_timer *timer)
{
	struct trp_supervisor *supervisor = timer->data;

	return trp_wait_add(&supervisor->wait, &supervisor->control.listener);
}

/* For example out of descriptors: a waiting connection would wake us for
 * ever. */
static void pause_listener(struct trp_supervisor *supervisor)
{
	struct trp_control_server *server = &supervisor->control;

	trp_wait_remove(&supervisor->wait, &server->listener);
	server->pause.fired = reopen;
	server->pause.data = supervisor;
	trp_timers_start(&supervisor->timers, &server->pause,
			 troupe_in_ms(PAUSE_MS));
}

static void on_connect(struct trp_watch *watch, uint32_t events)
{
	int i, fd;

	for (i = 0; i < AT_ONCE; i++) {
		fd = accept4(watch->fd, NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0)
			admit(watch->data, fd);
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR && errno != ECONNABORTED)
			break;
	}
	if (i < AT_ONCE)
		pause_listener(watch->data);
}

/* ---- the socket's name --------------------------------------------------- */

static int make_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
			0);

	return fd < 0 ? -errno : fd;
}

/* An unreaped process is dead, too. */
static bool is_dead(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd end = { fd, POLLIN, 0 };
	bool is_gone;

	if (fd < 0)
		return errno == ESRCH;
	is_gone = poll(&end, 1, 0) == 1;
	close(fd);
	return is_gone;
}

/*
 * No process listens there.  Only a closed socket refuses; but the kernel
 * closes one that an io_uring watched some time after the process is gone.
 */
static bool is_stale(int dir, const char *name)
{
	struct sockaddr_un address;
	struct ucred who = { 0 };
	socklen_t size = sizeof(who);
	int fd = make_socket();
	bool is_gone;

	if (fd < 0)
		return false;
	trp_runtime_dir_address(&address, dir, name);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		is_gone = errno == ECONNREFUSED;
	else
		is_gone = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who,
				     &size) == 0 &&
			  who.pid > 0 && is_dead(who.pid);
	close(fd);
	return is_gone;
}

static void sweep(int dir)
{
	DIR *list = trp_runtime_dir_list(dir);
	struct dirent *entry;

	if (!list)
		return;
	while ((entry = readdir(list)))
		if (trp_runtime_dir_stem(entry->d_name, SUFFIX) &&
		    is_stale(dir, entry->d_name))
			unlinkat(dir, entry->d_name, 0);
	closedir(list);
}

static int bind_listener(struct trp_control_server *server, int fd,
			 const char *name)
{
	struct sockaddr_un address;
	struct stat about;

	sweep(server->dir);
	trp_runtime_dir_address(&address, server->dir, name);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, SOMAXCONN) < 0 ||
	    fstatat(server->dir, name, &about, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	server->device = about.st_dev;
	server->inode = about.st_ino;
	return 0;
}

/* A starting node must not remove another's name between bind and listen. */
static int bind_alone(struct trp_control_server *server, int fd,
		      const char *name)
{
	int r;

	while (flock(server->dir, LOCK_EX) < 0)
		if (errno != EINTR)
			return -errno;
	r = bind_listener(server, fd, name);
	flock(server->dir, LOCK_UN);
	return r;
}

static int open_dir(void)
{
	char path[PATH_MAX];
	int r = trp_runtime_dir_find(path, sizeof(path));

	return r < 0 ? r : trp_runtime_dir_make(path);
}

static int open_listener(struct trp_supervisor *supervisor)
{
	struct trp_control_server *server = &supervisor->control;
	char name[TRP_NODE_NAME_SIZE + sizeof(SUFFIX)];
	int r;

	server->listener = (struct trp_watch) { .fd = make_socket(),
						.events = POLLIN,
						.ready = on_connect,
						.data = supervisor };
	if (server->listener.fd < 0)
		return server->listener.fd;
	snprintf(name, sizeof(name), "%s" SUFFIX, server->node);
	r = bind_alone(server, server->listener.fd, name);
	if (r == 0)
		r = trp_wait_add(&supervisor->wait, &server->listener);
	return r;
}

int trp_control_server_open(struct trp_supervisor *supervisor, const char *node,
			    trp_control_ask *ask)
{
	struct trp_control_server *server = &supervisor->control;
	int r;

	if (!*node)
		return 0;
	snprintf(server->node, sizeof(server->node), "%s", node);
	server->listener.fd = -1;
	server->ask = ask;
	server->dir = open_dir();
	r = server->dir < 0 ? server->dir : open_listener(supervisor);
	if (r < 0)
		trp_control_server_close(supervisor);
	return r;
}

/* Only our own name: it may belong to another node by now. */
static void remove_name(const struct trp_control_server *server)
{
	char name[TRP_NODE_NAME_SIZE + sizeof(SUFFIX)];
	struct stat about;

	snprintf(name, sizeof(name), "%s" SUFFIX, server->node);
	if (fstatat(server->dir, name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
	    about.st_dev == server->device && about.st_ino == server->inode)
		unlinkat(server->dir, name, 0);
}

void trp_control_server_close(struct trp_supervisor *supervisor)
{
	struct trp_control_server *server = &supervisor->control;
	struct trp_control_session *session, *next;

	if (!server->node[0])
		return;
	for (session = server->sessions; session; session = next) {
		next = session->next;
		if (session->more)
			say_done(session, -ESHUTDOWN);
		trp_control_server_drop(session);
	}
	trp_timers_cancel(&supervisor->timers, &server->pause);
	if (server->inode)
		remove_name(server);
	if (server->listener.fd >= 0) {
		trp_wait_remove(&supervisor->wait, &server->listener);
		close(server->listener.fd);
	}
	if (server->dir >= 0)
		close(server->dir);
	*server = (struct trp_control_server) { 0 };
}
