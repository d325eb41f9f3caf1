/* SPDX-License-Identifier: MIT */
/* Receivers and nodes that stand still: their senders are refused. */
#include "runtime/troupe_ask.h"
#include "tests/runtime/mail/nodes.h"

enum { GO = 1, ACCEPTED = 2, DONE = 3, TAKEN = 4, MANY = 10000000 };

/* No session ends because the machine is busy. */
static void init(void)
{
	mail_outage_ms = 120000;
}

TestSuite(flow, .init = init);

/* ---- a node with one that takes nothing until it is told to ---------------
 */

static int take_late(const void *arguments)
{
	int64_t next = 0;

	mail_await_value(&board->value[GO], 1);
	while (!board->value[DONE] || next < board->value[ACCEPTED]) {
		int64_t value = mail_receive(20, NULL);

		CHECK(value == -1 || value == next);
		next += value == next;
	}
	board->value[TAKEN] = next;
	return 0;
}

static const struct troupe_class late = { .name = "late",
					  .run = take_late,
					  .mailbox_limit = 16 << 10 };

static int answer(const struct troupe_message *message)
{
	const Play__Number *number = message->body;

	return mail_send(message->sender, number->value + 1);
}

static const struct troupe_handler handlers[] = {
	{ &play__number__descriptor, answer },
	{ NULL, NULL },
};
static const struct troupe_class quick = { .name = "quick",
					   .handlers = handlers };

static int late_root(int argc, char **argv)
{
	troupe_ref ref, other;

	mail_await_way();
	CHECK(troupe_spawn(&quick, NULL, &other) == 0);
	board->ref[2] = other;
	CHECK(troupe_spawn(&late, NULL, &ref) == 0);
	board->ref[1] = ref;
	CHECK(troupe_wait(ref, TROUPE_NEVER, NULL) == 0);
	return 0;
}

/* ---- who sends ------------------------------------------------------------
 */

static int64_t send_until_refused(troupe_ref to)
{
	int64_t sent = 0;
	int r = 0;

	while (sent < MANY && (r = mail_send(to, sent)) == 0)
		sent++;
	CHECK(r == -EAGAIN);
	return sent;
}

/* Its node may have no room while the flood ebbs. */
static void ask_another(troupe_ref other)
{
	struct troupe_time until = troupe_in_ms(60000);
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_message answered;
	int r;

	do
		r = troupe_ask(other, &number.base, until, &answered);
	while (r == -EAGAIN && troupe_now().ns < until.ns);
	CHECK(r == 0);
}

static int pushing_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref to = mail_await(&board->ref[1]), other = board->ref[2];
	int64_t sent;

	mail_await_way();
	sent = send_until_refused(to);
	for (int i = 0; i < 100; i++)
		ask_another(other);
	number.value = sent;
	CHECK(troupe_send_wait(to, &number.base, troupe_in_ms(10)) == -EAGAIN);
	board->value[GO] = 1;
	for (int i = 0; i < 5000; i++, sent++) {
		number.value = sent;
		CHECK(troupe_send_wait(to, &number.base, TROUPE_NEVER) == 0);
	}
	board->value[ACCEPTED] = (long)sent;
	board->value[DONE] = 1;
	mail_await_value(&board->value[TAKEN], (long)sent);
	return 0;
}

Test(flow, a_receiver_that_stands_still_refuses_its_senders_alone)
{
	mail_begin();
	mail_start(0, mail_local(), late_root);
	mail_start(1, mail_local(), pushing_root);
	mail_end();
}

static int patient_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref to = mail_await(&board->ref[1]);
	int64_t sent;

	mail_await_way();
	board->value[GO] = 1;
	mail_await_value(&board->value[8], 1); /* it is stopped */
	sent = send_until_refused(to);
	board->value[9] = 1;
	for (int i = 0; i < 1000; i++, sent++) {
		number.value = sent;
		CHECK(troupe_send_wait(to, &number.base, TROUPE_NEVER) == 0);
	}
	board->value[ACCEPTED] = (long)sent;
	board->value[DONE] = 1;
	mail_await_value(&board->value[TAKEN], (long)sent);
	return 0;
}

Test(flow, a_node_that_stands_still_for_a_while_loses_nothing)
{
	mail_begin();
	mail_start(0, mail_local(), late_root);
	mail_await(&board->ref[1]);
	cr_assert(kill(mail_actor(0), SIGSTOP) == 0);
	board->value[8] = 1;
	mail_start(1, mail_local(), patient_root);
	mail_await_value(&board->value[9], 1);
	cr_assert(kill(mail_actor(0), SIGCONT) == 0);
	mail_end();
}

/* The successor of its mail actor knows nothing of what was refused. */
static int renewed_root(int argc, char **argv)
{
	troupe_ref to = mail_await(&board->ref[1]), other = board->ref[2];

	mail_await_way();
	send_until_refused(to);
	ask_another(other);
	board->value[8] = 1;
	mail_await_value(&board->value[9], 1); /* it was killed */
	while (mail_send(other, 0) < 0 || mail_receive(1000, NULL) < 0)
		;
	for (int i = 0; i < 20; i++) {
		send_until_refused(to);
		ask_another(other);
	}
	CHECK(troupe_kill(to) == 0);
	return 0;
}

Test(flow, a_receiver_that_stands_still_refuses_senders_of_a_new_session_too)
{
	mail_begin();
	mail_start(0, mail_local(), late_root);
	mail_start(1, mail_local(), renewed_root);
	mail_await_value(&board->value[8], 1);
	cr_assert(kill(mail_actor(1), SIGKILL) == 0);
	board->value[9] = 1;
	mail_end();
}

/* ---- several --------------------------------------------------------------
 */

enum { SEVERAL = 6 };

static int take_none(const void *arguments)
{
	mail_await_value(&board->value[GO], 1);
	return 0;
}

static const struct troupe_class still = { .name = "still",
					   .run = take_none,
					   .mailbox_limit = 16 << 10 };

static int still_root(int argc, char **argv)
{
	troupe_ref ref, other;

	mail_await_way();
	CHECK(troupe_spawn(&quick, NULL, &other) == 0);
	for (int i = 0; i < SEVERAL; i++) {
		CHECK(troupe_spawn(&still, NULL, &ref) == 0);
		board->ref[3 + i] = ref;
	}
	board->ref[2] = other;
	mail_await_value(&board->value[DONE], 1);
	board->value[GO] = 1;
	for (int i = 0; i < SEVERAL; i++)
		CHECK(troupe_wait(board->ref[3 + i], TROUPE_NEVER, NULL) == 0);
	return 0;
}

static int several_root(int argc, char **argv)
{
	troupe_ref other = mail_await(&board->ref[2]);

	mail_await_way();
	for (int i = 0; i < SEVERAL; i++) {
		send_until_refused(board->ref[3 + i]);
		for (int k = 0; k < 20; k++)
			ask_another(other);
	}
	board->value[DONE] = 1;
	return 0;
}

Test(flow, several_receivers_that_stand_still_leave_the_way_to_others)
{
	mail_begin();
	mail_start(0, mail_local(), still_root);
	mail_start(1, mail_local(), several_root);
	mail_end();
}
