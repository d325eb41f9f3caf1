/* SPDX-License-Identifier: MIT */
/* Calls that are not watched yet, and what they must not disturb. */
#include "runtime/actor/self.h"
#include "tests/support/stage.h"

#include <sched.h>

static Play__Number number = PLAY__NUMBER__INIT;
static Play__Number_Closure kept_reply;
static void *kept_call;

/* Answers at a message. */
static void keep(Play__Link_Service *service, const Play__Number *asked,
		 Play__Number_Closure reply, void *call)
{
	kept_reply = reply;
	kept_call = call;
}

static int answer(const struct troupe_message *message)
{
	kept_reply(message->body, kept_call);
	board->value[0] = 1;
	return 0;
}

static const Play__Link_Service methods = { PLAY__LINK__BASE_INIT,
					    .ask = keep };
static const struct troupe_handler handlers[] = {
	{ &play__number__descriptor, answer }, { 0 }
};
static const struct troupe_class keeper = { .name = "keeper",
					    .service = &methods.base,
					    .handlers = handlers };

static void count(const Play__Number *answered, void *data)
{
	board->count++;
}

static void ask(struct troupe_proxy *proxy, troupe_ref *ret_ref)
{
	CHECK(troupe_spawn(&keeper, NULL, ret_ref) == 0);
	troupe_proxy_init(proxy, *ret_ref, &play__link__descriptor);
	proxy->timeout_ms = 60000;
	play__link__ask(&proxy->base, &number, count, NULL);
}

/* The older one is watched; its answer comes when the younger one is made. */
static int older_root(int argc, char **argv)
{
	struct troupe_proxy older, younger;
	troupe_ref ref, other;

	ask(&older, &ref);
	while (trp_load_relaxed(&trp_self.status->has_unwatched))
		CHECK(stage_receive(1) == -1);
	CHECK(stage_send(ref, 1) == 0);
	while (!board->value[0])
		sched_yield();
	ask(&younger, &other);
	CHECK(troupe_await(&older) == 0 && board->count == 1);
	CHECK(troupe_kill(other) == 0);
	CHECK(troupe_await(&younger) == -ESRCH && board->count == 2);
	return 0;
}

Test(young_calls, stay_in_line_when_an_older_one_is_answered)
{
	stage_pass(older_root);
}

/* As if in a handler whose message is traced, and the call is not. */
static int within_root(int argc, char **argv)
{
	struct troupe_proxy proxy;
	troupe_ref ref;

	ask(&proxy, &ref);
	CHECK(stage_send(ref, 1) == 0);
	trp_self.handled.flow = 5;
	trp_self.handled.hop = 7;
	trp_self.handled.is_traced = true;
	CHECK(troupe_await(&proxy) == 0 && board->count == 1);
	CHECK(trp_self.handled.flow == 5 && trp_self.handled.hop == 7);
	CHECK(trp_self.handled.is_traced);
	trp_self.handled = (struct trp_handled) { 0 };
	return 0;
}

Test(young_calls, leave_the_flow_of_the_message_that_awaits_them)
{
	stage_pass(within_root);
}

/* Reported while we waited for something else, and before the await. */
static int told_root(int argc, char **argv)
{
	struct troupe_proxy proxy;
	troupe_ref ref, nobody;

	ask(&proxy, &ref);
	while (trp_load_relaxed(&trp_self.status->has_unwatched))
		CHECK(stage_receive(1) == -1);
	CHECK(troupe_kill(ref) == 0);
	stage_end_of(ref);
	/* The supervisor has told all by now, and we have taken it. */
	CHECK(troupe_whereis("nobody", &nobody) == -ENOENT);
	CHECK(!troupe_is_stopping());
	CHECK(trp_self.exits.first);
	CHECK(troupe_await(&proxy) == -ESRCH && board->count == 1);
	return 0;
}

Test(young_calls, end_in_an_await_by_a_death_that_was_told_before,
     .timeout = 60)
{
	stage_pass(told_root);
}
