/* SPDX-License-Identifier: MIT */
#include "runtime/websocket/handshake.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* RFC 6455, 1.3. */
static const char example[] = "GET /chat HTTP/1.1\r\n"
			      "Host: server.example.com\r\n"
			      "Upgrade: websocket\r\n"
			      "Connection: Upgrade\r\n"
			      "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
			      "Sec-WebSocket-Version: 13\r\n\r\n";
static const char accepted[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

static char answer[TRP_HANDSHAKE_ANSWER];
static size_t taken;

static enum trp_handshake_state take(struct trp_handshake *handshake,
				     const char *bytes, size_t size)
{
	return trp_handshake_take(handshake, bytes, size, &taken, answer);
}

Test(handshake, answers_the_example_of_the_standard)
{
	struct trp_handshake handshake = { 0 };
	char more[sizeof(example) + 3];

	snprintf(more, sizeof(more), "%s%s", example, "abc");
	cr_assert_eq(take(&handshake, more, strlen(more)), TRP_HANDSHAKE_DONE);
	cr_expect_eq(taken, sizeof(example) - 1);
	cr_expect(strstr(answer, accepted), "%s", answer);
	cr_expect_eq(strncmp(answer, "HTTP/1.1 101 ", 13), 0);
}

Test(handshake, may_come_byte_by_byte)
{
	struct trp_handshake handshake = { 0 };
	size_t size = sizeof(example) - 1;

	for (size_t i = 0; i < size; i++) {
		cr_assert_eq(take(&handshake, example + i, 1),
			     i + 1 < size ? TRP_HANDSHAKE_MORE
					  : TRP_HANDSHAKE_DONE);
		cr_assert_eq(taken, 1);
	}
	cr_expect(strstr(answer, accepted), "%s", answer);
}

/* Keys of all lengths have an answer; a longer one than any has none. */
Test(handshake, takes_keys_of_all_lengths)
{
	for (size_t length = 0; length < 140; length++) {
		struct trp_handshake handshake = { 0 };
		char key[141], request[256];

		memset(key, 'k', length);
		key[length] = '\0';
		snprintf(request, sizeof(request),
			 "GET / HTTP/1.1\r\nSec-WebSocket-Key: %s\r\n\r\n",
			 key);
		cr_expect_eq(take(&handshake, request, strlen(request)),
			     length <= 128 ? TRP_HANDSHAKE_DONE
					   : TRP_HANDSHAKE_REFUSED,
			     "%zu", length);
	}
}

Test(handshake, leaves_what_follows_it)
{
	static const char request[] = "GET / HTTP/1.1\r\n"
				      "Sec-WebSocket-Key: a\r\n\r\n\x81\0";
	struct trp_handshake handshake = { 0 };

	cr_expect_eq(take(&handshake, request, sizeof(request) - 1),
		     TRP_HANDSHAKE_DONE);
	cr_expect_eq(taken, sizeof(request) - 3);
}

static void expect_refused(const char *bytes, size_t size)
{
	struct trp_handshake handshake = { 0 };

	cr_expect_eq(take(&handshake, bytes, size), TRP_HANDSHAKE_REFUSED);
	cr_expect_eq(strncmp(answer, "HTTP/1.1 400 ", 13), 0);
}

Test(handshake, refuses_all_else)
{
	static char endless[2 * TRP_HANDSHAKE_REQUEST];
	static const char zero[] = "GET / HTTP/1.1\r\n\0\r\n\r\n";
	static const char post[] = "POST / HTTP/1.1\r\n"
				   "Sec-WebSocket-Key: a\r\n\r\n";
	static const char none[] = "GET / HTTP/1.1\r\n\r\n";

	memset(endless, 'x', sizeof(endless));
	expect_refused(endless, sizeof(endless));
	cr_expect_eq(taken, TRP_HANDSHAKE_REQUEST);
	expect_refused(zero, sizeof(zero) - 1);
	expect_refused(post, sizeof(post) - 1);
	expect_refused(none, sizeof(none) - 1);
}
