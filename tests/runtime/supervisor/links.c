/* SPDX-License-Identifier: MIT */
/* Links and exit signals.  Numbers such as C84 are those of the cases in
 * tests/README.md. */
#include "runtime/troupe_link.h"
#include "runtime/troupe_restart.h"
#include "runtime/troupe_result.h"
#include "tests/runtime/supervisor/revival_kit.h"

enum { LONG_MS = 60000 };
/* Places on the board. */
enum {
	SIGNALS = 100,
	FROM = 101,
	CODE = 102,
	GO = 103,
	CAUSES = 110,
	NOTES = 200
};

/* ---- peers: each links itself to one, and does as it is told ------------- */

/* Numbers that are orders: below 0, it fails with that. */
enum { END = 0, ABORT = 1, COUNT = 2, HOLD = 3, NOTE = 10 };

static int on_order(const struct troupe_message *message)
{
	const Play__Number *number = message->body;

	if (number->value == ABORT) {
		signal(SIGABRT, SIG_DFL);
		abort();
	}
	if (number->value >= NOTE)
		board->value[NOTES + board->count++] = number->value;
	if (number->value == COUNT)
		board->count++;
	while (number->value == HOLD && !board->value[GO])
		usleep(100);
	return number->value == END ? TROUPE_STOP
	       : number->value < 0  ? (int)number->value
				    : 0;
}

static const struct troupe_handler orders[] = {
	{ &play__number__descriptor, on_order },
	{ 0 },
};

static int link_init(const void *arguments)
{
	const Play__Who *who = arguments;

	CHECK(!who || troupe_link(who->ref) == 0);
	return stage_send(troupe_parent(), 0);
}

static int note_signal(const struct troupe_end *end)
{
	if (end->reason.code >= NOTE)
		board->value[NOTES + board->count++] = end->reason.code;
	board->value[FROM] = (long)end->ref;
	board->value[CODE] = end->reason.code;
	board->value[CAUSES + end->reason.cause]++;
	board->value[SIGNALS]++;
	return stage_send(troupe_parent(), 1);
}

static const struct troupe_class peer = { .name = "peer",
					  .init = link_init,
					  .handlers = orders };
static const struct troupe_class trapper = { .name = "trapper",
					     .init = link_init,
					     .handlers = orders,
					     .exit_signal = note_signal };
static const struct troupe_class phoenix = {
	.name = "phoenix",
	.init = link_init,
	.handlers = orders,
	.restart = TROUPE_RESTART_ALWAYS,
};

/* Linked to `to`, if any, when this returns. */
static troupe_ref start(const struct troupe_class *klass, troupe_ref to)
{
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref = 0;

	who.ref = to;
	CHECK(troupe_spawn(klass, to ? &who.base : NULL, &ref) == 0);
	CHECK(stage_receive(LONG_MS) == 0);
	return ref;
}

static bool ends_with(troupe_ref ref, enum troupe_cause cause, int code)
{
	struct troupe_end end;

	CHECK(troupe_wait(ref, troupe_in_ms(LONG_MS), &end) == 0);
	return end.reason.cause == cause && end.reason.code == code;
}

/* It has handled all that it got before: it counts, and lives. */
static void check_lives(troupe_ref ref)
{
	struct troupe_time until = troupe_in_ms(LONG_MS);
	long before = board->count;

	CHECK(stage_send(ref, COUNT) == 0);
	while (board->count == before && troupe_now().ns < until.ns)
		stage_receive(1);
	CHECK(board->count == before + 1);
}

/* A signal of that one, as a message to this function. */
static struct troupe_end next_signal(troupe_ref from)
{
	const struct troupe_pattern pattern = {
		.type = &troupe__exit_signal__descriptor, .sender = from
	};
	struct troupe_end end = { 0 };
	struct troupe_message message;

	CHECK(troupe_receive(&pattern, 1, troupe_in_ms(LONG_MS), &message) ==
	      0);
	end = *(const struct troupe_end *)message.body;
	CHECK(end.ref == from);
	return end;
}

static bool has_signal(void)
{
	const struct troupe_pattern pattern = {
		.type = &troupe__exit_signal__descriptor
	};
	struct troupe_message message;

	return troupe_receive(&pattern, 1, TROUPE_POLL, &message) == 0;
}

static int send_signal(troupe_ref to, enum troupe_cause cause, int code)
{
	struct troupe_reason reason = { .cause = cause, .code = code };

	snprintf(reason.text, sizeof(reason.text), "as it was asked");
	return troupe_exit_signal(to, &reason);
}

/* ---- links --------------------------------------------------------------- */

static int symmetric_root(int argc, char **argv)
{
	troupe_ref one, other;

	CHECK(troupe_trap_exits(true) == 0);
	CHECK(troupe_link(troupe_self()) == 0); /* C73 */
	CHECK(troupe_link(0) == -EINVAL);
	one = start(&peer, troupe_self());
	CHECK(troupe_link(one) == 0);
	CHECK(troupe_link(one) == 0);
	CHECK(troupe_unlink(one) == 0);
	CHECK(troupe_unlink(one) == 0);
	CHECK(stage_send(one, -EDOM) == 0);
	CHECK(ends_with(one, TROUPE_ERROR, -EDOM));
	CHECK(!has_signal());
	/* Whichever of the two it was that made it. */
	one = start(&peer, 0);
	other = start(&peer, one);
	CHECK(stage_send(other, -EDOM) == 0);
	CHECK(ends_with(one, TROUPE_ERROR, -EDOM));
	one = start(&peer, 0);
	other = start(&peer, one);
	CHECK(stage_send(one, -EDOM) == 0);
	CHECK(ends_with(other, TROUPE_ERROR, -EDOM));
	return 0;
}

Test(links, are_symmetric_single_and_undone_from_either_side)
{
	stage_pass(symmetric_root);
}

static int reason_root(int argc, char **argv)
{
	troupe_ref one, other;

	one = start(&peer, 0); /* C74 */
	other = start(&peer, one);
	CHECK(stage_send(one, ABORT) == 0);
	CHECK(ends_with(other, TROUPE_SIGNAL, SIGABRT));
	one = start(&peer, 0);
	other = start(&peer, one);
	CHECK(troupe_stop(one) == 0);
	CHECK(ends_with(other, TROUPE_SHUTDOWN, 0));
	one = start(&peer, 0); /* C79 */
	other = start(&peer, one);
	CHECK(troupe_kill(one) == 0);
	CHECK(ends_with(other, TROUPE_KILLED, SIGKILL));
	one = start(&peer, 0); /* C76 */
	other = start(&peer, one);
	CHECK(stage_send(one, END) == 0);
	CHECK(ends_with(one, TROUPE_NORMAL, 0));
	check_lives(other);
	return 0;
}

Test(links, pass_on_the_reason_of_an_end_unless_it_was_normal)
{
	stage_pass(reason_root);
}

static int trap_root(int argc, char **argv)
{
	troupe_ref one, other;

	one = start(&peer, 0); /* C75 */
	other = start(&trapper, one);
	CHECK(stage_send(one, -EDOM) == 0);
	CHECK(stage_receive(LONG_MS) == 1);
	CHECK(board->value[FROM] == (long)one);
	CHECK(board->value[CAUSES + TROUPE_ERROR] == 1);
	CHECK(board->value[CODE] == -EDOM);
	check_lives(other);
	one = start(&peer, other); /* C76 */
	CHECK(stage_send(one, END) == 0);
	CHECK(stage_receive(LONG_MS) == 1);
	CHECK(board->value[CAUSES + TROUPE_NORMAL] == 1);
	one = start(&trapper, other); /* C79 */
	CHECK(troupe_kill(one) == 0);
	CHECK(stage_receive(LONG_MS) == 1);
	CHECK(board->value[CAUSES + TROUPE_KILLED] == 1);
	CHECK(ends_with(one, TROUPE_KILLED, SIGKILL));
	check_lives(other);
	CHECK(board->value[SIGNALS] == 3);
	return 0;
}

Test(links, call_exit_signal_where_a_class_has_it)
{
	stage_pass(trap_root);
}

static int gone_root(int argc, char **argv)
{
	troupe_ref dead = start(&peer, 0), ref;

	CHECK(troupe_trap_exits(true) == 0);
	CHECK(troupe_kill(dead) == 0);
	stage_end_of(dead);
	CHECK(troupe_link(dead) == 0); /* C82 */
	CHECK(next_signal(dead).reason.cause == TROUPE_NOPROC);
	ref = start(&peer, dead);
	CHECK(ends_with(ref, TROUPE_NOPROC, 0));
	CHECK(troupe_link(0x1000123400000001) == 0);
	CHECK(next_signal(0x1000123400000001).reason.cause == TROUPE_NOPROC);
	return 0;
}

Test(links, to_one_that_is_gone_are_an_exit_signal_at_once)
{
	stage_pass(gone_root);
}

static int fails_at_once(const void *arguments)
{
	return -EDOM;
}

static int race_root(int argc, char **argv)
{
	troupe_ref ref;
	int i;

	CHECK(troupe_trap_exits(true) == 0);
	for (i = 0; i < 300; i++) {
		CHECK(troupe_spawn_function(fails_at_once, NULL, &ref) == 0);
		CHECK(troupe_link(ref) == 0);
		next_signal(ref);
		CHECK(!has_signal());
		CHECK(troupe_spawn_function(fails_at_once, NULL, &ref) == 0);
		CHECK(troupe_link(ref) == 0);
		if (i % 2)
			stage_end_of(ref);
		CHECK(troupe_unlink(ref) == 0);
		stage_end_of(ref);
		CHECK(!has_signal());
	}
	return 0;
}

Test(links, that_race_with_an_end_bring_one_signal_and_undone_none,
     .timeout = 600)
{
	stage_pass(race_root);
}

static int chain_root(int argc, char **argv)
{
	struct troupe_reason reason = { .cause = TROUPE_ERROR, .code = -EDOM };
	troupe_ref first, middle, last;
	struct troupe_end end;

	first = start(&peer, 0); /* C88 */
	middle = start(&peer, first);
	last = start(&peer, middle);
	CHECK(stage_send(last, ABORT) == 0);
	CHECK(ends_with(last, TROUPE_SIGNAL, SIGABRT));
	CHECK(ends_with(middle, TROUPE_SIGNAL, SIGABRT));
	CHECK(ends_with(first, TROUPE_SIGNAL, SIGABRT));
	/* With all of its text. */
	first = start(&peer, 0);
	middle = start(&peer, first);
	last = start(&peer, middle);
	memset(reason.text, 'x', sizeof(reason.text) - 1);
	CHECK(troupe_exit_signal(last, &reason) == 0);
	CHECK(troupe_wait(first, troupe_in_ms(LONG_MS), &end) == 0);
	CHECK(end.reason.cause == TROUPE_ERROR && end.reason.code == -EDOM);
	CHECK(strcmp(end.reason.text, reason.text) == 0);
	first = start(&peer, 0);
	middle = start(&trapper, first);
	last = start(&peer, middle);
	CHECK(stage_send(last, ABORT) == 0);
	CHECK(stage_receive(LONG_MS) == 1);
	check_lives(middle);
	check_lives(first);
	return 0;
}

Test(links, carry_a_reason_along_a_chain_up_to_one_that_traps)
{
	stage_pass(chain_root);
}

/* ---- restarts ------------------------------------------------------------ */

static int successor_root(int argc, char **argv)
{
	troupe_ref one = start(&phoenix, 0);
	struct troupe_end end;

	CHECK(troupe_trap_exits(true) == 0);
	CHECK(troupe_link(one) == 0);
	CHECK(stage_send(one, -EDOM) == 0);
	end = next_signal(one);
	CHECK(end.reason.code == -EDOM && end.will_restart); /* C75 */
	CHECK(stage_receive(LONG_MS) == 0);
	CHECK(stage_send(one, -EDOM) == 0);
	CHECK(stage_receive(LONG_MS) == 0);
	CHECK(!has_signal());
	return 0;
}

Test(links, are_not_those_of_a_successor, .init = revival_hurry)
{
	stage_pass(successor_root);
}

static int down_root(int argc, char **argv)
{
	troupe_ref one = start(&phoenix, 0);

	CHECK(troupe_trap_exits(true) == 0);
	CHECK(troupe_kill(one) == 0);
	CHECK(troupe_wait_next(one, troupe_in_ms(LONG_MS), NULL) == 0);
	CHECK(troupe_link(one) == 0); /* it waits, or has begun again */
	CHECK(stage_receive(LONG_MS) == 0);
	CHECK(!has_signal());
	CHECK(stage_send(one, -EDOM) == 0);
	CHECK(next_signal(one).reason.code == -EDOM);
	return 0;
}

Test(links, to_one_that_waits_for_its_restart_hold_from_then_on)
{
	stage_pass(down_root);
}

static int both_root(int argc, char **argv)
{
	troupe_ref one = start(&phoenix, 0), other = start(&peer, one);

	CHECK(stage_send(other, -EDOM) == 0);
	CHECK(ends_with(other, TROUPE_ERROR, -EDOM));
	CHECK(stage_receive(LONG_MS) == 0); /* its next incarnation */
	check_lives(one);
	return 0;
}

Test(links, end_one_that_is_restarted_with_the_reason_of_its_peer,
     .init = revival_hurry)
{
	stage_pass(both_root);
}

/* ---- exit signals -------------------------------------------------------- */

static int signal_root(int argc, char **argv)
{
	struct troupe_reason reason = { .cause = TROUPE_ERROR };
	troupe_ref ref;

	reason.cause = TROUPE_NOCONNECTION + 1;
	ref = start(&peer, 0);
	CHECK(troupe_exit_signal(ref, &reason) == -EINVAL);
	CHECK(troupe_exit_signal(ref, NULL) == -EINVAL);
	CHECK(send_signal(0, TROUPE_ERROR, -EDOM) == -EINVAL);
	CHECK(send_signal(ref, TROUPE_NORMAL, 0) == 0); /* C77 */
	check_lives(ref);
	CHECK(send_signal(ref, TROUPE_ERROR, -EDOM) == 0);
	CHECK(ends_with(ref, TROUPE_ERROR, -EDOM));
	CHECK(send_signal(ref, TROUPE_ERROR, -EDOM) == -ESRCH);
	ref = start(&peer, 0); /* C81 */
	CHECK(send_signal(ref, TROUPE_ERROR, -EDOM) == 0);
	send_signal(ref, TROUPE_ERROR, -ERANGE);
	CHECK(ends_with(ref, TROUPE_ERROR, -EDOM));
	ref = start(&trapper, 0); /* C78 */
	CHECK(send_signal(ref, TROUPE_KILLED, SIGKILL) == 0);
	CHECK(stage_receive(LONG_MS) == 1);
	CHECK(board->value[FROM] == (long)troupe_self());
	CHECK(board->value[CAUSES + TROUPE_KILLED] == 1);
	check_lives(ref);
	return 0;
}

Test(exit_signals, end_one_that_does_not_trap_with_their_reason)
{
	stage_pass(signal_root);
}

static int stale_root(int argc, char **argv)
{
	troupe_ref ref = start(&phoenix, 0);

	CHECK(stage_send(ref, HOLD) == 0);
	CHECK(stage_send(ref, ABORT) == 0);
	CHECK(send_signal(ref, TROUPE_ERROR, -EDOM) == 0);
	CHECK(stage_send(ref, COUNT) == 0);
	board->value[GO] = 1;
	CHECK(stage_receive(LONG_MS) == 0);
	while (board->count < 1)
		stage_receive(1);
	check_lives(ref);
	CHECK(troupe_kill(ref) == 0);
	CHECK(stage_receive(LONG_MS) == 0);
	check_lives(ref);
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

	CHECK(send_signal(troupe_self(), (enum troupe_cause)number->value,
			  -EDOM) == 0);
	CHECK(send_signal(troupe_self(), TROUPE_ERROR, -ERANGE) == 0);
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
					      .exit_signal = note_signal,
					      .keeps_going = true };

static int self_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&suicide, NULL, &ref) == 0); /* C77, C81 */
	CHECK(stage_send(ref, TROUPE_NORMAL) == 0);
	CHECK(ends_with(ref, TROUPE_NORMAL, -EDOM));
	CHECK(troupe_spawn(&suicide, NULL, &ref) == 0);
	CHECK(stage_send(ref, TROUPE_LIMIT) == 0);
	CHECK(ends_with(ref, TROUPE_LIMIT, -EDOM));
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
		CHECK(send_signal(ref, TROUPE_ERROR, -i) == 0);
		stage_send(ref, 4);
		CHECK(ends_with(ref, TROUPE_ERROR, -i));
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
	troupe_ref ref = start(&trapper, 0);
	int i;

	for (i = 0; i < ROUNDS; i += 2) {
		CHECK(stage_send(ref, NOTE + i) == 0);
		CHECK(send_signal(ref, TROUPE_ERROR, NOTE + i + 1) == 0);
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
	troupe_ref one = start(&peer, 0), ref;
	Play__Who who = PLAY__WHO__INIT;

	who.ref = one;
	CHECK(troupe_spawn_function(waits, &who.base, &ref) == 0);
	CHECK(stage_receive(LONG_MS) == 0);
	CHECK(stage_send(one, -EDOM) == 0);
	CHECK(ends_with(ref, TROUPE_ERROR, -EDOM));
	CHECK(troupe_spawn_function(stage_idle, NULL, &ref) == 0);
	CHECK(send_signal(ref, TROUPE_LIMIT, SIGXCPU) == 0);
	CHECK(ends_with(ref, TROUPE_LIMIT, SIGXCPU));
	/* They are no ends, and ends are no signals. */
	CHECK(troupe_trap_exits(true) == 0);
	ref = start(&peer, troupe_self());
	CHECK(send_signal(troupe_self(), TROUPE_ERROR, -EDOM) == 0);
	CHECK(stage_send(ref, -ERANGE) == 0);
	CHECK(next_signal(ref).reason.code == -ERANGE);
	CHECK(next_signal(troupe_self()).reason.code == -EDOM);
	CHECK(ends_with(ref, TROUPE_ERROR, -ERANGE));
	CHECK(!has_signal());
	return 0;
}

Test(exit_signals, end_a_function_that_waits_or_are_its_messages)
{
	stage_pass(function_root);
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
	CHECK(ends_with(ref, TROUPE_NORMAL, 0));
	return 0;
}

Test(exit_signals, are_trapped_by_a_class_through_its_callback_alone)
{
	stage_pass(refused_root);
}
