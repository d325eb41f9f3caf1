/* SPDX-License-Identifier: MIT */
/* Servers that start an actor for each connection. */
#include "runtime/troupe_io.h"
#include "tests/support/stage.h"

TestSuite(server, .timeout = 120);

enum { CLIENTS = 20, ECHOED = 1, ENDED = 2, FAILED = 3, BORN = 4 };

/* ---- a connection: it says all again; "die" is an order ------------------ */

static int say_again(struct troupe_stream *stream, const void *bytes,
		     size_t size)
{
	if (size == 0) {
		troupe_stream_finish(stream);
		return 0;
	}
	if (size >= 3 && !memcmp(bytes, "die", 3))
		kill(getpid(), SIGKILL);
	return troupe_stream_write(stream, bytes, size);
}

static int hang_up(struct troupe_stream *stream, int error)
{
	return TROUPE_STOP;
}

static int connection_init(const void *arguments)
{
	static struct troupe_stream stream = { .received = say_again,
					       .ended = hang_up };

	CHECK(troupe_connection_open(NULL, &stream) == -EINVAL);
	CHECK(troupe_connection_open(arguments, &stream) == 0);
	/* It is taken once. */
	CHECK(troupe_connection_open(arguments, &stream) == -ENOENT);
	board->value[BORN]++;
	return 0;
}

static int refuse_init(const void *arguments)
{
	return -EACCES;
}

static const struct troupe_class connection = { .name = "connection",
						.init = connection_init };
static const struct troupe_class refuser = { .name = "refuser",
					     .init = refuse_init };

/* ---- clients, in the root ------------------------------------------------ */

static int heard(struct troupe_stream *stream, const void *bytes, size_t size)
{
	if (size == 0) {
		troupe_stream_finish(stream);
		return 0;
	}
	CHECK(size == 5 && !memcmp(bytes, "hello", 5));
	board->value[ECHOED]++;
	troupe_stream_finish(stream);
	return 0;
}

static int over(struct troupe_stream *stream, int error)
{
	board->value[ENDED]++;
	return 0;
}

static void dial(struct troupe_stream *stream, uint16_t port, const char *text)
{
	char address[32];

	*stream = (struct troupe_stream) { .received = heard, .ended = over };
	snprintf(address, sizeof(address), "127.0.0.1:%u", port);
	CHECK(troupe_stream_connect(stream, address) == 0);
	CHECK(troupe_stream_write(stream, text, strlen(text)) == 0);
}

static void await_ends(long count)
{
	int64_t end = troupe_in_ms(60000).ns;

	while (board->value[ENDED] < count && troupe_now().ns < end)
		stage_receive(1);
	CHECK(board->value[ENDED] == count);
}

static int many_root(int argc, char **argv)
{
	static struct troupe_server server = { .each = &connection };
	static struct troupe_stream stream[CLIENTS + 1];

	CHECK(troupe_server_open(&server, "127.0.0.1:0") == 0);
	CHECK(troupe_server_open(&server, "127.0.0.1:0") == -EALREADY);
	dial(&stream[CLIENTS], server.listener.port, "die");
	for (int i = 0; i < CLIENTS; i++)
		dial(&stream[i], server.listener.port, "hello");
	await_ends(CLIENTS + 1);
	CHECK(board->value[ECHOED] == CLIENTS);
	CHECK(board->value[BORN] == CLIENTS + 1);
	troupe_server_close(&server);
	troupe_server_close(&server);
	return 0;
}

Test(server, each_connection_is_an_actor_that_may_die_alone)
{
	stage_pass(many_root);
}

static int on_failure(struct troupe_server *server, int error)
{
	CHECK(error == -EINVAL);
	board->value[FAILED]++;
	return 0;
}

static int refused_root(int argc, char **argv)
{
	struct troupe_class on_stack = connection;
	struct troupe_server server = { .failed = on_failure };
	struct troupe_stream stream;

	CHECK(troupe_server_open(&server, "127.0.0.1:0") == -EINVAL);
	server.each = &refuser;
	CHECK(troupe_server_open(&server, "here") == -EINVAL);
	CHECK(troupe_server_open(&server, "127.0.0.1:0") == 0);
	/* Its child ends without it: the connection ends with that. */
	dial(&stream, server.listener.port, "hello");
	await_ends(1);
	/* There is no child: the same. */
	server.each = &on_stack;
	dial(&stream, server.listener.port, "hello");
	await_ends(2);
	CHECK(board->value[FAILED] == 1);
	CHECK(board->value[ECHOED] == 0);
	troupe_server_close(&server);
	return 0;
}

Test(server, a_connection_without_its_actor_is_closed)
{
	stage_pass(refused_root);
}
