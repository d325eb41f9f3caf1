/* SPDX-License-Identifier: MIT */
/*
 * The cost of custom mailboxes: one way into the simplest one, a list in
 * memory, and into a stream of Redis, whose address is in TROUPE_REDIS:
 *
 *	redis-server --port 0 --unixsocket /tmp/redis.sock --save '' &
 *	TROUPE_REDIS=unix:///tmp/redis.sock troupe-bench mailbox_redis
 */
#include "runtime/troupe_mailbox.h"
#include <stdlib.h>
#include <string.h>
#include "tests/bench/bench.h"

enum { BYTES, COUNT };

/* ---- a list in memory ---------------------------------------------------- */

struct piece {
	struct piece *next;
	struct troupe_mail mail;
	char body[];
};

static struct piece *first, **end = &first;
static uint64_t size, number;

static int list_open(const struct troupe_mailbox *mailbox, const char *actor,
		     void **ret_box)
{
	*ret_box = &first;
	return 0;
}

/* The names are those of the schema, and stay. */
static int list_put(void *box, const struct troupe_mail *mail)
{
	struct piece *piece = malloc(sizeof(*piece) + mail->body_size);

	if (!piece)
		return -ENOMEM;
	*piece = (struct piece) { .mail = *mail };
	memcpy(piece->body, mail->body, mail->body_size);
	piece->mail.body = piece->body;
	piece->mail.number = ++number;
	*end = piece;
	end = &piece->next;
	size++;
	return 0;
}

/* One at a time is out: the first. */
static int list_get(void *box, struct troupe_mail *ret_mail)
{
	static uint64_t out;

	if (!first || first->mail.number == out)
		return 0;
	*ret_mail = first->mail;
	out = first->mail.number;
	return 1;
}

static void list_acknowledge(void *box, uint64_t which, int result)
{
	struct piece *piece = first;

	bench_expect("acknowledged", (long long)which,
		     (long long)piece->mail.number);
	bench_expect("result", result < 0 ? result : 0, 0);
	first = piece->next;
	if (!first)
		end = &first;
	free(piece);
	size--;
}

static uint64_t list_size(void *box)
{
	return size;
}

static const struct troupe_mailbox_kind list_kind = {
	.name = "list",
	.open = list_open,
	.put = list_put,
	.get = list_get,
	.acknowledge = list_acknowledge,
	.size = list_size,
};
static const struct troupe_mailbox list = { &list_kind };

/* ---- one way ------------------------------------------------------------- */

static long received;

static int take(const struct troupe_message *message)
{
	const Bench__Text *text = message->body;

	bench_expect("number", text->number, ++received);
	bench_check(text->bytes.data, text->bytes.len, received);
	if (received < bench_get(COUNT))
		return 0;
	bench_stop();
	return TROUPE_STOP;
}

static const struct troupe_handler takers[] = {
	{ &bench__text__descriptor, take },
	{},
};
static struct troupe_class list_class = { .name = "taker",
					  .handlers = takers,
					  .mailbox = &list };
static const struct troupe_redis_mailbox stream = {
	.base = { &troupe_redis_kind },
	.stream = "troupe-bench",
};
static struct troupe_class redis_class = { .name = "taker",
					   .handlers = takers,
					   .mailbox = &stream.base };

static int run(const struct troupe_class *klass)
{
	size_t bytes = (size_t)bench_get(BYTES);
	Bench__Text text = BENCH__TEXT__INIT;
	unsigned char *buffer = malloc(bytes);
	troupe_ref ref;
	int r = buffer ? troupe_spawn(klass, NULL, &ref) : -ENOMEM;

	text.bytes = (ProtobufCBinaryData) { bytes, buffer };
	bench_start();
	while (r == 0 && text.number < bench_get(COUNT)) {
		text.number++;
		bench_fill(buffer, bytes, text.number);
		r = bench_send(ref, &text.base);
	}
	free(buffer);
	bench_items(bench_get(COUNT));
	bench_bytes((double)bench_get(COUNT) * (double)bytes);
	return r < 0 ? r : bench_wait_each(&ref, 1);
}

static int into_list(void)
{
	return run(&list_class);
}

static int into_redis(void)
{
	return run(&redis_class);
}

const struct bench bench_mailbox_list = {
	.name = "mailbox_list",
	.suite = "troupe",
	.item = "messages",
	.parameters = { [BYTES] = { "bytes", { 20, 20, 20 } },
			[COUNT] = { "n", { 1000, 1000000, 10000000 } } },
	.classes = { &list_class },
	.root = into_list,
};

const struct bench bench_mailbox_redis = {
	.name = "mailbox_redis",
	.suite = "troupe",
	.item = "messages",
	.parameters = { [BYTES] = { "bytes", { 20, 20, 20 }, .most = 100000 },
			[COUNT] = { "n", { 200, 100000, 1000000 } } },
	.classes = { &redis_class },
	.root = into_redis,
	.variable = "TROUPE_REDIS",
};
