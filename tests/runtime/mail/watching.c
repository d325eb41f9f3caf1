/* SPDX-License-Identifier: MIT */
/* Ends of actors of another node: monitors, waits, links, signals, orders. */
#include "runtime/troupe_ask.h"
#include "runtime/troupe_link.h"
#include "runtime/troupe_monitor.h"
#include "runtime/troupe_result.h"
#include "tests/runtime/mail/nodes.h"

enum { LONG_MS = 120000 };

/* ---- a node whose actors end ----------------------------------------------
 */

/* With all that a result has room for, nearly. */
static int end_with_result(void)
{
	static uint8_t data[60000];
	char text[300];
	Play__Blob blob = PLAY__BLOB__INIT;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	blob.bytes.data = data;
	blob.bytes.len = sizeof(data);
	return troupe_end_with(-EPROTO, text, &blob.base);
}

/* Ends as the number says. */
static int on_number(const struct troupe_message *message)
{
	const Play__Number *number = message->body;

	board->value[0]++;
	if (number->value == 1)
		return mail_send(message->sender, 2);
	if (number->value == -2)
		return end_with_result();
	return number->value == 0 ? TROUPE_STOP : -EDOM;
}

static int on_other(const struct troupe_message *message)
{
	return -ENOSYS;
}

static const struct troupe_handler handlers[] = {
	{ &play__number__descriptor, on_number },
	{ NULL, NULL },
};
static const struct troupe_class ending = { .name = "ending",
					    .handlers = handlers,
					    .unhandled = on_other };

enum { ENDING = 10, FIRST = 10, DONE = 9 };

static int ending_root(int argc, char **argv)
{
	troupe_ref ref;

	mail_await_way();
	for (int i = 0; i < ENDING; i++) {
		CHECK(troupe_spawn(&ending, NULL, &ref) == 0);
		board->ref[FIRST + i] = ref;
	}
	mail_await_value(&board->value[DONE], 1);
	return 0;
}

static troupe_ref at(int number)
{
	return mail_await(&board->ref[FIRST + number]);
}

static struct troupe_end wait_for(troupe_ref ref)
{
	struct troupe_end end = { 0 };

	CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
	CHECK(end.ref == ref);
	return end;
}

static void expect_result(const struct troupe_end *end)
{
	const Play__Blob *blob;

	CHECK(end->reason.code == -EPROTO);
	CHECK(end->text && strlen(end->text) == 299);
	CHECK(end->message && end->message->sender == end->ref);
	CHECK(end->message->type == &play__blob__descriptor);
	blob = end->message->body;
	CHECK(blob && blob->bytes.len == 60000);
}

static void expect_unhandled(troupe_ref ref)
{
	Play__Text text = PLAY__TEXT__INIT;
	struct troupe_end end;

	text.text = "what?";
	CHECK(troupe_send(ref, &text.base) == 0);
	end = wait_for(ref);
	CHECK(end.reason.code == -ENOSYS);
	CHECK(end.message && end.message->sender == troupe_self());
	CHECK(end.message->type == &play__text__descriptor);
	CHECK(strcmp(((const Play__Text *)end.message->body)->text,
		     text.text) == 0);
}

/* ---- waits and orders -----------------------------------------------------
 */

static int waiting_root(int argc, char **argv)
{
	troupe_ref all[2] = { at(5), at(6) };
	struct troupe_end end, ends[2];

	mail_await_way();
	CHECK(troupe_wait(at(0), troupe_in_ms(50), &end) == -ETIMEDOUT);
	CHECK(mail_send(at(0), 0) == 0);
	CHECK(wait_for(at(0)).reason.cause == TROUPE_NORMAL);
	CHECK(wait_for(at(0)).reason.cause == TROUPE_NORMAL);
	CHECK(mail_send(at(1), -1) == 0);
	end = wait_for(at(1));
	CHECK(end.reason.cause == TROUPE_ERROR && end.reason.code == -EDOM);
	CHECK(troupe_kill(at(2)) == 0);
	CHECK(wait_for(at(2)).reason.cause == TROUPE_KILLED);
	CHECK(troupe_stop_with(at(3), -EFBIG, "too big", 0) == 0);
	end = wait_for(at(3));
	CHECK(end.reason.cause == TROUPE_SHUTDOWN);
	CHECK(end.reason.code == -EFBIG);
	CHECK(strcmp(end.reason.text, "too big") == 0);

	/* Mail before it is handled. */
	CHECK(mail_send(at(4), 1) == 0 && troupe_close(at(4)) == 0);
	CHECK(mail_receive(LONG_MS, NULL) == 2);
	CHECK(wait_for(at(4)).reason.cause == TROUPE_NORMAL);

	CHECK(mail_send(at(8), -2) == 0);
	for (int i = 0; i < 2; i++) {
		end = wait_for(at(8));
		expect_result(&end);
	}
	expect_unhandled(at(9));

	CHECK(mail_send(all[1], 0) == 0 && mail_send(all[0], -1) == 0);
	CHECK(troupe_wait_all(all, 2, TROUPE_NEVER, ends) == 0);
	CHECK(ends[0].reason.cause == TROUPE_ERROR);
	CHECK(ends[1].reason.cause == TROUPE_NORMAL);
	CHECK(troupe_wait(at(7) + 5, TROUPE_NEVER, &end) == 0);
	CHECK(end.reason.cause == TROUPE_NOPROC);
	board->value[DONE] = 1;
	return 0;
}

Test(watching, ends_and_orders_go_across)
{
	mail_begin();
	mail_start(0, mail_local(), ending_root);
	mail_start(1, mail_local(), waiting_root);
	mail_end();
}

/* ---- monitors and links ---------------------------------------------------
 */

enum { CAUSE = 20, CODE = 30, READY = 40 };

static int note_down(const struct troupe_end *end)
{
	int number = (int)end->tag;

	CHECK(end->ref == at(number));
	board->value[CODE + number] = end->reason.code;
	board->value[CAUSE + number] = 1 + end->reason.cause;
	return 0;
}

static int watch_some(const void *arguments)
{
	uint64_t monitor;

	for (uint64_t i = 0; i < 3; i++) {
		const struct troupe_monitor_options options = { .tag = i };

		CHECK(troupe_monitor_with(at((int)i), &options, &monitor) == 0);
	}
	CHECK(troupe_demonitor(monitor) == 0);
	return 0;
}

static const struct troupe_class watching = { .name = "watching",
					      .init = watch_some,
					      .down = note_down };

static int link_to(const void *arguments)
{
	const Play__Number *number = arguments;

	CHECK(troupe_link(at((int)number->value)) == 0);
	board->value[READY + number->value] = 1;
	return 0;
}

static const struct troupe_class linked = { .name = "linked", .init = link_to };

static troupe_ref spawn_linked(int64_t number)
{
	Play__Number arguments = PLAY__NUMBER__INIT;
	troupe_ref ref;

	arguments.value = number;
	CHECK(troupe_spawn(&linked, &arguments.base, &ref) == 0);
	mail_await_value(&board->value[READY + number], 1);
	return ref;
}

static int linking_root(int argc, char **argv)
{
	const struct troupe_reason reason = { .cause = TROUPE_ERROR,
					      .code = -EXDEV,
					      .text = "a signal" };
	struct troupe_end end;
	troupe_ref ref;

	mail_await_way();
	CHECK(troupe_spawn(&watching, NULL, &ref) == 0);
	CHECK(mail_send(at(2), 0) == 0);
	CHECK(mail_send(at(0), 0) == 0);
	CHECK(mail_send(at(1), -1) == 0);
	mail_await_value(&board->value[CAUSE + 0], 1);
	mail_await_value(&board->value[CAUSE + 1], 1);
	CHECK(board->value[CAUSE + 0] == 1 + TROUPE_NORMAL);
	CHECK(board->value[CAUSE + 1] == 1 + TROUPE_ERROR);
	CHECK(board->value[CODE + 1] == -EDOM);
	CHECK(board->value[CAUSE + 2] == 0);

	/* The other ends, and so does the one that is linked to it. */
	ref = spawn_linked(3);
	CHECK(mail_send(at(3), -1) == 0);
	end = wait_for(ref);
	CHECK(end.reason.cause == TROUPE_ERROR && end.reason.code == -EDOM);
	/* The other way. */
	ref = spawn_linked(4);
	CHECK(troupe_kill(ref) == 0);
	end = wait_for(at(4));
	CHECK(end.reason.cause == TROUPE_KILLED);

	CHECK(troupe_exit_signal(at(5), &reason) == 0);
	end = wait_for(at(5));
	CHECK(end.reason.cause == TROUPE_ERROR && end.reason.code == -EXDEV);
	CHECK(strcmp(end.reason.text, "a signal") == 0);
	board->value[DONE] = 1;
	return 0;
}

Test(watching, monitors_links_and_signals_go_across)
{
	mail_begin();
	mail_start(0, mail_local(), ending_root);
	mail_start(1, mail_local(), linking_root);
	mail_end();
}

/* ---- the other node dies --------------------------------------------------
 */

static int bereft_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref, other;

	mail_await_way();
	CHECK(troupe_spawn(&watching, NULL, &other) == 0);
	ref = spawn_linked(3);
	board->value[8] = 1;
	end = wait_for(at(4));
	CHECK(end.reason.cause == TROUPE_NOCONNECTION);
	end = wait_for(ref);
	CHECK(end.reason.cause == TROUPE_NOCONNECTION);
	mail_await_value(&board->value[CAUSE + 0], 1);
	mail_await_value(&board->value[CAUSE + 1], 1);
	CHECK(board->value[CAUSE + 0] == 1 + TROUPE_NOCONNECTION);
	CHECK(board->value[CAUSE + 1] == 1 + TROUPE_NOCONNECTION);
	return 0;
}

Test(watching, a_node_that_is_killed_is_no_connection)
{
	mail_begin();
	mail_start(0, mail_local(), ending_root);
	mail_start(1, mail_local(), bereft_root);
	mail_await_value(&board->value[8], 1);
	mail_kill(0);
	mail_end();
}

/* It is silent for less than two outages. */
Test(watching, a_node_that_stands_still_is_no_connection)
{
	pid_t mail;

	mail_begin();
	mail_outage_ms = 400;
	mail_start(0, mail_local(), ending_root);
	mail_start(1, mail_local(), bereft_root);
	mail_await_value(&board->value[8], 1);
	mail = mail_actor(0);
	cr_assert(mail > 0 && kill(mail, SIGSTOP) == 0);
	mail_await_value(&board->value[CAUSE + 0], 1);
	cr_assert(kill(mail, SIGCONT) == 0);
	mail_kill(0);
	mail_end();
}

Test(watching, a_mail_actor_that_is_killed_is_no_connection)
{
	mail_begin();
	mail_start(0, mail_local(), ending_root);
	mail_start(1, mail_local(), bereft_root);
	mail_await_value(&board->value[8], 1);
	cr_assert(kill(mail_actor(1), SIGKILL) == 0);
	mail_await_value(&board->value[CAUSE + 0], 1);
	board->value[DONE] = 1;
	mail_end();
}

/* It hears the question, and lives on. */
static int keep_quiet(const void *arguments)
{
	CHECK(mail_receive(LONG_MS, NULL) == 7);
	board->value[8] = 1;
	return mail_receive(LONG_MS, NULL) == 0 ? 0 : -EPROTO;
}

static const struct troupe_class quiet = { .name = "quiet", .run = keep_quiet };

static int quiet_root(int argc, char **argv)
{
	troupe_ref ref;

	mail_await_way();
	CHECK(troupe_spawn(&quiet, NULL, &ref) == 0);
	board->ref[FIRST] = ref;
	CHECK(troupe_wait(ref, TROUPE_NEVER, NULL) == 0);
	return 0;
}

/* It watches nobody, and has made no call. */
static int questioning_root(int argc, char **argv)
{
	struct troupe_message answer;
	Play__Number number = PLAY__NUMBER__INIT;

	mail_await_way();
	number.value = 7;
	CHECK(troupe_ask(at(0), &number.base, TROUPE_NEVER, &answer) ==
	      -EHOSTUNREACH);
	return 0;
}

Test(watching, a_question_to_a_node_that_is_killed_fails_by_itself)
{
	mail_begin();
	mail_start(0, mail_local(), quiet_root);
	mail_start(1, mail_local(), questioning_root);
	mail_await_value(&board->value[8], 1);
	mail_kill(0);
	mail_end();
}

/* ---- many ---------------------------------------------------------------- */

enum { MANY = 20000 };

static int many_root(int argc, char **argv)
{
	static uint64_t monitor[MANY];
	troupe_ref ref = at(0);

	mail_await_way();
	for (int i = 0; i < MANY; i++)
		CHECK(troupe_monitor(ref, &monitor[i]) == 0);
	for (int i = 0; i < MANY; i++)
		CHECK(troupe_demonitor(monitor[i]) == 0);
	while (mail_send(ref, 1) == -EAGAIN)
		; /* behind so many orders there may be no room */
	CHECK(mail_receive(LONG_MS, NULL) == 2);
	board->value[DONE] = 1;
	return 0;
}

Test(watching, twenty_thousand_monitors_of_one_actor_are_set_and_taken_back)
{
	mail_begin();
	mail_start(0, mail_local(), ending_root);
	mail_start(1, mail_local(), many_root);
	mail_end();
}
