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
enum { COUNT_LEAST = 8, COUNT_MOST = 1000000 };

/* So many that about TOTAL bytes are carried: as peers do (peers/peer.h). */
static long message_count(void)
{
	long count = bench_get(TOTAL) / bench_get(BYTES);

	if (count < COUNT_LEAST && !bench_is_smoke())
		count = COUNT_LEAST;
	if (count > COUNT_MOST)
		count = COUNT_MOST;
	return count ? count : 1;
}

/* Before the clock runs: lanes have grown then, and pages are there. */
static long warm_up_count(void)
{
	return (message_count() + 4) / 5;
}

static long received, before, in_all; /* before: the clock runs */

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
	Bench__Go warm = BENCH__GO__INIT;

	if (message->attachment)
		check_loan(message->attachment, message->attachment_size);
	else
		check(text->bytes.data, text->bytes.len);
	received++;
	if (received == before)
		return bench_send(message->sender, &warm.base);
	if (received < in_all)
		return 0;
	bench_stop();
	return TROUPE_STOP;
}

static int take_init(const void *arguments)
{
	before = warm_up_count();
	in_all = before + message_count();
	bench_side(1);
	return 0;
}

static const struct troupe_handler takers[] = {
	{ &bench__text__descriptor, take },
	{},
};

/* --mailbox is not for those who take copies: what is copied must fit. */
static const struct troupe_class small_class = { .name = "taker",
						 .init = take_init,
						 .handlers = takers };
static const struct troupe_class large_class = { .name = "taker",
						 .init = take_init,
						 .mailbox_limit = 256 << 20,
						 .handlers = takers };
enum { LARGE = 64 << 10 };
static struct troupe_class loan_class = { .name = "taker",
					  .init = take_init,
					  .handlers = takers };

static unsigned char *buffer;

static int copy_one(troupe_ref to, long number)
{
	size_t size = (size_t)bench_get(BYTES);
	Bench__Text text = BENCH__TEXT__INIT;

	text.bytes = (ProtobufCBinaryData) { size, buffer };
	bench_fill(buffer, size, number);
	return bench_send(to, &text.base);
}

/* Where the region or the mailbox is full, the receiver is about to empty it.
 */
static int lend_one(troupe_ref to, long number)
{
	Bench__Text text = BENCH__TEXT__INIT;
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
	while ((r = troupe_send_loan(to, &text.base, &loan)) == -EAGAIN)
		;
	return r;
}

static int run(const struct troupe_class *receiver,
	       int (*send_one)(troupe_ref to, long number))
{
	long warm_up = warm_up_count(), all = warm_up + message_count();
	troupe_ref ref;
	int r = troupe_spawn(receiver, NULL, &ref);

	bench_side(0);
	for (long i = 1; i <= warm_up && r == 0; i++)
		r = send_one(ref, i);
	if (r == 0 && !bench_receive(&bench__go__descriptor, NULL))
		r = -ECANCELED;
	bench_start();
	for (long i = warm_up + 1; i <= all && r == 0; i++)
		r = send_one(ref, i);
	bench_items(message_count());
	bench_bytes((double)message_count() * (double)bench_get(BYTES));
	return r < 0 ? r : bench_wait_each(&ref, 1);
}

static int copied(void)
{
	int r;

	buffer = malloc((size_t)bench_get(BYTES));
	if (!buffer)
		return -ENOMEM;
	r = run(bench_get(BYTES) < LARGE ? &small_class : &large_class,
		copy_one);
	free(buffer);
	return r;
}

static int loaned(void)
{
	return run(&loan_class, lend_one);
}

/* Of what is only handed over as many bytes cost as little as few. */
#define HANDED                                               \
	{                                                    \
		64 << 10, INT64_C(1) << 44, INT64_C(1) << 44 \
	}
#define TOTALS                                      \
	{                                           \
		64 << 10, 1 << 30, INT64_C(8) << 30 \
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
			[TOTAL] = { "total", TOTALS,
				    .most = INT64_C(1) << 50 } },
	.sweep = SIZES,
	.root = copied,
};

#define LOANED(is_touched, totals)                                       \
	{                                                                \
		[BYTES] = { "bytes", { 64, 64, 64 } },                   \
		[TOTAL] = { "total", totals, .most = INT64_C(1) << 50 }, \
		[TOUCHED] = { "touched",                                 \
			      { is_touched, is_touched, is_touched },    \
			      BENCH_FROM_0,                              \
			      1 },                                       \
	}

const struct bench bench_oneway_loaned = {
	.name = "oneway_loaned",
	.suite = "troupe",
	.item = "messages",
	.parameters = LOANED(1, TOTALS),
	.sweep = SIZES,
	.classes = { &loan_class },
	.root = loaned,
};

const struct bench bench_oneway_handed = {
	.name = "oneway_handed",
	.suite = "troupe",
	.item = "messages",
	.parameters = LOANED(0, HANDED),
	.sweep = SIZES,
	.classes = { &loan_class },
	.root = loaned,
};
