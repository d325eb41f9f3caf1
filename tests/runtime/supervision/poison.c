/* SPDX-License-Identifier: MIT */
/* A message that kills each successor, of a supervised child. */
#include "tests/runtime/supervision/staff.h"

#include "runtime/supervision/module.h"
#include "runtime/troupe_dead_letters.h"
#include "runtime/troupe_restart.h"

static const struct trp_module *const modules[] = { &trp_supervision_module,
						    NULL };

static void init(void)
{
	stage_modules = modules;
}

TestSuite(poison, .init = init);

/* Counts each number that it takes on the board, and dies of 13. */
static int takes(const struct troupe_message *message)
{
	const Play__Number *number = message->body;

	board->value[number->value]++;
	if (number->value == 13)
		abort();
	return 0;
}
static const struct troupe_handler handlers[] = {
	{ &play__number__descriptor, takes }, { 0 }
};
static const struct troupe_class skips = { .name = "skips",
					   .handlers = handlers };
static const struct troupe_class tries = { .name = "tries",
					   .handlers = handlers,
					   .at_crash = TROUPE_CRASH_AGAIN };
static const struct troupe_child_spec both[] = {
	{ .id = "s", .klass = &skips, .name = "s" },
	{ .id = "c", .klass = &tries, .name = "c" },
	{ 0 },
};
static const struct troupe_supervisor rules = {
	.children = both,
	.intensity = TROUPE_INTENSITY_UNLIMITED,
	.first_ms = 1,
};
static const struct troupe_class boss = { .name = "boss",
					  .supervises = &rules };

/* The letter that says so. */
static void expect_letter(troupe_ref target)
{
	const struct troupe_pattern pattern = {
		.type = &troupe__dead_letter__descriptor
	};
	struct troupe_message message;
	struct troupe_dead_letter letter = { 0 };

	CHECK(troupe_receive(&pattern, 1, TROUPE_NEVER, &message) == 0);
	CHECK(troupe_dead_letter_read(&message, &letter) == 0);
	CHECK(letter.target == target && letter.cause == TROUPE_DEAD_CRASHED);
}

static void dies_of(const char *name, long runs)
{
	troupe_ref to;

	CHECK(troupe_whereis(name, &to) == 0);
	board->value[13] = 0;
	board->value[1] = 0;
	CHECK(stage_send(to, 13) == 0);
	CHECK(stage_send(to, 1) == 0);
	expect_letter(to);
	while (!board->value[1])
		usleep(100);
	CHECK(board->value[13] == runs && board->value[1] == 1);
}

static int root(int argc, char **argv)
{
	CHECK(troupe_dead_letters_subscribe() == 0);
	staff_begin(&boss);
	dies_of("s", 1); /* by default it is skipped */
	dies_of("c", 3); /* or has three tries */
	return 0;
}

Test(poison, a_message_that_kills_each_successor_is_set_aside_after_its_tries)
{
	stage_pass(root);
}
