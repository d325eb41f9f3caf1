/* SPDX-License-Identifier: MIT */
/* Large messages and attachments, in pieces, beside others. */
#include <stdlib.h>
#include "runtime/troupe_ask.h"
#include "runtime/troupe_dead_letters.h"
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

/* ---- much of it beside questions ------------------------------------------
 */

enum {
	BYTES = 10,
	OVER,
	PART = 8 << 20,
	IDLE_ASKS = 2000,
	MOST_ASKS = 1 << 20
};

static long all_bytes(void)
{
	const char *mib = getenv("MAIL_ATTACHED_MIB");

	return (mib ? atol(mib) : 64) << 20;
}

static int on_part(const struct troupe_message *message)
{
	const unsigned char *bytes = message->attachment;

	CHECK(message->attachment_size == PART);
	CHECK(bytes[0] == byte_of(0) && bytes[PART - 1] == byte_of(PART - 1));
	board->value[BYTES] += PART;
	return 0;
}

static const struct troupe_handler part_handlers[] = {
	{ &play__blob__descriptor, on_part },
	{ NULL, NULL },
};
static const struct troupe_class store = { .name = "store",
					   .handlers = part_handlers };

static int storing_root(int argc, char **argv)
{
	troupe_ref ref, other;

	mail_await_way();
	CHECK(troupe_spawn(&taking, NULL, &other) == 0);
	board->ref[2] = other;
	CHECK(troupe_spawn(&store, NULL, &ref) == 0);
	board->ref[1] = ref;
	mail_await_value(&board->value[OVER], 1);
	return 0;
}

static int stream(const void *arguments)
{
	unsigned char *bytes = malloc(PART);
	Play__Blob blob = PLAY__BLOB__INIT;
	int r;

	fill(bytes, PART);
	for (long sent = 0; sent < all_bytes(); sent += PART)
		while ((r = troupe_send_attached(board->ref[1], &blob.base,
						 bytes, PART)) != 0) {
			CHECK(r == -EAGAIN);
			mail_receive(1, NULL);
		}
	mail_await_value(&board->value[BYTES], all_bytes());
	free(bytes);
	return 0;
}

static const struct troupe_class streaming = { .name = "streaming",
					       .run = stream };

static int compare(const void *a, const void *b)
{
	const int64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* Until so many bytes are there; at least `least` questions. */
static void time_asks(const char *what, long bytes, long least)
{
	int64_t *ns = malloc(MOST_ASKS * sizeof(*ns)), since;
	Play__Text question = PLAY__TEXT__INIT;
	struct troupe_message answer;
	long i;
	int r;

	question.text = "well?";
	for (i = 0; i < MOST_ASKS && (i < least || board->value[BYTES] < bytes);
	     i++) {
		since = troupe_now().ns;
		/* Its node may have no room for a moment. */
		do
			r = troupe_ask(board->ref[2], &question.base,
				       TROUPE_NEVER, &answer);
		while (r == -EAGAIN);
		CHECK(r == 0);
		ns[i] = troupe_now().ns - since;
	}
	qsort(ns, (size_t)i, sizeof(*ns), compare);
	fprintf(stderr,
		"%s: %ld asks, median %.0f us, p99 %.0f us, most %.0f us\n",
		what, i, (double)ns[i / 2] / 1e3,
		(double)ns[i * 99 / 100] / 1e3, (double)ns[i - 1] / 1e3);
	free(ns);
}

static int timing_root(int argc, char **argv)
{
	int64_t since;
	troupe_ref ref;

	mail_await_way();
	mail_await(&board->ref[1]);
	time_asks("alone", 0, IDLE_ASKS);
	since = troupe_now().ns;
	CHECK(troupe_spawn(&streaming, NULL, &ref) == 0);
	time_asks("beside attachments", all_bytes(), 1);
	CHECK(troupe_wait(ref, TROUPE_NEVER, NULL) == 0);
	CHECK(board->value[BYTES] == all_bytes());
	fprintf(stderr, "%ld MiB in %.1f s\n", all_bytes() >> 20,
		(double)(troupe_now().ns - since) / 1e9);
	board->value[OVER] = 1;
	return 0;
}

/* MAIL_ATTACHED_MIB=1024 by hand. */
Test(large, attachments_leave_asks_alone)
{
	mail_begin();
	mail_start(0, mail_local(), storing_root);
	mail_start(1, mail_local(), timing_root);
	mail_end();
}

/* ---- more than a mailbox has --------------------------------------------- */

enum { SMALL_LIMIT = 16 << 10 };

static const struct troupe_class small = { .name = "small",
					   .handlers = handlers,
					   .mailbox_limit = SMALL_LIMIT };

static int small_root(int argc, char **argv)
{
	struct troupe_dead_counts letters;
	troupe_ref ref;

	mail_await_way();
	CHECK(troupe_spawn(&small, NULL, &ref) == 0);
	board->ref[1] = ref;
	mail_await_value(&board->value[1], 1);
	CHECK(troupe_dead_letters_count(0, &letters) == 0);
	CHECK(letters.by_cause[TROUPE_DEAD_REFUSED] == 1);
	CHECK(letters.by_cause[TROUPE_DEAD_UNREADABLE] == 0);
	return 0;
}

static int overfilling_root(int argc, char **argv)
{
	static char text[LARGE];
	Play__Text message = PLAY__TEXT__INIT;
	struct troupe_message answer;
	troupe_ref to = mail_await(&board->ref[1]);

	mail_await_way();
	message.text = memset(text, 'x', sizeof(text) - 1);
	CHECK(troupe_ask(to, &message.base, troupe_in_ms(LONG_MS), &answer) ==
	      -EMSGSIZE);
	board->value[1] = 1;
	return 0;
}

Test(large, message_that_no_mailbox_takes_is_told_as_such)
{
	mail_begin();
	mail_start(0, mail_local(), small_root);
	mail_start(1, mail_local(), overfilling_root);
	mail_end();
}
