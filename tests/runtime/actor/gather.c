/* SPDX-License-Identifier: MIT */
/* A question to many, and calls that are forwarded. */
#include "tests/support/stage.h"

/* ---- one who answers 10 * number + his index, after a while -------------- */

enum { MANY = 20, AT_ONCE = 0, FAILS = -1, CRASHES = -2, SILENT = -3 };

static const Play__Who *me; /* count: the index */
static Play__Number_Closure later_reply;
static void *later_call;
static int64_t later_value;

static int answer_later(struct troupe_timer *timer)
{
	Play__Number answer = PLAY__NUMBER__INIT;

	answer.value = later_value;
	later_reply(&answer, later_call);
	return 0;
}

/* number: 1,000 * how + value; how: milliseconds, or one of the above. */
static void one_ask(Play__Link_Service *service, const Play__Number *number,
		    Play__Number_Closure reply, void *call)
{
	static struct troupe_timer timer = { .fired = answer_later };
	int64_t how = number->value == 1 ? me->count % 4 - 3 : 0;

	if (how == FAILS) {
		CHECK(troupe_fail(call, -EDOM, "out of paper") == 0);
		return;
	}
	if (how == CRASHES)
		kill(getpid(), SIGKILL);
	if (how == SILENT) {
		stage_keep(call);
		return;
	}
	later_reply = reply;
	later_call = call;
	later_value = 10 * number->value + me->count;
	/* The first asked is the last to answer. */
	CHECK(troupe_timer_start(&timer, troupe_in_ms(2 * (MANY - me->count)),
				 0) == 0);
}

static int one_init(const void *arguments)
{
	me = arguments;
	return 0;
}

static const Play__Link_Service one_methods = PLAY__LINK__INIT(one_);
static const struct troupe_class one = { .name = "one",
					 .init = one_init,
					 .service = &one_methods.base };

static void spawn_many(troupe_ref refs[MANY])
{
	Play__Who who = PLAY__WHO__INIT;

	for (who.count = 0; who.count < MANY; who.count++)
		CHECK(troupe_spawn(&one, &who.base, &refs[who.count]) == 0);
}

static void gathered(const Play__Number *nothing, void *data)
{
	CHECK(!nothing);
	++*(int *)data;
}

static int64_t value_of(const struct troupe_gather *gather, size_t i)
{
	return ((const Play__Number *)gather->answer[i])->value;
}

static int order_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_gather gather;
	troupe_ref refs[MANY];
	int64_t round;
	int completions = 0;
	size_t i;

	spawn_many(refs);
	CHECK(troupe_gather_init(&gather, refs, MANY,
				 &play__link__descriptor) == 0);
	for (round = 2; round < 5; round++) {
		number.value = round;
		play__link__ask(&gather.base, &number, gathered, &completions);
		CHECK(gather.pending == MANY);
		CHECK(troupe_gather_await(&gather) == 0);
		CHECK(completions == round - 1 && gather.failed == 0);
		for (i = 0; i < MANY; i++)
			CHECK(value_of(&gather, i) == 10 * round + (int64_t)i);
	}
	troupe_gather_fini(&gather);
	return 0;
}

Test(gather, answers_lie_in_the_order_of_targets_whoever_answered_first)
{
	stage_pass(order_root);
}

enum { SILENT_ONES = MANY / 4, PATIENCE_MS = 2000 };

static int partial_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_gather gather;
	struct troupe_time begin;
	troupe_ref refs[MANY];
	int completions = 0;
	size_t i;

	spawn_many(refs);
	CHECK(troupe_kill(refs[MANY - 1]) == 0);
	stage_end_of(refs[MANY - 1]);
	CHECK(troupe_gather_init(&gather, refs, MANY,
				 &play__link__descriptor) == 0);
	gather.timeout_ms = PATIENCE_MS;
	number.value = 1;
	begin = troupe_now();
	play__link__ask(&gather.base, &number, gathered, &completions);
	CHECK(troupe_gather_await(&gather) == -ETIMEDOUT);
	/* In less than it takes to wait for one after the other. */
	CHECK(troupe_now().ns - begin.ns <
	      (SILENT_ONES - 1) * PATIENCE_MS * INT64_C(1000000));
	CHECK(completions == 1 && gather.failed == 3 * MANY / 4 + 1);
	for (i = 0; i < MANY - 1; i++) {
		const struct troupe_proxy *proxy = &gather.proxy[i];

		CHECK(!gather.answer[i] == (i % 4 != 3));
		if (i % 4 == 0)
			CHECK(proxy->error == -ETIMEDOUT);
		if (i % 4 == 1)
			CHECK(proxy->error == -ESRCH);
		if (i % 4 == 2)
			CHECK(proxy->error == -EDOM &&
			      !strcmp(proxy->reason.text, "out of paper"));
		if (i % 4 == 3)
			CHECK(proxy->error == 0 &&
			      value_of(&gather, i) == 10 + (int64_t)i);
	}
	CHECK(gather.proxy[MANY - 1].error == -ESRCH);
	CHECK(gather.proxy[MANY - 1].reason.cause == TROUPE_NOPROC);
	troupe_gather_fini(&gather);
	return 0;
}

Test(gather, has_one_deadline_one_completion_and_a_reason_for_each_failure)
{
	stage_pass(partial_root);
}

static int fini_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_gather gather;
	struct troupe_message message;
	troupe_ref refs[MANY];
	int first = 0, second = 0;

	spawn_many(refs);
	CHECK(troupe_gather_init(&gather, refs, 0, &play__link__descriptor) ==
	      -EINVAL);
	CHECK(troupe_gather_init(&gather, refs, MANY,
				 &play__link__descriptor) == 0);
	play__link__ask(&gather.base, &number, gathered, &first);
	play__link__ask(&gather.base, &number, gathered, &second);
	CHECK(first == 0 && second == 0 && gather.error == -EBUSY);
	CHECK(troupe_receive(NULL, 0, TROUPE_POLL, &message) == -ETIMEDOUT);
	CHECK(first == 0 && second == 1 && gather.error == -EBUSY);
	play__link__ask(&gather.base, &number, gathered, &second);
	troupe_gather_fini(&gather);
	CHECK(troupe_receive(NULL, 0, troupe_in_ms(100), &message) ==
	      -ETIMEDOUT);
	CHECK(first == 0 && second == 1);
	return 0;
}

Test(gather, given_up_completes_no_more)
{
	stage_pass(fini_root);
}

/* ---- a broker who hands out tickets, and those who answer them ----------- */

static troupe_ref worker_ref;

static void broker_ask(Play__Link_Service *service, const Play__Number *number,
		       Play__Number_Closure reply, void *call)
{
	Play__Ticket order = PLAY__TICKET__INIT;
	struct troupe_ticket ticket;

	CHECK(troupe_delegate(call, &ticket) == 0);
	order.ticket.data = (uint8_t *)&ticket;
	order.ticket.len = sizeof(ticket);
	order.value = number->value;
	CHECK(troupe_send(worker_ref, &order.base) == 0);
}

static int work(const struct troupe_message *message)
{
	const Play__Ticket *order = message->body;
	const void *ticket = order->ticket.data;
	size_t size = order->ticket.len;
	Play__Number answer = PLAY__NUMBER__INIT;
	Play__Nobody nobody = PLAY__NOBODY__INIT;

	if (order->value < 0)
		return troupe_answer_failure(ticket, size, -EDOM, "negative");
	CHECK(troupe_answer(ticket, size - 1, &answer.base) == -EBADMSG);
	CHECK(troupe_answer("01234567012345670123456701234567abcdefgh", 40,
			    &answer.base) == -EBADMSG);
	CHECK(troupe_answer(ticket, size, &nobody.base) == -EPROTOTYPE);
	CHECK(troupe_answer_failure(ticket, size, 0, "") == -EINVAL);
	answer.value = 3 * order->value;
	CHECK(troupe_answer(ticket, size, &answer.base) == 0);
	answer.value = 4 * order->value;
	CHECK(troupe_answer(ticket, size, &answer.base) == 0);
	return 0;
}

static const struct troupe_handler worker_handlers[] = {
	{ &play__ticket__descriptor, work },
	{ 0 },
};
static const struct troupe_class worker = { .name = "worker",
					    .handlers = worker_handlers };

static int broker_init(const void *arguments)
{
	worker_ref = ((const Play__Who *)arguments)->ref;
	return 0;
}

static const Play__Link_Service broker_methods = PLAY__LINK__INIT(broker_);
static const struct troupe_class broker = { .name = "broker",
					    .init = broker_init,
					    .service = &broker_methods.base };

static void keep(const Play__Number *number, void *data)
{
	CHECK(*(int64_t *)data == 0);
	*(int64_t *)data = number ? number->value : -1;
}

static int ticket_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	Play__Who who = PLAY__WHO__INIT;
	struct troupe_proxy proxy;
	int64_t kept[100] = { 0 };
	troupe_ref ref;
	int i;

	CHECK(troupe_spawn(&worker, NULL, &who.ref) == 0);
	CHECK(troupe_spawn(&broker, &who.base, &ref) == 0);
	troupe_proxy_init(&proxy, ref, &play__link__descriptor);
	for (i = 0; i < 100; i++) {
		number.value = i + 1;
		play__link__ask(&proxy.base, &number, keep, &kept[i]);
	}
	CHECK(troupe_await(&proxy) == 0);
	for (i = 0; i < 100; i++)
		CHECK(kept[i] == 3 * (i + 1));
	number.value = -1;
	kept[0] = 0;
	play__link__ask(&proxy.base, &number, keep, &kept[0]);
	CHECK(troupe_await(&proxy) == -EDOM && kept[0] == -1);
	CHECK(strcmp(proxy.reason.text, "negative") == 0);
	return 0;
}

Test(tickets, are_answered_by_whoever_has_them_once)
{
	stage_pass(ticket_root);
}
