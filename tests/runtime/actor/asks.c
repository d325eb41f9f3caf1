/* SPDX-License-Identifier: MIT */
/* Plain messages that are asked and forwarded. */
#include "runtime/node/ref.h"
#include "runtime/troupe_ask.h"
#include "tests/support/stage.h"

static Play__Number number(int64_t value)
{
	Play__Number message = PLAY__NUMBER__INIT;

	message.value = value;
	return message;
}

static int64_t value_of(const struct troupe_message *message)
{
	return message->type == &play__number__descriptor
		       ? ((const Play__Number *)message->body)->value
		       : -1;
}

static int ask(troupe_ref to, int64_t value, struct troupe_time deadline,
	       struct troupe_message *ret_answer)
{
	Play__Number question = number(value);

	return troupe_ask(to, &question.base, deadline, ret_answer);
}

/* ---- answers ------------------------------------------------------------- */

static int answer_twice(const struct troupe_message *message)
{
	Play__Number twice = number(2 * value_of(message));

	CHECK(message->sender != troupe_parent());
	return troupe_send(message->sender, &twice.base);
}

static const struct troupe_handler twice_handlers[] = {
	{ &play__number__descriptor, answer_twice }, { 0 }
};
static const struct troupe_class twice = { .name = "twice",
					   .handlers = twice_handlers };

static int run_thrice(const void *arguments)
{
	struct troupe_message message;
	Play__Number thrice;

	while (troupe_receive(NULL, 0, TROUPE_NEVER, &message) == 0) {
		thrice = number(3 * value_of(&message));
		CHECK(troupe_send_attached(message.sender, &thrice.base, "abc",
					   4) == 0);
	}
	return 0;
}

static int answers_root(int argc, char **argv)
{
	struct troupe_message answer;
	troupe_ref of_class, function;

	CHECK(troupe_spawn(&twice, NULL, &of_class) == 0);
	CHECK(troupe_spawn_function(run_thrice, NULL, &function) == 0);
	/* Mail that came before stays where it is. */
	CHECK(stage_send(troupe_self(), 77) == 0);
	for (int i = 0; i < 100; i++) {
		CHECK(ask(of_class, i, TROUPE_NEVER, &answer) == 0);
		CHECK(value_of(&answer) == 2 * i && answer.sender == of_class);
		CHECK(ask(function, i, TROUPE_NEVER, &answer) == 0);
		CHECK(value_of(&answer) == 3 * i && answer.sender == function);
		CHECK(answer.attachment_size == 4);
		CHECK(strcmp(answer.attachment, "abc") == 0);
	}
	CHECK(stage_receive(60000) == 77);
	CHECK(ask(troupe_self(), 1, TROUPE_NEVER, &answer) == -EDEADLK);
	CHECK(ask(0, 1, TROUPE_NEVER, &answer) == -EINVAL);
	CHECK(ask(of_class, 1, TROUPE_TIME(-1), &answer) == -EINVAL);
	return 0;
}

Test(asks, a_plain_message_is_answered_to_its_sender)
{
	stage_pass(answers_root);
}

/* ---- no answer ----------------------------------------------------------- */

/* Answers when the next message comes: with both, late and twice. */
static troupe_ref asker;

static int answer_late(const struct troupe_message *message)
{
	Play__Number late = number(value_of(message));

	if (asker) {
		CHECK(troupe_send(asker, &late.base) == 0);
		CHECK(troupe_send(message->sender, &late.base) == 0);
		CHECK(troupe_send(message->sender, &late.base) == 0);
	}
	asker = message->sender;
	return 0;
}

static const struct troupe_handler late_handlers[] = {
	{ &play__number__descriptor, answer_late }, { 0 }
};
static const struct troupe_class late = { .name = "late",
					  .handlers = late_handlers };

static int late_root(int argc, char **argv)
{
	struct troupe_message answer;
	troupe_ref ref;

	CHECK(troupe_spawn(&late, NULL, &ref) == 0);
	CHECK(ask(ref, 1, TROUPE_POLL, &answer) == -ETIMEDOUT);
	CHECK(ask(ref, 2, TROUPE_NEVER, &answer) == 0);
	CHECK(value_of(&answer) == 2);
	/* Neither the late answer nor the second one is mail. */
	CHECK(troupe_stop(ref) == 0);
	CHECK(troupe_wait(ref, TROUPE_NEVER, NULL) == 0);
	CHECK(stage_receive(0) == -1);
	return 0;
}

Test(asks, the_first_answer_counts_and_late_ones_are_no_mail)
{
	stage_pass(late_root);
}

static int end_at_once(const struct troupe_message *message)
{
	return TROUPE_STOP;
}

static const struct troupe_handler mortal_handlers[] = {
	{ &play__number__descriptor, end_at_once }, { 0 }
};
static const struct troupe_class mortal = { .name = "mortal",
					    .handlers = mortal_handlers };

static int death_root(int argc, char **argv)
{
	struct troupe_message answer;
	troupe_ref ref;

	CHECK(troupe_spawn(&mortal, NULL, &ref) == 0);
	CHECK(ask(ref, 1, TROUPE_NEVER, &answer) == -ESRCH);
	CHECK(ask(ref, 1, TROUPE_NEVER, &answer) == -ESRCH);
	return 0;
}

Test(asks, the_end_of_the_one_that_was_asked_ends_the_wait)
{
	stage_pass(death_root);
}

static int ask_for_ever(const void *arguments)
{
	struct troupe_message answer;

	return ask(((const Play__Who *)arguments)->ref, 1, TROUPE_NEVER,
		   &answer);
}

static int stop_root(int argc, char **argv)
{
	Play__Who who = PLAY__WHO__INIT;
	struct troupe_end end;
	troupe_ref ref;

	who.ref = troupe_self();
	CHECK(troupe_spawn_function(ask_for_ever, &who.base, &ref) == 0);
	CHECK(stage_receive(60000) == 1);
	CHECK(troupe_stop(ref) == 0);
	CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
	CHECK(end.reason.cause == TROUPE_SHUTDOWN);
	return 0;
}

Test(asks, an_order_to_stop_ends_the_wait)
{
	stage_pass(stop_root);
}

/* ---- full mailboxes ------------------------------------------------------ */

static int run_unread(const void *arguments)
{
	for (;;)
		pause();
	return 0;
}

static const struct troupe_class full[] = {
	{ .name = "drop_new",
	  .run = run_unread,
	  .mailbox_limit = 4096,
	  .when_full = TROUPE_FULL_DROP_NEW },
	{ .name = "refuse", .run = run_unread, .mailbox_limit = 4096 },
};

static int full_root(int argc, char **argv)
{
	static uint8_t bytes[3000];
	Play__Blob blob = PLAY__BLOB__INIT;
	struct troupe_message answer;
	troupe_ref ref;

	blob.bytes.data = bytes;
	blob.bytes.len = sizeof(bytes);
	for (int i = 0; i < 2; i++) {
		CHECK(troupe_spawn(&full[i], NULL, &ref) == 0);
		CHECK(troupe_send(ref, &blob.base) == 0);
		CHECK(troupe_ask(ref, &blob.base, TROUPE_NEVER, &answer) ==
		      -EAGAIN);
		CHECK(troupe_kill(ref) == 0);
	}
	return 0;
}

Test(asks, of_a_full_mailbox_are_refused_whatever_its_policy)
{
	stage_pass(full_root);
}

/* ---- forwards ------------------------------------------------------------ */

static troupe_ref worker;

static int begin_front(const void *arguments)
{
	worker = ((const Play__Who *)arguments)->ref;
	return 0;
}

static int pass_on(const struct troupe_message *message)
{
	return troupe_forward_message(message, worker);
}

static const struct troupe_handler front_handlers[] = {
	{ &play__number__descriptor, pass_on }, { 0 }
};
static const struct troupe_class front = { .name = "front",
					   .init = begin_front,
					   .handlers = front_handlers };

static int forward_root(int argc, char **argv)
{
	const struct troupe_pattern a_number = {
		.type = &play__number__descriptor
	};
	Play__Who who = PLAY__WHO__INIT;
	Play__Number five = number(5);
	struct troupe_message answer;
	troupe_ref ref, self = troupe_self();

	CHECK(troupe_spawn(&twice, NULL, &who.ref) == 0);
	CHECK(troupe_spawn(&front, &who.base, &ref) == 0);
	CHECK(ask(ref, 21, TROUPE_NEVER, &answer) == 0);
	CHECK(value_of(&answer) == 42 && answer.sender == who.ref);
	/* Its attachment goes with it, and its sender is the first. */
	who.ref = self;
	CHECK(troupe_spawn(&front, &who.base, &ref) == 0);
	CHECK(troupe_send_attached(ref, &five.base, "abc", 4) == 0);
	CHECK(troupe_receive(&a_number, 1, TROUPE_NEVER, &answer) == 0);
	CHECK(value_of(&answer) == 5 && answer.sender == self);
	CHECK(answer.attachment_size == 4 && answer.hop == 1);
	answer.body = NULL;
	CHECK(troupe_forward_message(&answer, ref) == -EINVAL);
	return 0;
}

Test(asks, a_message_is_forwarded_as_its_senders)
{
	stage_pass(forward_root);
}

/* ---- temporary references ------------------------------------------------ */

static int misuse_sender(const struct troupe_message *message)
{
	struct troupe_end end;

	CHECK(troupe_close(message->sender) == -EINVAL);
	CHECK(troupe_stop(message->sender) == -ESRCH);
	CHECK(troupe_wait(message->sender, TROUPE_NEVER, &end) == 0);
	CHECK(end.reason.cause == TROUPE_NOPROC);
	return answer_twice(message);
}

static const struct troupe_handler misuse_handlers[] = {
	{ &play__number__descriptor, misuse_sender }, { 0 }
};
static const struct troupe_class misuser = { .name = "misuser",
					     .handlers = misuse_handlers };

static int misuse_root(int argc, char **argv)
{
	struct troupe_message answer;
	troupe_ref ref;

	CHECK(troupe_spawn(&misuser, NULL, &ref) == 0);
	CHECK(ask(ref, 4, TROUPE_NEVER, &answer) == 0);
	CHECK(value_of(&answer) == 8);
	/* Of slots that nobody has. */
	CHECK(stage_send(trp_ref_alias(2000, 1 | TRP_ALIAS_IS_QUESTION), 1) ==
	      -ESRCH);
	return 0;
}

Test(asks, a_temporary_reference_is_for_messages_alone)
{
	stage_pass(misuse_root);
}
