/* SPDX-License-Identifier: MIT */
/* echo and websocket, each with real clients. */
#include "tests/support/example.h"
#include "tests/support/skip.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(echo, .timeout = 600);
TestSuite(websocket, .timeout = 600);

static int port;

/* Serves that many connections on a free port, and ends. */
static void start_server(struct program *p, const char *name,
			 const char *connections)
{
	start_example(p, name, "127.0.0.1:0", connections, NULL);
	cr_assert_eq(program_await_output(p, "\n", PATIENCE_MS), 0, "%s",
		     p->err);
	port = (int)number_after(p->out, "listening on port ", 0);
	cr_assert_gt(port, 0, "%s", p->out);
}

/* The exit status of a shell that knows $PORT. */
static int client(const char *command)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", port);
	setenv("PORT", number, 1);
	return system(command);
}

static int dial(void)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
					     .sin_port = htons((in_port_t)port),
					     .sin_addr.s_addr =
						     htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	cr_assert_eq(
		connect(fd, (const struct sockaddr *)&address, sizeof(address)),
		0);
	return fd;
}

static void expect_back(int fd, const char *text)
{
	char got[64] = "";

	cr_expect_eq(recv(fd, got, strlen(text), MSG_WAITALL),
		     (ssize_t)strlen(text));
	cr_expect_str_eq(got, text);
}

/* ---- echo ---------------------------------------------------------------- */

Test(echo, says_again_what_socat_and_nc_say)
{
	struct program p;

	start_server(&p, "echo", "3");
	cr_expect_eq(client("test \"$(printf 'hello\\nworld' |"
			    " socat -t 10 - TCP:127.0.0.1:$PORT)\""
			    " = \"$(printf 'hello\\nworld')\""),
		     0);
	cr_expect_eq(client("test \"$(printf again |"
			    " nc -N 127.0.0.1 $PORT)\" = again"),
		     0);
	cr_expect_eq(client("d=$(mktemp -d) && trap 'rm -r $d' EXIT &&"
			    " head -c 5000000 /dev/urandom >$d/in &&"
			    " socat -t 30 - TCP:127.0.0.1:$PORT"
			    " <$d/in >$d/out && cmp $d/in $d/out"),
		     0);
	expect_end(&p, 0);
	cr_expect_eq(count_lines(p.out, "^process [0-9]+ ended: normal$"), 3,
		     "%s", p.out);
	cr_expect_str_empty(p.err);
	program_fini(&p);
}

/* Each is answered while all the others are open, and by its own process. */
Test(echo, each_of_many_connections_is_a_process)
{
	enum { MANY = 100 };
	struct program p;
	char text[32];
	int fds[MANY];

	start_server(&p, "echo", "100");
	for (int i = 0; i < MANY; i++)
		fds[i] = dial();
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < MANY; i++) {
			int length = snprintf(text, sizeof(text), "%d of %d", i,
					      round);

			cr_assert_eq(send(fds[i], text, (size_t)length, 0),
				     length);
			expect_back(fds[i], text);
		}
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
	expect_end(&p, 0);
	cr_expect_eq(count_lines(p.out, "^process [0-9]+ ended: normal$"), MANY,
		     "%s", p.out);
	for (unsigned i = 1; i < MANY; i++)
		cr_expect_neq(number_after(p.out, "process ", i),
			      number_after(p.out, "process ", i - 1));
	program_fini(&p);
}

Test(echo, who_has_finished_speaking_still_hears_the_rest)
{
	enum { BYTES = 300000 };
	char *sent = malloc(BYTES), *got = malloc(BYTES), byte;
	struct program p;
	int fd;

	cr_assert(sent && got);
	for (int i = 0; i < BYTES; i++)
		sent[i] = (char)(i * 31 + i / 255);
	start_server(&p, "echo", "1");
	fd = dial();
	cr_assert_eq(send(fd, sent, BYTES, 0), BYTES);
	shutdown(fd, SHUT_WR);
	cr_expect_eq(recv(fd, got, BYTES, MSG_WAITALL), BYTES);
	cr_expect_eq(memcmp(sent, got, BYTES), 0);
	cr_expect_eq(recv(fd, &byte, 1, 0), 0);
	close(fd);
	expect_end(&p, 0);
	program_fini(&p);
	free(sent);
	free(got);
}

Test(echo, a_reset_ends_one_connection_and_no_other)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	struct program p;
	int fds[2];

	start_server(&p, "echo", "2");
	for (int i = 0; i < 2; i++) {
		fds[i] = dial();
		cr_assert_eq(send(fds[i], "a", 1, 0), 1);
		expect_back(fds[i], "a");
	}
	setsockopt(fds[0], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fds[0]);
	cr_expect_eq(program_await_output(&p, "ended", PATIENCE_MS), 0);
	cr_assert_eq(send(fds[1], "b", 1, 0), 1);
	expect_back(fds[1], "b");
	close(fds[1]);
	expect_end(&p, 0);
	cr_expect_eq(count_lines(p.out, "ended: error -104: Connection reset"),
		     1, "%s", p.out);
	cr_expect_eq(count_lines(p.out, "ended: normal$"), 1, "%s", p.out);
	program_fini(&p);
}

Test(echo, says_why_it_cannot_listen)
{
	struct program p;

	start_example(&p, "echo", "localhost", NULL);
	expect_end(&p, 1);
	cr_expect_neq(count_lines(p.err, "Invalid argument"), 0, "%s", p.err);
	program_fini(&p);
}

/* ---- websocket ----------------------------------------------------------- */

static bool has_websocket(void)
{
	return access(program_built("examples/websocket.so"), R_OK) == 0;
}

static const char conversation[] =
	"exec /usr/bin/python3 - <<'END'\n"
	"import asyncio, os, websockets\n"
	"url = 'ws://127.0.0.1:' + os.environ['PORT'] + '/'\n"
	"async def talk(i):\n"
	"    async with websockets.connect(url, max_size=None) as s:\n"
	"        for said in ['hello %d' % i, '', 'Łódź', bytes(range(256)),\n"
	"                     'x' * 70000, os.urandom(900000)]:\n"
	"            await s.send(said)\n"
	"            assert await s.recv() == said\n"
	"        await asyncio.wait_for(await s.ping(), 20)\n"
	"async def all():\n"
	"    await asyncio.gather(*[talk(i) for i in range(10)])\n"
	"asyncio.run(all())\n"
	"END\n";

Test(websocket, says_again_what_a_real_client_says)
{
	struct program p;

	if (!has_websocket())
		SKIP("wslay", "built without wslay (libwslay-dev)");
	start_server(&p, "websocket", "10");
	cr_expect_eq(client(conversation), 0);
	expect_end(&p, 0);
	cr_expect_eq(count_lines(p.out, "^process [0-9]+ ended: normal$"), 10,
		     "%s", p.out);
	program_fini(&p);
}

Test(websocket, refuses_what_is_no_handshake)
{
	struct program p;
	char got[256] = "";
	int fd;

	if (!has_websocket())
		SKIP("wslay", "built without wslay (libwslay-dev)");
	start_server(&p, "websocket", "1");
	fd = dial();
	cr_assert_eq(send(fd, "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
	cr_expect_gt(recv(fd, got, sizeof(got) - 1, MSG_WAITALL), 0);
	cr_expect_eq(strncmp(got, "HTTP/1.1 400 ", 13), 0, "%s", got);
	close(fd);
	expect_end(&p, 0);
	program_fini(&p);
}

/* Frames: an opcode that there is none of; a ping that is too long. */
Test(websocket, ends_by_a_close_whatever_is_wrong_with_a_frame)
{
	static const char hello[] =
		"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
	static const char frames[2][135] = { "\x83\x80", "\x89\xfe\x00\x7e" };
	struct program p;
	char got[512];
	ssize_t size;
	int fd;

	if (!has_websocket())
		SKIP("wslay", "built without wslay (libwslay-dev)");
	start_server(&p, "websocket", "2");
	for (int i = 0; i < 2; i++) {
		fd = dial();
		cr_assert_eq(send(fd, hello, sizeof(hello) - 1, 0),
			     (ssize_t)sizeof(hello) - 1);
		cr_assert_eq(send(fd, frames[i], i ? 134 : 6, 0), i ? 134 : 6);
		shutdown(fd, SHUT_WR);
		size = recv(fd, got, sizeof(got), MSG_WAITALL);
		cr_expect_gt(size, 2);
		cr_expect(memmem(got, (size_t)size, "\r\n\r\n\x88", 5));
		close(fd);
	}
	expect_end(&p, 0);
	cr_expect_eq(count_lines(p.out, "ended: normal$"), 2, "%s", p.out);
	program_fini(&p);
}
