/* SPDX-License-Identifier: MIT */
#include "tests/runtime/router/kit.h"

#include <poll.h>

static int64_t index_of_me;

static int hand_init(const void *arguments)
{
	index_of_me = ((const Play__Number *)arguments)->value;
	board->value[STARTED]++;
	return 0;
}

static void note(int64_t value)
{
	board->value[LAST_BY + value % 100] = index_of_me + 1;
	board->value[NOTED + index_of_me]++;
	board->value[value]++;
}

static int on_number(const struct troupe_message *message)
{
	int64_t value = ((const Play__Number *)message->body)->value;

	switch (value) {
	case CRASH:
		kill(getpid(), SIGKILL);
		pause();
		break;
	case BLOCK:
		board->value[BLOCKED + index_of_me] = 1;
		while (!board->value[IS_FREE + index_of_me])
			poll(NULL, 0, 1);
		board->value[BLOCKED + index_of_me] = 0;
		break;
	case QUIT:
		return TROUPE_STOP;
	default:
		note(value);
	}
	return 0;
}

static void hand_twice(Play__Clerk_Service *service, const Play__Number *number,
		       Play__Number_Closure reply, void *call)
{
	Play__Number answer = PLAY__NUMBER__INIT;

	note(number->value);
	answer.value = 2 * number->value;
	reply(&answer, call);
}

static void hand_later(Play__Clerk_Service *service, const Play__Number *number,
		       Play__Number_Closure reply, void *call)
{
	Play__Number answer = PLAY__NUMBER__INIT;

	answer.value = index_of_me;
	reply(&answer, call);
}

static void hand_refuse(Play__Clerk_Service *service,
			const Play__Number *number, Play__Number_Closure reply,
			void *call)
{
	CHECK(troupe_fail(call, -EDOM, "no") == 0);
}

static void hand_silent(Play__Clerk_Service *service,
			const Play__Number *number, Play__Number_Closure reply,
			void *call)
{
	board->value[BLOCKED + index_of_me] = 1;
	stage_keep(call);
}

static void hand_crash(Play__Clerk_Service *service, const Play__Number *number,
		       Play__Number_Closure reply, void *call)
{
	kill(getpid(), SIGKILL);
	pause();
}

static void hand_note(Play__Clerk_Service *service, const Play__Number *number,
		      Play__Nobody_Closure reply, void *call)
{
	Play__Nobody nobody = PLAY__NOBODY__INIT;

	note(number->value);
	reply(&nobody, call);
}

static const Play__Clerk_Service hand_methods = PLAY__CLERK__INIT(hand_);
static const struct troupe_handler hand_handlers[] = {
	{ &play__number__descriptor, on_number },
	{ 0 },
};

const struct troupe_class hand = { .name = "hand",
				   .init = hand_init,
				   .handlers = hand_handlers,
				   .service = &hand_methods.base };
const struct troupe_class small_hand = { .name = "small",
					 .init = hand_init,
					 .handlers = hand_handlers,
					 .service = &hand_methods.base,
					 .mailbox_limit = 1024 };
const struct troupe_class lasting_hand = { .name = "lasting",
					   .init = hand_init,
					   .handlers = hand_handlers,
					   .service = &hand_methods.base,
					   .mailbox_limit = 4096,
					   .restart = TROUPE_RESTART_CRASHED };

troupe_ref spawn_hand(const struct troupe_class *klass, int64_t index)
{
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref ref = 0;

	number.value = index;
	CHECK(troupe_spawn(klass, &number.base, &ref) == 0);
	return ref;
}

void spawn_hands(const struct troupe_class *klass, troupe_ref *refs,
		 int64_t count)
{
	for (int64_t i = 0; i < count; i++)
		refs[i] = spawn_hand(klass, i);
}

void await_count(const _Atomic long *place, long least)
{
	int64_t end = troupe_in_ms(120000).ns;

	while (*place < least && troupe_now().ns < end)
		stage_receive(1);
	CHECK(*place >= least);
}

void block(troupe_ref ref, int64_t index)
{
	board->value[IS_FREE + index] = 0;
	board->value[BLOCKED + index] = 0;
	CHECK(stage_send(ref, BLOCK) == 0);
	await_count(&board->value[BLOCKED + index], 1);
}

void set_free(int64_t index)
{
	board->value[IS_FREE + index] = 1;
}

int64_t value_of(const ProtobufCMessage *number)
{
	return ((const Play__Number *)number)->value;
}

int route(struct troupe_router *router, int64_t value)
{
	Play__Number number = PLAY__NUMBER__INIT;

	number.value = value;
	return troupe_route(router, &number.base);
}

void expect_each_once(int64_t first, int64_t last)
{
	int64_t end = troupe_in_ms(120000).ns;

	for (int64_t i = first; i <= last; i++) {
		while (board->value[i] == 0 && troupe_now().ns < end)
			stage_receive(1);
		if (board->value[i] != 1)
			fprintf(stderr, "number %lld came %ld times\n",
				(long long)i, board->value[i]);
		CHECK(board->value[i] == 1);
	}
}

void add_answer(const Play__Number *answer, void *sum)
{
	*(long *)sum += answer ? answer->value : 0;
}
