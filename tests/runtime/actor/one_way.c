/* SPDX-License-Identifier: MIT */
/* One-way calls that are not sent. */
#include "runtime/troupe_dead_letters.h"
#include "tests/support/stage.h"

static int run_unread(const void *arguments)
{
	for (;;)
		pause();
	return 0;
}

static const struct troupe_class unread = { .name = "unread",
					    .run = run_unread,
					    .mailbox_limit = 4096 };

static int refused_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_counters before, after;
	struct troupe_dead_counts dead;
	struct troupe_proxy proxy;
	troupe_ref ref;

	CHECK(troupe_spawn(&unread, NULL, &ref) == 0);
	CHECK(troupe_count(troupe_self(), &before) == 0);
	troupe_proxy_init(&proxy, ref, &play__clerk__descriptor);
	while (!proxy.refused)
		play__clerk__note(&proxy.base, &number, NULL, NULL);
	play__clerk__note(&proxy.base, &number, NULL, NULL);
	CHECK(proxy.error == -EAGAIN && proxy.refused == 2);
	CHECK(troupe_count(troupe_self(), &after) == 0);
	CHECK(after.refused == before.refused + 2);
	CHECK(troupe_dead_letters_count(troupe_self(), &dead) == 0);
	CHECK(dead.by_cause[TROUPE_DEAD_REFUSED] == 2);
	CHECK(troupe_await(&proxy) == -EAGAIN);
	CHECK(troupe_await(&proxy) == 0);
	CHECK(troupe_kill(ref) == 0);
	CHECK(troupe_wait(ref, TROUPE_NEVER, NULL) == 0);
	play__clerk__note(&proxy.base, &number, NULL, NULL);
	CHECK(proxy.error == -ESRCH && proxy.refused == 3);
	CHECK(troupe_await(&proxy) == -ESRCH);
	return 0;
}

Test(one_way, calls_that_are_refused_are_told_and_counted)
{
	stage_pass(refused_root);
}
