/* SPDX-License-Identifier: MIT */
/* Callbacks that return nothing, and callbacks in a function. */
#include "tests/support/stage.h"

/* ---- closures ------------------------------------------------------------ */

static void clerk_twice(Play__Clerk_Service *service,
			const Play__Number *number, Play__Number_Closure reply,
			void *call)
{
	reply(number, call);
}

/* None of these answers. */
static void never(Play__Clerk_Service *service, const Play__Number *number,
		  Play__Number_Closure reply, void *call)
{
	stage_keep(call);
}

static void clerk_note(Play__Clerk_Service *service, const Play__Number *number,
		       Play__Nobody_Closure reply, void *call)
{
}

static const Play__Clerk_Service methods = {
	PLAY__CLERK__BASE_INIT, .twice = clerk_twice, .later = never,
	.refuse = never,	.silent = never,      .crash = never,
	.note = clerk_note,
};
static const struct troupe_class clerk = { .name = "clerk",
					   .service = &methods.base };

static struct troupe_proxy proxy;

static void end_with(const Play__Number *answer, void *data)
{
	troupe_finish((int)(intptr_t)data);
}

/* Makes a call that is answered, or not; its closure ends the actor. */
static int ask_once(const void *arguments)
{
	const Play__Who *who = arguments;
	Play__Number number = PLAY__NUMBER__INIT;
	void *result = (void *)(intptr_t)who->count;

	troupe_proxy_init(&proxy, who->ref, &play__clerk__descriptor);
	proxy.timeout_ms = who->count == TROUPE_STOP ? 10 : -1;
	if (who->count == TROUPE_STOP)
		play__clerk__silent(&proxy.base, &number, end_with, result);
	else
		play__clerk__twice(&proxy.base, &number, end_with, result);
	return 0;
}

static int ask_and_receive(const void *arguments)
{
	struct troupe_message message;

	ask_once(arguments);
	return troupe_receive(NULL, 0, TROUPE_NEVER, &message);
}

static const struct troupe_class asker = { .name = "asker", .init = ask_once };
static const struct troupe_class receiver = { .name = "receiver",
					      .run = ask_and_receive };

static void check_ends(const struct troupe_class *klass, Play__Who *who)
{
	struct troupe_end end;
	troupe_ref ref;

	who->count = TROUPE_STOP;
	CHECK(troupe_spawn(klass, &who->base, &ref) == 0);
	end = stage_end_of(ref);
	CHECK(end.reason.cause == TROUPE_NORMAL);
	who->count = -EDOM;
	CHECK(troupe_spawn(klass, &who->base, &ref) == 0);
	end = stage_end_of(ref);
	CHECK(end.reason.cause == TROUPE_ERROR && end.reason.code == -EDOM);
}

static int finish_root(int argc, char **argv)
{
	Play__Who who = PLAY__WHO__INIT;

	CHECK(troupe_spawn(&clerk, NULL, &who.ref) == 0);
	check_ends(&asker, &who);
	check_ends(&receiver, &who);
	return 0;
}

Test(closures, end_their_actor_when_they_say_so)
{
	stage_pass(finish_root);
}

static void receive_within(const Play__Number *answer, void *data)
{
	struct troupe_message message;

	CHECK(troupe_receive(NULL, 0, TROUPE_POLL, &message) == -EINVAL);
	board->count++;
}

static int nested_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref ref;

	CHECK(troupe_spawn(&clerk, NULL, &ref) == 0);
	troupe_proxy_init(&proxy, ref, &play__clerk__descriptor);
	play__clerk__twice(&proxy.base, &number, receive_within, NULL);
	CHECK(troupe_await(&proxy) == 0);
	proxy.timeout_ms = 1;
	play__clerk__silent(&proxy.base, &number, receive_within, NULL);
	while (board->count < 2)
		CHECK(stage_receive(1) == -1);
	proxy.timeout_ms = -1;
	play__clerk__silent(&proxy.base, &number, receive_within, NULL);
	CHECK(troupe_kill(ref) == 0);
	CHECK(troupe_await(&proxy) == -ETIMEDOUT);
	CHECK(proxy.error == -ESRCH);
	CHECK(board->count == 3);
	return 0;
}

Test(closures, are_no_place_to_receive_in_whatever_completed_the_call)
{
	stage_pass(nested_root);
}

static void tell_parent(const Play__Number *answer, void *data)
{
	Play__Text text = PLAY__TEXT__INIT;

	CHECK(troupe_send(troupe_parent(), &text.base) == 0);
}

/* 0: with an answer, 1: in vain. */
static int relay_number(const struct troupe_message *message)
{
	const Play__Number *number = message->body;

	board->value[0] = (long)message->flow;
	board->value[1] = message->hop;
	proxy.timeout_ms = number->value == 0 ? -1 : 10;
	if (number->value == 0)
		play__clerk__twice(&proxy.base, number, tell_parent, NULL);
	else
		play__clerk__silent(&proxy.base, number, tell_parent, NULL);
	return 0;
}

static int relay_init(const void *arguments)
{
	const Play__Who *who = arguments;

	troupe_proxy_init(&proxy, who->ref, &play__clerk__descriptor);
	return 0;
}

static const struct troupe_handler relay_handlers[] = {
	{ &play__number__descriptor, relay_number }, { 0 }
};
static const struct troupe_class relay = { .name = "relay",
					   .init = relay_init,
					   .handlers = relay_handlers };

static int flow_root(int argc, char **argv)
{
	const unsigned hops[] = { 3, 2 }; /* call, answer, text; or no answer */
	Play__Who who = PLAY__WHO__INIT;
	struct troupe_message message;
	troupe_ref ref;
	int i;

	CHECK(troupe_spawn(&clerk, NULL, &who.ref) == 0);
	CHECK(troupe_spawn(&relay, &who.base, &ref) == 0);
	for (i = 0; i < 2; i++) {
		CHECK(stage_send(ref, i) == 0);
		CHECK(troupe_receive(NULL, 0, troupe_in_ms(10000), &message) ==
		      0);
		CHECK(message.type == &play__text__descriptor);
		CHECK(message.flow == (uint64_t)board->value[0]);
		CHECK(message.hop == board->value[1] + hops[i]);
	}
	return 0;
}

Test(closures, go_on_with_the_flow_in_which_was_asked)
{
	stage_pass(flow_root);
}

/* ---- an answer and the death of its sender --------------------------------
 */

static void last_twice(Play__Clerk_Service *service, const Play__Number *number,
		       Play__Number_Closure reply, void *call)
{
	reply(number, call);
	kill(getpid(), SIGKILL);
}

static const Play__Clerk_Service last_methods = {
	PLAY__CLERK__BASE_INIT, .twice = last_twice, .later = never,
	.refuse = never,	.silent = never,     .crash = never,
	.note = clerk_note,
};
static const struct troupe_class last = { .name = "last",
					  .service = &last_methods.base };

static struct {
	Play__Number_Closure reply;
	void *call;
} asked;

static void pass_on(const Play__Number *answer, void *data)
{
	if (answer)
		asked.reply(answer, asked.call);
	else
		CHECK(troupe_fail(asked.call, proxy.error, NULL) == 0);
}

/* Reads its mail when both the answer and the end have arrived. */
static void desk_ask(Play__Link_Service *service, const Play__Number *number,
		     Play__Number_Closure reply, void *call)
{
	troupe_ref ref;

	asked.reply = reply;
	asked.call = call;
	CHECK(troupe_spawn(&last, NULL, &ref) == 0);
	troupe_proxy_init(&proxy, ref, &play__clerk__descriptor);
	play__clerk__twice(&proxy.base, number, pass_on, NULL);
	while (stage_send(ref, 0) != -ESRCH)
		;
	CHECK(troupe_whereis("nobody", &ref) == -ENOENT);
}

/* All that can be done with a call, after it was answered. */
static void twice_ask(Play__Link_Service *service, const Play__Number *number,
		      Play__Number_Closure reply, void *call)
{
	struct troupe_ticket ticket;

	reply(number, call);
	reply(number, call);
	CHECK(troupe_fail(call, -EDOM, "again") == -EINVAL);
	CHECK(troupe_forward(call, troupe_self()) == -EINVAL);
	CHECK(troupe_delegate(call, &ticket) == -EINVAL);
}

static const Play__Link_Service twice_methods = PLAY__LINK__INIT(twice_);
static const struct troupe_class twice = { .name = "twice",
					   .service = &twice_methods.base };

static const Play__Link_Service desk_methods = PLAY__LINK__INIT(desk_);
static const struct troupe_class desks[] = {
	{ .name = "desk", .service = &desk_methods.base },
	{ .name = "desk", .service = &desk_methods.base, .at_once = 1 },
};

static void keep(const Play__Number *answer, void *data)
{
	*(int64_t *)data = answer ? answer->value : -1;
}

static int twice_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_proxy question;
	int64_t kept[2];
	troupe_ref ref;

	CHECK(troupe_spawn(&twice, NULL, &ref) == 0);
	troupe_proxy_init(&question, ref, &play__link__descriptor);
	for (number.value = 0; number.value < 10; number.value++) {
		play__link__ask(&question.base, &number, keep, &kept[0]);
		play__link__ask(&question.base, &number, keep, &kept[1]);
		CHECK(troupe_await(&question) == 0);
		CHECK(kept[0] == number.value && kept[1] == number.value);
	}
	return 0;
}

Test(calls, that_are_over_cannot_be_answered_again)
{
	stage_pass(twice_root);
}

static int last_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_proxy question;
	int64_t kept;
	troupe_ref ref;
	int i;

	for (i = 0; i < 2; i++) {
		CHECK(troupe_spawn(&desks[i], NULL, &ref) == 0);
		troupe_proxy_init(&question, ref, &play__link__descriptor);
		number.value = 17;
		play__link__ask(&question.base, &number, keep, &kept);
		CHECK(troupe_await(&question) == 0);
		CHECK(kept == 17);
	}
	return 0;
}

Test(closures, get_an_answer_before_the_death_of_who_sent_it)
{
	stage_pass(last_root);
}

/* ---- other callbacks of a function --------------------------------------- */

static int end_it(struct troupe_timer *timer)
{
	return (int)(intptr_t)timer->data;
}

static int receive_until_timer(const void *arguments)
{
	const Play__Number *result = arguments;
	struct troupe_timer timer = { .fired = end_it };
	struct troupe_message message;
	int r;

	timer.data = (void *)(intptr_t)result->value;
	CHECK(troupe_timer_start(&timer, troupe_now(), 0) == 0);
	r = troupe_receive(NULL, 0, TROUPE_NEVER, &message);
	/* It has ended, and receives no more. */
	if (result->value == TROUPE_STOP)
		CHECK(troupe_receive(NULL, 0, TROUPE_NEVER, &message) == r);
	return r;
}

static int timer_root(int argc, char **argv)
{
	Play__Number result = PLAY__NUMBER__INIT;
	struct troupe_end end;
	troupe_ref ref;

	result.value = TROUPE_STOP;
	CHECK(troupe_spawn_function(receive_until_timer, &result.base, &ref) ==
	      0);
	end = stage_end_of(ref);
	CHECK(end.reason.cause == TROUPE_NORMAL);
	result.value = -ERANGE;
	CHECK(troupe_spawn_function(receive_until_timer, &result.base, &ref) ==
	      0);
	end = stage_end_of(ref);
	CHECK(end.reason.cause == TROUPE_ERROR && end.reason.code == -ERANGE);
	return 0;
}

Test(handlers, of_a_function_end_it_as_they_end_a_class)
{
	stage_pass(timer_root);
}
