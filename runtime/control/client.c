/* SPDX-License-Identifier: MIT */
#include "runtime/control/client.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "ipc/runtime_dir.h"
#include "runtime/control/control.pb-c.h"
#include "serialize/message.h"
#include "serialize/type.h"

#define SUFFIX ".sock"

static int fail(struct trp_client *client, int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct trp_client *client, int r, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(client->why, sizeof(client->why), format, arguments);
	va_end(arguments);
	return r;
}

/* ---- finding the node ---------------------------------------------------- */

static void be_patient(int fd, int64_t ms)
{
	/* There no deadline means for ever. */
	struct timeval time = { ms < 0 ? 0 : ms / 1000,
				ms < 0 ? 0 : ms % 1000 * 1000 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
}

static int connect_to(int dir, const char *socket_name)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	int r = 0;

	if (fd < 0)
		return -errno;
	be_patient(fd, TRP_CLIENT_MS);
	trp_runtime_dir_address(&address, dir, socket_name);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		r = errno == ECONNREFUSED ? -ENOENT : -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

struct choice {
	unsigned count;
	int error; /* of one that may be there */
	char first[TRP_NODE_NAME_SIZE];
	char all[TRP_CLIENT_WHY - 128];
};

/* Adds the node of that socket, if it is a node's and a process listens
 * there. */
static void choose(struct choice *choice, int dir, const char *socket_name)
{
	size_t length = trp_runtime_dir_stem(socket_name, SUFFIX);
	size_t used = strlen(choice->all);
	int fd;

	if (!length || length >= TRP_NODE_NAME_SIZE)
		return;
	fd = connect_to(dir, socket_name);
	if (fd < 0) {
		if (fd != -ENOENT)
			choice->error = fd;
		return;
	}
	close(fd);
	if (choice->count++ == 0)
		snprintf(choice->first, sizeof(choice->first), "%.*s",
			 (int)length, socket_name);
	snprintf(choice->all + used, sizeof(choice->all) - used, " %.*s",
		 (int)length, socket_name);
}

static int choose_in(struct choice *choice, int dir)
{
	DIR *list = trp_runtime_dir_list(dir);
	struct dirent *entry;

	if (!list)
		return -errno;
	while ((entry = readdir(list)))
		choose(choice, dir, entry->d_name);
	closedir(list);
	return 0;
}

/* The only one there is. */
static int find_node(struct trp_client *client, int dir)
{
	struct choice choice = { 0 };
	int r = choose_in(&choice, dir);

	if (r == 0 && !choice.count)
		r = choice.error;
	if (r < 0)
		return fail(client, r, "cannot look for nodes: %s",
			    strerror(-r));
	if (choice.count == 0)
		return fail(client, -ENOENT, "no node of yours is running");
	if (choice.count > 1)
		return fail(client, -EUSERS,
			    "%u nodes are running; say which by --node NAME or "
			    "TROUPE_NODE:%s",
			    choice.count, choice.all);
	snprintf(client->node, sizeof(client->node), "%s", choice.first);
	return 0;
}

/* ---- connecting ---------------------------------------------------------- */

static int name_node(struct trp_client *client, const char *node, int dir)
{
	if (!node)
		node = getenv("TROUPE_NODE");
	if (!node || !*node)
		return find_node(client, dir);
	if (strlen(node) >= sizeof(client->node) || strchr(node, '/') ||
	    *node == '.')
		return fail(client, -EINVAL, "not a node name: %.80s", node);
	snprintf(client->node, sizeof(client->node), "%s", node);
	return 0;
}

/* The state of the supervisor's process, as in proc_pid_stat(5); or '?'. */
static char look_at_node(int fd, pid_t *ret_pid)
{
	struct ucred who = { 0 };
	socklen_t size = sizeof(who);
	char path[32], state = '?';
	FILE *file;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0)
		return state;
	*ret_pid = who.pid;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)who.pid);
	file = fopen(path, "re");
	if (!file)
		return state;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	fclose(file);
	return state;
}

/* Stopped by SIGSTOP or SIGTSTP, as a job of a shell; its pid, or 0. */
static pid_t stands_still(int fd)
{
	pid_t pid = 0;
	char state = look_at_node(fd, &pid);

	return state == 'T' || state == 't' ? pid : 0;
}

static int be_late(struct trp_client *client)
{
	pid_t pid = 0;
	char state = look_at_node(client->fd, &pid);
	const char *is = state == 'T' || state == 't' ? "is stopped by a signal"
			 : state == 'R'		      ? "computes"
			 : state == 'S' ? "waits for something else"
			 : state == 'D' ? "waits for a device"
					: "is gone";

	return fail(client, -ETIMEDOUT,
		    "node %s does not answer: its supervisor, process %d, %s",
		    client->node, (int)pid, is);
}

static int no_such(struct trp_client *client, int dir)
{
	struct choice choice = { 0 };

	choose_in(&choice, dir);
	return fail(client, -ENOENT, "no node called %s is running%s%s",
		    client->node, choice.count ? ", but" : "", choice.all);
}

static int enter(struct trp_client *client, const char *node, int dir)
{
	char name[TRP_NODE_NAME_SIZE + sizeof(SUFFIX)];
	int r = name_node(client, node, dir);
	pid_t stopped;

	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "%s" SUFFIX, client->node);
	client->fd = connect_to(dir, name);
	if (client->fd == -ENOENT)
		return no_such(client, dir);
	if (client->fd < 0)
		return fail(client, client->fd, "node %s cannot be reached: %s",
			    client->node, strerror(-client->fd));
	stopped = stands_still(client->fd);
	if (!stopped)
		return 0;
	close(client->fd);
	client->fd = -1;
	return fail(client, -ETIMEDOUT,
		    "node %s is stopped by a signal; `kill -CONT "
		    "%d` resumes it",
		    client->node, (int)stopped);
}

static int no_dir(struct trp_client *client, int r, const char *path)
{
	if (r == -ENOENT)
		return fail(client, r, "no node of yours is running");
	if (r == -EPERM && geteuid() == 0)
		return fail(client, r,
			    "%.200s is not a private folder of root; of "
			    "another's, root sees ps, beacon and stop; be that "
			    "user for the rest (`sudo -u`)",
			    path);
	if (r == -EPERM)
		return fail(client, r,
			    "%.200s is not a private folder of this user; "
			    "XDG_RUNTIME_DIR names another",
			    path);
	if (r == -ENOTDIR || r == -ELOOP)
		return fail(client, r,
			    "%.200s is no folder, or a link to one; "
			    "XDG_RUNTIME_DIR names another place",
			    path);
	return fail(client, r, "%.200s: %s", path, strerror(-r));
}

static int open_in(struct trp_client *client, const char *node,
		   const char *path, bool is_any)
{
	int dir = is_any ? trp_runtime_dir_open_any(path)
			 : trp_runtime_dir_open(path);
	int r;

	client->node[0] = client->why[0] = '\0';
	if (dir < 0)
		return no_dir(client, dir, path);
	r = enter(client, node, dir);
	close(dir);
	return r;
}

static int open_client(struct trp_client *client, const char *node, bool is_any)
{
	char path[PATH_MAX];
	int r = trp_runtime_dir_find(path, sizeof(path));

	client->fd = -1;
	if (r < 0)
		return no_dir(client, r, "its folder");
	do {
		r = open_in(client, node, path, is_any);
	} while (r == -ENOENT && trp_runtime_dir_next(path, sizeof(path)));
	if (r < 0)
		return r;
	trp_scratch_init(&client->scratch, 0);
	client->mark = trp_scratch_mark(&client->scratch);
	return 0;
}

int trp_client_open(struct trp_client *client, const char *node)
{
	return open_client(client, node, false);
}

int trp_client_open_any(struct trp_client *client, const char *node)
{
	return open_client(client, node, true);
}

void trp_client_close(struct trp_client *client)
{
	if (client->fd < 0)
		return;
	close(client->fd);
	client->fd = -1;
	trp_scratch_fini(&client->scratch);
}

void trp_client_patience(struct trp_client *client, int64_t ms)
{
	be_patient(client->fd, ms);
}

/* ---- requests ------------------------------------------------------------ */

int trp_client_ask(struct trp_client *client, const ProtobufCMessage *request)
{
	size_t size = trp_protocol_size(request);
	void *bytes = malloc(size);
	int r;

	if (!bytes)
		return fail(client, -ENOMEM, "no memory");
	trp_protocol_pack(request, bytes);
	r = trp_protocol_send(client->fd, bytes, size, NULL, 0);
	free(bytes);
	if (r == -EPIPE)
		return 0; /* it has sent the reason, and closed */
	return r < 0 ? fail(client, r, "node %s cannot be asked: %s",
			    client->node, strerror(-r))
		     : 0;
}

static int receive(struct trp_client *client, size_t fds)
{
	int r;

	do {
		r = trp_protocol_receive(client->fd, fds, &client->packet);
	} while (r == -EINTR || r == -ECONNRESET);
	if (r == -EAGAIN)
		return be_late(client);
	if (r == 0)
		return fail(client, -ECONNRESET, "node %s has ended",
			    client->node);
	return r < 0 ? fail(client, r, "node %s: %s", client->node,
			    strerror(-r))
		     : 1;
}

static int unpack(struct trp_client *client,
		  const ProtobufCMessageDescriptor *type,
		  const ProtobufCMessage **ret_item)
{
	ProtobufCMessage *message;
	int r = -EPROTO;

	if (trp_type_of(type) == client->packet.type)
		r = trp_message_unpack_private(type, client->packet.body,
					       client->packet.size,
					       &client->scratch, &message);
	if (r < 0) {
		while (client->packet.fds)
			close(client->packet.fd[--client->packet.fds]);
		return fail(client, r, "node %s speaks another version",
			    client->node);
	}
	*ret_item = message;
	return 1;
}

int trp_client_next(struct trp_client *client,
		    const ProtobufCMessageDescriptor *type, size_t fds,
		    const ProtobufCMessage **ret_item)
{
	const ProtobufCMessageDescriptor *end =
		&troupe__guest__done__descriptor;
	const ProtobufCMessage *item = NULL;
	const Troupe__Guest__Done *done;
	int r;

	trp_scratch_release(&client->scratch, client->mark);
	r = receive(client, fds);
	if (r < 0)
		return r;
	if (client->packet.type != trp_type_of(end))
		return unpack(client, type, ret_item);
	r = unpack(client, end, &item);
	if (r < 0 || !item)
		return r;
	done = (const Troupe__Guest__Done *)item;
	return done->result < 0 ? fail(client, done->result, "%s", done->text)
				: 0;
}

int trp_client_get(struct trp_client *client, const ProtobufCMessage *request,
		   const ProtobufCMessageDescriptor *type,
		   const ProtobufCMessage **ret_item)
{
	const ProtobufCMessage *item = NULL, *more;
	int r = trp_client_ask(client, request);

	if (r == 0)
		r = trp_client_next(client, type, 0, &item);
	if (r == 1) {
		/* Kept over the check for its end. */
		struct trp_scratch_mark mark = client->mark;

		client->mark = trp_scratch_mark(&client->scratch);
		r = trp_client_next(client, type, 0, &more);
		client->mark = mark;
		if (r == 1)
			r = fail(client, -EPROTO,
				 "node %s speaks another version",
				 client->node);
	}
	if (r < 0)
		return r;
	*ret_item = item;
	return 0;
}
