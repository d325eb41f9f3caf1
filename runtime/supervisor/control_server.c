/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/control_server.h"

#include <dirent.h>
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

/* ---- visitors ------------------------------------------------------------ */

void trp_control_server_drop(struct trp_control_session *visitor)
{
	struct trp_control_server *gate = &visitor->supervisor->gate;

	trp_wait_remove(&visitor->supervisor->wait, &visitor->watch);
	if (visitor->gone)
		visitor->gone(visitor);
	*visitor->link = visitor->next;
	if (visitor->next)
		visitor->next->link = visitor->link;
	gate->count--;
	close(visitor->watch.fd);
	free(visitor->kept);
	free(visitor);
}

/* Where that fails, for lack of memory, it is deaf until the gate closes. */
static void listen_for(struct trp_control_session *visitor, uint32_t events)
{
	if (visitor->watch.events == events)
		return;
	trp_wait_remove(&visitor->supervisor->wait, &visitor->watch);
	visitor->watch.events = events;
	trp_wait_add(&visitor->supervisor->wait, &visitor->watch);
}

/* The packet becomes the visitor's, or is freed. */
static int send_or_keep(struct trp_control_session *visitor, void *bytes,
			size_t size)
{
	int r = trp_protocol_send(visitor->watch.fd, bytes, size, NULL, 0);

	if (r == -EAGAIN) {
		visitor->kept = bytes;
		visitor->kept_size = size;
		listen_for(visitor, POLLIN | POLLOUT);
		return 0;
	}
	free(bytes);
	/* That it has gone is found by its watch. */
	return r == -EMSGSIZE ? r : 0;
}

int trp_control_server_say(struct trp_control_session *visitor,
			   const ProtobufCMessage *message)
{
	size_t size = trp_protocol_size(message);
	void *bytes;

	if (visitor->kept)
		return -EAGAIN;
	bytes = malloc(size);
	if (!bytes)
		return -ENOMEM;
	trp_protocol_pack(message, bytes);
	return send_or_keep(visitor, bytes, size);
}

int trp_control_server_say_with(struct trp_control_session *visitor,
				const ProtobufCMessage *message, const int *fds,
				size_t count)
{
	size_t size = trp_protocol_size(message);
	void *bytes;
	int r;

	if (visitor->kept)
		return -EAGAIN;
	bytes = malloc(size);
	if (!bytes)
		return -ENOMEM;
	trp_protocol_pack(message, bytes);
	r = trp_protocol_send(visitor->watch.fd, bytes, size, fds, count);
	free(bytes);
	return r;
}

static void say_done(struct trp_control_session *visitor, int result)
{
	Troupe__Guest__Done done = TROUPE__GUEST__DONE__INIT;

	done.result = result;
	done.text = (char *)(visitor->why ? visitor->why
			     : result < 0 ? strerror(-result)
					  : "");
	visitor->why = NULL;
	visitor->more = NULL;
	trp_control_server_say(visitor, &done.base);
}

/* Says what there is to say, as long as there is room. */
static void pump(struct trp_control_session *visitor)
{
	while (visitor->more && !visitor->kept) {
		int r = visitor->more(visitor);

		if (r == TRP_GATE_LATER)
			break;
		if (r <= 0)
			say_done(visitor, r);
	}
	if (!visitor->kept)
		listen_for(visitor, POLLIN);
}

void trp_control_server_wake(struct trp_control_session *visitor)
{
	pump(visitor);
}

/* False: it was dropped. */
static bool flush(struct trp_control_session *visitor)
{
	int r = trp_protocol_send(visitor->watch.fd, visitor->kept,
				  visitor->kept_size, NULL, 0);

	if (r == -EAGAIN)
		return true;
	if (r < 0) {
		trp_control_server_drop(visitor);
		return false;
	}
	free(visitor->kept);
	visitor->kept = NULL;
	return true;
}

/* False: it was dropped. */
static bool take_request(struct trp_control_session *visitor)
{
	static struct trp_protocol packet;
	int r = trp_protocol_receive(visitor->watch.fd, 0, &packet);

	if (r == -EAGAIN || r == -EINTR)
		return true;
	if (r == 1 && (visitor->more || visitor->kept))
		r = -EBADMSG; /* speaks out of turn */
	if (r == 1)
		r = trp_control_requests_ask(visitor, packet.type, packet.body,
					     packet.size);
	else if (r == 0)
		r = -EBADMSG;
	if (r == -EBADMSG) {
		trp_control_server_drop(visitor);
		return false;
	}
	if (r <= 0)
		say_done(visitor, r);
	return true;
}

static void on_visitor(struct trp_watch *watch, uint32_t events)
{
	struct trp_control_session *visitor = watch->data;

	if (events & POLLOUT && visitor->kept && !flush(visitor))
		return;
	if (events & ~(uint32_t)POLLOUT && !take_request(visitor))
		return;
	pump(visitor);
}

/* ---- at the door --------------------------------------------------------- */

static bool may_enter(const struct ucred *who)
{
	return who->pid > 0 && (who->uid == geteuid() || who->uid == 0);
}

static void refuse(int fd)
{
	Troupe__Guest__Done done = TROUPE__GUEST__DONE__INIT;
	unsigned char bytes[256];

	done.result = -EUSERS;
	done.text = "too many are connected to this node already";
	if (trp_protocol_size(&done.base) > sizeof(bytes))
		return;
	trp_protocol_pack(&done.base, bytes);
	trp_protocol_send(fd, bytes, trp_protocol_size(&done.base), NULL, 0);
}

static int admit(struct trp_supervisor *supervisor, int fd, pid_t pid)
{
	struct trp_control_server *gate = &supervisor->gate;
	struct trp_control_session *visitor = calloc(1, sizeof(*visitor));
	int r;

	if (!visitor)
		return -ENOMEM;
	*visitor = (struct trp_control_session) {
		.supervisor = supervisor,
		.watch = { .fd = fd,
			   .events = POLLIN,
			   .ready = on_visitor,
			   .data = visitor },
		.pid = pid,
	};
	r = trp_wait_add(&supervisor->wait, &visitor->watch);
	if (r < 0) {
		free(visitor);
		return r;
	}
	visitor->next = gate->visitors;
	visitor->link = &gate->visitors;
	if (visitor->next)
		visitor->next->link = &visitor->next;
	gate->visitors = visitor;
	gate->count++;
	return 0;
}

static void greet(struct trp_supervisor *supervisor, int fd)
{
	struct ucred who = { 0 };
	socklen_t size = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 &&
	    may_enter(&who)) {
		if (supervisor->gate.count >= TRP_VISITORS_MAX)
			refuse(fd);
		else if (admit(supervisor, fd, who.pid) == 0)
			return;
	}
	close(fd);
}

static int reopen(struct troupe_timer *timer)
{
	struct trp_supervisor *supervisor = timer->data;

	return trp_wait_add(&supervisor->wait, &supervisor->gate.door);
}

/* Out of descriptors, say: who waits at the door would wake us for ever. */
static void pause_door(struct trp_supervisor *supervisor)
{
	struct trp_control_server *gate = &supervisor->gate;

	trp_wait_remove(&supervisor->wait, &gate->door);
	gate->pause.fired = reopen;
	gate->pause.data = supervisor;
	trp_timers_start(&supervisor->timers, &gate->pause,
			 troupe_in_ms(PAUSE_MS));
}

static void on_door(struct trp_watch *watch, uint32_t events)
{
	int i, fd;

	for (i = 0; i < AT_ONCE; i++) {
		fd = accept4(watch->fd, NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0)
			greet(watch->data, fd);
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR && errno != ECONNABORTED)
			break;
	}
	if (i < AT_ONCE)
		pause_door(watch->data);
}

/* ---- the socket's name --------------------------------------------------- */

static int make_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
			0);

	return fd < 0 ? -errno : fd;
}

/* One that has not been reaped is dead, too. */
static bool is_dead(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd end = { fd, POLLIN, 0 };
	bool is_over;

	if (fd < 0)
		return errno == ESRCH;
	is_over = poll(&end, 1, 0) == 1;
	close(fd);
	return is_over;
}

/*
 * Nobody listens there.  Only a closed socket refuses; but the kernel closes
 * one that an io_uring watched some time after the process is gone.
 */
static bool is_stale(int folder, const char *name)
{
	struct sockaddr_un address;
	struct ucred who = { 0 };
	socklen_t size = sizeof(who);
	int fd = make_socket();
	bool is_over;

	if (fd < 0)
		return false;
	trp_runtime_dir_address(&address, folder, name);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		is_over = errno == ECONNREFUSED;
	else
		is_over = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who,
				     &size) == 0 &&
			  who.pid > 0 && is_dead(who.pid);
	close(fd);
	return is_over;
}

static bool is_node_name(const char *name)
{
	size_t length = strlen(name), suffix = strlen(SUFFIX);

	return length > suffix && strcmp(name + length - suffix, SUFFIX) == 0;
}

static void sweep(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!list) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(list)))
		if (is_node_name(entry->d_name) &&
		    is_stale(folder, entry->d_name))
			unlinkat(folder, entry->d_name, 0);
	closedir(list);
}

static int bind_door(struct trp_control_server *gate, int fd, const char *name)
{
	struct sockaddr_un address;
	struct stat about;

	sweep(gate->folder);
	trp_runtime_dir_address(&address, gate->folder, name);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, SOMAXCONN) < 0 ||
	    fstatat(gate->folder, name, &about, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	gate->device = about.st_dev;
	gate->inode = about.st_ino;
	return 0;
}

/* One that starts must not sweep another's name between bind and listen. */
static int bind_alone(struct trp_control_server *gate, int fd, const char *name)
{
	int r;

	while (flock(gate->folder, LOCK_EX) < 0)
		if (errno != EINTR)
			return -errno;
	r = bind_door(gate, fd, name);
	flock(gate->folder, LOCK_UN);
	return r;
}

static int open_folder(void)
{
	char path[PATH_MAX];
	int r = trp_runtime_dir_find(path, sizeof(path));

	return r < 0 ? r : trp_runtime_dir_make(path);
}

static int open_door(struct trp_supervisor *supervisor)
{
	struct trp_control_server *gate = &supervisor->gate;
	char name[TRP_NODE_NAME_SIZE + sizeof(SUFFIX)];
	int r;

	gate->door = (struct trp_watch) { .fd = make_socket(),
					  .events = POLLIN,
					  .ready = on_door,
					  .data = supervisor };
	if (gate->door.fd < 0)
		return gate->door.fd;
	snprintf(name, sizeof(name), "%s" SUFFIX, gate->node);
	r = bind_alone(gate, gate->door.fd, name);
	if (r == 0)
		r = trp_wait_add(&supervisor->wait, &gate->door);
	return r;
}

int trp_control_server_open(struct trp_supervisor *supervisor, const char *node)
{
	struct trp_control_server *gate = &supervisor->gate;
	int r;

	if (!*node)
		return 0;
	snprintf(gate->node, sizeof(gate->node), "%s", node);
	gate->door.fd = -1;
	gate->folder = open_folder();
	r = gate->folder < 0 ? gate->folder : open_door(supervisor);
	if (r < 0)
		trp_control_server_close(supervisor);
	return r;
}

/* Only the name that we made: it may be another node's by now. */
static void remove_name(const struct trp_control_server *gate)
{
	char name[TRP_NODE_NAME_SIZE + sizeof(SUFFIX)];
	struct stat about;

	snprintf(name, sizeof(name), "%s" SUFFIX, gate->node);
	if (fstatat(gate->folder, name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
	    about.st_dev == gate->device && about.st_ino == gate->inode)
		unlinkat(gate->folder, name, 0);
}

void trp_control_server_close(struct trp_supervisor *supervisor)
{
	struct trp_control_server *gate = &supervisor->gate;
	struct trp_control_session *visitor, *next;

	if (!gate->node[0])
		return;
	for (visitor = gate->visitors; visitor; visitor = next) {
		next = visitor->next;
		trp_control_server_drop(visitor);
	}
	trp_timers_cancel(&supervisor->timers, &gate->pause);
	if (gate->inode)
		remove_name(gate);
	if (gate->door.fd >= 0) {
		trp_wait_remove(&supervisor->wait, &gate->door);
		close(gate->door.fd);
	}
	if (gate->folder >= 0)
		close(gate->folder);
	*gate = (struct trp_control_server) { 0 };
}
