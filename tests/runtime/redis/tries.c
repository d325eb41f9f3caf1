/* SPDX-License-Identifier: MIT */
/* Mail in Redis that fails, kills its actor, or is no mail. */
#ifdef HAVE_HIREDIS
#include "tests/runtime/redis/kit.h"

enum { COUNT = 150 };

/* ---- failure ------------------------------------------------------------- */

enum { FAILS_TWICE = 7, FAILS_ALWAYS = 13, SAYS_BAD = 20 };

static int64_t last = -1;
static int tries_of[VALUES];

static int picky_number(const struct troupe_message *message)
{
	int64_t value = mail_number(message);

	tries_of[value]++;
	if (value == FAILS_ALWAYS)
		return -EIO;
	if (value == SAYS_BAD) {
		CHECK(tries_of[value] == 1);
		return -EBADMSG;
	}
	if (value == FAILS_TWICE && tries_of[value] <= 2)
		return -EAGAIN;
	if (value != FAILS_TWICE) {
		CHECK(value > last);
		last = value;
	}
	mail_note(value);
	return 0;
}

static void picky_stop(void)
{
	CHECK(tries_of[FAILS_TWICE] == 3);
	CHECK(tries_of[FAILS_ALWAYS] == 4);
	event_add(&board->value[READY]);
}

static const struct troupe_handler picky_handlers[] = {
	{ &play__number__descriptor, picky_number },
	{ 0 },
};
static const struct troupe_class picky = { .name = "picky",
					   .handlers = picky_handlers,
					   .stop = picky_stop,
					   .keeps_going = true,
					   .mailbox = &mail_mailbox.base };

static int picky_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&picky, NULL, &ref) == 0);
	mail_send(ref, 0, COUNT);
	mail_close(ref);
	return 0;
}

static void expect_aside(unsigned at, const char *cause, const char *tries)
{
	char text[160];

	redis_field(&mail_redis, "numbers:poison", at, "cause", text);
	cr_assert(strstr(text, cause), "cause: %s", text);
	redis_field(&mail_redis, "numbers:poison", at, "tries", text);
	cr_assert_str_eq(text, tries);
	redis_field(&mail_redis, "numbers:poison", at, "type", text);
	cr_assert_str_eq(text, "play.Number");
}

Test(redis, hands_over_again_what_failed_and_sets_aside_what_fails_for_ever,
     .init = mail_begin, .fini = mail_end)
{
	int i;

	redis_start(&mail_redis);
	node_pass(node_start(picky_root));
	cr_assert_eq(board->value[READY], 1);
	for (i = 0; i < COUNT; i++)
		cr_assert_eq(board->value[HANDLED + i],
			     i != FAILS_ALWAYS && i != SAYS_BAD);
	mail_expect_empty();
	cr_assert_eq(redis_ask(&mail_redis, "XLEN numbers:poison"), 2);
	expect_aside(0, "not valid", "1");
	expect_aside(1, "Input/output error", "4");
}

/* ---- a failure that ends the actor --------------------------------------- */

static int strict_number(const struct troupe_message *message)
{
	if (mail_number(message) == 3)
		return -EIO;
	mail_note(mail_number(message));
	return 0;
}

static const struct troupe_handler strict_handlers[] = {
	{ &play__number__descriptor, strict_number },
	{ 0 },
};
static const struct troupe_class strict = { .name = "strict",
					    .handlers = strict_handlers,
					    .service = &mail_service,
					    .mailbox = &mail_mailbox.base };

static int strict_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;
	int i;

	CHECK(troupe_spawn(&strict, NULL, &ref) == 0);
	mail_send(ref, 0, 10);
	for (i = 0; i < 4; i++) {
		end = stage_end_of(ref);
		CHECK(end.reason.cause == TROUPE_ERROR);
		CHECK(end.reason.code == -EIO);
		CHECK(troupe_spawn(&strict, NULL, &ref) == 0);
	}
	CHECK(mail_flush(ref) == 0);
	mail_close(ref);
	return 0;
}

Test(redis, counts_a_failure_that_ends_its_actor, .init = mail_begin,
     .fini = mail_end)
{
	int i;

	redis_start(&mail_redis);
	node_pass(node_start(strict_root));
	for (i = 0; i < 10; i++)
		cr_assert_leq(board->value[HANDLED + i], i != 3);
	for (i = 0; i < 3; i++)
		cr_assert_eq(board->value[HANDLED + i], 1);
	mail_expect_empty();
	cr_assert_eq(redis_ask(&mail_redis, "XLEN numbers:poison"), 1);
	expect_aside(0, "Input/output error", "4");
}

/* ---- messages that kill -------------------------------------------------- */

enum { KILLS = 66 };

static bool are_others_handled(void)
{
	int i;

	for (i = 0; i < COUNT; i++)
		if (i != KILLS && !board->value[HANDLED + i])
			return false;
	return true;
}

static int frail_number(const struct troupe_message *message)
{
	if (mail_number(message) == KILLS) {
		event_add(&board->value[CRASHES]);
		/* Three at once: the first is not counted. */
		if (board->value[CRASHES] > 3 && !are_others_handled())
			event_add(&board->value[STUCK]);
		kill(getpid(), SIGKILL);
	}
	mail_note(mail_number(message));
	return 0;
}

static int frail_look(struct troupe_timer *timer)
{
	return troupe_mailbox_size() == 0 ? TROUPE_STOP : 0;
}

static int frail_init(const void *arguments)
{
	static struct troupe_timer timer = { .fired = frail_look };

	return troupe_timer_start(&timer, troupe_in_ms(20), 20);
}

static const struct troupe_handler frail_handlers[] = {
	{ &play__number__descriptor, frail_number },
	{ 0 },
};

static struct troupe_redis_mailbox slow_mailbox;
static const struct troupe_class frail = { .name = "frail",
					   .handlers = frail_handlers,
					   .init = frail_init,
					   .mailbox = &slow_mailbox.base };

static int frail_root(int argc, char **argv)
{
	enum troupe_cause cause;
	troupe_ref ref;

	do {
		CHECK(troupe_spawn(&frail, NULL, &ref) == 0);
		cause = stage_end_of(ref).reason.cause;
	} while (cause == TROUPE_KILLED);
	CHECK(cause == TROUPE_NORMAL);
	CHECK(board->value[CRASHES] == 5);
	return 0;
}

static void fill_stream(void)
{
	int i;

	redis_ask(&mail_redis, "FLUSHALL");
	for (i = 0; i < COUNT; i++) {
		Play__Number number = PLAY__NUMBER__INIT;
		uint8_t body[16];

		number.value = i;
		redis_ask(&mail_redis,
			  "XADD numbers * type play.Number body %b", body,
			  play__number__pack(&number, body));
	}
}

/* Where the others are too slow for its pauses these are made longer. */
Test(redis, sets_aside_what_kills_its_actor_and_delays_nothing_else,
     .init = mail_begin, .fini = mail_end)
{
	int i;

	slow_mailbox = mail_mailbox;
	slow_mailbox.retry_ms = 1000;
	redis_start(&mail_redis);
	fill_stream();
	node_pass(node_start(frail_root));
	while (board->value[STUCK]) {
		slow_mailbox.retry_ms *= 3;
		cr_assert_lt(slow_mailbox.retry_ms, 10000, "it delays others");
		memset(board, 0, sizeof(*board));
		fill_stream();
		node_pass(node_start(frail_root));
	}
	for (i = 0; i < COUNT; i++)
		cr_assert_eq(board->value[HANDLED + i] > 0, i != KILLS);
	mail_expect_empty();
	cr_assert_eq(redis_ask(&mail_redis, "XLEN numbers:poison"), 1);
	expect_aside(0, "did not return", "4");
}

/* ---- entries that are no mail -------------------------------------------- */

static int plain_number(const struct troupe_message *message)
{
	CHECK(message->sender == 0);
	mail_note(mail_number(message));
	return mail_number(message) == 2 ? TROUPE_STOP : 0;
}

static const struct troupe_handler plain_handlers[] = {
	{ &play__number__descriptor, plain_number },
	{ 0 },
};
static struct troupe_redis_mailbox looking_mailbox;
static const struct troupe_class plain = { .name = "plain",
					   .handlers = plain_handlers,
					   .service = &mail_service,
					   .mailbox = &looking_mailbox.base };

static int plain_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&plain, NULL, &ref) == 0);
	CHECK(mail_flush(ref) == 0);
	event_add(&board->value[READY]);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	return 0;
}

Test(redis, sets_garbage_aside_and_takes_what_others_put_there,
     .init = mail_begin, .fini = mail_end)
{
	static const char *const garbage[] = {
		"a b",
		"type play.Number",
		"body x",
		"type play.Number body %b",
		"type play.Unknown body x",
		"type play.Text body x",
		"type play.Number body x origin y",
		"type play.Number body x service play.Clerk",
		"type play.Number body x service play.Clerk method No",
		"type play.Number body x service play.Nobody method Note",
		"type play.Text body x service play.Clerk method Note",
		"type play.Number body x service play.Clerk method Note",
		"type type type type type body",
		"type play.Number type body",
		"type type type play.Number",
	};
	const size_t count = sizeof(garbage) / sizeof(garbage[0]);
	const char one[] = { 8, 1 }, two[] = { 8, 2 };
	char command[256], all[64];
	pid_t node;
	size_t i;

	looking_mailbox = mail_mailbox;
	looking_mailbox.look_ms = 20;
	memset(all, 0xff, sizeof(all));
	redis_start(&mail_redis);
	redis_ask(&mail_redis, "XADD numbers * before a");
	redis_ask(&mail_redis, "XADD numbers * type %b body x", "", (size_t)0);
	node = node_start(plain_root);
	cr_assert(event_await(&board->value[READY], 1, 60000));
	for (i = 0; i < count; i++) {
		snprintf(command, sizeof(command), "XADD numbers * %s",
			 garbage[i]);
		cr_assert_gt(redis_ask(&mail_redis, command, all, sizeof(all)),
			     0);
		if (i == count / 2)
			redis_ask(&mail_redis,
				  "XADD numbers * type play.Number body %b",
				  one, sizeof(one));
	}
	redis_ask(&mail_redis, "XADD numbers * body %b type play.Number", two,
		  sizeof(two));
	node_pass(node);
	cr_assert_eq(board->value[ALL], 2);
	cr_assert_eq(board->value[HANDLED + 1], 1);
	cr_assert_eq(board->value[HANDLED + 2], 1);
	cr_assert_eq(redis_ask(&mail_redis, "XLEN numbers:poison"), count + 2);
	mail_expect_empty();
}

/* ---- errors that only a person can fix ----------------------------------- */

static int refused_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn(&strict, NULL, &ref) == 0);
	end = stage_end_of(ref);
	CHECK(end.reason.cause == TROUPE_ERROR);
	board->value[READY] = end.reason.code;
	return 0;
}

Test(redis, that_refuses_ends_the_actor_with_the_reason, .init = mail_begin,
     .fini = mail_end)
{
	struct redis secret;
	char url[128];

	redis_start(&mail_redis);
	redis_ask(&mail_redis, "SET numbers 1");
	node_pass(node_start(refused_root));
	cr_assert_eq(board->value[READY], -EPROTOTYPE);
	mail_mailbox.url = "unix://nowhere";
	node_pass(node_start(refused_root));
	cr_assert_eq(board->value[READY], -EINVAL);

	redis_init(&secret);
	secret.password = "sesame";
	redis_start(&secret);
	mail_mailbox.url = secret.url;
	node_pass(node_start(refused_root));
	cr_assert_eq(board->value[READY], -EACCES);
	snprintf(url, sizeof(url), "unix://:wrong@%s", secret.socket);
	mail_mailbox.url = url;
	node_pass(node_start(refused_root));
	cr_assert_eq(board->value[READY], -EACCES);
	snprintf(url, sizeof(url), "unix://:sesame@%s?db=3", secret.socket);
	node_pass(node_start(strict_root));
	redis_ask(&secret, "SELECT 3");
	cr_assert_eq(redis_ask(&secret, "XLEN numbers:poison"), 1);
	redis_fini(&secret);
}
#endif
