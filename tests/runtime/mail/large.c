/* SPDX-License-Identifier: MIT */
/* Large messages and attachments, in pieces, beside others. */
#include <stdlib.h>
#include "runtime/troupe_ask.h"
#include "tests/runtime/mail/nodes.h"

enum { LONG_MS = 120000 };

enum { LARGE = 900000, ATTACHED = 12 << 20, ROUNDS = 4 };

static unsigned char byte_of(size_t at)
{
	return (unsigned char)(at * 7 + at / 255);
}

static bool is_right(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != byte_of(i))
			return false;
	return true;
}

static int64_t next;

static int on_blob(const struct troupe_message *message)
{
	const Play__Blob *blob = message->body;

	CHECK(is_right(blob->bytes.data, blob->bytes.len));
	if (blob->bytes.len == 3) {
		CHECK(message->attachment_size == ATTACHED);
		CHECK(is_right(message->attachment, ATTACHED));
	} else {
		CHECK(blob->bytes.len == LARGE && !message->attachment);
	}
	next++;
	return 0;
}

/* Their place is behind what was sent before. */
static int on_number(const struct troupe_message *message)
{
	const Play__Number *number = message->body;

	CHECK(number->value == next);
	return mail_send(message->sender, number->value + 1);
}

static int on_text(const struct troupe_message *message)
{
	return troupe_send(message->sender, message->body);
}

static const struct troupe_handler handlers[] = {
	{ &play__blob__descriptor, on_blob },
	{ &play__number__descriptor, on_number },
	{ &play__text__descriptor, on_text },
	{ NULL, NULL },
};
static const struct troupe_class taking = { .name = "taking",
					    .handlers = handlers };

static int taking_root(int argc, char **argv)
{
	troupe_ref ref, other;

	mail_await_way();
	CHECK(troupe_spawn(&taking, NULL, &other) == 0);
	board->ref[2] = other;
	CHECK(troupe_spawn(&taking, NULL, &ref) == 0);
	board->ref[1] = ref;
	mail_await_value(&board->value[1], 1);
	return 0;
}

static void fill(unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = byte_of(i);
}

static void send_blob(troupe_ref to, unsigned char *bytes, size_t size,
		      const void *attachment)
{
	Play__Blob blob = PLAY__BLOB__INIT;
	int r;

	blob.bytes.data = bytes;
	blob.bytes.len = size;
	do
		r = attachment ? troupe_send_attached(to, &blob.base,
						      attachment, ATTACHED)
			       : troupe_send_wait(to, &blob.base, TROUPE_NEVER);
	while (r == -EAGAIN);
	CHECK(r == 0);
}

static int sending_root(int argc, char **argv)
{
	unsigned char *bytes = malloc(ATTACHED);
	char *text = malloc(LARGE + 1);
	Play__Number number = PLAY__NUMBER__INIT;
	Play__Text question = PLAY__TEXT__INIT;
	struct troupe_message answer;
	troupe_ref to = mail_await(&board->ref[1]), other = board->ref[2];

	mail_await_way();
	fill(bytes, ATTACHED);
	for (int i = 0; i < ROUNDS; i++) {
		send_blob(to, bytes, LARGE, NULL);
		send_blob(to, bytes, 3, bytes);
		CHECK(troupe_ask(other, &number.base, TROUPE_NEVER, &answer) ==
		      0);
	}
	number.value = 2 * ROUNDS;
	CHECK(troupe_send_wait(to, &number.base, TROUPE_NEVER) == 0);
	CHECK(mail_receive(LONG_MS, NULL) == 2 * ROUNDS + 1);

	/* Questions and answers, too. */
	memset(text, 'x', LARGE);
	text[LARGE] = '\0';
	question.text = text;
	CHECK(troupe_ask(to, &question.base, TROUPE_NEVER, &answer) == 0);
	CHECK(strcmp(((const Play__Text *)answer.body)->text, text) == 0);
	board->value[1] = 1;
	free(bytes);
	free(text);
	return 0;
}

Test(large, messages_and_attachments_arrive_whole_and_in_order)
{
	mail_begin();
	mail_start(0, mail_local(), taking_root);
	mail_start(1, mail_local(), sending_root);
	mail_end();
}
