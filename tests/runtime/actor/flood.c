/* SPDX-License-Identifier: MIT */
/* Receiving from senders that never stop. */
#include "tests/support/stage.h"

enum { IS_SENT, IS_OVER };

/*
 * Sends some numbers, a text, and numbers until it is stopped, or for 60
 * seconds.
 */
static int flood(const void *arguments)
{
	const Play__Who *root = arguments;
	struct troupe_time end = troupe_in_ms(60000);
	Play__Text text = PLAY__TEXT__INIT;
	int64_t i;

	for (i = 0; i < root->count; i++)
		CHECK(stage_send(root->ref, i) == 0);
	if (root->count)
		CHECK(troupe_send(root->ref, &text.base) == 0);
	board->value[IS_SENT]++;
	while (!troupe_is_stopping() && troupe_now().ns < end.ns)
		stage_send(root->ref, i);
	board->value[IS_OVER] = !troupe_is_stopping();
	return 0;
}

/* Starts two; one of them sends a text behind `count` numbers. */
static void start(int count)
{
	Play__Who root = PLAY__WHO__INIT;
	troupe_ref ref;

	board->value[IS_SENT] = 0;
	root.ref = troupe_self();
	CHECK(troupe_spawn_function(flood, &root.base, &ref) == 0);
	root.count = count;
	CHECK(troupe_spawn_function(flood, &root.base, &ref) == 0);
}

/* Takes longer than it takes to send another. */
static bool matches_nothing(const struct troupe_message *message, void *data)
{
	int64_t end = troupe_now().ns + 5000;

	while (troupe_now().ns < end)
		;
	return false;
}

static int deadline_root(int argc, char **argv)
{
	struct troupe_pattern none = { .matches = matches_nothing };
	struct troupe_message message;

	start(0);
	CHECK(troupe_receive(&none, 1, troupe_in_ms(50), &message) ==
	      -ETIMEDOUT);
	CHECK(troupe_receive(&none, 1, TROUPE_POLL, &message) == -ETIMEDOUT);
	CHECK(board->value[IS_OVER] == 0);
	return 0;
}

Test(flood, of_other_mail_does_not_keep_a_receive_from_its_deadline)
{
	stage_pass(deadline_root);
}

static int poll_root(int argc, char **argv)
{
	struct troupe_pattern text = { .type = &play__text__descriptor };
	struct troupe_message message;

	start(5000);
	while (board->value[IS_SENT] < 2)
		;
	CHECK(troupe_receive(&text, 1, TROUPE_POLL, &message) == 0);
	CHECK(board->value[IS_OVER] == 0);
	return 0;
}

Test(flood, of_other_mail_does_not_hide_from_a_poll_what_was_sent_before)
{
	stage_pass(poll_root);
}

/* ---- and the end --------------------------------------------------------- */

enum { SENDERS = 40 };

/* Without a pause, whether there is room or not. */
static int press(const void *arguments)
{
	const Play__Who *who = arguments;
	struct troupe_time end = troupe_in_ms(60000);
	Play__Number number = PLAY__NUMBER__INIT;

	while (troupe_now().ns < end.ns)
		if (troupe_send_wait(who->ref, &number.base, end) < 0)
			return 0;
	board->value[IS_OVER] = 1;
	return 0;
}

static int count_number(const struct troupe_message *message)
{
	board->count++;
	return 0;
}

static const struct troupe_handler numbers[] = {
	{ &play__number__descriptor, count_number }, { 0 }
};
static const struct troupe_class pressed = { .name = "pressed",
					     .handlers = numbers };

static int close_root(int argc, char **argv)
{
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref;
	int i;

	CHECK(troupe_spawn(&pressed, NULL, &who.ref) == 0);
	for (i = 0; i < SENDERS; i++)
		CHECK(troupe_spawn_function(press, &who.base, &ref) == 0);
	while (board->count < 100000)
		;
	CHECK(troupe_close(who.ref) == 0);
	CHECK(stage_end_of(who.ref).reason.cause == TROUPE_NORMAL);
	CHECK(board->value[IS_OVER] == 0);
	return 0;
}

Test(flood, of_mail_does_not_keep_one_that_was_closed_from_its_end)
{
	stage_pass(close_root);
}

/* ---- of answers ---------------------------------------------------------- */

enum { ASKED_AT_ONCE = 200 };

static void link_ask(Play__Link_Service *service, const Play__Number *number,
		     Play__Number_Closure reply, void *call)
{
	reply(number, call);
}

static const Play__Link_Service link_methods = PLAY__LINK__INIT(link_);
static const struct troupe_class answering = { .name = "answering",
					       .service = &link_methods.base };

static struct troupe_proxy proxy;

/* Takes longer than an answer takes to come. */
static void ask_again(const Play__Number *answer, void *data)
{
	struct troupe_time end = troupe_in_ms(0);
	Play__Number number = PLAY__NUMBER__INIT;

	end.ns += 50000;
	while (troupe_now().ns < end.ns)
		;
	board->count++;
	play__link__ask(&proxy.base, &number, ask_again, NULL);
}

static int ask_many(const void *arguments)
{
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref ref;
	int i;

	CHECK(troupe_spawn(&answering, NULL, &ref) == 0);
	troupe_proxy_init(&proxy, ref, &play__link__descriptor);
	proxy.timeout_ms = -1;
	for (i = 0; i < ASKED_AT_ONCE; i++)
		play__link__ask(&proxy.base, &number, ask_again, NULL);
	return 0;
}

static int send_back(const struct troupe_message *message)
{
	const Play__Number *number = message->body;

	return number->value < 0 ? TROUPE_STOP
				 : stage_send(message->sender, number->value);
}

static const struct troupe_handler sending_back[] = {
	{ &play__number__descriptor, send_back }, { 0 }
};
static const struct troupe_class askers[] = {
	{ .name = "asker", .init = ask_many, .handlers = sending_back },
	{ .name = "asker",
	  .init = ask_many,
	  .handlers = sending_back,
	  .when_full = TROUPE_FULL_DROP_OLD },
};

static int answers_root(int argc, char **argv)
{
	troupe_ref ref;
	long seen;
	int i, j;

	for (i = 0; i < 2; i++) {
		CHECK(troupe_spawn(&askers[i], NULL, &ref) == 0);
		for (j = 0; j < 5; j++) {
			for (seen = board->count; board->count < seen + 1000;)
				;
			CHECK(stage_send(ref, j) == 0);
			CHECK(stage_receive(60000) == j);
		}
		CHECK(stage_send(ref, -1) == 0);
		CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	}
	return 0;
}

Test(flood, of_answers_keeps_no_mail_waiting_nor_what_comes_of_it)
{
	stage_pass(answers_root);
}
