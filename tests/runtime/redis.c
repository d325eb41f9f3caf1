/* SPDX-License-Identifier: MIT */
/* What holds of mail in a Redis stream, with a Redis server of its own. */
#ifdef HAVE_HIREDIS
#include "tests/runtime/redis_kit.h"

#include "runtime/troupe_mailbox.h"

enum { VALUES = 1000 };

/* Events on the board, and from HANDLED on how often each number was. */
enum { ALL, FLUSHED, STUCK, CRASHES, READY, AFTER_CRASH, HANDLED = 100 };

static struct redis redis;
static char url[96];
static struct troupe_redis_mailbox mailbox = {
	.base = { &troupe_redis_kind },
	.url = url,
	.stream = "numbers",
	.retry_ms = 10,
	.tries = 4,
};

static void begin(void)
{
	redis_init(&redis);
	strcpy(url, redis.url);
}

static void end(void)
{
	redis_fini(&redis);
}

static void expect_empty(void)
{
	cr_assert_eq(redis_ask(&redis, "XLEN numbers"), 0);
	cr_assert_eq(redis_ask(&redis, "XPENDING numbers troupe - + 10"), 0);
}

static int64_t number_of(const struct troupe_message *message)
{
	return ((const Play__Number *)message->body)->value;
}

static void note(int64_t value)
{
	CHECK(value >= 0 && value < VALUES);
	board->value[HANDLED + value]++;
	event_add(&board->value[ALL]);
}

static void send_some(troupe_ref to, int first, int count)
{
	Play__Number number = PLAY__NUMBER__INIT;
	int i;

	for (i = first; i < first + count; i++) {
		number.value = i;
		CHECK(troupe_send_wait(to, &number.base, troupe_in_ms(60000)) ==
		      0);
	}
}

static void take(const Play__Number *number, void *data)
{
	*(int64_t *)data = number ? number->value : -1;
}

/* Asks: whatever was sent before is kept then. */
static int flush(troupe_ref to)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_proxy proxy;
	int64_t answer = 0;

	troupe_proxy_init(&proxy, to, &play__clerk__descriptor);
	proxy.timeout_ms = 60000;
	play__clerk__twice(&proxy.base, &number, take, &answer);
	return troupe_await(&proxy);
}

static void close_and_wait(troupe_ref ref)
{
	CHECK(troupe_close(ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
}

/* ---- the death of a node
 * ------------------------------------------------------------------------------
 */

enum { SENT = 200, MORE = 100, DONE_AT_ONCE = 50 };

static bool is_flushed;

static void twice(ProtobufCService *service, unsigned method,
		  const ProtobufCMessage *input, ProtobufCClosure closure,
		  void *data)
{
	is_flushed = true;
	closure(input, data);
}

static ProtobufCService twice_service = { &play__clerk__descriptor, twice,
					  NULL };

/* Handles some, stashes the rest; after the flush it takes one and hangs. */
static int mortal_number(const struct troupe_message *message)
{
	CHECK(message->sender == troupe_parent());
	if (is_flushed) {
		event_add(&board->value[STUCK]);
		for (;;)
			pause();
	}
	if (number_of(message) >= DONE_AT_ONCE)
		return troupe_stash();
	note(number_of(message));
	return 0;
}

static const struct troupe_handler mortal_handlers[] = {
	{ &play__number__descriptor, mortal_number },
	{ 0 },
};
static const struct troupe_class mortal = { .name = "mortal",
					    .handlers = mortal_handlers,
					    .service = &twice_service,
					    .mailbox = &mailbox.base };

static int mortal_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn_named("desk", &mortal, NULL, &ref) == 0);
	send_some(ref, 0, SENT);
	CHECK(flush(ref) == 0);
	event_add(&board->value[FLUSHED]);
	send_some(ref, SENT, MORE);
	return stage_idle(NULL);
}

static int64_t last_handled = -1;

static int heir_number(const struct troupe_message *message)
{
	int64_t created = message->created.ns - troupe_now().ns;

	CHECK(message->sender == 0);
	CHECK(created <= 1000000 && created > -INT64_C(120000000000));
	CHECK(number_of(message) > last_handled);
	last_handled = number_of(message);
	note(last_handled);
	return 0;
}

static const struct troupe_handler heir_handlers[] = {
	{ &play__number__descriptor, heir_number },
	{ 0 },
};
static const struct troupe_class heir = { .name = "heir",
					  .handlers = heir_handlers,
					  .service = &twice_service,
					  .mailbox = &mailbox.base };

static int heir_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn_named("desk", &heir, NULL, &ref) == 0);
	/* What was pending counts only when Redis has said so. */
	CHECK(flush(ref) == 0);
	close_and_wait(ref);
	return 0;
}

Test(redis, has_the_mail_of_a_node_that_was_killed_for_the_next_one,
     .init = begin, .fini = end)
{
	pid_t node;
	int i;

	redis_start(&redis);
	node = node_start(mortal_root);
	cr_assert(event_await(&board->value[FLUSHED], 1, 60000));
	cr_assert(event_await(&board->value[STUCK], 1, 60000));
	node_kill(node);
	cr_assert_geq(redis_ask(&redis, "XLEN numbers"), SENT - DONE_AT_ONCE);
	node_pass(node_start(heir_root));
	for (i = 0; i < SENT; i++)
		cr_assert_eq(board->value[HANDLED + i], 1);
	for (; i < SENT + MORE; i++)
		cr_assert_leq(board->value[HANDLED + i], 1);
	expect_empty();
	cr_assert_eq(redis_ask(&redis, "EXISTS numbers:poison"), 0);
}
#endif
