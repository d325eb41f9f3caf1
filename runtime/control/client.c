/* SPDX-License-Identifier: MIT */
#include "runtime/control/client.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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

static int fail(struct trp_client *visit, int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct trp_client *visit, int r, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(visit->why, sizeof(visit->why), format, arguments);
	va_end(arguments);
	return r;
}

/* ---- which node ---------------------------------------------------------- */

static int open_folder(char path[PATH_MAX])
{
	int r = trp_runtime_dir_find(path, PATH_MAX);

	return r < 0 ? r : trp_runtime_dir_open(path);
}

static void be_patient(int fd, int64_t ms)
{
	/* No time is for ever there. */
	struct timeval time = { ms < 0 ? 0 : ms / 1000,
				ms < 0 ? 0 : ms % 1000 * 1000 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
}

static int connect_to(int folder, const char *socket_name)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	int r = 0;

	if (fd < 0)
		return -errno;
	be_patient(fd, TRP_VISIT_MS);
	trp_runtime_dir_address(&address, folder, socket_name);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		r = errno == ECONNREFUSED ? -ENOENT : -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

/* "" when it is none. */
static void node_of(const char *socket_name, char node[TRP_NODE_NAME_SIZE])
{
	size_t length = strlen(socket_name), suffix = strlen(SUFFIX);

	node[0] = '\0';
	if (length > suffix && length - suffix < TRP_NODE_NAME_SIZE &&
	    strcmp(socket_name + length - suffix, SUFFIX) == 0)
		snprintf(node, TRP_NODE_NAME_SIZE, "%.*s",
			 (int)(length - suffix), socket_name);
}

static void look_at(int folder, const char *socket_name,
		    void (*seen)(const char *node, void *data), void *data)
{
	char node[TRP_NODE_NAME_SIZE];
	int fd;

	node_of(socket_name, node);
	if (!node[0])
		return;
	fd = connect_to(folder, socket_name);
	if (fd < 0)
		return;
	close(fd);
	seen(node, data);
}

static int each_in(int folder, void (*seen)(const char *node, void *data),
		   void *data)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = -errno;

	if (!list) {
		if (fd >= 0)
			close(fd);
		return r;
	}
	while ((entry = readdir(list)))
		look_at(folder, entry->d_name, seen, data);
	closedir(list);
	return 0;
}

struct choice {
	unsigned count;
	char first[TRP_NODE_NAME_SIZE];
	char all[TRP_VISIT_WHY - 128];
};

static void choose(const char *node, void *data)
{
	struct choice *choice = data;
	size_t used = strlen(choice->all);

	if (choice->count++ == 0)
		snprintf(choice->first, sizeof(choice->first), "%s", node);
	snprintf(choice->all + used, sizeof(choice->all) - used, " %s", node);
}

/* The only one there is. */
static int find_node(struct trp_client *visit, int folder)
{
	struct choice choice = { 0 };
	int r = each_in(folder, choose, &choice);

	if (r < 0)
		return fail(visit, r, "cannot look for nodes: %s",
			    strerror(-r));
	if (choice.count == 0)
		return fail(visit, -ENOENT, "no node of yours is running");
	if (choice.count > 1)
		return fail(visit, -EUSERS,
			    "%u nodes are running; say which by --node NAME or "
			    "TROUPE_NODE:%s",
			    choice.count, choice.all);
	snprintf(visit->node, sizeof(visit->node), "%s", choice.first);
	return 0;
}

/* ---- coming in ----------------------------------------------------------- */

static int name_node(struct trp_client *visit, const char *node, int folder)
{
	if (!node)
		node = getenv("TROUPE_NODE");
	if (!node || !*node)
		return find_node(visit, folder);
	if (strlen(node) >= sizeof(visit->node) || strchr(node, '/') ||
	    *node == '.')
		return fail(visit, -EINVAL, "no name of a node: %.80s", node);
	snprintf(visit->node, sizeof(visit->node), "%s", node);
	return 0;
}

static int enter(struct trp_client *visit, const char *node, int folder)
{
	char name[TRP_NODE_NAME_SIZE + sizeof(SUFFIX)];
	int r = name_node(visit, node, folder);

	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "%s" SUFFIX, visit->node);
	visit->fd = connect_to(folder, name);
	if (visit->fd == -ENOENT)
		return fail(visit, -ENOENT, "no node called %s is running",
			    visit->node);
	if (visit->fd < 0)
		return fail(visit, visit->fd, "node %s cannot be reached: %s",
			    visit->node, strerror(-visit->fd));
	return 0;
}

static int no_folder(struct trp_client *visit, int r, const char *path)
{
	if (r == -ENOENT)
		return fail(visit, r, "no node of yours is running");
	if (r == -EPERM)
		return fail(visit, r,
			    "%.200s is not a private folder of this user",
			    path);
	return fail(visit, r, "%.200s: %s", path, strerror(-r));
}

int trp_client_open(struct trp_client *visit, const char *node)
{
	char path[PATH_MAX];
	int folder = open_folder(path);
	int r;

	visit->fd = -1;
	visit->node[0] = visit->why[0] = '\0';
	if (folder < 0)
		return no_folder(visit, folder, path);
	r = enter(visit, node, folder);
	close(folder);
	if (r < 0)
		return r;
	trp_scratch_init(&visit->scratch, 0);
	visit->mark = trp_scratch_mark(&visit->scratch);
	return 0;
}

void trp_client_close(struct trp_client *visit)
{
	if (visit->fd < 0)
		return;
	close(visit->fd);
	visit->fd = -1;
	trp_scratch_fini(&visit->scratch);
}

void trp_client_patience(struct trp_client *visit, int64_t ms)
{
	be_patient(visit->fd, ms);
}

/* ---- asking -------------------------------------------------------------- */

int trp_client_ask(struct trp_client *visit, const ProtobufCMessage *request)
{
	size_t size = trp_protocol_size(request);
	void *bytes = malloc(size);
	int r;

	if (!bytes)
		return fail(visit, -ENOMEM, "no memory");
	trp_protocol_pack(request, bytes);
	r = trp_protocol_send(visit->fd, bytes, size, NULL, 0);
	free(bytes);
	if (r == -EPIPE)
		return 0; /* it has said why, and closed */
	return r < 0 ? fail(visit, r, "node %s cannot be asked: %s",
			    visit->node, strerror(-r))
		     : 0;
}

static int receive(struct trp_client *visit, size_t fds)
{
	int r;

	do {
		r = trp_protocol_receive(visit->fd, fds, &visit->packet);
	} while (r == -EINTR || r == -ECONNRESET);
	if (r == -EAGAIN)
		return fail(visit, -ETIMEDOUT, "node %s does not answer",
			    visit->node);
	if (r == 0)
		return fail(visit, -ECONNRESET, "node %s has ended",
			    visit->node);
	return r < 0 ? fail(visit, r, "node %s: %s", visit->node, strerror(-r))
		     : 1;
}

static int unpack(struct trp_client *visit,
		  const ProtobufCMessageDescriptor *type,
		  const ProtobufCMessage **ret_item)
{
	ProtobufCMessage *message;
	int r = -EPROTO;

	if (trp_type_of(type) == visit->packet.type)
		r = trp_message_unpack_private(type, visit->packet.body,
					       visit->packet.size,
					       &visit->scratch, &message);
	if (r < 0) {
		while (visit->packet.fds)
			close(visit->packet.fd[--visit->packet.fds]);
		return fail(visit, r, "node %s speaks another version",
			    visit->node);
	}
	*ret_item = message;
	return 1;
}

int trp_client_next(struct trp_client *visit,
		    const ProtobufCMessageDescriptor *type, size_t fds,
		    const ProtobufCMessage **ret_item)
{
	const ProtobufCMessageDescriptor *end =
		&troupe__guest__done__descriptor;
	const ProtobufCMessage *item = NULL;
	const Troupe__Guest__Done *done;
	int r;

	trp_scratch_release(&visit->scratch, visit->mark);
	r = receive(visit, fds);
	if (r < 0)
		return r;
	if (visit->packet.type != trp_type_of(end))
		return unpack(visit, type, ret_item);
	r = unpack(visit, end, &item);
	if (r < 0 || !item)
		return r;
	done = (const Troupe__Guest__Done *)item;
	return done->result < 0 ? fail(visit, done->result, "%s", done->text)
				: 0;
}

int trp_client_get(struct trp_client *visit, const ProtobufCMessage *request,
		   const ProtobufCMessageDescriptor *type,
		   const ProtobufCMessage **ret_item)
{
	const ProtobufCMessage *item = NULL, *more;
	int r = trp_client_ask(visit, request);

	if (r == 0)
		r = trp_client_next(visit, type, 0, &item);
	if (r == 1) {
		/* Kept over the look at what ends it. */
		struct trp_scratch_mark mark = visit->mark;

		visit->mark = trp_scratch_mark(&visit->scratch);
		r = trp_client_next(visit, type, 0, &more);
		visit->mark = mark;
		if (r == 1)
			r = fail(visit, -EPROTO,
				 "node %s speaks another version", visit->node);
	}
	if (r < 0)
		return r;
	*ret_item = item;
	return 0;
}
