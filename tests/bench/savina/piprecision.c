/* SPDX-License-Identifier: MIT */
/*
 * Savina 29, Precise Pi Computation: the terms of D. Bailey, P. Borwein and
 * S. Plouffe, each computed by a worker to so many decimal digits and added up
 * by the master, until one is too small to matter.
 *
 * Numbers are fractions of 2 in words of 64 bits, the lowest first; the sum is
 * checked against J. Machin's formula, which shares no term with the other.
 * They go beside the messages, as many bytes as the precision asks for; both
 * sides take their mail aside while they wait for room.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "tests/bench/bench.h"

enum { DIGITS, WORKERS };
enum { GUARD = 2, AHEAD = 10 };

/* The lowest GUARD words are for rounding, the highest is whole. */
static size_t word_count(void)
{
	double bits = (double)bench_get(DIGITS) * log2(10);

	return (size_t)ceil(bits / 64) + GUARD + 1;
}

static uint64_t *new_number(void)
{
	return calloc(word_count(), sizeof(uint64_t));
}

/* The remainder of the division moves to the next word. */
static void divide(uint64_t *number, uint64_t by, size_t words)
{
	unsigned __int128 rest = 0;

	for (size_t i = words; i-- > 0;) {
		rest = rest << 64 | number[i];
		number[i] = (uint64_t)(rest / by);
		rest -= (unsigned __int128)number[i] * by;
	}
}

static void add(uint64_t *to, const uint64_t *number)
{
	unsigned char carry = 0;

	for (size_t i = 0; i < word_count(); i++) {
		unsigned __int128 sum =
			(unsigned __int128)to[i] + number[i] + carry;

		to[i] = (uint64_t)sum;
		carry = (unsigned char)(sum >> 64);
	}
}

static void subtract(uint64_t *from, const uint64_t *number)
{
	unsigned char borrow = 0;

	for (size_t i = 0; i < word_count(); i++) {
		unsigned __int128 rest =
			(unsigned __int128)from[i] - number[i] - borrow;

		from[i] = (uint64_t)rest;
		borrow = rest >> 64 != 0;
	}
}

/* No larger than 10^-digits: the sum ends with such a term. */
static bool is_small(const uint64_t *term, const uint64_t *limit)
{
	for (size_t i = word_count(); i-- > 0;)
		if (term[i] != limit[i])
			return term[i] < limit[i];
	return true;
}

/* ---- a worker ------------------------------------------------------------ */

/* part = numerator / denominator / 16^k */
static void set_part(uint64_t *part, uint64_t numerator, uint64_t denominator,
		     uint64_t k)
{
	size_t words = word_count(), down = (size_t)(4 * k / 64);
	unsigned bits = (unsigned)(4 * k % 64);

	memset(part, 0, words * sizeof(*part));
	if (down + 2 > words)
		return;
	words -= down;
	part[words - 1] = numerator >> bits;
	part[words - 2] = bits ? numerator << (64 - bits) : 0;
	divide(part, denominator, words);
}

/* 4 / (8k + 1) - 2 / (8k + 4) - 1 / (8k + 5) - 1 / (8k + 6), over 16^k. */
static void set_term(uint64_t *term, uint64_t *part, uint64_t k)
{
	set_part(term, 4, 8 * k + 1, k);
	set_part(part, 2, 8 * k + 4, k);
	subtract(term, part);
	set_part(part, 1, 8 * k + 5, k);
	subtract(term, part);
	set_part(part, 1, 8 * k + 6, k);
	subtract(term, part);
}

static int work(const void *arguments)
{
	uint64_t *term = new_number(), *part = new_number();
	Bench__Pong done = BENCH__PONG__INIT;
	const Bench__Ping *ping;
	int r = term && part ? 0 : -ENOMEM;

	bench_side((int)((const Bench__Place *)arguments)->index);
	while (r == 0) {
		ping = bench_receive(&bench__ping__descriptor, NULL);
		if (!ping || ping->number < 0)
			break;
		done.number = ping->number;
		set_term(term, part, (uint64_t)ping->number);
		r = bench_send_attached_aside(troupe_parent(), &done.base, term,
					      word_count() * sizeof(*term));
	}
	free(term);
	free(part);
	return r;
}

static struct troupe_class worker_class = { .name = "worker", .run = work };

/* ---- the check ----------------------------------------------------------- */

/* to += or -= multiple * arctan(1 / x), by its series. */
static void add_arctan(uint64_t *to, uint64_t multiple, uint64_t x,
		       bool is_negative, uint64_t *power, uint64_t *part)
{
	size_t words = word_count();

	memset(power, 0, words * sizeof(*power));
	power[words - 1] = multiple;
	divide(power, x, words);
	for (uint64_t odd = 1; words > 0; odd += 2) {
		memcpy(part, power, word_count() * sizeof(*part));
		divide(part, odd, words);
		if (((odd & 2) != 0) == is_negative)
			add(to, part);
		else
			subtract(to, part);
		divide(power, x * x, words);
		while (words > 0 && power[words - 1] == 0)
			words--;
	}
}

/* pi = 16 arctan(1/5) - 4 arctan(1/239) */
static int model(uint64_t *pi)
{
	uint64_t *power = new_number(), *part = new_number();
	int r = power && part ? 0 : -ENOMEM;

	if (r == 0) {
		add_arctan(pi, 16, 5, false, power, part);
		add_arctan(pi, 4, 239, true, power, part);
	}
	free(power);
	free(part);
	return r;
}

/* So many terms are larger than 10^-digits. */
static long term_count(void)
{
	for (double k = 0;; k++) {
		double part = 4 / (8 * k + 1) - 2 / (8 * k + 4) -
			      1 / (8 * k + 5) - 1 / (8 * k + 6);

		if (log10(part) - k * log10(16) <= -(double)bench_get(DIGITS))
			return (long)k;
	}
}

/* The distance of the two; the other difference is below zero, thus huge. */
static int check(uint64_t *sum, const uint64_t *limit)
{
	size_t words = word_count();
	uint64_t *pi = new_number(), *kept = new_number();
	int r = pi && kept ? model(pi) : -ENOMEM;

	bench_expect("whole", (long long)sum[words - 1], 3);
	bench_expect("first bits", (long long)sum[words - 2],
		     0x243f6a8885a308d3);
	if (r == 0) {
		memcpy(kept, pi, words * sizeof(*pi));
		subtract(pi, sum);
		subtract(sum, kept);
		if (!is_small(pi, limit) && !is_small(sum, limit))
			bench_fail("the sum is not pi");
	}
	free(pi);
	free(kept);
	return r;
}

/* ---- the master ---------------------------------------------------------- */

static troupe_ref *workers;

static uint64_t *new_limit(void)
{
	uint64_t *limit = new_number();

	if (!limit)
		return NULL;
	limit[word_count() - 1] = 1;
	for (long i = 0; i < bench_get(DIGITS); i++)
		divide(limit, 10, word_count());
	return limit;
}

/* Returns the first term that is small, or a negative errno. */
static long add_up(uint64_t *sum, const uint64_t *limit)
{
	const struct troupe_pattern any = { .type = &bench__pong__descriptor };
	long ahead = bench_get(WORKERS) * AHEAD, asked = 0, came = 0;
	long smallest = -1;
	Bench__Ping ping = BENCH__PING__INIT;
	struct troupe_message message;
	int r = 0;

	if (ahead > bench_get(DIGITS))
		ahead = bench_get(DIGITS);
	while (r >= 0 && (came < asked || smallest < 0)) {
		while (r == 0 && smallest < 0 && asked < came + ahead) {
			ping.number = asked++;
			r = bench_send_aside(
				workers[ping.number % bench_get(WORKERS)],
				&ping.base);
		}
		if (r == 0)
			r = troupe_receive(&any, 1, TROUPE_NEVER, &message);
		if (r < 0)
			break;
		came++;
		add(sum, message.attachment);
		if (!is_small(message.attachment, limit))
			continue;
		ping.number = ((const Bench__Pong *)message.body)->number;
		if (smallest < 0 || ping.number < smallest)
			smallest = (long)ping.number;
	}
	return r < 0 ? r : smallest;
}

static int dismiss(void)
{
	Bench__Ping last = BENCH__PING__INIT;
	int r = 0;

	last.number = -1;
	for (long i = 0; i < bench_get(WORKERS) && r == 0; i++)
		r = bench_send_aside(workers[i], &last.base);
	return r < 0 ? r : bench_wait_each(workers, bench_get(WORKERS));
}

static int root(void)
{
	uint64_t *sum, *limit;
	long terms;
	int r;

	sum = new_number();
	limit = new_limit();
	if (!sum || !limit)
		return -ENOMEM;
	bench_start();
	r = bench_spawn_each(&worker_class, bench_get(WORKERS), &workers);
	terms = r < 0 ? r : add_up(sum, limit);
	bench_stop();
	if (terms < 0)
		return (int)terms;
	bench_expect("terms", terms, term_count());
	bench_items(terms);
	bench_bytes((double)terms * (double)(word_count() * sizeof(*sum)));
	r = dismiss();
	return r < 0 ? r : check(sum, limit);
}

/* The suite has 5,000 digits: 4,146 terms of about 2 KB. */
const struct bench bench_piprecision = {
	.name = "piprecision",
	.suite = "savina",
	.item = "terms",
	.parameters = { [DIGITS] = { "digits",
				     { 500, 30000, 80000 },
				     20,
				     10000000 },
			[WORKERS] = { "workers",
				      { 4, 20, 20 },
				      .most = BENCH_ACTORS_MOST } },
	.classes = { &worker_class },
	.root = root,
};
