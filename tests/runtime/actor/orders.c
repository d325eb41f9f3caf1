/* SPDX-License-Identifier: MIT */
/* Actors order each other to close, and nothing else. */
#include "runtime/actor/post.h"
#include "runtime/node/system.pb-c.h"
#include "tests/support/stage.h"

/* Answers each number by its double. */
static int double_it(const struct troupe_message *message)
{
	const Play__Number *number = message->body;

	return stage_send(message->sender, 2 * number->value);
}

static const struct troupe_handler handlers[] = {
	{ &play__number__descriptor, double_it },
	{ 0 },
};
static const struct troupe_class doubler = { .name = "doubler",
					     .handlers = handlers };

static int run_doubler(const void *arguments)
{
	int64_t value;

	while ((value = stage_receive(10000)) >= 0)
		CHECK(stage_send(troupe_parent(), 2 * value) == 0);
	return 0;
}

static int order(troupe_ref to, enum trp_stream stream,
		 enum trp_envelope_kind kind, const ProtobufCMessage *message)
{
	struct trp_envelope envelope = trp_actor_post_envelope(kind);

	return trp_actor_post(to, stream, &envelope, message, NULL);
}

/* Every record that is invalid between actors, in each stream. */
static void give_strange_orders(troupe_ref to)
{
	Troupe__Control__Order stop = TROUPE__CONTROL__ORDER__INIT;
	Troupe__Control__Ended ended = TROUPE__CONTROL__ENDED__INIT;
	Troupe__Control__Answer answer = TROUPE__CONTROL__ANSWER__INIT;
	Troupe__Control__Close close = TROUPE__CONTROL__CLOSE__INIT;
	Play__Number number = PLAY__NUMBER__INIT;
	const ProtobufCMessage *const messages[] = { &stop.base, &ended.base,
						     &answer.base,
						     &number.base };
	size_t i;

	for (i = 0; i < sizeof(messages) / sizeof(*messages); i++) {
		CHECK(order(to, TRP_MAIL, TRP_CONTROL, messages[i]) == 0);
		CHECK(order(to, TRP_REPLY, TRP_CONTROL, messages[i]) == 0);
		CHECK(order(to, TRP_MAIL, TRP_ANSWER, messages[i]) == 0);
	}
	CHECK(order(to, TRP_REPLY, TRP_CONTROL, &close.base) == 0);
	CHECK(order(to, TRP_REPLY, TRP_MESSAGE, &number.base) == 0);
}

static void check(troupe_ref ref)
{
	give_strange_orders(ref);
	CHECK(stage_send(ref, 21) == 0);
	CHECK(stage_receive(10000) == 42);
	CHECK(troupe_close(ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
}

static int orders_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&doubler, NULL, &ref) == 0);
	check(ref);
	CHECK(troupe_spawn_function(run_doubler, NULL, &ref) == 0);
	check(ref);
	return 0;
}

Test(orders, that_are_none_do_not_close_their_receiver)
{
	stage_pass(orders_root);
}
