/* SPDX-License-Identifier: MIT */
/*
 * Bytes from one to the other: copied into the mailbox, or written where the
 * receiver reads them.  Both sides touch every byte, or, where it is only
 * handed over, the first eight.
 */
#include <stdlib.h>
#include "tests/bench/bench.h"

enum { BYTES, TOTAL, TOUCHED };
enum { HANDLE = 8 }; /* bytes touched of a loan that is only handed over */
enum { COUNT_MOST = 1000000 };

/* So many that about TOTAL bytes are carried. */
static long message_count(void)
{
	long count = bench_get(TOTAL) / bench_get(BYTES);

	if (count > COUNT_MOST)
		count = COUNT_MOST;
	return count ? count : 1;
}

static long received;

static void check(const void *bytes, size_t size)
{
	bench_expect("size", (long long)size, bench_get(BYTES));
	bench_check(bytes, size, received + 1);
}

static void check_loan(const void *bytes, size_t size)
{
	if (bench_get(TOUCHED))
		return check(bytes, size);
	bench_expect("size", (long long)size, bench_get(BYTES));
	bench_check(bytes, HANDLE, received + 1);
}

static int take(const struct troupe_message *message)
{
	const Bench__Text *text = message->body;

	if (message->attachment)
		check_loan(message->attachment, message->attachment_size);
	else
		check(text->bytes.data, text->bytes.len);
	if (++received < message_count())
		return 0;
	bench_stop();
	return TROUPE_STOP;
}

static int take_init(const void *arguments)
{
	bench_side(1);
	return 0;
}

static const struct troupe_handler takers[] = {
	{ &bench__text__descriptor, take },
	{},
};

/* --mailbox is not for this one: what is copied must fit. */
static const struct troupe_class copy_class = { .name = "taker",
						.init = take_init,
						.mailbox_limit = 256 << 20,
						.handlers = takers };
static struct troupe_class loan_class = { .name = "taker",
					  .init = take_init,
					  .handlers = takers };

static int send_copies(troupe_ref to)
{
	size_t size = (size_t)bench_get(BYTES);
	Bench__Text text = BENCH__TEXT__INIT;
	int r = 0;

	text.bytes.len = size;
	text.bytes.data = malloc(size);
	if (!text.bytes.data)
		return -ENOMEM;
	for (long i = 0; i < message_count() && r == 0; i++) {
		bench_fill(text.bytes.data, size, i + 1);
		r = bench_send(to, &text.base);
	}
	free(text.bytes.data);
	return r;
}

/* Where the region or the mailbox is full, the receiver is about to empty it.
 */
static int lend_one(troupe_ref to, const Bench__Text *text, long number)
{
	struct troupe_loan loan;
	int r;

	while ((r = troupe_loan((size_t)bench_get(BYTES), &loan)) == -ENOBUFS)
		;
	if (r < 0)
		return r;
	if (bench_get(TOUCHED))
		bench_fill(loan.bytes, loan.size, number);
	else
		bench_fill(loan.bytes, HANDLE, number);
	while ((r = troupe_send_loan(to, &text->base, &loan)) == -EAGAIN)
		;
	return r;
}

static int run(const struct troupe_class *receiver, int (*send)(troupe_ref to))
{
	troupe_ref ref;
	int r = troupe_spawn(receiver, NULL, &ref);

	bench_side(0);
	bench_start();
	if (r == 0)
		r = send(ref);
	bench_items(message_count());
	bench_bytes((double)message_count() * (double)bench_get(BYTES));
	return r < 0 ? r : bench_wait_each(&ref, 1);
}

static int send_loans(troupe_ref to)
{
	Bench__Text text = BENCH__TEXT__INIT;
	int r = 0;

	for (long i = 0; i < message_count() && r == 0; i++)
		r = lend_one(to, &text, i + 1);
	return r;
}

static int copied(void)
{
	return run(&copy_class, send_copies);
}

static int loaned(void)
{
	return run(&loan_class, send_loans);
}

#define SIZES                                           \
	{                                               \
		16, 256, 4096, 65536, 1 << 20, 64 << 20 \
	}

const struct bench bench_oneway_copied = {
	.name = "oneway_copied",
	.suite = "troupe",
	.item = "messages",
	.parameters = { [BYTES] = { "bytes", { 64, 64, 64 } },
			[TOTAL] = { "total",
				    { 128 << 10, 64 << 20, 1 << 30 } } },
	.sweep = SIZES,
	.root = copied,
};

#define LOANED(is_touched)                                               \
	{                                                                \
		[BYTES] = { "bytes", { 64, 64, 64 } },                   \
		[TOTAL] = { "total", { 128 << 10, 64 << 20, 1 << 30 } }, \
		[TOUCHED] = { "touched",                                 \
			      { is_touched, is_touched, is_touched } },  \
	}

const struct bench bench_oneway_loaned = {
	.name = "oneway_loaned",
	.suite = "troupe",
	.item = "messages",
	.parameters = LOANED(1),
	.sweep = SIZES,
	.classes = { &loan_class },
	.root = loaned,
};

const struct bench bench_oneway_handed = {
	.name = "oneway_handed",
	.suite = "troupe",
	.item = "messages",
	.parameters = LOANED(0),
	.sweep = SIZES,
	.classes = { &loan_class },
	.root = loaned,
};
