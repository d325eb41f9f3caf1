/* SPDX-License-Identifier: MIT */
/* Handlers: their results, and the number of calls in work. */
#include "tests/support/stage.h"

/* ---- completed and keeps_going ------------------------------------------- */

static int result_number(const struct troupe_message *message)
{
	return (int)((const Play__Number *)message->body)->value;
}

static void result_completed(const struct troupe_message *message, int result)
{
	CHECK(message->type == &play__number__descriptor);
	CHECK(((const Play__Number *)message->body)->value == result);
	board->value[board->count++] = result;
}

static const struct troupe_handler result_handlers[] = {
	{ &play__number__descriptor, result_number },
	{ 0 },
};
static const struct troupe_class brave = { .name = "brave",
					   .handlers = result_handlers,
					   .completed = result_completed,
					   .keeps_going = true };
static const struct troupe_class frail = { .name = "frail",
					   .handlers = result_handlers,
					   .completed = result_completed };

static const int64_t results[] = { 0, -EDOM, 0, -ENOENT, TROUPE_STOP, 0 };
enum { RESULTS = sizeof(results) / sizeof(results[0]) };

static void send_results(const struct troupe_class *klass,
			 struct troupe_end *ret_end)
{
	troupe_ref ref;
	int i;

	CHECK(troupe_spawn(klass, NULL, &ref) == 0);
	for (i = 0; i < RESULTS; i++)
		stage_send(ref, results[i]);
	CHECK(troupe_wait(ref, troupe_in_ms(60000), ret_end) == 0);
	for (i = 0; i < board->count; i++)
		CHECK(board->value[i] == results[i]);
}

static int brave_root(int argc, char **argv)
{
	struct troupe_end end;

	send_results(&brave, &end);
	CHECK(end.reason.cause == TROUPE_NORMAL);
	CHECK(board->count == RESULTS - 1);
	return 0;
}

Test(handlers, completed_is_told_each_result_and_keeps_going_goes_on)
{
	stage_pass(brave_root);
}

static int frail_root(int argc, char **argv)
{
	struct troupe_end end;

	send_results(&frail, &end);
	CHECK(end.reason.cause == TROUPE_ERROR && end.reason.code == -EDOM);
	CHECK(board->count == 2);
	return 0;
}

Test(handlers, completed_is_told_the_failure_that_ends_the_actor)
{
	stage_pass(frail_root);
}

/* ---- methods ------------------------------------------------------------- */

static void failing_ask(Play__Link_Service *service, const Play__Number *number,
			Play__Number_Closure reply, void *call)
{
	Play__Number answer = *number;

	troupe_finish((int)number->value);
	reply(&answer, call);
}

static const Play__Link_Service failing_methods = PLAY__LINK__INIT(failing_);
static const struct troupe_class failing = { .name = "failing",
					     .service = &failing_methods.base,
					     .completed = result_completed,
					     .keeps_going = true };

static void ignore(const Play__Number *number, void *data)
{
	CHECK(number);
}

static int failing_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_proxy proxy;
	struct troupe_end end;
	troupe_ref ref;
	int i;

	CHECK(troupe_spawn(&failing, NULL, &ref) == 0);
	troupe_proxy_init(&proxy, ref, &play__link__descriptor);
	for (i = 0; i < RESULTS - 1; i++) {
		number.value = results[i];
		play__link__ask(&proxy.base, &number, ignore, NULL);
	}
	CHECK(troupe_await(&proxy) == 0);
	CHECK(troupe_wait(ref, troupe_in_ms(60000), &end) == 0);
	CHECK(end.reason.cause == TROUPE_NORMAL);
	CHECK(board->count == RESULTS - 1);
	return 0;
}

Test(handlers, of_methods_have_the_same_policy)
{
	stage_pass(failing_root);
}

/* ---- calls in work ------------------------------------------------------- */

enum { AT_ONCE = 3, CALLS = 60 };

static struct {
	Play__Number_Closure reply;
	void *call;
	int64_t value;
} in_work[CALLS];
static int first, count;

static int answer_one(struct troupe_timer *timer)
{
	Play__Number answer = PLAY__NUMBER__INIT;
	int i = first;

	if (!count)
		return 0;
	first++;
	count--;
	answer.value = 2 * in_work[i].value;
	if (in_work[i].value % 3 == 0)
		CHECK(troupe_fail(in_work[i].call, -EDOM, "a third") == 0);
	else
		in_work[i].reply(&answer, in_work[i].call);
	return 0;
}

static void slow_ask(Play__Link_Service *service, const Play__Number *number,
		     Play__Number_Closure reply, void *call)
{
	int i = first + count++;

	in_work[i].reply = reply;
	in_work[i].call = call;
	in_work[i].value = number->value;
	CHECK(number->value == i + 1);
	CHECK(count <= AT_ONCE);
	if (count > board->value[0])
		board->value[0] = count;
}

/* Mail waits as well, in its order. */
static int slow_number(const struct troupe_message *message)
{
	CHECK(first + count == ((const Play__Number *)message->body)->value);
	board->count++;
	return 0;
}

static int slow_init(const void *arguments)
{
	static struct troupe_timer timer = { .fired = answer_one };

	return troupe_timer_start(&timer, troupe_in_ms(1), 1);
}

static const struct troupe_handler slow_handlers[] = {
	{ &play__number__descriptor, slow_number },
	{ 0 },
};
static const Play__Link_Service slow_methods = PLAY__LINK__INIT(slow_);
static const struct troupe_class slow = { .name = "slow",
					  .init = slow_init,
					  .handlers = slow_handlers,
					  .service = &slow_methods.base,
					  .at_once = AT_ONCE };

static void keep(const Play__Number *number, void *data)
{
	*(int64_t *)data = number ? number->value : -1;
}

static int slow_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	int64_t kept[CALLS] = { 0 };
	struct troupe_proxy proxy;
	troupe_ref ref;
	int i;

	CHECK(troupe_spawn(&slow, NULL, &ref) == 0);
	troupe_proxy_init(&proxy, ref, &play__link__descriptor);
	for (i = 0; i < CALLS; i++) {
		number.value = i + 1;
		play__link__ask(&proxy.base, &number, keep, &kept[i]);
		stage_send(ref, i + 1);
	}
	troupe_await(&proxy);
	CHECK(proxy.pending == 0);
	for (i = 0; i < CALLS; i++)
		CHECK(kept[i] == ((i + 1) % 3 ? 2 * (i + 1) : -1));
	CHECK(board->value[0] == AT_ONCE);
	CHECK(troupe_close(ref) == 0);
	CHECK(troupe_wait(ref, troupe_in_ms(60000), NULL) == 0);
	CHECK(board->count == CALLS);
	return 0;
}

Test(handlers, of_at_most_so_many_calls_work_and_the_rest_is_taken_up_later)
{
	stage_pass(slow_root);
}

/* ---- and the death of a waiting caller ----------------------------------- */

static int worker_run(const void *arguments)
{
	const Play__Who *who = arguments;
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_proxy proxy;
	int64_t kept[AT_ONCE];
	int i;

	troupe_proxy_init(&proxy, who->ref, &play__link__descriptor);
	for (i = 0; i < AT_ONCE; i++)
		play__link__ask(&proxy.base, &number, keep, &kept[i]);
	return 0;
}

static void held_ask(Play__Link_Service *service, const Play__Number *number,
		     Play__Number_Closure reply, void *call)
{
	uint64_t monitor;

	in_work[0].call = call;
	CHECK(troupe_monitor(troupe_caller(call), &monitor) == 0);
	board->value[0]++;
}

/* Without room for more work the report comes, and makes room. */
static int held_down(const struct troupe_end *end)
{
	troupe_fail(in_work[0].call, -EDOM, "nobody waits");
	return ++board->count == AT_ONCE ? TROUPE_STOP : 0;
}

static const Play__Link_Service held_methods = PLAY__LINK__INIT(held_);
static const struct troupe_class held = { .name = "held",
					  .service = &held_methods.base,
					  .down = held_down,
					  .at_once = 1 };

static int held_root(int argc, char **argv)
{
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref;

	CHECK(troupe_spawn(&held, NULL, &who.ref) == 0);
	CHECK(troupe_spawn_function(worker_run, &who.base, &ref) == 0);
	CHECK(troupe_wait(who.ref, troupe_in_ms(60000), NULL) == 0);
	CHECK(board->value[0] == AT_ONCE && board->count == AT_ONCE);
	return 0;
}

Test(handlers, whose_work_is_full_are_told_of_deaths_all_the_same)
{
	stage_pass(held_root);
}
