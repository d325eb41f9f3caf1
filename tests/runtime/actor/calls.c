/* SPDX-License-Identifier: MIT */
/* Calls and answers. */
#include "tests/support/stage.h"

#include "tests/support/methods.h"

/* ---- a clerk who serves -------------------------------------------------- */

static Play__Number_Closure later_reply;
static void *later_call;

static int answer_later(struct troupe_timer *timer)
{
	Play__Number answer = PLAY__NUMBER__INIT;

	answer.value = 77;
	later_reply(&answer, later_call);
	return 0;
}

static void clerk_later(Play__Clerk_Service *service,
			const Play__Number *number, Play__Number_Closure reply,
			void *call)
{
	static struct troupe_timer timer = { .fired = answer_later };

	later_reply = reply;
	later_call = call;
	board->value[8]++;
	troupe_timer_start(&timer, troupe_in_ms(number->value), 0);
}

static int answer_now(const struct troupe_message *message)
{
	return answer_later(NULL);
}

static void clerk_silent(Play__Clerk_Service *service,
			 const Play__Number *number, Play__Number_Closure reply,
			 void *call)
{
	board->value[9]++;
	stage_keep(call);
}

static void clerk_crash(Play__Clerk_Service *service,
			const Play__Number *number, Play__Number_Closure reply,
			void *call)
{
	raise(number->value < 0 ? (int)-number->value : SIGKILL);
}

static void clerk_note(Play__Clerk_Service *service, const Play__Number *number,
		       Play__Nobody_Closure reply, void *call)
{
	Play__Nobody nobody = PLAY__NOBODY__INIT;

	board->count += number->value;
	reply(&nobody, call); /* of a one-way call: without effect */
	if (number->value == 1000)
		troupe_finish(TROUPE_STOP);
}

static const Play__Clerk_Service clerk_methods = PLAY__CLERK__INIT(clerk_);
static const struct troupe_handler clerk_handlers[] = {
	{ &play__number__descriptor, answer_now },
	{ 0 },
};
static const struct troupe_class clerk = { .name = "clerk",
					   .service = &clerk_methods.base,
					   .handlers = clerk_handlers };

/* ---- callers ------------------------------------------------------------- */

struct answer {
	int calls;
	int64_t value; /* -1: NULL */
};

static void take_answer(const Play__Number *number, void *data)
{
	struct answer *answer = data;

	answer->calls++;
	answer->value = number ? number->value : -1;
}

static void proxy_to_clerk(struct troupe_proxy *proxy, troupe_ref *ref)
{
	CHECK(troupe_spawn(&clerk, NULL, ref) == 0);
	troupe_proxy_init(proxy, *ref, &play__clerk__descriptor);
}

static int ask_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct answer answer[100] = { 0 };
	struct troupe_proxy proxy;
	troupe_ref ref;
	int i;

	proxy_to_clerk(&proxy, &ref);
	for (i = 0; i < 100; i++) {
		number.value = i;
		play__clerk__twice(&proxy.base, &number, take_answer,
				   &answer[i]);
	}
	CHECK(proxy.pending == 100);
	CHECK(troupe_await(&proxy) == 0);
	for (i = 0; i < 100; i++)
		CHECK(answer[i].calls == 1 && answer[i].value == 2 * i);
	return 0;
}

Test(calls, a_hundred_at_once_each_get_their_own_answer)
{
	stage_pass(ask_root);
}

static int cause_root(int argc, char **argv)
{
	static const int numbers[] = { SIGABRT, SIGXCPU, SIGKILL };
	Play__Number number = PLAY__NUMBER__INIT;
	struct answer answer = { 0 };
	struct troupe_proxy proxy;
	troupe_ref ref;

	for (int i = 0; i < 3; i++) {
		proxy_to_clerk(&proxy, &ref);
		number.value = -numbers[i];
		play__clerk__crash(&proxy.base, &number, take_answer, &answer);
		CHECK(troupe_await(&proxy) == -ESRCH);
		CHECK(proxy.reason.code == numbers[i]);
		CHECK(strcmp(proxy.reason.text, strsignal(numbers[i])) == 0);
	}
	return 0;
}

Test(calls, of_what_the_target_died_is_told_in_words)
{
	stage_pass(cause_root);
}

static int error_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct answer answer = { 0 };
	struct troupe_proxy proxy;
	troupe_ref ref;

	proxy_to_clerk(&proxy, &ref);
	play__clerk__refuse(&proxy.base, &number, take_answer, &answer);
	CHECK(troupe_await(&proxy) == -EDOM);
	CHECK(strcmp(proxy.reason.text, "not today") == 0);
	CHECK(answer.calls == 1 && answer.value == -1);
	number.value = 4;
	play__clerk__twice(&proxy.base, &number, take_answer, &answer);
	CHECK(troupe_await(&proxy) == 0 && answer.value == 8);
	return 0;
}

Test(calls, a_failing_method_is_an_error_at_the_caller_and_the_server_lives)
{
	stage_pass(error_root);
}

static int no_method_root(int argc, char **argv)
{
	static const struct troupe_class nothing = { .name = "nothing" };
	Play__Number number = PLAY__NUMBER__INIT;
	struct answer answer = { 0 };
	struct troupe_proxy proxy;
	troupe_ref ref;

	CHECK(troupe_spawn(&nothing, NULL, &ref) == 0);
	troupe_proxy_init(&proxy, ref, &play__clerk__descriptor);
	play__clerk__twice(&proxy.base, &number, take_answer, &answer);
	CHECK(troupe_await(&proxy) == -ENOSYS);
	CHECK(answer.calls == 1);
	CHECK(stage_send(ref, 0) == 0);
	return 0;
}

Test(calls, an_unknown_method_is_an_error_at_the_caller)
{
	stage_pass(no_method_root);
}

static int timeout_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct answer late = { 0 }, silent = { 0 }, after = { 0 };
	struct troupe_proxy proxy;
	troupe_ref ref;
	int rounds = 0;

	proxy_to_clerk(&proxy, &ref);
	proxy.timeout_ms = 50;
	number.value = 3600000;
	/* Until it was early enough for the clerk to start. */
	while (!board->value[8]) {
		play__clerk__later(&proxy.base, &number, take_answer, &late);
		play__clerk__silent(&proxy.base, &number, take_answer, &silent);
		CHECK(troupe_await(&proxy) == -ETIMEDOUT);
		rounds++;
		CHECK(late.calls == rounds && late.value == -1);
		CHECK(silent.calls == rounds && silent.value == -1);
	}
	/* The late answer, which must be dropped, comes before the other. */
	CHECK(stage_send(ref, 1) == 0);
	proxy.timeout_ms = -1;
	number.value = 100;
	play__clerk__twice(&proxy.base, &number, take_answer, &after);
	CHECK(troupe_await(&proxy) == 0 && after.value == 200);
	CHECK(late.calls == rounds);
	return 0;
}

Test(calls, a_late_answer_vanishes)
{
	stage_pass(timeout_root);
}

static int later_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct answer answer = { 0 };
	struct troupe_proxy proxy;
	troupe_ref ref;

	proxy_to_clerk(&proxy, &ref);
	number.value = 30;
	play__clerk__later(&proxy.base, &number, take_answer, &answer);
	CHECK(troupe_await(&proxy) == 0);
	CHECK(answer.calls == 1 && answer.value == 77);
	return 0;
}

Test(calls, an_answer_may_come_from_a_later_callback)
{
	stage_pass(later_root);
}

static int dead_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct answer crash = { 0 }, dead = { 0 };
	struct troupe_proxy proxy;
	troupe_ref ref;

	proxy_to_clerk(&proxy, &ref);
	proxy.timeout_ms = 20000;
	play__clerk__crash(&proxy.base, &number, take_answer, &crash);
	CHECK(troupe_await(&proxy) == -ESRCH);
	CHECK(proxy.reason.cause == TROUPE_KILLED);
	CHECK(crash.calls == 1 && crash.value == -1);
	CHECK(troupe_wait(ref, troupe_in_ms(60000), NULL) == 0);
	play__clerk__twice(&proxy.base, &number, take_answer, &dead);
	CHECK(dead.calls == 0 && proxy.pending == 1);
	CHECK(troupe_await(&proxy) == -ESRCH);
	CHECK(dead.calls == 1 && dead.value == -1);
	CHECK(proxy.error == -ESRCH && proxy.pending == 0);
	CHECK(proxy.reason.cause == TROUPE_NOPROC);
	return 0;
}

Test(calls, the_death_of_the_target_ends_the_call_with_its_reason)
{
	stage_pass(dead_root);
}

/*
 * A young call is not watched; the fastest of these does not wait for that.  A
 * busy machine may need more of them until one is that fast.
 */
static int soon_root(int argc, char **argv)
{
	enum { ROUNDS = 20, MOST = 1000, WATCHED_AFTER = 20 * 1000000 };
	Play__Number number = PLAY__NUMBER__INIT;
	int64_t begin, took, least[2] = { INT64_MAX, INT64_MAX };
	struct answer answer = { 0 };
	struct troupe_proxy proxy;
	troupe_ref ref;
	int i;

	number.value = 3600000;
	for (i = 0; i < ROUNDS || (i < MOST && (least[0] >= WATCHED_AFTER ||
						least[1] >= WATCHED_AFTER));
	     i++) {
		proxy_to_clerk(&proxy, &ref);
		proxy.timeout_ms = -1;
		begin = troupe_now().ns;
		if (i % 2)
			play__clerk__later(&proxy.base, &number, take_answer,
					   &answer);
		play__clerk__crash(&proxy.base, &number, take_answer, &answer);
		CHECK(troupe_await(&proxy) == -ESRCH);
		CHECK(proxy.reason.cause == TROUPE_KILLED);
		took = troupe_now().ns - begin;
		if (took < least[i % 2])
			least[i % 2] = took;
	}
	CHECK(answer.calls == i + i / 2);
	CHECK(least[0] < WATCHED_AFTER);
	CHECK(least[1] < WATCHED_AFTER);
	return 0;
}

Test(calls, a_death_ends_a_call_that_is_not_watched_yet)
{
	stage_pass(soon_root);
}

static int one_way_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_proxy proxy;
	struct troupe_end end;
	troupe_ref ref;
	int i;

	proxy_to_clerk(&proxy, &ref);
	number.value = 1;
	for (i = 0; i < 100; i++)
		play__clerk__note(&proxy.base, &number, NULL, NULL);
	CHECK(proxy.error == 0 && proxy.pending == 0);
	number.value = 1000;
	play__clerk__note(&proxy.base, &number, NULL, NULL);
	CHECK(troupe_wait(ref, troupe_in_ms(60000), &end) == 0);
	CHECK(end.reason.cause == TROUPE_NORMAL);
	CHECK(board->count == 1100);
	return 0;
}

Test(calls, a_one_way_call_is_a_message_and_a_method_may_end_its_actor)
{
	stage_pass(one_way_root);
}

/* ---- forwarding ---------------------------------------------------------- */

static troupe_ref forward_target;

static void desk_twice(Play__Clerk_Service *service, const Play__Number *number,
		       Play__Number_Closure reply, void *call)
{
	CHECK(troupe_caller(call) == troupe_parent());
	CHECK(troupe_forward(call, forward_target) == 0);
}

#define desk_refuse clerk_refuse
#define desk_silent clerk_silent
#define desk_crash  clerk_crash
#define desk_note   clerk_note
static int quick_run(const void *arguments)
{
	return 0;
}

/* The end of a child is reported while the handler waits for the supervisor. */
static void desk_later(Play__Clerk_Service *service, const Play__Number *number,
		       Play__Number_Closure reply, void *call)
{
	troupe_ref ref;
	int i;

	for (i = 0; i < 50; i++)
		CHECK(troupe_spawn_function(quick_run, NULL, &ref) == 0);
	CHECK(troupe_forward(call, forward_target) == 0);
}

static const Play__Clerk_Service desk_methods = PLAY__CLERK__INIT(desk_);

static int desk_init(const void *arguments)
{
	return troupe_spawn(&clerk, NULL, &forward_target);
}

static const struct troupe_class desk = { .name = "desk",
					  .init = desk_init,
					  .service = &desk_methods.base };

static int forward_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct answer answer = { 0 };
	struct troupe_proxy proxy;
	troupe_ref ref;

	CHECK(troupe_spawn(&desk, NULL, &ref) == 0);
	troupe_proxy_init(&proxy, ref, &play__clerk__descriptor);
	number.value = 21;
	play__clerk__twice(&proxy.base, &number, take_answer, &answer);
	CHECK(troupe_await(&proxy) == 0);
	CHECK(answer.calls == 1 && answer.value == 42);
	number.value = 1;
	play__clerk__later(&proxy.base, &number, take_answer, &answer);
	CHECK(troupe_await(&proxy) == 0);
	CHECK(answer.calls == 2 && answer.value == 77);
	return 0;
}

Test(calls, a_forwarded_call_is_answered_to_the_first_caller)
{
	stage_pass(forward_root);
}

/* ---- replies and a mailbox full of mail ---------------------------------- */

static int flood_run(const void *arguments)
{
	const Play__Who *who = arguments;

	while (stage_send(who->ref, 1) == 0)
		;
	board->value[0] = 1;
	stage_receive(3600000);
	return 0;
}

static int busy_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	Play__Who who = PLAY__WHO__INIT;
	struct answer answer = { 0 };
	struct troupe_proxy proxy;
	troupe_ref ref;

	who.ref = troupe_self();
	CHECK(troupe_spawn_function(flood_run, &who.base, &ref) == 0);
	while (!board->value[0])
		usleep(1000);
	proxy_to_clerk(&proxy, &ref);
	number.value = 5;
	play__clerk__twice(&proxy.base, &number, take_answer, &answer);
	CHECK(troupe_await(&proxy) == 0 && answer.value == 10);
	return 0;
}

Test(calls, an_answer_passes_a_mailbox_full_of_other_mail)
{
	stage_pass(busy_root);
}

static int self_call_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct answer answer = { 0 };
	struct troupe_proxy proxy;

	troupe_proxy_init(&proxy, troupe_self(), &play__clerk__descriptor);
	play__clerk__twice(&proxy.base, &number, take_answer, &answer);
	CHECK(troupe_await(&proxy) == -EDEADLK);
	return 0;
}

Test(calls, awaiting_oneself_is_an_error_and_no_deadlock)
{
	stage_pass(self_call_root);
}

/* ---- inputs -------------------------------------------------------------- */

static int read_ready(struct troupe_input *input, short events)
{
	char byte;

	CHECK(read(input->fd, &byte, 1) == 1);
	board->text[board->count++] = byte;
	if (byte == 'z') {
		troupe_input_remove(input);
		return TROUPE_STOP;
	}
	return 0;
}

static int pipe_fd[2];

static int input_init(const void *arguments)
{
	static struct troupe_input input = { .ready = read_ready, .events = 1 };

	CHECK(pipe(pipe_fd) == 0);
	input.fd = pipe_fd[0];
	CHECK(troupe_input_add(&input) == 0);
	CHECK(write(pipe_fd[1], "ab", 2) == 2);
	return 0;
}

static int input_number(const struct troupe_message *message)
{
	CHECK(write(pipe_fd[1], "z", 1) == 1);
	return 0;
}

static const struct troupe_handler input_handlers[] = {
	{ &play__number__descriptor, input_number },
	{ 0 },
};
static const struct troupe_class reader = { .name = "reader",
					    .init = input_init,
					    .handlers = input_handlers };

static int input_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn(&reader, NULL, &ref) == 0);
	while (board->count < 2)
		usleep(1000);
	CHECK(stage_send(ref, 1) == 0);
	CHECK(troupe_wait(ref, troupe_in_ms(10000), &end) == 0);
	CHECK(end.reason.cause == TROUPE_NORMAL);
	CHECK(strcmp(board->text, "abz") == 0);
	return 0;
}

Test(inputs, a_descriptor_and_mail_wake_the_same_actor)
{
	stage_pass(input_root);
}

/* ---- a failure without a code -------------------------------------------- */

static void hesitant_ask(Play__Link_Service *service,
			 const Play__Number *number, Play__Number_Closure reply,
			 void *call)
{
	CHECK(troupe_fail(call, 0, "no") == -EINVAL);
	CHECK(troupe_fail(call, 1, "no") == -EINVAL);
	reply(number, call);
}

static const Play__Link_Service hesitant_methods = PLAY__LINK__INIT(hesitant_);
static const struct troupe_class hesitant = { .name = "hesitant",
					      .service =
						      &hesitant_methods.base };

static int hesitant_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct answer answer = { 0 };
	struct troupe_proxy proxy;
	troupe_ref ref;

	CHECK(troupe_spawn(&hesitant, NULL, &ref) == 0);
	troupe_proxy_init(&proxy, ref, &play__link__descriptor);
	number.value = 5;
	play__link__ask(&proxy.base, &number, take_answer, &answer);
	CHECK(troupe_await(&proxy) == 0);
	CHECK(answer.calls == 1 && answer.value == 5);
	return 0;
}

Test(calls, a_failure_without_a_negative_code_is_none_and_leaves_the_call_open)
{
	stage_pass(hesitant_root);
}
