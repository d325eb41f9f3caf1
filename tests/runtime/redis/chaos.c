/* SPDX-License-Identifier: MIT */
/* Mail in Redis while Redis, or the actor, dies. */
#ifdef HAVE_HIREDIS
#include "tests/runtime/redis/kit.h"

enum { COUNT = 900 };

static int64_t furthest = -1;

/* Doubles there may be; but the first of each is in order. */
static int orderly_number(const struct troupe_message *message)
{
	int64_t value = mail_number(message);

	if (board->value[HANDLED + value] == 0) {
		CHECK(value == furthest + 1);
		furthest = value;
	}
	mail_note(value);
	return 0;
}

static const struct troupe_handler orderly_handlers[] = {
	{ &play__number__descriptor, orderly_number },
	{ 0 },
};
static const struct troupe_class orderly = { .name = "orderly",
					     .handlers = orderly_handlers,
					     .service = &mail_service,
					     .mailbox_limit = 2048,
					     .mailbox = &mail_mailbox.base };

static void expect_all(int count)
{
	int i;

	for (i = 0; i < count; i++)
		cr_assert_geq(board->value[HANDLED + i], 1, "%d is lost", i);
}

/* ---- Redis dies ---------------------------------------------------------- */

static int restart_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&orderly, NULL, &ref) == 0);
	mail_send(ref, 0, COUNT);
	CHECK(mail_flush(ref) == 0);
	mail_close(ref);
	return 0;
}

Test(redis, that_is_killed_and_comes_back_with_its_file_loses_nothing,
     .init = mail_begin, .fini = mail_end)
{
	pid_t node;
	int i;

	redis_start(&mail_redis);
	node = node_start(restart_root);
	for (i = 1; i <= 3; i++) {
		cr_assert(
			event_await(&board->value[ALL], i * COUNT / 5, 60000));
		redis_kill(&mail_redis);
		redis_start(&mail_redis);
	}
	node_pass(node);
	expect_all(COUNT);
	mail_expect_empty();
	cr_assert_eq(redis_ask(&mail_redis, "EXISTS numbers:poison"), 0);
}

/* Without Redis its lanes fill; then all of it goes through. */
static int full_root(int argc, char **argv)
{
	troupe_ref ref;
	int r, count = 0;

	CHECK(troupe_spawn(&orderly, NULL, &ref) == 0);
	while ((r = stage_send(ref, count)) == 0)
		count++;
	CHECK(r == -EAGAIN && count > 5 && count < COUNT);
	event_add(&board->value[FULL]);
	mail_send(ref, count, COUNT - count);
	CHECK(mail_flush(ref) == 0);
	mail_close(ref);
	return 0;
}

Test(redis, that_is_down_is_a_full_mailbox_until_it_is_up, .init = mail_begin,
     .fini = mail_end)
{
	pid_t node = node_start(full_root);

	cr_assert(event_await(&board->value[FULL], 1, 60000));
	redis_start(&mail_redis);
	node_pass(node);
	expect_all(COUNT);
	mail_expect_empty();
}

/* With the group: it is created anew. */
static int deleted_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&orderly, NULL, &ref) == 0);
	mail_send(ref, 0, COUNT / 2);
	CHECK(event_await(&board->value[ALL], COUNT / 2, 60000));
	event_add(&board->value[READY]);
	CHECK(event_await(&board->value[FULL], 1, 60000));
	mail_send(ref, COUNT / 2, COUNT / 2);
	CHECK(mail_flush(ref) == 0);
	mail_close(ref);
	return 0;
}

Test(redis, whose_stream_is_deleted_begins_it_anew, .init = mail_begin,
     .fini = mail_end)
{
	pid_t node;

	redis_start(&mail_redis);
	node = node_start(deleted_root);
	cr_assert(event_await(&board->value[READY], 1, 60000));
	redis_ask(&mail_redis, "FLUSHALL");
	event_add(&board->value[FULL]);
	node_pass(node);
	expect_all(COUNT / 2 * 2);
	mail_expect_empty();
}

/* A stream that has its limit takes no more; the lanes fill likewise. */
enum { LIMIT = 10 };

static int slow_number(const struct troupe_message *message)
{
	event_add(&board->value[READY]);
	return troupe_stash();
}

static const struct troupe_handler slow_handlers[] = {
	{ &play__number__descriptor, slow_number },
	{ 0 },
};
static struct troupe_redis_mailbox small_mailbox;
static const struct troupe_class slow = { .name = "slow",
					  .handlers = slow_handlers,
					  .mailbox_limit = 2048,
					  .mailbox = &small_mailbox.base };

static int limit_root(int argc, char **argv)
{
	int r, count = 0;
	troupe_ref ref;

	CHECK(troupe_spawn(&slow, NULL, &ref) == 0);
	do {
		r = stage_send(ref, 0);
		count += r == 0;
		if (r == -EAGAIN)
			CHECK(event_await(&board->value[READY], LIMIT, 60000));
		/* A message refused before that may have room now, once. */
	} while ((r == 0 || stage_send(ref, 0) == 0) && count < COUNT);
	CHECK(count < COUNT);
	CHECK(troupe_stop(ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_SHUTDOWN);
	return 0;
}

Test(redis, takes_no_more_than_the_limit_of_its_stream, .init = mail_begin,
     .fini = mail_end)
{
	small_mailbox = mail_mailbox;
	small_mailbox.limit = LIMIT;
	redis_start(&mail_redis);
	node_pass(node_start(limit_root));
	cr_assert_eq(redis_ask(&mail_redis, "XLEN numbers"), LIMIT);
}

/* ---- the actor dies ------------------------------------------------------ */

enum { CHUNK = 30 };

/* Sends until all of the chunk is confirmed as kept. */
static int sender_run(const void *arguments)
{
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref ref;
	int first, i, r;

	for (first = 0; first < COUNT; first += CHUNK) {
		do {
			r = troupe_whereis("desk", &ref);
			for (i = first; r == 0 && i < first + CHUNK; i++) {
				number.value = i;
				r = troupe_send_wait(ref, &number.base,
						     troupe_in_ms(60000));
			}
			if (r == 0)
				r = mail_flush(ref);
			CHECK(r == 0 || r == -ESRCH || r == -ENOENT);
		} while (r < 0);
	}
	return 0;
}

enum { FURTHEST = FLUSHED, LATE = STUCK };

/*
 * On the board, as the actor forgets: the furthest that was ever begun, and
 * how many were first begun behind others of theirs.
 */
static int hunted_number(const struct troupe_message *message)
{
	int64_t value = mail_number(message);

	if (value >= board->value[FURTHEST])
		board->value[FURTHEST] = value + 1;
	else if (board->value[HANDLED + value] == 0)
		board->value[LATE]++;
	mail_note(value);
	return 0;
}

static const struct troupe_handler hunted_handlers[] = {
	{ &play__number__descriptor, hunted_number },
	{ 0 },
};
static struct troupe_redis_mailbox patient_mailbox;
static const struct troupe_class hunted = { .name = "hunted",
					    .handlers = hunted_handlers,
					    .service = &mail_service,
					    .mailbox = &patient_mailbox.base };

static unsigned seed;

/* Kills the desk at random, and restarts it, until the sender has ended. */
static int hunter_root(int argc, char **argv)
{
	int64_t spread_us = 12000;
	troupe_ref ref, sender;
	struct troupe_end end;
	long handled = 0;
	int kills = 0;

	CHECK(troupe_spawn_named("desk", &hunted, NULL, &ref) == 0);
	CHECK(troupe_spawn_function(sender_run, NULL, &sender) == 0);
	for (;;) {
		/* Not a wait: a random moment. */
		int64_t us = rand_r(&seed) % spread_us;
		struct troupe_time at = { troupe_now().ns + us * 1000 };

		if (troupe_wait(sender, at, &end) == 0)
			break;
		CHECK(troupe_kill(ref) == 0);
		stage_end_of(ref);
		kills++;
		/* On a busy machine it does nothing in so short a time. */
		if (board->value[ALL] == handled)
			spread_us += spread_us / 8;
		handled = board->value[ALL];
		CHECK(troupe_spawn_named("desk", &hunted, NULL, &ref) == 0);
	}
	CHECK(end.reason.cause == TROUPE_NORMAL);
	CHECK(kills > 0);
	fprintf(stderr, "killed %d times, %ld late\n", kills,
		board->value[LATE]);
	/* It takes two deaths at one message to put it off. */
	CHECK(2 * board->value[LATE] <= kills);
	CHECK(mail_flush(ref) == 0);
	mail_close(ref);
	return 0;
}

Test(redis, whose_actor_is_killed_anywhere_loses_nothing_and_keeps_the_order,
     .init = mail_begin, .fini = mail_end)
{
	const char *given = getenv("REDIS_SEED");

	seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)getpid();
	fprintf(stderr, "REDIS_SEED=%u runs this again\n", seed);
	patient_mailbox = mail_mailbox;
	patient_mailbox.tries = 1000;
	redis_start(&mail_redis);
	node_pass(node_start(hunter_root));
	expect_all(COUNT);
	mail_expect_empty();
	cr_assert_eq(redis_ask(&mail_redis, "EXISTS numbers:poison"), 0);
}

/* ---- the fields of an entry ---------------------------------------------- */

enum { LARGE = 300000 };

static int reader_number(const struct troupe_message *message)
{
	const unsigned char *bytes = message->attachment;
	size_t i;

	CHECK(message->sender == troupe_parent());
	CHECK(message->flow && message->hop == 0);
	CHECK(message->attachment_size == LARGE);
	for (i = 0; i < message->attachment_size; i++)
		CHECK(bytes[i] == (unsigned char)(i * 7));
	mail_note(mail_number(message));
	return 0;
}

static void reader_invoke(ProtobufCService *service, unsigned method,
			  const ProtobufCMessage *input,
			  ProtobufCClosure closure, void *data)
{
	CHECK(strcmp(service->descriptor->methods[method].name, "Note") == 0);
	CHECK(troupe_caller(data) == troupe_parent());
	mail_note(((const Play__Number *)input)->value);
}

static ProtobufCService reader_service = { &play__clerk__descriptor,
					   reader_invoke, NULL };
static const struct troupe_handler reader_handlers[] = {
	{ &play__number__descriptor, reader_number },
	{ 0 },
};
static const struct troupe_class reader = { .name = "reader",
					    .handlers = reader_handlers,
					    .service = &reader_service,
					    .mailbox = &mail_mailbox.base };

static int reader_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	unsigned char *bytes = malloc(LARGE);
	struct troupe_proxy proxy;
	troupe_ref ref;
	int i;

	for (i = 0; i < LARGE; i++)
		bytes[i] = (unsigned char)(i * 7);
	CHECK(troupe_spawn(&reader, NULL, &ref) == 0);
	troupe_proxy_init(&proxy, ref, &play__clerk__descriptor);
	for (i = 0; i < 40; i++) {
		number.value = i;
		if (i % 2)
			play__clerk__note(&proxy.base, &number, NULL, NULL);
		else
			CHECK(troupe_send_attached(ref, &number.base, bytes,
						   LARGE) == 0);
	}
	free(bytes);
	mail_close(ref);
	return 0;
}

Test(redis, carries_attachments_and_one_way_calls, .init = mail_begin,
     .fini = mail_end)
{
	int i;

	redis_start(&mail_redis);
	node_pass(node_start(reader_root));
	for (i = 0; i < 40; i++)
		cr_assert_eq(board->value[HANDLED + i], 1);
	mail_expect_empty();
}
#endif
