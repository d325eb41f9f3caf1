/* SPDX-License-Identifier: MIT */
/*
 * Savina 16, Bank Transaction, in whole cents.  An account that has sent a
 * debit serves nobody until it is acknowledged; since money goes to a higher
 * account only, those that wait form no circle.
 *
 * The teller sends all transactions at once, and accounts answer it: while it
 * waits for room it takes the answers aside.
 */
#include <math.h>
#include <stdlib.h>
#include "tests/bench/bench.h"

enum { ACCOUNTS, TRANSACTIONS };
enum { SEED = 123456 };

struct transaction {
	uint32_t from, to;
	int64_t cents;
};

static struct transaction draw(uint32_t *state)
{
	uint32_t accounts = (uint32_t)bench_get(ACCOUNTS);
	uint32_t from = bench_random(state) % (accounts / 10 * 8);
	uint32_t offset = bench_random(state) % (accounts - from);
	double part = 1.0 / (bench_random(state) + 1);

	return (struct transaction) { from, from + (offset ? offset : 1),
				      (int64_t)floor(100 * 1000 * part) };
}

/* ---- an account ---------------------------------------------------------- */

static int64_t cents;

static int debit(const struct troupe_message *message)
{
	Bench__Receipt receipt = BENCH__RECEIPT__INIT;

	cents += ((const Bench__Debit *)message->body)->cents;
	return bench_send(message->sender, &receipt.base);
}

static int credit(const struct troupe_message *message)
{
	const Bench__Credit *order = message->body;
	const struct troupe_pattern acknowledged = {
		.type = &bench__receipt__descriptor, .sender = order->to
	};
	Bench__Receipt receipt = BENCH__RECEIPT__INIT;
	Bench__Debit payment = BENCH__DEBIT__INIT;
	struct troupe_message unused;
	troupe_ref teller = message->sender;
	int r;

	payment.cents = order->cents;
	cents -= order->cents;
	r = bench_send(order->to, &payment.base);
	if (r == 0)
		r = troupe_receive(&acknowledged, 1, TROUPE_NEVER, &unused);
	return r < 0 ? r : bench_send(teller, &receipt.base);
}

static int keep_account(const void *arguments)
{
	static const struct troupe_pattern wanted[] = {
		{ .type = &bench__debit__descriptor },
		{ .type = &bench__credit__descriptor },
		{ .type = &bench__stop__descriptor },
	};
	Bench__Result result = BENCH__RESULT__INIT;
	struct troupe_message message;
	int r;

	do {
		r = troupe_receive(wanted, 3, TROUPE_NEVER, &message);
		if (r == 2)
			break;
		if (r >= 0)
			r = r == 0 ? debit(&message) : credit(&message);
	} while (r == 0);
	if (r < 0)
		return r;
	result.value = (((const Bench__Place *)arguments)->index + 1) * cents;
	result.real = (double)cents;
	return bench_send(message.sender, &result.base);
}

static struct troupe_class account_class = { .name = "account",
					     .run = keep_account };

/* ---- the teller ---------------------------------------------------------- */

static int transact(const troupe_ref *accounts)
{
	Bench__Credit order = BENCH__CREDIT__INIT;
	uint32_t state = SEED;
	int r = 0;

	for (long i = 0; i < bench_get(TRANSACTIONS) && r == 0; i++) {
		struct transaction t = draw(&state);

		order.cents = t.cents;
		order.to = accounts[t.to];
		r = bench_send_aside(accounts[t.from], &order.base);
	}
	for (long i = 0; i < bench_get(TRANSACTIONS) && r == 0; i++)
		if (!bench_receive(&bench__receipt__descriptor, NULL))
			r = -ECANCELED;
	return r;
}

static int64_t model(void)
{
	uint32_t state = SEED;
	int64_t sum = 0;

	for (long i = 0; i < bench_get(TRANSACTIONS); i++) {
		struct transaction t = draw(&state);

		sum += ((int64_t)t.to - t.from) * t.cents;
	}
	return sum;
}

static int root(void)
{
	long count = bench_get(ACCOUNTS);
	Bench__Stop stop = BENCH__STOP__INIT;
	const Bench__Result *result;
	int64_t weighted = 0;
	double sum = 0;
	troupe_ref *accounts;
	int r;

	r = bench_spawn_each(&account_class, count, &accounts);
	if (r == 0)
		r = transact(accounts);
	bench_stop();
	for (long i = 0; i < count && r == 0; i++) {
		r = bench_send(accounts[i], &stop.base);
		if (r < 0)
			break;
		result = bench_receive(&bench__result__descriptor, NULL);
		if (!result)
			return -ECANCELED;
		weighted += result->value;
		sum += result->real;
	}
	bench_expect("cents in all", (long long)sum, 0);
	bench_expect("weighted cents", weighted, model());
	if (count == 1000 && bench_get(TRANSACTIONS) == 50000)
		bench_expect("the suite's cents", weighted, 270543440);
	bench_items(bench_get(TRANSACTIONS));
	return r;
}

const struct bench bench_banking = {
	.name = "banking",
	.suite = "savina",
	.item = "transactions",
	.parameters = { [ACCOUNTS] = { "accounts",
				       { 20, 1000, 1000 },
				       20,
				       60000 },
			[TRANSACTIONS] = { "n", { 500, 50000, 200000 } } },
	.classes = { &account_class },
	.root = root,
};
