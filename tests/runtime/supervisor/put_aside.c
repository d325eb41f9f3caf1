/* SPDX-License-Identifier: MIT */
/* Mail that was put aside: a successor gets it, or it is a dead letter. */
#include "tests/runtime/supervisor/revival_kit.h"

#include "runtime/troupe_dead_letters.h"

TestSuite(put_aside, .init = revival_hurry, .timeout = 120);

/* A later life handles what is below; all else is put aside. */
enum { FIRST = 4, LIMIT_MS = 60000 };

/* 0: it is to end.  Otherwise it tells that all before this was put aside. */
static int obey(const struct troupe_message *message)
{
	troupe_ref asker = ((const Play__Who *)message->body)->ref;

	return asker ? stage_send(asker, troupe_incarnation()) : TROUPE_STOP;
}

static int stash_number(const struct troupe_message *message)
{
	int64_t value = ((const Play__Number *)message->body)->value;

	if (!troupe_incarnation() || value >= FIRST)
		return troupe_stash();
	note(value);
	return 0;
}

static const struct troupe_handler stash_handlers[] = {
	{ &play__number__descriptor, stash_number },
	{ &play__who__descriptor, obey },
	{ 0 },
};
static const struct troupe_class stashes = {
	.name = "stashes",
	.handlers = stash_handlers,
	.restart = TROUPE_RESTART_ALWAYS,
};

static int receive_run(const void *arguments)
{
	const struct troupe_pattern patterns[] = {
		{ .type = &play__who__descriptor },
		{ .type = &play__number__descriptor },
	};
	struct troupe_message message;
	int left = troupe_incarnation() ? FIRST - 1 : 0, r = 0;

	while (r >= 0) {
		r = troupe_receive(patterns, left ? 2 : 1, TROUPE_NEVER,
				   &message);
		if (r == 0 && obey(&message) == TROUPE_STOP)
			return 0;
		if (r == 1) {
			note(((const Play__Number *)message.body)->value);
			left--;
		}
	}
	return r;
}

static const struct troupe_class receives = {
	.name = "receives",
	.run = receive_run,
	.restart = TROUPE_RESTART_ALWAYS,
};

static void order(troupe_ref ref, troupe_ref asker)
{
	Play__Who who = PLAY__WHO__INIT;

	who.ref = asker;
	CHECK(troupe_send(ref, &who.base) == 0);
}

static void put_aside(troupe_ref ref, int64_t first, int64_t last,
		      int64_t incarnation)
{
	send_all(ref, first, last);
	order(ref, troupe_self());
	CHECK(stage_receive(LIMIT_MS) == incarnation);
}

static int64_t unread(void)
{
	struct troupe_dead_counts counts = { 0 };

	CHECK(troupe_dead_letters_count(0, &counts) == 0);
	return (int64_t)counts.by_cause[TROUPE_DEAD_UNREAD];
}

/* The next dead letter of a number is that one, unread by `ref`. */
static void expect_letter(troupe_ref ref, int64_t value)
{
	const struct troupe_pattern pattern = {
		.type = &troupe__dead_letter__descriptor
	};
	struct troupe_message message;
	struct troupe_dead_letter letter = { 0 };
	Play__Number *number;

	/* One that was killed may have been in its answer to us. */
	do {
		CHECK(troupe_receive(&pattern, 1, troupe_in_ms(LIMIT_MS),
				     &message) == 0);
		CHECK(troupe_dead_letter_read(&message, &letter) == 0);
	} while (letter.type == &play__who__descriptor);
	CHECK(letter.cause == TROUPE_DEAD_UNREAD && letter.target == ref);
	CHECK(letter.type == &play__number__descriptor);
	number = play__number__unpack(NULL, letter.size, letter.start);
	CHECK(number && number->value == value);
	play__number__free_unpacked(number, NULL);
}

static int order_root(int argc, char **argv)
{
	const struct troupe_class *const classes[] = { &stashes, &receives };

	CHECK(troupe_dead_letters_subscribe() == 0);
	for (int i = 0; i < 2; i++) {
		troupe_ref ref = spawn(classes[i]);

		board->value[LAST] = 0;
		put_aside(ref, 1, FIRST - 1, 0);
		order(ref, 0);
		CHECK(next_end(ref).will_restart);
		put_aside(ref, FIRST, FIRST + 1, 1);
		CHECK(board->value[LAST] == FIRST - 1 && unread() == 2 * i);
		CHECK(troupe_stop(ref) == 0);
		expect_letter(ref, FIRST);
		expect_letter(ref, FIRST + 1);
		CHECK(!stage_end_of(ref).will_restart);
		CHECK(unread() == 2 * (i + 1));
	}
	CHECK(board->value[WRONG] == 0);
	return 0;
}

Test(put_aside, at_an_orderly_end_is_unread_only_where_no_restart_follows)
{
	stage_pass(order_root);
}

static int killed_root(int argc, char **argv)
{
	const struct troupe_spawn_options waits = { .ready_by = TROUPE_NEVER };
	static const struct troupe_class once = { .name = "once",
						  .handlers = stash_handlers };
	troupe_ref ref;

	CHECK(troupe_dead_letters_subscribe() == 0);
	CHECK(troupe_spawn_with(&waits, &once, NULL, &ref) == 0);
	put_aside(ref, 1, 2, 0);
	CHECK(troupe_kill(ref) == 0);
	expect_letter(ref, 1);
	expect_letter(ref, 2);
	CHECK(unread() == 2 || unread() == 3);
	return 0;
}

Test(put_aside, of_one_that_is_killed_and_could_have_come_back_is_told_singly)
{
	stage_pass(killed_root);
}
