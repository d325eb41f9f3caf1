/* SPDX-License-Identifier: MIT */
#include "runtime/redis/connection.h"

#include <assert.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "ipc/library.h"
#include "libraries.h"
#include "runtime/actor/self.h"

/* clang-format off */
#define FUNCTIONS(F) \
	F(redis, ReaderCreate) F(redis, ReaderFeed) F(redis, ReaderFree) \
	F(redis, ReaderGetReply) F(, freeReplyObject)
/* clang-format on */
TRP_LIBRARY(hiredis, LIBRARY_HIREDIS, FUNCTIONS);

enum {
	PAUSE_MIN_MS = 50,
	PAUSE_MAX_MS = 5000,
	PATIENCE_MS = 5000, /* without any answer */
	READ_SIZE = 64 << 10
};

struct trp_redis_request {
	struct trp_redis_request *next;
	trp_redis_answer answer; /* or NULL */
	uint64_t tag;
	enum trp_redis_mode mode;
	size_t size;
	char command[]; /* of one that is repeated */
};

void *trp_redis_connection_need(void *memory)
{
	if (!memory)
		trp_self_exit(TROUPE_ERROR, -ENOMEM,
			      "no memory for its mailbox");
	return memory;
}

static void append(struct trp_redis_queue *queue,
		   struct trp_redis_request *request)
{
	request->next = NULL;
	if (!queue->first)
		queue->last = &queue->first;
	*queue->last = request;
	queue->last = &request->next;
}

static struct trp_redis_request *pop(struct trp_redis_queue *queue)
{
	struct trp_redis_request *request = queue->first;

	if (request)
		queue->first = request->next;
	return request;
}

void trp_redis_connection_check(const struct trp_redis_connection *redis)
{
	bool is_up = redis->state == TRP_REDIS_UP;

	assert(!is_up || !redis->again.first);
	assert(is_up || !redis->sent.first ||
	       redis->state == TRP_REDIS_REFUSED);
	assert(redis->out_done <= redis->out_size);
	assert(redis->out_size <= redis->out_room);
	assert(!redis->reader == (redis->input.fd < 0));
	assert(!is_up || redis->reader);
}

/* ---- the connection ------------------------------------------------------ */

static void hang_up(struct trp_redis_connection *redis)
{
	if (redis->input.fd >= 0) {
		troupe_input_remove(&redis->input);
		close(redis->input.fd);
		redis->input.fd = -1;
	}
	if (redis->reader)
		hiredis.ReaderFree(redis->reader);
	redis->reader = NULL;
	redis->out_done = redis->out_size = 0;
	troupe_timer_cancel(&redis->timer);
}

static void tell_down(struct trp_redis_connection *redis, const char *why)
{
	char where[320];

	if (redis->is_told_down)
		return;
	redis->is_told_down = true;
	trp_redis_url_describe(&redis->address, where, sizeof(where));
	troupe_log(TROUPE_WARNING, "no mailbox in Redis at %s: %s; retrying",
		   where, why);
}

/* A request without an answer is sent again, or gets NULL as its answer. */
static void lose(struct trp_redis_connection *redis, const char *why)
{
	struct trp_redis_queue sent = redis->sent;
	struct trp_redis_request *request;

	tell_down(redis, why);
	hang_up(redis);
	redis->state = TRP_REDIS_DOWN;
	redis->sent.first = NULL;
	while ((request = pop(&sent))) {
		if (request->mode == TRP_REDIS_REPEATED) {
			append(&redis->again, request);
			continue;
		}
		if (request->answer)
			request->answer(redis->data, request->tag, NULL);
		free(request);
	}
	troupe_timer_start(&redis->timer, troupe_in_ms(redis->pause_ms), 0);
	redis->pause_ms *= 2;
	if (redis->pause_ms > PAUSE_MAX_MS)
		redis->pause_ms = PAUSE_MAX_MS;
	TRP_CHECK(trp_redis_connection_check(redis));
}

static void want(struct trp_redis_connection *redis, short events)
{
	if (redis->input.private_source && redis->input.events == events)
		return;
	troupe_input_remove(&redis->input);
	redis->input.events = events;
	if (troupe_input_add(&redis->input) < 0)
		lose(redis, "no memory to watch it");
}

static int connect_to(const struct sockaddr *name, socklen_t size, int *ret_fd)
{
	const int yes = 1;
	int fd = socket(name->sa_family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (name->sa_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (connect(fd, name, size) < 0 && errno != EINPROGRESS) {
		int r = -errno;

		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

/* A name may have several addresses: each attempt takes the next one. */
static int connect_to_host(struct trp_redis_connection *redis, int *ret_fd)
{
	enum { TURNS = 64 };
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
					.ai_flags = AI_NUMERICSERV };
	struct addrinfo *first, *at;
	char port[8];
	int r;

	snprintf(port, sizeof(port), "%u", redis->address.port);
	if (getaddrinfo(redis->address.host, port, &hints, &first) != 0)
		return -EHOSTUNREACH;
	at = first;
	for (unsigned turn = redis->attempts++ % TURNS; turn > 0; turn--)
		at = at->ai_next ? at->ai_next : first;
	r = connect_to(at->ai_addr, at->ai_addrlen, ret_fd);
	freeaddrinfo(first);
	return r;
}

static int open_socket(struct trp_redis_connection *redis, int *ret_fd)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	if (!redis->address.path[0])
		return connect_to_host(redis, ret_fd);
	memcpy(name.sun_path, redis->address.path, sizeof(name.sun_path));
	return connect_to((struct sockaddr *)&name, sizeof(name), ret_fd);
}

static void begin(struct trp_redis_connection *redis)
{
	int r = open_socket(redis, &redis->input.fd);

	if (r < 0) {
		redis->input.fd = -1;
		lose(redis, r == -EHOSTUNREACH
				    ? "its host is unknown or unreachable"
				    : strerror(-r));
		return;
	}
	redis->reader = trp_redis_connection_need(hiredis.ReaderCreate());
	redis->state = TRP_REDIS_CONNECTING;
	troupe_timer_start(&redis->timer, troupe_in_ms(PATIENCE_MS), 0);
	want(redis, POLLOUT);
}

/* ---- requests ------------------------------------------------------------ */

static char *room_for(struct trp_redis_connection *redis, size_t size)
{
	size_t room = redis->out_room ? redis->out_room : READ_SIZE;

	while (room - redis->out_size < size)
		room *= 2;
	if (room != redis->out_room)
		redis->out =
			trp_redis_connection_need(realloc(redis->out, room));
	redis->out_room = room;
	return redis->out + redis->out_size;
}

/* Appends the bytes of a command to `out`; returns their number. */
static size_t write_command(struct trp_redis_connection *redis,
			    const struct trp_redis_word *words, size_t count)
{
	enum { HEAD = 32 };
	size_t most = HEAD, i;
	char *start, *at;

	for (i = 0; i < count; i++)
		most += HEAD + words[i].size;
	start = at = room_for(redis, most);
	at += snprintf(at, HEAD, "*%zu\r\n", count);
	for (i = 0; i < count; i++) {
		at += snprintf(at, HEAD, "$%zu\r\n", words[i].size);
		if (words[i].size)
			memcpy(at, words[i].bytes, words[i].size);
		at += words[i].size;
		*at++ = '\r';
		*at++ = '\n';
	}
	redis->out_size += (size_t)(at - start);
	assert((size_t)(at - start) <= most);
	return (size_t)(at - start);
}

void trp_redis_connection_ask(struct trp_redis_connection *redis,
			      enum trp_redis_mode mode,
			      const struct trp_redis_word *words, size_t count,
			      trp_redis_answer answer, uint64_t tag)
{
	bool is_up = redis->state == TRP_REDIS_UP;
	size_t size = write_command(redis, words, count);
	size_t kept = mode == TRP_REDIS_REPEATED ? size : 0;
	struct trp_redis_request *request =
		trp_redis_connection_need(malloc(sizeof(*request) + kept));

	assert(is_up || kept);
	*request = (struct trp_redis_request) {
		.answer = answer, .tag = tag, .mode = mode, .size = kept
	};
	if (kept)
		memcpy(request->command, redis->out + redis->out_size - size,
		       kept);
	if (!is_up)
		redis->out_size -= size;
	append(is_up ? &redis->sent : &redis->again, request);
}

void trp_redis_connection_repeat(struct trp_redis_connection *redis)
{
	struct trp_redis_request *request;

	while ((request = pop(&redis->again))) {
		memcpy(room_for(redis, request->size), request->command,
		       request->size);
		redis->out_size += request->size;
		append(&redis->sent, request);
	}
}

static void be_known(struct trp_redis_connection *redis)
{
	const struct trp_redis_address *address = &redis->address;
	struct trp_redis_word auth[3] = { { "AUTH", 4 } };
	struct trp_redis_word select[2] = { { "SELECT", 6 } };
	size_t count = 1;
	char number[16];

	if (address->user[0])
		auth[count++] = trp_redis_word(address->user);
	auth[count++] = trp_redis_word(address->password);
	if (address->password[0])
		trp_redis_connection_ask(redis, TRP_REDIS_ONCE, auth, count,
					 NULL, 0);
	snprintf(number, sizeof(number), "%u", address->database);
	select[1] = trp_redis_word(number);
	if (address->database)
		trp_redis_connection_ask(redis, TRP_REDIS_ONCE, select, 2, NULL,
					 0);
}

static void connected(struct trp_redis_connection *redis)
{
	socklen_t size = sizeof(int);
	int error = 0;

	getsockopt(redis->input.fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error) {
		lose(redis, strerror(error));
		return;
	}
	troupe_timer_cancel(&redis->timer);
	redis->state = TRP_REDIS_UP;
	be_known(redis);
	redis->calls->is_up(redis->data);
	assert(!redis->again.first);
	trp_redis_connection_flush(redis);
}

/* ---- answers ------------------------------------------------------------- */

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* An error that only a person can fix; 0: it may pass. */
static int refusal_of(const char *text)
{
	static const struct {
		const char *begins;
		int error;
	} refusal[] = {
		{ "ERR max number of clients", 0 },
		{ "ERR", -EPROTO },
		{ "NOAUTH", -EACCES },
		{ "WRONGPASS", -EACCES },
		{ "NOPERM", -EACCES },
		{ "WRONGTYPE", -EPROTOTYPE },
	};

	for (size_t i = 0; i < sizeof(refusal) / sizeof(refusal[0]); i++)
		if (begins(text, refusal[i].begins))
			return refusal[i].error;
	return 0;
}

static void take_error(struct trp_redis_connection *redis, const char *text)
{
	int error = refusal_of(text);
	char where[320];

	if (!error) {
		lose(redis, text);
		return;
	}
	trp_redis_url_describe(&redis->address, where, sizeof(where));
	troupe_log(TROUPE_FATAL, "Redis at %s refuses: %s", where, text);
	hang_up(redis);
	redis->state = TRP_REDIS_REFUSED;
	redis->calls->is_refused(redis->data, error);
}

static void take_answer(struct trp_redis_connection *redis,
			const redisReply *reply)
{
	struct trp_redis_request *request = redis->sent.first;

	if (!request) {
		lose(redis, "it sent an unexpected answer");
		return;
	}
	if (reply->type == REDIS_REPLY_ERROR &&
	    !(request->mode == TRP_REDIS_MAY_EXIST &&
	      begins(reply->str, "BUSYGROUP"))) {
		take_error(redis, reply->str);
		return;
	}
	redis->answers++;
	redis->pause_ms = PAUSE_MIN_MS;
	if (redis->is_told_down)
		troupe_log(TROUPE_INFO, "its mailbox in Redis is back");
	redis->is_told_down = false;
	pop(&redis->sent);
	if (request->answer)
		request->answer(redis->data, request->tag, reply);
	free(request);
}

static void take_answers(struct trp_redis_connection *redis)
{
	redisReply *reply;

	while (redis->state == TRP_REDIS_UP) {
		void *parsed = NULL;

		if (hiredis.ReaderGetReply(redis->reader, &parsed) !=
		    REDIS_OK) {
			lose(redis, redis->reader->errstr);
			return;
		}
		reply = parsed;
		if (!reply)
			return;
		take_answer(redis, reply);
		hiredis.freeReplyObject(reply);
	}
}

static void read_some(struct trp_redis_connection *redis)
{
	static char buffer[READ_SIZE];
	ssize_t n;

	while (redis->state == TRP_REDIS_UP) {
		n = recv(redis->input.fd, buffer, sizeof(buffer), 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			lose(redis, n < 0 ? strerror(errno)
					  : "it closed the connection");
			return;
		}
		hiredis.ReaderFeed(redis->reader, buffer, (size_t)n);
		take_answers(redis);
		if ((size_t)n < sizeof(buffer))
			return;
	}
}

/* ---- writing ------------------------------------------------------------- */

static void write_some(struct trp_redis_connection *redis)
{
	ssize_t n;

	while (redis->state == TRP_REDIS_UP &&
	       redis->out_done < redis->out_size) {
		n = send(redis->input.fd, redis->out + redis->out_done,
			 redis->out_size - redis->out_done, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			lose(redis, strerror(errno));
			return;
		}
		redis->out_done += (size_t)n;
	}
	if (redis->out_done == redis->out_size)
		redis->out_done = redis->out_size = 0;
}

void trp_redis_connection_flush(struct trp_redis_connection *redis)
{
	if (redis->state != TRP_REDIS_UP)
		return;
	write_some(redis);
	if (redis->state != TRP_REDIS_UP)
		return;
	want(redis, redis->out_size ? POLLIN | POLLOUT : POLLIN);
	if (redis->sent.first && !redis->timer.place) {
		redis->answers_seen = redis->answers;
		troupe_timer_start(&redis->timer, troupe_in_ms(PATIENCE_MS), 0);
	}
}

static int on_ready(struct troupe_input *input, short events)
{
	struct trp_redis_connection *redis = input->data;

	if (redis->state == TRP_REDIS_CONNECTING) {
		connected(redis);
		return 0;
	}
	if (events & ~POLLOUT)
		read_some(redis);
	trp_redis_connection_flush(redis);
	TRP_CHECK(trp_redis_connection_check(redis));
	return 0;
}

static int on_timer(struct troupe_timer *timer)
{
	struct trp_redis_connection *redis = timer->data;

	switch (redis->state) {
	case TRP_REDIS_DOWN:
		begin(redis);
		break;
	case TRP_REDIS_CONNECTING:
		lose(redis, "it does not accept the connection");
		break;
	case TRP_REDIS_UP:
		/* They may have arrived while a handler blocked. */
		read_some(redis);
		if (redis->sent.first && redis->answers == redis->answers_seen)
			lose(redis, "it does not answer");
		trp_redis_connection_flush(redis);
		break;
	case TRP_REDIS_REFUSED:
		break;
	}
	return 0;
}

/* ---- life ---------------------------------------------------------------- */

int trp_redis_connection_begin(struct trp_redis_connection *redis)
{
	int r = trp_library_load(&hiredis_library);

	if (r < 0) {
		troupe_log(TROUPE_FATAL, "%s cannot be loaded",
			   LIBRARY_HIREDIS);
		return r;
	}
	redis->input = (struct troupe_input) { .fd = -1,
					       .ready = on_ready,
					       .data = redis };
	redis->timer =
		(struct troupe_timer) { .fired = on_timer, .data = redis };
	redis->pause_ms = PAUSE_MIN_MS;
	begin(redis);
	return 0;
}

void trp_redis_connection_end(struct trp_redis_connection *redis,
			      int64_t milliseconds)
{
	struct troupe_time deadline = troupe_in_ms(milliseconds);
	int64_t left;

	troupe_input_remove(&redis->input);
	while (redis->state == TRP_REDIS_UP && redis->sent.first) {
		struct pollfd ready = { .fd = redis->input.fd,
					.events = POLLIN };

		write_some(redis);
		if (redis->out_size)
			ready.events |= POLLOUT;
		left = (deadline.ns - troupe_now().ns) / 1000000;
		if (redis->state != TRP_REDIS_UP || left <= 0 ||
		    poll(&ready, 1, (int)left) <= 0)
			break;
		read_some(redis);
	}
	hang_up(redis);
	redis->state = TRP_REDIS_DOWN;
}
