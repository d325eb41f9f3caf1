/* SPDX-License-Identifier: MIT */
/* References that end before their actor.  Numbers such as C104 are those of
 * the cases in tests/README.md. */
#include "runtime/troupe_ask.h"
#include "runtime/troupe_ends.h"
#include "runtime/troupe_link.h"
#include "runtime/troupe_mailbox.h"
#include "tests/runtime/supervisor/revival_kit.h"

enum { LONG_MS = 60000 };

/* All that was sent to this actor before is here, in order: -1, and nothing. */
static void expect_only(const int64_t *value, size_t count)
{
	CHECK(stage_send(troupe_self(), -1) == 0);
	for (size_t i = 0; i < count; i++)
		CHECK(stage_receive(LONG_MS) == value[i]);
	CHECK(stage_receive(LONG_MS) == -1);
}

#define EXPECT(...)                                             \
	expect_only((const int64_t[]) { __VA_ARGS__ },          \
		    sizeof((const int64_t[]) { __VA_ARGS__ }) / \
			    sizeof(int64_t))
#define EXPECT_NOTHING() expect_only(NULL, 0)

static int explicit_root(int argc, char **argv)
{
	troupe_ref alias = 0, other;

	CHECK(troupe_alias(TROUPE_ALIAS_NONE, &alias) == -EINVAL);
	CHECK(troupe_alias(TROUPE_ALIAS_DEMONITOR, &alias) == -EINVAL);
	CHECK(troupe_alias(TROUPE_ALIAS_EXPLICIT, &alias) == 0); /* C103 */
	CHECK(troupe_alias(TROUPE_ALIAS_EXPLICIT, &other) == 0);
	CHECK(alias != other && alias != troupe_self());
	CHECK(stage_send(alias, 1) == 0);
	CHECK(stage_send(alias, 2) == 0);
	EXPECT(1, 2);
	CHECK(troupe_unalias(alias) == 1);
	CHECK(troupe_unalias(alias) == 0);
	CHECK(troupe_unalias(troupe_self()) == -EINVAL);
	CHECK(stage_send(alias, 3) == 0);
	CHECK(stage_send(other, 4) == 0);
	EXPECT(4);
	CHECK(stage_send(other, 5) == 0); /* it counts when it is taken */
	CHECK(troupe_unalias(other) == 1);
	EXPECT_NOTHING();
	return 0;
}

Test(aliases, take_mail_until_they_are_taken_back)
{
	stage_pass(explicit_root);
}

static int reply_root(int argc, char **argv)
{
	troupe_ref alias[100];
	int i;

	CHECK(troupe_alias(TROUPE_ALIAS_REPLY, &alias[0]) == 0); /* C104 */
	for (i = 1; i <= 4; i++)
		CHECK(stage_send(alias[0], i) == 0);
	EXPECT(1);
	CHECK(troupe_unalias(alias[0]) == 0);
	for (i = 0; i < 100; i++)
		CHECK(troupe_alias(TROUPE_ALIAS_REPLY, &alias[i]) == 0);
	for (i = 99; i >= 0; i--) {
		CHECK(stage_send(alias[i], i) == 0);
		CHECK(stage_send(alias[i], i) == 0);
	}
	for (i = 99; i >= 0; i--)
		CHECK(stage_receive(LONG_MS) == i);
	EXPECT_NOTHING();
	return 0;
}

Test(aliases, for_a_reply_take_one_message)
{
	stage_pass(reply_root);
}

/* ---- of monitors --------------------------------------------------------- */

/* Replies to what it gets, twice; then it waits for a number. */
static int answers(const void *arguments)
{
	const struct troupe_pattern pattern = {
		.type = &play__who__descriptor
	};
	struct troupe_message message;
	const Play__Who *who;

	if (troupe_receive(&pattern, 1, troupe_in_ms(LONG_MS), &message) < 0)
		return 0;
	who = message.body;
	if (who->count)
		CHECK(stage_send(who->ref, who->count) == 0);
	if (who->count)
		CHECK(stage_send(who->ref, who->count) == 0);
	CHECK(stage_send(message.sender, 1000) == 0);
	return stage_idle(NULL);
}

static struct troupe_end next_down(int64_t ms)
{
	const struct troupe_pattern pattern = {
		.type = &troupe__end__descriptor
	};
	struct troupe_message message;
	struct troupe_end end = { 0 };

	if (troupe_receive(&pattern, 1, troupe_in_ms(ms), &message) == 0)
		end = *(const struct troupe_end *)message.body;
	return end;
}

/* The end of a child is reported without a monitor, too. */
static bool has_down(void)
{
	struct troupe_end end;

	do
		end = next_down(0);
	while (end.ref && !end.monitor);
	return end.ref;
}

/* A question to a new actor, which gets `count` to reply with, or 0: it does
 * not reply. */
static troupe_ref ask(enum troupe_alias_kind kind, int64_t count,
		      uint64_t *ret_monitor, troupe_ref *ret_alias)
{
	struct troupe_monitor_options options = { .alias = kind,
						  .ret_alias = ret_alias };
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref;

	CHECK(troupe_spawn_function(answers, NULL, &ref) == 0);
	CHECK(troupe_monitor_with(ref, &options, ret_monitor) == 0);
	who.ref = *ret_alias;
	who.count = count;
	CHECK(troupe_send(ref, &who.base) == 0);
	return ref;
}

static int demonitor_root(int argc, char **argv)
{
	struct troupe_monitor_options options = { .alias = TROUPE_ALIAS_REPLY };
	uint64_t monitor;
	troupe_ref ref, alias;

	CHECK(troupe_monitor_with(troupe_self(), &options, NULL) == -EINVAL);
	options.ret_alias = &alias;
	options.alias = TROUPE_ALIAS_NONE;
	CHECK(troupe_monitor_with(troupe_self(), &options, NULL) == -EINVAL);
	/* Names that nobody can have: one that is empty, a path, a long one. */
	options.ret_alias = NULL;
	options.name = "";
	CHECK(troupe_monitor_with(0, &options, NULL) == -EINVAL);
	options.name = "a/b";
	CHECK(troupe_monitor_with(0, &options, NULL) == -EINVAL);
	options.name = "a name that is longer than any may be: 40";
	CHECK(strlen(options.name) >= TROUPE_NAME_SIZE);
	CHECK(troupe_monitor_with(0, &options, NULL) == -EINVAL);
	options = (struct troupe_monitor_options) { .ret_alias = &alias };
	/* C105 */
	ref = ask(TROUPE_ALIAS_DEMONITOR, 5, &monitor, &alias);
	CHECK(stage_receive(LONG_MS) == 5);
	CHECK(stage_receive(LONG_MS) == 5);
	CHECK(stage_receive(LONG_MS) == 1000);
	CHECK(troupe_demonitor(monitor) == 0);
	CHECK(stage_send(alias, 6) == 0);
	CHECK(troupe_unalias(alias) == 0);
	EXPECT_NOTHING();
	CHECK(stage_send(ref, 0) == 0);
	stage_end_of(ref);
	CHECK(!has_down());
	ref = ask(TROUPE_ALIAS_DEMONITOR, 0, &monitor, &alias);
	CHECK(stage_receive(LONG_MS) == 1000);
	CHECK(troupe_kill(ref) == 0);
	while (next_down(LONG_MS).monitor != monitor)
		;
	CHECK(stage_send(alias, 7) == 0);
	EXPECT_NOTHING();
	/* Without its alias a monitor goes on. */
	ref = ask(TROUPE_ALIAS_DEMONITOR, 0, &monitor, &alias);
	CHECK(troupe_unalias(alias) == 1);
	CHECK(stage_receive(LONG_MS) == 1000);
	CHECK(stage_send(alias, 8) == 0);
	EXPECT_NOTHING();
	CHECK(stage_send(ref, 0) == 0);
	while (next_down(LONG_MS).monitor != monitor)
		;
	return 0;
}

Test(aliases, of_a_monitor_end_with_it)
{
	stage_pass(demonitor_root);
}

static int one_reply_root(int argc, char **argv)
{
	uint64_t monitor;
	troupe_ref ref, alias;

	/* C106 */
	ref = ask(TROUPE_ALIAS_REPLY_DEMONITOR, 5, &monitor, &alias);
	CHECK(stage_receive(LONG_MS) == 5);
	CHECK(stage_receive(LONG_MS) == 1000);
	CHECK(stage_send(ref, 0) == 0);
	stage_end_of(ref);
	EXPECT_NOTHING();
	CHECK(!has_down());
	CHECK(troupe_demonitor(monitor) == 0);
	ref = ask(TROUPE_ALIAS_REPLY_DEMONITOR, 0, &monitor, &alias);
	CHECK(stage_receive(LONG_MS) == 1000);
	CHECK(troupe_kill(ref) == 0);
	while (next_down(LONG_MS).monitor != monitor)
		;
	CHECK(stage_send(alias, 7) == 0);
	EXPECT_NOTHING();
	/* An alias of one reply beside a monitor that stays. */
	ref = ask(TROUPE_ALIAS_REPLY, 5, &monitor, &alias);
	CHECK(stage_receive(LONG_MS) == 5);
	CHECK(stage_receive(LONG_MS) == 1000);
	CHECK(troupe_kill(ref) == 0);
	while (next_down(LONG_MS).monitor != monitor)
		;
	return 0;
}

Test(aliases, of_a_question_end_with_its_reply_or_the_one_asked)
{
	stage_pass(one_reply_root);
}

/* The reply or the report, each first in its turn: one of the two counts. */
static int hurried(const void *arguments)
{
	const struct troupe_pattern pattern = {
		.type = &play__who__descriptor
	};
	struct troupe_message message;

	if (troupe_receive(&pattern, 1, troupe_in_ms(LONG_MS), &message) == 0)
		stage_send(((const Play__Who *)message.body)->ref, 5);
	return 0;
}

static int race_root(int argc, char **argv)
{
	struct troupe_monitor_options options = {
		.alias = TROUPE_ALIAS_REPLY_DEMONITOR
	};
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref;

	options.ret_alias = &who.ref;
	for (int i = 0; i < 300; i++) {
		CHECK(troupe_spawn_function(hurried, NULL, &ref) == 0);
		CHECK(troupe_monitor_with(ref, &options, NULL) == 0);
		CHECK(troupe_send(ref, &who.base) == 0);
		if (i % 2)
			stage_end_of(ref);
		CHECK(stage_receive(LONG_MS) == 5);
		EXPECT_NOTHING();
		stage_end_of(ref);
		CHECK(!has_down());
	}
	return 0;
}

Test(aliases, of_a_question_never_tell_both_a_reply_and_an_end, .timeout = 600)
{
	stage_pass(race_root);
}

/* ---- of others ----------------------------------------------------------- */

static int on_number(const struct troupe_message *message)
{
	board->value[1] = ((const Play__Number *)message->body)->value;
	board->value[2]++;
	return 0;
}

static const struct troupe_handler numbers[] = {
	{ &play__number__descriptor, on_number },
	{ 0 },
};

/* Tells its parent an alias of each incarnation. */
static int alias_init(const void *arguments)
{
	Play__Who who = PLAY__WHO__INIT;

	CHECK(troupe_alias(TROUPE_ALIAS_EXPLICIT, &who.ref) == 0);
	return troupe_send(troupe_parent(), &who.base);
}

static const struct troupe_class phoenix = {
	.name = "phoenix",
	.init = alias_init,
	.handlers = numbers,
	.restart = TROUPE_RESTART_ALWAYS,
};

static troupe_ref next_alias(void)
{
	const struct troupe_pattern pattern = {
		.type = &play__who__descriptor
	};
	struct troupe_message message;

	CHECK(troupe_receive(&pattern, 1, troupe_in_ms(LONG_MS), &message) ==
	      0);
	return ((const Play__Who *)message.body)->ref;
}

static void await_count(long count)
{
	struct troupe_time until = troupe_in_ms(LONG_MS);

	while (board->value[2] < count && troupe_now().ns < until.ns)
		stage_receive(1);
	CHECK(board->value[2] == count);
}

static int other_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref ref, first, second;
	struct troupe_end end;

	CHECK(troupe_spawn(&phoenix, NULL, &ref) == 0);
	first = next_alias();
	CHECK(stage_send(first, 1) == 0);
	await_count(1);
	number.value = 2;
	CHECK(troupe_send_attached(first, &number.base, "x", 1) == 0);
	await_count(2);
	CHECK(troupe_close(first) == -EINVAL);
	CHECK(troupe_stop(first) == -ESRCH);
	CHECK(troupe_unalias(first) == -EINVAL);
	CHECK(troupe_wait(first, TROUPE_POLL, &end) == 0);
	CHECK(end.reason.cause == TROUPE_NOPROC);
	CHECK(troupe_kill(ref) == 0);
	second = next_alias();
	CHECK(first != second);
	CHECK(stage_send(first, 3) == 0);
	CHECK(stage_send(second, 4) == 0);
	await_count(3);
	CHECK(board->value[1] == 4);
	CHECK(troupe_stop(ref) == 0);
	stage_end_of(ref);
	CHECK(stage_send(first, 5) == -ESRCH);
	/* Nor of the next owner of the slot. */
	CHECK(troupe_spawn(&phoenix, NULL, &ref) == 0);
	next_alias();
	stage_send(second, 6);
	CHECK(stage_send(ref, 7) == 0);
	await_count(4);
	CHECK(board->value[1] == 7);
	return 0;
}

Test(aliases, are_for_messages_and_not_those_of_a_successor,
     .init = revival_hurry)
{
	stage_pass(other_root);
}

enum { MANY = 20000 };

static int many_root(int argc, char **argv)
{
	static troupe_ref alias[MANY];
	int i;

	for (i = 0; i < MANY; i++)
		CHECK(troupe_alias(TROUPE_ALIAS_REPLY, &alias[i]) == 0);
	for (i = 0; i < MANY; i += 2)
		CHECK(troupe_unalias(alias[i]) == 1);
	for (i = 0; i < MANY; i++) {
		CHECK(stage_send(alias[i], i) == 0);
		if (i % 2)
			CHECK(stage_receive(LONG_MS) == i);
	}
	EXPECT_NOTHING();
	return 0;
}

Test(aliases, by_the_thousand_are_found, .timeout = 120)
{
	stage_pass(many_root);
}

/* ---- questions ----------------------------------------------------------- */

/* Gives its parent an alias of the kind, and answers what comes by it. */
static int gives_alias(const void *arguments)
{
	const Play__Number *kind = arguments;
	struct troupe_message question;
	Play__Number number = PLAY__NUMBER__INIT;
	Play__Who who = PLAY__WHO__INIT;

	CHECK(troupe_alias((enum troupe_alias_kind)kind->value, &who.ref) == 0);
	CHECK(troupe_send(troupe_parent(), &who.base) == 0);
	while (troupe_receive(NULL, 0, TROUPE_NEVER, &question) == 0) {
		number = *(const Play__Number *)question.body;
		if (number.value < 0)
			break;
		number.value *= 2;
		usleep(50000); /* longer than one waits unwatched */
		CHECK(troupe_send(question.sender, &number.base) == 0);
	}
	return 0;
}

static int asks_root(int argc, char **argv)
{
	const struct troupe_pattern pattern = {
		.type = &play__who__descriptor
	};
	struct troupe_message message;
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref ref, alias;

	for (int kind = TROUPE_ALIAS_EXPLICIT; kind <= TROUPE_ALIAS_REPLY;
	     kind++) {
		number.value = kind;
		CHECK(troupe_spawn_function(gives_alias, &number.base, &ref) ==
		      0);
		CHECK(troupe_receive(&pattern, 1, TROUPE_NEVER, &message) == 0);
		alias = ((const Play__Who *)message.body)->ref;
		number.value = 21;
		CHECK(troupe_ask(alias, &number.base, TROUPE_NEVER, &message) ==
		      0);
		CHECK(((const Play__Number *)message.body)->value == 42);
		CHECK(message.sender == ref);
		/* The second is dropped; the end is told. */
		number.value = -1;
		if (kind == TROUPE_ALIAS_REPLY)
			CHECK(troupe_ask(alias, &number.base, troupe_in_ms(100),
					 &message) == -ETIMEDOUT);
		else
			CHECK(troupe_ask(alias, &number.base, TROUPE_NEVER,
					 &message) == -ESRCH);
		if (kind == TROUPE_ALIAS_REPLY)
			CHECK(stage_send(ref, -1) == 0);
		stage_end_of(ref);
		CHECK(troupe_ask(alias, &number.base, TROUPE_NEVER, &message) ==
		      -ESRCH);
	}
	CHECK(troupe_alias(TROUPE_ALIAS_EXPLICIT, &alias) == 0);
	CHECK(troupe_ask(alias, &number.base, TROUPE_NEVER, &message) ==
	      -EDEADLK);
	EXPECT_NOTHING();
	return 0;
}

Test(aliases, take_questions)
{
	stage_pass(asks_root);
}
