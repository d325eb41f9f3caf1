/* SPDX-License-Identifier: MIT */
/*
 * Programs with circles of senders and bursts that no mailbox holds, in
 * mailboxes of a few records: Savina 15 (logistic map) and 16 (banking), with
 * their check values.  An actor that waits for room reads no mail: so a sender
 * of bursts takes answers while it has to wait.
 */
#include <math.h>
#include "tests/runtime/actor/savina.pb-c.h"
#include "tests/support/stage.h"

TestSuite(bursts, .timeout = 600);

enum { FEW_RECORDS = 512 };

static int receive(const ProtobufCMessageDescriptor *type, troupe_ref sender,
		   struct troupe_message *ret_message)
{
	const struct troupe_pattern pattern = { .type = type,
						.sender = sender };

	return troupe_receive(&pattern, 1, TROUPE_NEVER, ret_message);
}

static int tell(troupe_ref to, const ProtobufCMessage *message)
{
	return troupe_send_wait(to, message, TROUPE_NEVER);
}

/* Its mailbox must have been full at times, or the test proves nothing. */
static void expect_refusals(void)
{
	struct troupe_counters counters;

	CHECK(troupe_count(troupe_self(), &counters) == 0);
	CHECK(counters.refused > 0);
}

/* Runs one actor with a small mailbox, to its normal end. */
static int run_one(const struct troupe_class *klass)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn(klass, NULL, &ref) == 0);
	CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
	CHECK(end.reason.cause == TROUPE_NORMAL);
	return 0;
}

/* ---- banking ------------------------------------------------------------- */

enum { ACCOUNTS = 100, TRANSACTIONS = 5000, SEED = 123456 };

static int64_t cents;

/* Serves nobody until it is acknowledged; that mail is saved meanwhile. */
static int credit(const struct troupe_message *message)
{
	const Savina__Credit *order = message->body;
	Savina__Receipt receipt = SAVINA__RECEIPT__INIT;
	Savina__Debit debit = SAVINA__DEBIT__INIT;
	troupe_ref teller = message->sender, to = order->to;
	struct troupe_message unused;
	int r;

	debit.cents = order->cents;
	cents -= order->cents;
	r = tell(to, &debit.base);
	if (r == 0)
		r = receive(&savina__receipt__descriptor, to, &unused);
	return r < 0 ? r : tell(teller, &receipt.base);
}

static int debit(const struct troupe_message *message)
{
	Savina__Receipt receipt = SAVINA__RECEIPT__INIT;

	cents += ((const Savina__Debit *)message->body)->cents;
	return tell(message->sender, &receipt.base);
}

static int account(const void *arguments)
{
	static const struct troupe_pattern wanted[] = {
		{ .type = &savina__credit__descriptor },
		{ .type = &savina__debit__descriptor },
		{ .type = &savina__end__descriptor },
	};
	Savina__Balance balance = SAVINA__BALANCE__INIT;
	struct troupe_message message;
	int r;

	for (;;) {
		r = troupe_receive(wanted, 3, TROUPE_NEVER, &message);
		if (r == 2)
			break;
		if (r >= 0)
			r = r == 0 ? credit(&message) : debit(&message);
		if (r < 0)
			return r;
	}
	balance.index = ((const Savina__Place *)arguments)->index;
	balance.cents = cents;
	return tell(message.sender, &balance.base);
}

static const struct troupe_class account_class = {
	.name = "account", .run = account, .mailbox_limit = FEW_RECORDS
};

static uint32_t draw(uint32_t *state)
{
	*state = (*state * 1309 + 13849) % 65536;
	return *state;
}

static uint32_t draw_transaction(uint32_t *state, uint32_t *ret_to,
				 int64_t *ret_cents)
{
	uint32_t from = draw(state) % (ACCOUNTS / 10 * 8);
	uint32_t offset = draw(state) % (ACCOUNTS - from);

	*ret_to = from + (offset ? offset : 1);
	*ret_cents = (int64_t)floor(100 * 1000 * (1.0 / (draw(state) + 1)));
	return from;
}

/* A full mailbox has orders in it, so that a receipt is sure to come. */
static int order_all(const troupe_ref *accounts)
{
	Savina__Credit order = SAVINA__CREDIT__INIT;
	struct troupe_message unused;
	int receipts = 0, r = 0;
	uint32_t state = SEED, from, to;
	int64_t moved = 0;

	for (int i = 0; i < TRANSACTIONS && r == 0; i++) {
		from = draw_transaction(&state, &to, &order.cents);
		order.to = accounts[to];
		moved += order.cents;
		while ((r = troupe_send(accounts[from], &order.base)) ==
		       -EAGAIN) {
			r = receive(&savina__receipt__descriptor, 0, &unused);
			if (r < 0)
				return r;
			receipts++;
		}
	}
	for (; receipts < TRANSACTIONS && r == 0; receipts++)
		r = receive(&savina__receipt__descriptor, 0, &unused);
	board->value[0] = moved;
	return r;
}

static int teller(const void *arguments)
{
	static troupe_ref accounts[ACCOUNTS];
	Savina__Place place = SAVINA__PLACE__INIT;
	Savina__End end = SAVINA__END__INIT;
	const Savina__Balance *balance;
	struct troupe_message message;
	int r = 0;

	for (int i = 0; i < ACCOUNTS && r == 0; i++) {
		place.index = i;
		r = troupe_spawn(&account_class, &place.base, &accounts[i]);
	}
	if (r == 0)
		r = order_all(accounts);
	expect_refusals();
	for (int i = 0; i < ACCOUNTS && r == 0; i++) {
		r = tell(accounts[i], &end.base);
		if (r == 0)
			r = receive(&savina__balance__descriptor, accounts[i],
				    &message);
		if (r < 0)
			return r;
		balance = message.body;
		board->value[1] += balance->cents;
		board->value[2] += (balance->index + 1) * balance->cents;
	}
	return r;
}

static const struct troupe_class teller_class = {
	.name = "teller", .run = teller, .mailbox_limit = FEW_RECORDS
};

static int banking_root(int argc, char **argv)
{
	return run_one(&teller_class);
}

Test(bursts, banking_ends_with_its_sums_in_mailboxes_of_a_few_records)
{
	stage_pass(banking_root);
	cr_expect_eq(board->value[0], 69736, "moved %ld", board->value[0]);
	cr_expect_eq(board->value[1], 0, "in all %ld", board->value[1]);
	cr_expect_eq(board->value[2], 1911337, "weighted %ld", board->value[2]);
}

/* ---- logistic map -------------------------------------------------------- */

enum { SERIES = 10, TERMS = 2500 };

static double rate;

static int compute(const struct troupe_message *message)
{
	const Savina__Term *term = message->body;
	Savina__Term next = SAVINA__TERM__INIT;

	next.value = rate * term->value * (1 - term->value);
	return tell(message->sender, &next.base);
}

static int computer_init(const void *arguments)
{
	rate = 3.46 + ((const Savina__Place *)arguments)->index * 0.0025;
	return 0;
}

static const struct troupe_handler computer_handlers[] = {
	{ &savina__term__descriptor, compute },
	{ 0 },
};
static const struct troupe_class computer = { .name = "computer",
					      .init = computer_init,
					      .handlers = computer_handlers,
					      .mailbox_limit = FEW_RECORDS };

/* Orders that arrive while it waits for a term are for later. */
static int series(const void *arguments)
{
	static const struct troupe_pattern wanted[] = {
		{ .type = &savina__order__descriptor },
		{ .type = &savina__end__descriptor },
	};
	const Savina__Place *place = arguments;
	Savina__Report report = SAVINA__REPORT__INIT;
	Savina__Term term = SAVINA__TERM__INIT;
	struct troupe_message message;
	int r;

	term.value = place->index * 0.0025;
	while ((r = troupe_receive(wanted, 2, TROUPE_NEVER, &message)) == 0) {
		r = tell(place->computer, &term.base);
		if (r == 0)
			r = receive(&savina__term__descriptor, place->computer,
				    &message);
		if (r < 0)
			return r;
		term.value = ((const Savina__Term *)message.body)->value;
		report.count++;
	}
	report.value = term.value;
	return r < 0 ? r : tell(troupe_parent(), &report.base);
}

static const struct troupe_class series_class = {
	.name = "series", .run = series, .mailbox_limit = FEW_RECORDS
};

static int flood(const troupe_ref *refs)
{
	Savina__Order order = SAVINA__ORDER__INIT;
	Savina__End end = SAVINA__END__INIT;
	int r = 0;

	for (int t = 0; t < TERMS; t++)
		for (int i = 0; i < SERIES && r == 0; i++)
			r = tell(refs[i], &order.base);
	for (int i = 0; i < SERIES && r == 0; i++)
		r = tell(refs[i], &end.base);
	return r;
}

static int master(const void *arguments)
{
	static troupe_ref refs[SERIES];
	Savina__Place place = SAVINA__PLACE__INIT;
	const Savina__Report *report;
	struct troupe_message message;
	double sum = 0;
	int r = 0;

	for (int i = 0; i < SERIES && r == 0; i++) {
		place.index = i;
		r = troupe_spawn(&computer, &place.base, &place.computer);
		if (r == 0)
			r = troupe_spawn(&series_class, &place.base, &refs[i]);
	}
	if (r == 0)
		r = flood(refs);
	expect_refusals();
	for (int i = 0; i < SERIES && r == 0; i++) {
		r = receive(&savina__report__descriptor, 0, &message);
		if (r < 0)
			return r;
		report = message.body;
		CHECK(report->count == TERMS);
		sum += report->value;
	}
	CHECK(fabs(sum - 6.387835144604) < 1e-9);
	board->value[0] = 1;
	return r;
}

static const struct troupe_class master_class = {
	.name = "master", .run = master, .mailbox_limit = FEW_RECORDS
};

static int logmap_root(int argc, char **argv)
{
	return run_one(&master_class);
}

Test(bursts, logistic_map_ends_with_its_sum_in_mailboxes_of_a_few_records)
{
	stage_pass(logmap_root);
	cr_expect_eq(board->value[0], 1);
}
