/* SPDX-License-Identifier: MIT */
/* Mail that waits for room, and what is told of its node meanwhile. */
#include "runtime/troupe_ask.h"
#include "runtime/troupe_monitor.h"
#include "runtime/troupe_result.h"
#include "tests/runtime/mail/nodes.h"

enum {
	GO = 1, /* the one with a full mailbox begins */
	SENT,	/* to it */
	ASKED,	/* one that never answers */
	FAILED, /* what was asked */
	WAITED, /* for an end */
	TAKEN,	/* of what was sent */
	KNOWN,	/* by another: its node is lost */
	DOWN,	/* and by the one with a full mailbox */
	MANY = 10000000,
};
enum { FULL = 1, QUICK, SENDER, SILENT, ENDING };

/* ---- the node with a full mailbox -----------------------------------------
 */

static int note_known(const struct troupe_end *end)
{
	board->value[KNOWN]++;
	return 0;
}

static int answer(const struct troupe_message *message)
{
	return troupe_send(message->sender, message->body);
}

static int watch_sender(const void *arguments)
{
	return troupe_monitor(mail_await(&board->ref[SENDER]), NULL);
}

static const struct troupe_handler answers[] = {
	{ &play__number__descriptor, answer },
	{ NULL, NULL },
};
static const struct troupe_class quick = { .name = "quick",
					   .handlers = answers,
					   .init = watch_sender,
					   .down = note_known };

/* It takes no mail until it has an end. */
static void ask_in_vain(void)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_message answered;
	struct troupe_end end;
	int r = troupe_ask(mail_await(&board->ref[SILENT]), &number.base,
			   TROUPE_NEVER, &answered);

	CHECK(r < 0);
	board->value[FAILED] = 1;
	CHECK(troupe_wait(mail_await(&board->ref[ENDING]), TROUPE_NEVER,
			  &end) == 0);
	board->value[WAITED] = 1;
}

static int take_in_time(const struct troupe_message *message)
{
	const Play__Number *number = message->body;

	if (number->value == 0) {
		mail_await_value(&board->value[GO], 1);
		if (board->ref[SILENT])
			ask_in_vain();
	}
	CHECK(!board->value[DOWN]);
	CHECK(number->value == board->value[TAKEN]);
	board->value[TAKEN]++;
	return 0;
}

static int note_down(const struct troupe_end *end)
{
	CHECK(end->reason.cause == TROUPE_NOCONNECTION);
	CHECK(board->value[TAKEN] == board->value[SENT]);
	board->value[DOWN]++;
	return 0;
}

static const struct troupe_handler handlers[] = {
	{ &play__number__descriptor, take_in_time },
	{ NULL, NULL },
};
static const struct troupe_class full = { .name = "full",
					  .handlers = handlers,
					  .init = watch_sender,
					  .down = note_down,
					  .mailbox_limit = 16 << 10 };

static int full_root(int argc, char **argv)
{
	troupe_ref ref, other;

	mail_await_way();
	CHECK(troupe_spawn(&quick, NULL, &other) == 0);
	board->ref[QUICK] = other;
	CHECK(troupe_spawn(&full, NULL, &ref) == 0);
	board->ref[FULL] = ref;
	mail_await_value(&board->value[DOWN], 1);
	return 0;
}

/* ---- the node that fills it -----------------------------------------------
 */

/* All has arrived when a question behind it is answered. */
static void fill(void)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_message answered;
	int64_t sent = 0;
	int r;

	while (sent < MANY && (r = mail_send(board->ref[FULL], sent)) == 0)
		sent++;
	CHECK(r == -EAGAIN);
	do
		r = troupe_ask(board->ref[QUICK], &number.base, TROUPE_NEVER,
			       &answered);
	while (r == -EAGAIN);
	CHECK(r == 0);
	board->value[SENT] = (long)sent;
}

static int filling_root(int argc, char **argv)
{
	mail_await_way();
	board->ref[SENDER] = troupe_self();
	mail_await(&board->ref[FULL]);
	fill();
	for (;;)
		mail_receive(1000, NULL);
	return 0;
}

Test(held, mail_comes_before_the_news_that_its_node_is_lost)
{
	mail_begin();
	mail_start(0, mail_local(), full_root);
	mail_start(1, mail_local(), filling_root);
	mail_await_value(&board->value[SENT], 1);
	mail_kill(1);
	mail_await_value(&board->value[KNOWN], 1);
	board->value[GO] = 1;
	mail_end();
}

static int note_asked(const struct troupe_message *message)
{
	board->value[ASKED]++;
	return 0;
}

static const struct troupe_handler silence[] = {
	{ &play__number__descriptor, note_asked },
	{ NULL, NULL },
};
static const struct troupe_class silent = { .name = "silent",
					    .handlers = silence };

static int ending_root(int argc, char **argv)
{
	troupe_ref mute, ending;

	mail_await_way();
	CHECK(troupe_spawn(&silent, NULL, &mute) == 0);
	board->ref[SILENT] = mute;
	CHECK(troupe_spawn(&silent, NULL, &ending) == 0);
	board->ref[ENDING] = ending;
	board->ref[SENDER] = troupe_self();
	mail_await(&board->ref[FULL]);
	fill();
	board->value[GO] = 1;
	mail_await_value(&board->value[ASKED], 1);
	CHECK(troupe_kill(mute) == 0);
	mail_await_value(&board->value[FAILED], 1);
	CHECK(troupe_kill(ending) == 0);
	mail_await_value(&board->value[WAITED], 1);
	for (;;)
		mail_receive(1000, NULL);
	return 0;
}

Test(held, ends_that_a_full_actor_awaits_pass_its_mail)
{
	mail_begin();
	mail_start(0, mail_local(), full_root);
	mail_start(1, mail_local(), ending_root);
	mail_await_value(&board->value[WAITED], 1);
	mail_await_value(&board->value[TAKEN], (long)board->value[SENT]);
	mail_kill(1);
	mail_end();
}
