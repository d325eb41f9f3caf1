/* SPDX-License-Identifier: MIT */
/* Mail that a class puts aside. */
#include "runtime/troupe_dead_letters.h"
#include "tests/support/stage.h"

/*
 * A door: numbers are stashed while it is closed, 0 opens it, -1 closes it.
 * The numbers that it lets in are written on the board.
 */
static bool is_open;

static int door_number(const struct troupe_message *message)
{
	int64_t value = ((const Play__Number *)message->body)->value;

	if (value == 0) {
		is_open = true;
		board->value[1] = troupe_unstash();
		return 0;
	}
	if (value == -1) {
		is_open = false;
		return 0;
	}
	if (!is_open) {
		CHECK(troupe_stash() == 0);
		CHECK(troupe_stash() == -EALREADY);
		return 0;
	}
	board->value[100 + board->count++] = value;
	if (message->attachment_size)
		memcpy(board->text, message->attachment, sizeof(board->text));
	return 0;
}

static int door_init(const void *arguments)
{
	CHECK(troupe_stash() == -EINVAL);
	CHECK(troupe_unstash() == 0);
	return 0;
}

static const struct troupe_handler door_handlers[] = {
	{ &play__number__descriptor, door_number },
	{ 0 },
};
static const struct troupe_class door = { .name = "door",
					  .init = door_init,
					  .handlers = door_handlers };

static void close_and_wait(troupe_ref ref)
{
	CHECK(troupe_close(ref) == 0);
	CHECK(troupe_wait(ref, troupe_in_ms(20000), NULL) == 0);
}

static int order_root(int argc, char **argv)
{
	enum { STASHED = 200, NEWER = 200 };
	troupe_ref ref;
	int i;

	CHECK(troupe_spawn(&door, NULL, &ref) == 0);
	for (i = 1; i <= STASHED; i++)
		CHECK(stage_send(ref, i) == 0);
	CHECK(stage_send(ref, 0) == 0);
	for (; i <= STASHED + NEWER; i++)
		CHECK(stage_send(ref, i) == 0);
	close_and_wait(ref);
	CHECK(board->value[1] == STASHED);
	CHECK(board->count == STASHED + NEWER);
	for (i = 0; i < STASHED + NEWER; i++)
		CHECK(board->value[100 + i] == i + 1);
	return 0;
}

Test(stash, is_replayed_in_order_before_newer_mail)
{
	stage_pass(order_root);
}

/* 1 2 | open, and close again before they are let in: stashed anew. */
static int again_number(const struct troupe_message *message)
{
	int64_t value = ((const Play__Number *)message->body)->value;

	if (value == 0)
		return troupe_unstash() < 0;
	if (board->value[0]++ < 4) {
		CHECK(troupe_stash() == 0);
		return 0;
	}
	board->value[100 + board->count++] = value;
	return 0;
}

static const struct troupe_handler again_handlers[] = {
	{ &play__number__descriptor, again_number },
	{ 0 },
};
static const struct troupe_class again = { .name = "again",
					   .handlers = again_handlers };

/* All are stashed; let in, 1 is stashed anew, and 2 lets it in. */
static int back_number(const struct troupe_message *message)
{
	int64_t value = ((const Play__Number *)message->body)->value;

	if (value == 0)
		return troupe_unstash() < 0;
	if (board->value[value]++ < (value == 1 ? 2 : 1))
		return troupe_stash();
	if (value == 2)
		CHECK(troupe_unstash() == 1);
	board->value[100 + board->count++] = value;
	return 0;
}

static const struct troupe_handler back_handlers[] = {
	{ &play__number__descriptor, back_number },
	{ 0 },
};
static const struct troupe_class back = { .name = "back",
					  .handlers = back_handlers };

static int back_root(int argc, char **argv)
{
	static const long expected[] = { 2, 1, 3, 4 };
	troupe_ref ref;

	CHECK(troupe_spawn(&back, NULL, &ref) == 0);
	for (int i = 1; i <= 4; i++)
		CHECK(stage_send(ref, i) == 0);
	CHECK(stage_send(ref, 0) == 0);
	close_and_wait(ref);
	CHECK(board->count == 4);
	for (int i = 0; i < 4; i++)
		CHECK(board->value[100 + i] == expected[i]);
	return 0;
}

Test(stash, of_what_is_let_in_goes_before_what_came_after_it)
{
	stage_pass(back_root);
}

static int again_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&again, NULL, &ref) == 0);
	stage_send(ref, 1);
	stage_send(ref, 2);
	stage_send(ref, 0);
	stage_send(ref, 0);
	close_and_wait(ref);
	CHECK(board->value[0] == 6 && board->count == 2);
	CHECK(board->value[100] == 1 && board->value[101] == 2);
	return 0;
}

Test(stash, may_take_the_same_message_each_time_it_is_handled)
{
	stage_pass(again_root);
}

static int attachment_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	char bytes[sizeof(board->text)] = "beside it";
	troupe_ref ref;

	CHECK(troupe_unstash() == -EINVAL);
	CHECK(troupe_spawn(&door, NULL, &ref) == 0);
	number.value = 5;
	CHECK(troupe_send_attached(ref, &number.base, bytes, sizeof(bytes)) ==
	      0);
	stage_send(ref, 0);
	close_and_wait(ref);
	CHECK(board->count == 1);
	CHECK(memcmp(board->text, bytes, sizeof(bytes)) == 0);
	return 0;
}

Test(stash, keeps_the_attachment)
{
	stage_pass(attachment_root);
}

/* ---- mail of one that dies ----------------------------------------------- */

static int reporter_down(const struct troupe_end *end)
{
	board->value[2] = board->count;
	return TROUPE_STOP;
}

static int reporter_number(const struct troupe_message *message)
{
	if (((const Play__Number *)message->body)->value == -2) {
		uint64_t monitor;

		return troupe_monitor(message->sender, &monitor);
	}
	return door_number(message);
}

static const struct troupe_handler reporter_handlers[] = {
	{ &play__number__descriptor, reporter_number },
	{ 0 },
};
static const struct troupe_class reporter = { .name = "reporter",
					      .handlers = reporter_handlers,
					      .down = reporter_down };

static int mortal_run(const void *arguments)
{
	const Play__Who *who = arguments;
	static const int64_t said[] = { -2, 1, 2, 3, 0, 4, 5, 6 };
	size_t i;

	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		stage_send(who->ref, said[i]);
	return 0;
}

static int mortal_root(int argc, char **argv)
{
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref;
	int i;

	CHECK(troupe_spawn(&reporter, NULL, &who.ref) == 0);
	CHECK(troupe_spawn_function(mortal_run, &who.base, &ref) == 0);
	CHECK(troupe_wait(who.ref, troupe_in_ms(20000), NULL) == 0);
	CHECK(board->value[2] == 6);
	for (i = 0; i < 6; i++)
		CHECK(board->value[100 + i] == i + 1);
	return 0;
}

Test(stash, of_a_dead_sender_is_handled_in_order_before_its_death)
{
	stage_pass(mortal_root);
}

/* ---- calls --------------------------------------------------------------- */

static void desk_twice(Play__Clerk_Service *service, const Play__Number *number,
		       Play__Number_Closure reply, void *call)
{
	Play__Number answer = PLAY__NUMBER__INIT;

	if (!is_open) {
		CHECK(troupe_stash() == 0);
		return;
	}
	answer.value = 2 * number->value;
	reply(&answer, call);
}

static const Play__Clerk_Service desk_methods = { .twice = desk_twice };

static void desk_invoke(ProtobufCService *service, unsigned method,
			const ProtobufCMessage *input, ProtobufCClosure closure,
			void *data)
{
	desk_methods.twice(NULL, (const Play__Number *)input,
			   (Play__Number_Closure)closure, data);
}

static ProtobufCService desk_service = { &play__clerk__descriptor, desk_invoke,
					 NULL };

static const struct troupe_class desk = { .name = "desk",
					  .handlers = door_handlers,
					  .service = &desk_service };

static void take_twice(const Play__Number *number, void *data)
{
	*(int64_t *)data = number ? number->value : -1;
}

static int call_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_proxy proxy;
	int64_t twice[3] = { 0 };
	troupe_ref ref;
	int i;

	CHECK(troupe_spawn(&desk, NULL, &ref) == 0);
	troupe_proxy_init(&proxy, ref, &play__clerk__descriptor);
	for (i = 0; i < 3; i++) {
		number.value = i + 1;
		play__clerk__twice(&proxy.base, &number, take_twice, &twice[i]);
	}
	stage_send(ref, 0);
	CHECK(troupe_await(&proxy) == 0);
	for (i = 0; i < 3; i++)
		CHECK(twice[i] == 2 * (i + 1));
	return 0;
}

Test(stash, takes_calls_which_are_answered_when_taken_back)
{
	stage_pass(call_root);
}

/* 0 is answered, and stashed all the same; 1 and 2 are answered together. */
static void hasty_invoke(ProtobufCService *service, unsigned method,
			 const ProtobufCMessage *input, ProtobufCClosure reply,
			 void *call)
{
	static void *held[2];
	static Play__Number answers[2] = { PLAY__NUMBER__INIT,
					   PLAY__NUMBER__INIT };
	int64_t value = ((const Play__Number *)input)->value;

	if (value == 0) {
		reply(&answers[0].base, call);
		CHECK(troupe_stash() == 0);
		return;
	}
	held[value - 1] = call;
	answers[value - 1].value = 2 * value;
	if (value == 1)
		return;
	for (int i = 0; i < 2; i++)
		reply(&answers[i].base, held[i]);
}

static ProtobufCService hasty_service = { &play__clerk__descriptor,
					  hasty_invoke, NULL };

static const struct troupe_class hasty = { .name = "hasty",
					   .service = &hasty_service };

static int hasty_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_proxy proxy;
	int64_t twice[3] = { -1, -1, -1 };
	troupe_ref ref;

	CHECK(troupe_spawn(&hasty, NULL, &ref) == 0);
	troupe_proxy_init(&proxy, ref, &play__clerk__descriptor);
	for (int i = 0; i < 3; i++) {
		number.value = i;
		play__clerk__twice(&proxy.base, &number, take_twice, &twice[i]);
	}
	CHECK(troupe_await(&proxy) == 0);
	for (int i = 0; i < 3; i++)
		CHECK(twice[i] == 2 * i);
	return 0;
}

Test(stash, of_a_call_that_was_answered_gives_its_ticket_to_one_other_only)
{
	stage_pass(hasty_root);
}

/* ---- the end ------------------------------------------------------------- */

/* 0 unstashes all and ends the actor, with none handled again. */
static int last_number(const struct troupe_message *message)
{
	if (((const Play__Number *)message->body)->value)
		return troupe_stash();
	CHECK(troupe_unstash() == 3);
	return TROUPE_STOP;
}

static const struct troupe_handler last_handlers[] = {
	{ &play__number__descriptor, last_number },
	{ 0 },
};
static const struct troupe_class last = { .name = "last",
					  .handlers = last_handlers };

static uint64_t unread(void)
{
	struct troupe_dead_counts counts = { 0 };

	CHECK(troupe_dead_letters_count(0, &counts) == 0);
	return counts.by_cause[TROUPE_DEAD_UNREAD];
}

static int end_root(int argc, char **argv)
{
	int i, is_taken_back;
	troupe_ref ref;

	for (is_taken_back = 0; is_taken_back < 2; is_taken_back++) {
		CHECK(troupe_spawn(&last, NULL, &ref) == 0);
		for (i = 0; i < 3; i++)
			CHECK(stage_send(ref, 7) == 0);
		if (is_taken_back)
			CHECK(stage_send(ref, 0) == 0);
		else
			CHECK(troupe_close(ref) == 0);
		CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
		CHECK(unread() == 3 + 3 * (uint64_t)is_taken_back);
	}
	return 0;
}

Test(stash, of_one_that_ends_is_dead_letters)
{
	stage_pass(end_root);
}
