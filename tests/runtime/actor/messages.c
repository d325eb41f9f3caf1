/* SPDX-License-Identifier: MIT */
/* Messages between actors. */
#include "runtime/troupe_guest.h"
#include "tests/support/stage.h"

/* ---- order, copies, isolation -------------------------------------------- */

static int echo_run(const void *arguments)
{
	const struct troupe_pattern number = {
		.type = &play__number__descriptor
	};
	struct troupe_message message;

	while (troupe_receive(&number, 1, TROUPE_NEVER, &message) >= 0)
		stage_send(message.sender,
			   ((const Play__Number *)message.body)->value);
	return 0;
}

static int copy_root(int argc, char **argv)
{
	Play__Text text = PLAY__TEXT__INIT;
	struct troupe_message message;
	char buffer[] = "before";

	text.text = buffer;
	CHECK(troupe_send(troupe_self(), &text.base) == 0);
	strcpy(buffer, "after!");
	CHECK(troupe_receive(NULL, 0, troupe_in_ms(60000), &message) == 0);
	CHECK(message.type == &play__text__descriptor);
	CHECK(strcmp(((const Play__Text *)message.body)->text, "before") == 0);
	CHECK(message.sender == troupe_self());
	return 0;
}

Test(messages, a_message_is_a_copy)
{
	stage_pass(copy_root);
}

static long global;

static int isolated_run(const void *arguments)
{
	global = 1;
	board->value[0] = getpid();
	board->count++;
	stage_receive(10000);
	return 0;
}

static int isolated_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn_function(isolated_run, NULL, &ref) == 0);
	CHECK(ref != troupe_self());
	stage_send(ref, 1);
	CHECK(troupe_wait(ref, troupe_in_ms(60000), NULL) == 0);
	CHECK(global == 0);
	CHECK(board->count == 1);
	CHECK(board->value[0] != getpid());
	return 0;
}

Test(messages, actors_are_processes_that_share_no_variable)
{
	stage_pass(isolated_root);
}

enum { SENDERS = 8, EACH = 3000 };

static int counting_run(const void *arguments)
{
	const Play__Who *who = arguments;
	int64_t i;

	for (i = 0; i < EACH; i++) {
		Play__Number number = PLAY__NUMBER__INIT;

		number.value = who->count * EACH + i;
		CHECK(troupe_send_wait(who->ref, &number.base,
				       troupe_in_ms(20000)) == 0);
	}
	return 0;
}

static int ordered_root(int argc, char **argv)
{
	int64_t next[SENDERS] = { 0 };
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref;
	int64_t i;

	who.ref = troupe_self();
	for (who.count = 0; who.count < SENDERS; who.count++)
		CHECK(troupe_spawn_function(counting_run, &who.base, &ref) ==
		      0);
	for (i = 0; i < SENDERS * EACH; i++) {
		int64_t value = stage_receive(20000);

		CHECK(value >= 0);
		if (value < 0)
			return -EPROTO;
		CHECK(value % EACH == next[value / EACH]);
		next[value / EACH]++;
	}
	CHECK(stage_receive(0) == -1);
	return 0;
}

Test(messages, order_is_kept_for_each_of_many_senders_at_once)
{
	stage_pass(ordered_root);
}

/* ---- to oneself ---------------------------------------------------------- */

static int loop_number(const struct troupe_message *message)
{
	const Play__Number *number = message->body;

	if (number->value < 0)
		return TROUPE_STOP;
	board->count++;
	return stage_send(troupe_self(), number->value + 1);
}

static const struct troupe_handler loop_handlers[] = {
	{ &play__number__descriptor, loop_number },
	{ 0 },
};
static const struct troupe_class looper = { .name = "looper",
					    .handlers = loop_handlers };

static int self_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn(&looper, NULL, &ref) == 0);
	stage_send(ref, 0);
	while (board->count < 1000)
		usleep(1000);
	stage_send(ref, -1);
	CHECK(troupe_wait(ref, troupe_in_ms(10000), &end) == 0);
	CHECK(end.reason.cause == TROUPE_NORMAL);
	return 0;
}

Test(messages, a_loop_of_messages_to_oneself_lets_other_mail_in)
{
	stage_pass(self_root);
}

/* ---- the limit ----------------------------------------------------------- */

static int sleepy_init(const void *arguments)
{
	board->value[1] = 1;
	while (!board->value[2])
		usleep(1000);
	return 0;
}

static int count_number(const struct troupe_message *message)
{
	const Play__Number *number = message->body;

	CHECK(number->value == board->count);
	board->count++;
	return 0;
}

static const struct troupe_handler counting_handlers[] = {
	{ &play__number__descriptor, count_number },
	{ 0 },
};
static const struct troupe_class sleepy = { .name = "sleepy",
					    .init = sleepy_init,
					    .handlers = counting_handlers,
					    .mailbox_limit = 2048 };

static int full_root(int argc, char **argv)
{
	troupe_ref ref;
	int64_t sent = 0;
	int r;

	CHECK(troupe_spawn(&sleepy, NULL, &ref) == 0);
	while (!board->value[1])
		usleep(1000);
	while ((r = stage_send(ref, sent)) == 0)
		sent++;
	CHECK(r == -EAGAIN);
	CHECK(sent >= 16 && sent <= 32);
	CHECK(stage_send(ref, sent) == -EAGAIN);
	board->value[2] = 1;
	for (; sent < 500; sent++) {
		Play__Number number = PLAY__NUMBER__INIT;

		number.value = sent;
		CHECK(troupe_send_wait(ref, &number.base,
				       troupe_in_ms(10000)) == 0);
	}
	CHECK(troupe_close(ref) == 0 || troupe_close(ref) == -EAGAIN);
	while (board->count < 500)
		usleep(1000);
	return 0;
}

Test(messages, a_full_mailbox_is_eagain_and_loses_nothing)
{
	stage_pass(full_root);
}

static int large_root(int argc, char **argv)
{
	Play__Blob blob = PLAY__BLOB__INIT;
	static uint8_t bytes[8 << 20];

	blob.bytes.data = bytes;
	blob.bytes.len = sizeof(bytes);
	CHECK(troupe_send(troupe_self(), &blob.base) == -EMSGSIZE);
	blob.bytes.len = 500000;
	CHECK(troupe_send(troupe_self(), &blob.base) == 0);
	CHECK(troupe_send(troupe_self(), NULL) == -EINVAL);
	CHECK(troupe_send(0, &blob.base) == -EINVAL);
	CHECK(troupe_send(12345, &blob.base) == -ESRCH);
	return 0;
}

Test(messages, too_large_or_to_nobody_is_an_error)
{
	stage_pass(large_root);
}

static int full_self_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	int64_t sent = 0;

	for (; stage_send(troupe_self(), sent) == 0; sent++)
		;
	CHECK(sent > 100);
	CHECK(troupe_send_wait(troupe_self(), &number.base, TROUPE_NEVER) ==
	      -EDEADLK);
	CHECK(stage_receive(0) == 0);
	return 0;
}

Test(messages, waiting_for_room_in_ones_own_mailbox_is_an_error)
{
	stage_pass(full_self_root);
}

/* ---- attachments --------------------------------------------------------- */

enum { HUGE_SIZE = 64 << 20 };

static int attached_run(const void *arguments)
{
	struct troupe_message message;
	const unsigned char *bytes;

	CHECK(troupe_receive(NULL, 0, troupe_in_ms(20000), &message) == 0);
	CHECK(message.attachment_size == HUGE_SIZE);
	bytes = message.attachment;
	CHECK(bytes && bytes[0] == 'a' && bytes[HUGE_SIZE - 1] == 'z');
	return stage_send(message.sender, 1);
}

static int attached_root(int argc, char **argv)
{
	Play__Nobody nobody = PLAY__NOBODY__INIT;
	struct troupe_loan loan;
	troupe_ref ref;

	CHECK(troupe_spawn_function(attached_run, NULL, &ref) == 0);
	CHECK(troupe_loan(0, &loan) == -EINVAL);
	CHECK(troupe_loan(HUGE_SIZE, &loan) == 0);
	((char *)loan.bytes)[0] = 'a';
	((char *)loan.bytes)[HUGE_SIZE - 1] = 'z';
	CHECK(troupe_send_loan(ref, &nobody.base, &loan) == 0);
	CHECK(loan.bytes == NULL);
	CHECK(stage_receive(20000) == 1);
	return 0;
}

Test(messages, a_loan_of_64_MiB_arrives_in_place)
{
	stage_pass(attached_root);
}

static int many_attached_root(int argc, char **argv)
{
	Play__Nobody nobody = PLAY__NOBODY__INIT;
	struct troupe_message message;
	char bytes[10000];
	int i;

	for (i = 0; i < 2000; i++) {
		memset(bytes, i, sizeof(bytes));
		CHECK(troupe_send_attached(troupe_self(), &nobody.base, bytes,
					   sizeof(bytes)) == 0);
		CHECK(troupe_receive(NULL, 0, TROUPE_POLL, &message) == 0);
		CHECK(message.attachment_size == sizeof(bytes));
		CHECK(memcmp(message.attachment, bytes, sizeof(bytes)) == 0);
	}
	return 0;
}

Test(messages, attachments_are_used_again)
{
	stage_pass(many_attached_root);
}

/* ---- receive ------------------------------------------------------------- */

static bool is_three(const struct troupe_message *message, void *data)
{
	return ((const Play__Number *)message->body)->value == 3;
}

static int selective_root(int argc, char **argv)
{
	const struct troupe_pattern three = { .type = &play__number__descriptor,
					      .matches = is_three };
	const struct troupe_pattern two[] = {
		{ .type = &play__text__descriptor },
		{ .type = &play__number__descriptor },
	};
	Play__Text text = PLAY__TEXT__INIT;
	struct troupe_message message;
	int i;

	for (i = 1; i <= 4; i++)
		stage_send(troupe_self(), i);
	text.text = "last";
	troupe_send(troupe_self(), &text.base);
	CHECK(troupe_receive(&three, 1, TROUPE_POLL, &message) == 0);
	CHECK(((const Play__Number *)message.body)->value == 3);
	CHECK(troupe_receive(two, 2, TROUPE_POLL, &message) == 1);
	CHECK(((const Play__Number *)message.body)->value == 1);
	CHECK(stage_receive(0) == 2);
	CHECK(troupe_receive(two, 1, TROUPE_POLL, &message) == 0);
	CHECK(stage_receive(0) == 4);
	CHECK(troupe_receive(NULL, 0, TROUPE_POLL, &message) == -ETIMEDOUT);
	CHECK(troupe_receive(NULL, 0, troupe_in_ms(30), &message) ==
	      -ETIMEDOUT);
	return 0;
}

Test(messages, receive_takes_the_earliest_match_and_keeps_the_others_in_order)
{
	stage_pass(selective_root);
}

/* ---- unreadable messages ------------------------------------------------- */

static const struct troupe_class numbers_only = { .name = "numbers",
						  .handlers =
							  counting_handlers };

static int unknown_root(int argc, char **argv)
{
	Play__Text text = PLAY__TEXT__INIT;
	troupe_ref ref;

	CHECK(troupe_spawn(&numbers_only, NULL, &ref) == 0);
	text.text = "what?";
	CHECK(troupe_send(ref, &text.base) == 0);
	CHECK(stage_send(ref, 0) == 0);
	CHECK(troupe_close(ref) == 0);
	CHECK(troupe_wait(ref, troupe_in_ms(60000), NULL) == 0);
	CHECK(board->count == 1);
	return 0;
}

Test(messages, a_type_without_handler_is_dropped_and_the_actor_lives)
{
	stage_pass(unknown_root);
}

static int not_handled(const struct troupe_message *message)
{
	CHECK(message->type == &play__text__descriptor);
	CHECK(strcmp(((const Play__Text *)message->body)->text, "x") == 0);
	return -EBADRQC;
}

static const struct troupe_class strict = { .name = "strict",
					    .handlers = counting_handlers,
					    .unhandled = not_handled };

static int strict_root(int argc, char **argv)
{
	Play__Text text = PLAY__TEXT__INIT;
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn(&strict, NULL, &ref) == 0);
	text.text = "x";
	CHECK(troupe_send(ref, &text.base) == 0);
	CHECK(troupe_wait(ref, troupe_in_ms(60000), &end) == 0);
	CHECK(end.reason.cause == TROUPE_ERROR);
	CHECK(end.reason.code == -EBADRQC);
	CHECK(strstr(end.reason.text, "unhandled play.Text"));
	return 0;
}

Test(messages, a_class_may_end_for_what_it_does_not_handle)
{
	stage_pass(strict_root);
}

static int pair_root(int argc, char **argv)
{
	troupe_ref ref;
	int i;

	CHECK(troupe_spawn_function(echo_run, NULL, &ref) == 0);
	for (i = 0; i < 2000; i++) {
		CHECK(stage_send(ref, i) == 0);
		CHECK(stage_receive(10000) == i);
	}
	return 0;
}

Test(messages, two_thousand_round_trips_lose_no_wake_up)
{
	stage_pass(pair_root);
}

/* ---- a type of no loaded image ------------------------------------------- */

static int know_root(int argc, char **argv)
{
	ProtobufCMessageDescriptor *late = malloc(sizeof(*late));
	Play__Nobody nobody = PLAY__NOBODY__INIT;
	struct troupe_message message;

	CHECK(late);
	*late = play__nobody__descriptor;
	late->name = "play.Late";
	nobody.base.descriptor = late;
	CHECK(troupe_know(NULL) == -EINVAL);
	for (int i = 0; i < 2; i++) {
		CHECK(troupe_send(troupe_self(), &nobody.base) == 0);
		CHECK(troupe_receive(NULL, 0, TROUPE_NEVER, &message) == 0);
		CHECK(message.type == (i ? late : NULL));
		CHECK(troupe_know(late) == 0);
	}
	return 0;
}

Test(messages, of_a_type_that_was_made_known_need_no_pattern)
{
	stage_pass(know_root);
}
