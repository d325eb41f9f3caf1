/* SPDX-License-Identifier: MIT */
/* Waiting for room in small mailboxes: a chain of waiting actors. */
#include "tests/support/stage.h"

/* Less than the 30 seconds after which each checks by itself. */
enum { COUNT = 2000, LENGTH = 20, PATIENCE_MS = 25000 };

static troupe_ref next; /* 0: this is the end of the chain */
static int passed;

static int pass(const struct troupe_message *message)
{
	if (next)
		CHECK(troupe_send_wait(next, message->body,
				       troupe_in_ms(PATIENCE_MS)) == 0);
	return ++passed < COUNT ? 0 : TROUPE_STOP;
}

static int learn_next(const void *arguments)
{
	next = (troupe_ref)((const Play__Number *)arguments)->value;
	return 0;
}

static const struct troupe_handler passers[] = {
	{ &play__number__descriptor, pass },
	{},
};
static const struct troupe_class passer = { .name = "passer",
					    .init = learn_next,
					    .handlers = passers,
					    .mailbox_limit = 256 };

static int flood(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref ref = 0, last = 0;

	for (int i = 0; i < LENGTH; i++) {
		number.value = (int64_t)ref;
		CHECK(troupe_spawn(&passer, &number.base, &ref) == 0);
		last = last ? last : ref;
	}
	for (int i = 0; i < COUNT && !board->failures; i++)
		CHECK(troupe_send_wait(ref, &number.base,
				       troupe_in_ms(PATIENCE_MS)) == 0);
	if (!board->failures)
		CHECK(troupe_wait(last, troupe_in_ms(PATIENCE_MS), NULL) == 0);
	return 0;
}

Test(room, no_ring_is_lost_that_says_there_is_room)
{
	stage_pass(flood);
}
