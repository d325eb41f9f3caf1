/* SPDX-License-Identifier: MIT */
/* Mail in a Redis stream, with a private Redis server. */
#ifdef HAVE_HIREDIS
#include "tests/runtime/redis/kit.h"
#include "tests/support/server.h"

enum { SENT = 200, MORE = 100, DONE_AT_ONCE = 50 };

/* ---- the death of a node ------------------------------------------------- */

static bool is_flushed;

static void twice(ProtobufCService *service, unsigned method,
		  const ProtobufCMessage *input, ProtobufCClosure closure,
		  void *data)
{
	is_flushed = true;
	closure(input, data);
}

static ProtobufCService flushed_service = { &play__clerk__descriptor, twice,
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
	if (mail_number(message) >= DONE_AT_ONCE)
		return troupe_stash();
	mail_note(mail_number(message));
	return 0;
}

static const struct troupe_handler mortal_handlers[] = {
	{ &play__number__descriptor, mortal_number },
	{ 0 },
};
static const struct troupe_class mortal = { .name = "mortal",
					    .handlers = mortal_handlers,
					    .service = &flushed_service,
					    .mailbox = &mail_mailbox.base };

static int mortal_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn_named("desk", &mortal, NULL, &ref) == 0);
	mail_send(ref, 0, SENT);
	CHECK(mail_flush(ref) == 0);
	event_add(&board->value[FLUSHED]);
	mail_send(ref, SENT, MORE);
	return stage_idle(NULL);
}

static int64_t last_handled = -1;

static int heir_number(const struct troupe_message *message)
{
	int64_t created = message->created.ns - troupe_now().ns;

	CHECK(message->sender == 0);
	CHECK(created <= 1000000 && created > -INT64_C(120000000000));
	CHECK(mail_number(message) > last_handled);
	last_handled = mail_number(message);
	mail_note(last_handled);
	return 0;
}

static const struct troupe_handler heir_handlers[] = {
	{ &play__number__descriptor, heir_number },
	{ 0 },
};
static const struct troupe_class heir = { .name = "heir",
					  .handlers = heir_handlers,
					  .service = &mail_service,
					  .mailbox = &mail_mailbox.base };

static int heir_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn_named("desk", &heir, NULL, &ref) == 0);
	/* Pending entries count only once Redis has confirmed them. */
	CHECK(mail_flush(ref) == 0);
	mail_close(ref);
	return 0;
}

Test(redis, has_the_mail_of_a_node_that_was_killed_for_the_next_one,
     .init = mail_begin, .fini = mail_end)
{
	pid_t node;
	int i;

	redis_start(&mail_redis);
	node = node_start(mortal_root);
	cr_assert(event_await(&board->value[FLUSHED], 1, 60000));
	cr_assert(event_await(&board->value[STUCK], 1, 60000));
	node_kill(node);
	cr_assert_geq(redis_ask(&mail_redis, "XLEN numbers"),
		      SENT - DONE_AT_ONCE);
	node_pass(node_start(heir_root));
	for (i = 0; i < SENT; i++)
		cr_assert_eq(board->value[HANDLED + i], 1);
	for (; i < SENT + MORE; i++)
		cr_assert_leq(board->value[HANDLED + i], 1);
	mail_expect_empty();
	cr_assert_eq(redis_ask(&mail_redis, "EXISTS numbers:poison"), 0);
}

/* ---- over TCP ------------------------------------------------------------ */

static int remote_number(const struct troupe_message *message)
{
	mail_note(mail_number(message));
	return 0;
}

static const struct troupe_handler remote_handlers[] = {
	{ &play__number__descriptor, remote_number },
	{ 0 },
};
static const struct troupe_class remote = { .name = "remote",
					    .handlers = remote_handlers,
					    .service = &mail_service,
					    .mailbox = &mail_mailbox.base };

static int remote_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn_named("desk", &remote, NULL, &ref) == 0);
	mail_send(ref, 0, SENT);
	CHECK(mail_flush(ref) == 0);
	mail_close(ref);
	return 0;
}

Test(redis, is_reached_at_a_port_of_a_host, .init = mail_begin,
     .fini = mail_end)
{
	char url[64];

	mail_redis.port = free_port();
	redis_start(&mail_redis);
	snprintf(url, sizeof(url), "redis://127.0.0.1:%d", mail_redis.port);
	mail_mailbox.url = url;
	node_pass(node_start(remote_root));
	for (int i = 0; i < SENT; i++)
		cr_assert_eq(board->value[HANDLED + i], 1);
	mail_expect_empty();
}
#endif
