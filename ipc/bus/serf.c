/* SPDX-License-Identifier: MIT */
#include "ipc/bus/serf.h"

#include <errno.h>
#include <msgpack.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ipc/bus/bus.h"
#include "ipc/library.h"
#include "libraries.h"

/*
 * User events of a Serf agent, by its RPC protocol: msgpack objects over TCP,
 * each request a header {Command, Seq} and a body, each answer a header
 * {Seq, Error} and, for records of a stream, a body.
 *
 *	1 handshake, 2 auth (with a key), 3 stream user:NAME, 4.. event
 *
 * All but events are sent at once; the answer to 3 confirms the stream.  Then
 * every object behind a header of Seq 3 is a record of the stream.  An agent
 * takes events of at most 512 bytes (user_event_size_limit); it refuses a
 * longer one, which is lost.
 */

#define HANDSHAKE_SEQ  1
#define AUTH_SEQ       2
#define STREAM_SEQ     3
#define INPUT_MAX      (4 * TRP_BUS_SIZE_MAX)
#define OUTPUT_MAX     (4 * TRP_BUS_SIZE_MAX)
#define CONNECT_WAIT_S 5

/* All else of it is inline. */
/* clang-format off */
#define FUNCTIONS(F) \
	F(msgpack_, unpack_next) F(msgpack_, zone_free)
/* clang-format on */
TRP_LIBRARY(msgpack, LIBRARY_MSGPACK, FUNCTIONS);

struct serf {
	int socket;
	uint64_t seq;
	msgpack_sbuffer out;
	msgpack_sbuffer in;
	bool is_record_next;
};

/* ---- writing ------------------------------------------------------------ */

static void put_text(msgpack_packer *packer, const char *text)
{
	msgpack_pack_str_with_body(packer, text, strlen(text));
}

static void put_header(msgpack_packer *packer, const char *command,
		       uint64_t seq)
{
	msgpack_pack_map(packer, 2);
	put_text(packer, "Command");
	put_text(packer, command);
	put_text(packer, "Seq");
	msgpack_pack_uint64(packer, seq);
}

static void put_greeting(struct serf *serf,
			 const struct trp_bus_address *address)
{
	char stream[sizeof(address->path) + 8];
	msgpack_packer packer;

	msgpack_packer_init(&packer, &serf->out, msgpack_sbuffer_write);
	put_header(&packer, "handshake", HANDSHAKE_SEQ);
	msgpack_pack_map(&packer, 1);
	put_text(&packer, "Version");
	msgpack_pack_int(&packer, 1);
	if (*address->password) {
		put_header(&packer, "auth", AUTH_SEQ);
		msgpack_pack_map(&packer, 1);
		put_text(&packer, "AuthKey");
		put_text(&packer, address->password);
	}
	put_header(&packer, "stream", STREAM_SEQ);
	snprintf(stream, sizeof(stream), "user:%s", address->path);
	msgpack_pack_map(&packer, 1);
	put_text(&packer, "Type");
	put_text(&packer, stream);
}

/* The agent's msgpack is older than the bin types: bytes go as a string. */
static void put_event(struct serf *serf, const char *name, const void *payload,
		      size_t length)
{
	msgpack_packer packer;

	msgpack_packer_init(&packer, &serf->out, msgpack_sbuffer_write);
	put_header(&packer, "event", ++serf->seq);
	msgpack_pack_map(&packer, 3);
	put_text(&packer, "Name");
	put_text(&packer, name);
	put_text(&packer, "Payload");
	msgpack_pack_str_with_body(&packer, payload, length);
	put_text(&packer, "Coalesce");
	msgpack_pack_false(&packer);
}

static void take_front(msgpack_sbuffer *buffer, size_t length)
{
	buffer->size -= length;
	if (buffer->size)
		memmove(buffer->data, buffer->data + length, buffer->size);
}

static int flush(struct trp_bus *bus)
{
	struct serf *serf = bus->state;
	ssize_t length = 1;

	while (serf->out.size && length > 0) {
		length = send(serf->socket, serf->out.data, serf->out.size,
			      MSG_NOSIGNAL | MSG_DONTWAIT);
		if (length > 0)
			take_front(&serf->out, (size_t)length);
	}
	if (length < 0 && errno != EAGAIN)
		return -errno;
	return trp_bus_watch(bus, serf->socket,
			     serf->out.size ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/* ---- reading ------------------------------------------------------------ */

static const msgpack_object *item_of(const msgpack_object *map, const char *key)
{
	const msgpack_object_kv *pair;

	if (map->type != MSGPACK_OBJECT_MAP)
		return NULL;
	for (uint32_t i = 0; i < map->via.map.size; i++) {
		pair = &map->via.map.ptr[i];
		if (pair->key.type == MSGPACK_OBJECT_STR &&
		    pair->key.via.str.size == strlen(key) &&
		    memcmp(pair->key.via.str.ptr, key, strlen(key)) == 0)
			return &pair->val;
	}
	return NULL;
}

static int take_answer(struct trp_bus *bus, uint64_t seq, bool is_error)
{
	struct serf *serf = bus->state;

	if (seq > STREAM_SEQ) {
		bus->lost += is_error;
		return 0;
	}
	if (is_error)
		return seq == AUTH_SEQ || seq == STREAM_SEQ ? -EACCES : -EPROTO;
	if (seq != STREAM_SEQ)
		return 0;
	if (bus->is_up)
		serf->is_record_next = true;
	else
		trp_bus_up(bus);
	return 0;
}

static int take_header(struct trp_bus *bus, const msgpack_object *header)
{
	const msgpack_object *seq = item_of(header, "Seq");
	const msgpack_object *error = item_of(header, "Error");

	if (!seq || seq->type != MSGPACK_OBJECT_POSITIVE_INTEGER)
		return -EPROTO;
	return take_answer(bus, seq->via.u64,
			   error && error->type == MSGPACK_OBJECT_STR &&
				   error->via.str.size > 0);
}

static void take_record(struct trp_bus *bus, const msgpack_object *record)
{
	const msgpack_object *payload = item_of(record, "Payload");
	struct serf *serf = bus->state;

	serf->is_record_next = false;
	if (!payload)
		bus->lost++;
	else if (payload->type == MSGPACK_OBJECT_STR)
		bus->calls->deliver(bus->user, payload->via.str.ptr,
				    payload->via.str.size);
	else if (payload->type == MSGPACK_OBJECT_BIN)
		bus->calls->deliver(bus->user, payload->via.bin.ptr,
				    payload->via.bin.size);
	else
		bus->lost++;
}

static int take_object(struct trp_bus *bus, const msgpack_object *object)
{
	struct serf *serf = bus->state;

	if (!serf->is_record_next)
		return take_header(bus, object);
	take_record(bus, object);
	return 0;
}

/* Takes complete objects; the rest waits for more bytes. */
static int take_input(struct trp_bus *bus)
{
	struct serf *serf = bus->state;
	msgpack_unpacked unpacked;
	int r = 0, found = MSGPACK_UNPACK_SUCCESS;
	size_t at = 0, next = 0;

	msgpack_unpacked_init(&unpacked);
	while (r == 0) {
		found = msgpack.unpack_next(&unpacked, serf->in.data,
					    serf->in.size, &next);
		if (found != MSGPACK_UNPACK_SUCCESS)
			break;
		at = next;
		r = take_object(bus, &unpacked.data);
	}
	if (unpacked.zone)
		msgpack.zone_free(unpacked.zone);
	if (found == MSGPACK_UNPACK_PARSE_ERROR)
		return -EPROTO;
	take_front(&serf->in, at);
	return r;
}

static int read_input(struct serf *serf)
{
	char part[4096];
	ssize_t length;

	while (serf->in.size <= INPUT_MAX) {
		length = recv(serf->socket, part, sizeof(part), MSG_DONTWAIT);
		if (length == 0)
			return -ECONNRESET;
		if (length < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (msgpack_sbuffer_write(&serf->in, part, (size_t)length) < 0)
			return -ENOMEM;
	}
	return -EPROTO;
}

/* ---- the kind ----------------------------------------------------------- */

static int try_address(const struct addrinfo *to)
{
	const struct timeval patience = { .tv_sec = CONNECT_WAIT_S };
	int on = 1, r;
	int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	/* connect(2) goes by it, too; all else here is MSG_DONTWAIT. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, to->ai_addr, to->ai_addrlen) < 0) {
		r = errno == EINPROGRESS ? -ETIMEDOUT : -errno;
		close(fd);
		return r;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	return fd;
}

static int open_socket(const struct trp_bus_address *address)
{
	struct addrinfo wanted = { .ai_socktype = SOCK_STREAM }, *found, *at;
	char port[8];
	int fd = -EHOSTUNREACH;

	snprintf(port, sizeof(port), "%u", address->port);
	if (getaddrinfo(address->host, port, &wanted, &found) != 0)
		return -EHOSTUNREACH;
	for (at = found; at && fd < 0; at = at->ai_next)
		fd = try_address(at);
	freeaddrinfo(found);
	return fd;
}

static void serf_disconnect(struct trp_bus *bus)
{
	struct serf *serf = bus->state;

	close(serf->socket);
	msgpack_sbuffer_destroy(&serf->out);
	msgpack_sbuffer_destroy(&serf->in);
	free(serf);
}

static int serf_connect(struct trp_bus *bus)
{
	int fd = trp_library_load(&msgpack_library);
	struct serf *serf;

	if (fd == 0)
		fd = open_socket(&bus->address);
	if (fd < 0)
		return fd;
	serf = calloc(1, sizeof(*serf));
	if (!serf) {
		close(fd);
		return -ENOMEM;
	}
	serf->socket = fd;
	serf->seq = STREAM_SEQ;
	bus->state = serf;
	put_greeting(serf, &bus->address);
	return 0;
}

static int serf_ready(struct trp_bus *bus)
{
	int ended = read_input(bus->state);
	int r = take_input(bus);

	if (r < 0 || ended < 0)
		return r < 0 ? r : ended;
	return flush(bus);
}

static int serf_send(struct trp_bus *bus, const void *payload, size_t length)
{
	struct serf *serf = bus->state;

	if (serf->out.size > OUTPUT_MAX)
		return -EAGAIN;
	put_event(serf, bus->address.path, payload, length);
	return flush(bus);
}

const struct trp_bus_kind trp_bus_serf = {
	.name = "serf",
	.join = ".",
	.port = 7373,
	.connect = serf_connect,
	.disconnect = serf_disconnect,
	.ready = serf_ready,
	.send = serf_send,
};
