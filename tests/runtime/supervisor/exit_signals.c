/* SPDX-License-Identifier: MIT */
/* Exit signals.  Numbers such as C84 are those of the cases in
 * tests/README.md. */
#include "runtime/troupe_ask.h"
#include "runtime/troupe_result.h"
#include "tests/runtime/supervisor/link_kit.h"
#include "tests/runtime/supervisor/revival_kit.h"

static int signal_root(int argc, char **argv)
{
	struct troupe_reason reason = { .cause = TROUPE_ERROR };
	troupe_ref ref;

	reason.cause = TROUPE_NOCONNECTION + 1;
	ref = link_start(&link_peer, 0);
	CHECK(troupe_exit_signal(ref, &reason) == -EINVAL);
	CHECK(troupe_exit_signal(ref, NULL) == -EINVAL);
	CHECK(link_send_signal(0, TROUPE_ERROR, -EDOM) == -EINVAL);
	CHECK(link_send_signal(ref, TROUPE_NORMAL, 0) == 0); /* C77 */
	link_check_lives(ref);
	CHECK(link_send_signal(ref, TROUPE_ERROR, -EDOM) == 0);
	CHECK(link_ends_with(ref, TROUPE_ERROR, -EDOM));
	CHECK(link_send_signal(ref, TROUPE_ERROR, -EDOM) == -ESRCH);
	ref = link_start(&link_peer, 0); /* C81 */
	CHECK(link_send_signal(ref, TROUPE_ERROR, -EDOM) == 0);
	link_send_signal(ref, TROUPE_ERROR, -ERANGE);
	CHECK(link_ends_with(ref, TROUPE_ERROR, -EDOM));
	ref = link_start(&link_trapper, 0); /* C78 */
	CHECK(link_send_signal(ref, TROUPE_KILLED, SIGKILL) == 0);
	CHECK(stage_receive(LONG_MS) == 1);
	CHECK(board->value[FROM] == (long)troupe_self());
	CHECK(board->value[CAUSES + TROUPE_KILLED] == 1);
	link_check_lives(ref);
	return 0;
}

Test(exit_signals, end_one_that_does_not_trap_with_their_reason)
{
	stage_pass(signal_root);
}

static int stale_root(int argc, char **argv)
{
	troupe_ref ref = link_start(&link_phoenix, 0);

	CHECK(stage_send(ref, HOLD) == 0);
	CHECK(stage_send(ref, ABORT) == 0);
	CHECK(link_send_signal(ref, TROUPE_ERROR, -EDOM) == 0);
	CHECK(stage_send(ref, COUNT) == 0);
	board->value[GO] = 1;
	CHECK(stage_receive(LONG_MS) == 0);
	while (board->count < 1)
		stage_receive(1);
	link_check_lives(ref);
	CHECK(troupe_kill(ref) == 0);
	CHECK(stage_receive(LONG_MS) == 0);
	link_check_lives(ref);
	return 0;
}

Test(exit_signals, to_one_that_dies_before_are_not_its_successors,
     .init = revival_hurry)
{
	stage_pass(stale_root);
}

/* Number: the cause of a signal to itself. */
static int on_cause(const struct troupe_message *message)
{
	const Play__Number *number = message->body;

	CHECK(link_send_signal(troupe_self(), (enum troupe_cause)number->value,
			       -EDOM) == 0);
	CHECK(link_send_signal(troupe_self(), TROUPE_ERROR, -ERANGE) == 0);
	return -EIO;
}

static const struct troupe_handler causes[] = {
	{ &play__number__descriptor, on_cause },
	{ 0 },
};
static const struct troupe_class suicide = { .name = "suicide",
					     .handlers = causes,
					     .keeps_going = true };
static const struct troupe_class cautious = { .name = "cautious",
					      .handlers = causes,
					      .exit_signal = link_note_signal,
					      .keeps_going = true };

static int self_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&suicide, NULL, &ref) == 0); /* C77, C81 */
	CHECK(stage_send(ref, TROUPE_NORMAL) == 0);
	CHECK(link_ends_with(ref, TROUPE_NORMAL, -EDOM));
	CHECK(troupe_spawn(&suicide, NULL, &ref) == 0);
	CHECK(stage_send(ref, TROUPE_LIMIT) == 0);
	CHECK(link_ends_with(ref, TROUPE_LIMIT, -EDOM));
	CHECK(troupe_spawn(&cautious, NULL, &ref) == 0); /* C78 */
	CHECK(stage_send(ref, TROUPE_NORMAL) == 0);
	CHECK(stage_receive(LONG_MS) == 1);
	CHECK(stage_receive(LONG_MS) == 1);
	CHECK(board->value[FROM] == (long)ref);
	CHECK(board->value[CAUSES + TROUPE_NORMAL] == 1);
	CHECK(board->value[CAUSES + TROUPE_ERROR] == 1);
	CHECK(troupe_wait(ref, TROUPE_POLL, NULL) == -ETIMEDOUT);
	return 0;
}

Test(exit_signals, to_oneself_end_it_after_the_callback_unless_it_traps)
{
	stage_pass(self_root);
}

enum { ROUNDS = 1000 };

static int on_round(const struct troupe_message *message)
{
	const Play__Number *number = message->body;

	CHECK(number->value <= 3);
	board->count++;
	return 0;
}

static const struct troupe_handler rounds[] = {
	{ &play__number__descriptor, on_round },
	{ 0 },
};
static const struct troupe_class target = { .name = "target",
					    .handlers = rounds };

static int order_root(int argc, char **argv)
{
	troupe_ref ref;
	int i, n;

	for (i = 1; i <= ROUNDS; i++) { /* C84 */
		CHECK(troupe_spawn(&target, NULL, &ref) == 0);
		for (n = 1; n <= 3; n++)
			CHECK(stage_send(ref, n) == 0);
		CHECK(link_send_signal(ref, TROUPE_ERROR, -i) == 0);
		stage_send(ref, 4);
		CHECK(link_ends_with(ref, TROUPE_ERROR, -i));
	}
	CHECK(board->count == 3 * ROUNDS);
	return 0;
}

Test(exit_signals, come_after_what_was_sent_before_and_before_what_follows,
     .timeout = 600)
{
	stage_pass(order_root);
}

static int among_root(int argc, char **argv)
{
	troupe_ref ref = link_start(&link_trapper, 0);
	int i;

	for (i = 0; i < ROUNDS; i += 2) {
		CHECK(stage_send(ref, NOTE + i) == 0);
		CHECK(link_send_signal(ref, TROUPE_ERROR, NOTE + i + 1) == 0);
	}
	for (i = 0; i < ROUNDS; i += 2)
		CHECK(stage_receive(LONG_MS) == 1);
	CHECK(board->count == ROUNDS);
	for (i = 0; i < ROUNDS; i++)
		CHECK(board->value[NOTES + i] == NOTE + i);
	return 0;
}

Test(exit_signals, that_are_trapped_keep_their_place_among_mail)
{
	stage_pass(among_root);
}

/* ---- function actors ----------------------------------------------------- */

static int waits(const void *arguments)
{
	const Play__Who *who = arguments;
	struct troupe_reason reason;

	CHECK(troupe_link(who->ref) == 0);
	stage_send(troupe_parent(), 0);
	CHECK(troupe_wait(troupe_parent(), TROUPE_NEVER, NULL) == -ECANCELED);
	CHECK(troupe_is_stopping());
	CHECK(troupe_stop_reason(&reason));
	CHECK(reason.cause == TROUPE_ERROR && reason.code == -EDOM);
	return -EIO;
}

static int function_root(int argc, char **argv)
{
	troupe_ref one = link_start(&link_peer, 0), ref;
	Play__Who who = PLAY__WHO__INIT;

	who.ref = one;
	CHECK(troupe_spawn_function(waits, &who.base, &ref) == 0);
	CHECK(stage_receive(LONG_MS) == 0);
	CHECK(stage_send(one, -EDOM) == 0);
	CHECK(link_ends_with(ref, TROUPE_ERROR, -EDOM));
	CHECK(troupe_spawn_function(stage_idle, NULL, &ref) == 0);
	CHECK(link_send_signal(ref, TROUPE_LIMIT, SIGXCPU) == 0);
	CHECK(link_ends_with(ref, TROUPE_LIMIT, SIGXCPU));
	/* They are no ends, and ends are no signals. */
	CHECK(troupe_trap_exits(true) == 0);
	ref = link_start(&link_peer, troupe_self());
	CHECK(link_send_signal(troupe_self(), TROUPE_ERROR, -EDOM) == 0);
	CHECK(stage_send(ref, -ERANGE) == 0);
	CHECK(link_next_signal(ref).reason.code == -ERANGE);
	CHECK(link_next_signal(troupe_self()).reason.code == -EDOM);
	CHECK(link_ends_with(ref, TROUPE_ERROR, -ERANGE));
	CHECK(!link_has_signal());
	return 0;
}

Test(exit_signals, end_a_function_that_waits_or_are_its_messages)
{
	stage_pass(function_root);
}

/* Each would wait for ever, and ends as if nothing were wrong. */
enum {
	WAITS,
	WAITS_FOR_ALL,
	ASKS,
	LOOKS,
	COMPUTES,
	GETS_AN_ANSWER,
	BUSY_KINDS
};

static int is_busy(const void *arguments)
{
	const Play__Number *how = arguments;
	troupe_ref parent = troupe_parent();
	struct troupe_message answer;
	struct troupe_end end;
	int r = -ECANCELED;

	if (how->value != GETS_AN_ANSWER)
		stage_send(parent, 0);
	if (how->value == WAITS)
		r = troupe_wait(parent, TROUPE_NEVER, NULL);
	else if (how->value == WAITS_FOR_ALL)
		r = troupe_wait_all(&parent, 1, TROUPE_NEVER, &end);
	else if (how->value == ASKS)
		r = troupe_ask(parent, &how->base, TROUPE_NEVER, &answer);
	while (how->value == LOOKS && !troupe_is_stopping())
		usleep(100);
	while (how->value == COMPUTES && !board->value[GO])
		usleep(100);
	if (how->value == GETS_AN_ANSWER) {
		r = troupe_ask(parent, &how->base, TROUPE_NEVER, &answer);
		CHECK(r == 0 || r == -ECANCELED);
		return 0;
	}
	CHECK(r == -ECANCELED);
	return 0;
}

static int busy_root(int argc, char **argv)
{
	const struct troupe_pattern number = {
		.type = &play__number__descriptor
	};
	Play__Number how = PLAY__NUMBER__INIT;
	struct troupe_message message;
	troupe_ref ref;

	for (how.value = 0; how.value < BUSY_KINDS; how.value++) {
		board->value[GO] = 0;
		CHECK(troupe_spawn_function(is_busy, &how.base, &ref) == 0);
		CHECK(troupe_receive(&number, 1, TROUPE_NEVER, &message) == 0);
		CHECK(link_send_signal(ref, TROUPE_NORMAL, 0) == 0);
		CHECK(link_send_signal(ref, TROUPE_ERROR, -3) == 0);
		board->value[GO] = 1;
		troupe_send(message.sender, &how.base);
		CHECK(link_ends_with(ref, TROUPE_ERROR, -3));
		while (troupe_receive(&number, 1, TROUPE_POLL, &message) == 0)
			; /* the question of one that asked */
	}
	return 0;
}

Test(exit_signals, end_a_function_that_waits_in_any_way_or_computes)
{
	stage_pass(busy_root);
}

/* The signal ends a wait, and yet mail from before it is received; mail from
 * after it is not. */
static int reads_on(const void *arguments)
{
	stage_send(troupe_parent(), 0);
	CHECK(troupe_wait(troupe_parent(), TROUPE_NEVER, NULL) == -ECANCELED);
	while (!board->value[GO])
		usleep(100);
	for (int i = 1; i <= 3; i++)
		CHECK(stage_receive(LONG_MS) == i);
	CHECK(stage_receive(LONG_MS) == -1);
	CHECK(stage_receive(LONG_MS) == -1);
	return 0;
}

static int reads_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn_function(reads_on, NULL, &ref) == 0);
	CHECK(stage_receive(LONG_MS) == 0);
	for (int i = 1; i <= 3; i++)
		CHECK(stage_send(ref, i) == 0);
	CHECK(link_send_signal(ref, TROUPE_ERROR, -3) == 0);
	CHECK(stage_send(ref, 4) == 0);
	board->value[GO] = 1;
	CHECK(link_ends_with(ref, TROUPE_ERROR, -3));
	return 0;
}

Test(exit_signals, leave_a_function_the_mail_that_came_before)
{
	stage_pass(reads_root);
}

static int gives(const void *arguments)
{
	Play__Number number = PLAY__NUMBER__INIT;

	number.value = 42;
	return troupe_end_with(0, "as planned", &number.base);
}

static int result_root(int argc, char **argv)
{
	static const struct troupe_class giver = { .name = "giver",
						   .run = gives };
	const struct troupe_spawn_options options = { .is_linked = true };
	const struct troupe_pattern signal = {
		.type = &troupe__exit_signal__descriptor
	};
	struct troupe_message message;
	const struct troupe_end *end;
	troupe_ref ref;

	CHECK(troupe_trap_exits(true) == 0);
	CHECK(troupe_spawn_with(&options, &giver, NULL, &ref) == 0);
	CHECK(troupe_receive(&signal, 1, troupe_in_ms(LONG_MS), &message) == 0);
	end = message.body;
	CHECK(end->ref == ref && end->reason.cause == TROUPE_NORMAL);
	CHECK(end->message &&
	      ((const Play__Number *)end->message->body)->value == 42);
	CHECK(strcmp(end->reason.text, "as planned") == 0);
	return 0;
}

Test(exit_signals, of_an_end_bring_its_result)
{
	stage_pass(result_root);
}

static int no_function_init(const void *arguments)
{
	CHECK(troupe_trap_exits(true) == -EINVAL);
	return TROUPE_STOP;
}

static const struct troupe_class no_function = { .name = "no function",
						 .init = no_function_init };

static int refused_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&no_function, NULL, &ref) == 0);
	CHECK(link_ends_with(ref, TROUPE_NORMAL, 0));
	return 0;
}

Test(exit_signals, are_trapped_by_a_class_through_its_callback_alone)
{
	stage_pass(refused_root);
}
