/* SPDX-License-Identifier: MIT */
/*
 * Calls that cannot be sent.  A closure that calls again at once never runs
 * within a call, so the stack stays as it is however often it does.
 */
#include "tests/support/stage.h"

#include <sys/resource.h>

enum {
	AGAIN = 100000, /* as nested calls they would end any stack */
	LARGE = 4096,
};

static Play__Number number = PLAY__NUMBER__INIT;
static struct troupe_proxy proxy;
static int depth, closures, expected;

/* Reads nothing. */
static int stand_still(const void *arguments)
{
	while (!troupe_is_stopping())
		pause();
	return 0;
}

/* A reference to one that has ended. */
static troupe_ref dead_one(void)
{
	static const struct troupe_class idle = { .name = "idle",
						  .run = stage_idle };
	troupe_ref ref;

	CHECK(troupe_spawn(&idle, NULL, &ref) == 0);
	CHECK(troupe_kill(ref) == 0);
	CHECK(troupe_wait(ref, TROUPE_NEVER, NULL) == 0);
	return ref;
}

static void again(const Play__Number *answer, void *data)
{
	CHECK(depth == 0 && !answer && proxy.error == expected);
	depth++;
	if (++closures < AGAIN)
		play__link__ask(&proxy.base, &number, again, data);
	depth--;
}

static void ask_in_vain(troupe_ref ref, int error)
{
	troupe_proxy_init(&proxy, ref, &play__link__descriptor);
	closures = 0;
	expected = error;
	play__link__ask(&proxy.base, &number, again, NULL);
	CHECK(closures == 0 && proxy.pending == 1);
}

/* ---- a function ---------------------------------------------------------- */

static int dead_root(int argc, char **argv)
{
	struct troupe_message message;
	troupe_ref ref = dead_one();

	ask_in_vain(ref, -ESRCH);
	CHECK(troupe_await(&proxy) == -ESRCH && closures == AGAIN);
	CHECK(proxy.reason.cause == TROUPE_NOPROC && proxy.pending == 0);
	ask_in_vain(ref, -ESRCH);
	while (closures < AGAIN)
		CHECK(troupe_receive(NULL, 0, TROUPE_POLL, &message) ==
		      -ETIMEDOUT);
	return 0;
}

Test(refusals, of_calls_to_the_dead_do_not_nest)
{
	stage_pass(dead_root);
}

static int full_root(int argc, char **argv)
{
	static const struct troupe_class reader = { .name = "reader",
						    .run = stand_still,
						    .mailbox_limit = 4096 };
	troupe_ref ref;

	CHECK(troupe_spawn(&reader, NULL, &ref) == 0);
	troupe_proxy_init(&proxy, ref, &play__link__descriptor);
	while (proxy.error == 0)
		play__link__ask(&proxy.base, &number, NULL, NULL);
	ask_in_vain(ref, -EAGAIN);
	CHECK(troupe_await(&proxy) == -EAGAIN && closures == AGAIN);
	CHECK(troupe_kill(ref) == 0);
	return 0;
}

Test(refusals, of_calls_to_a_full_mailbox_do_not_nest)
{
	stage_pass(full_root);
}

static void note(const Play__Number *answer, void *data)
{
	CHECK(!answer && closures++ == (int)(intptr_t)data);
}

static int order_root(int argc, char **argv)
{
	int i;

	troupe_proxy_init(&proxy, dead_one(), &play__link__descriptor);
	for (i = 0; i < 100; i++)
		play__link__ask(&proxy.base, &number, note,
				(void *)(intptr_t)i);
	CHECK(closures == 0 && proxy.pending == 100);
	/* Something else that waits completes none. */
	CHECK(troupe_whereis("nobody", &(troupe_ref) { 0 }) == -ENOENT);
	CHECK(closures == 0);
	CHECK(troupe_await(&proxy) == -ESRCH);
	CHECK(closures == 100 && proxy.pending == 0);
	play__link__ask(&proxy.base, &number, note, (void *)(intptr_t)100);
	troupe_proxy_init(&proxy, troupe_self(), &play__link__descriptor);
	CHECK(closures == 101);
	return 0;
}

Test(refusals, come_once_each_in_order_and_by_the_next_await)
{
	stage_pass(order_root);
}

/* ---- a class ------------------------------------------------------------- */

static void for_ever(const Play__Number *answer, void *data)
{
	CHECK(depth == 0 && !answer && proxy.error == -ESRCH);
	board->count++;
	depth++;
	play__link__ask(&proxy.base, &number, for_ever, NULL);
	depth--;
}

static int be_late(struct troupe_timer *timer)
{
	board->value[0]++;
	return 0;
}

static int begin(const void *arguments)
{
	static struct troupe_timer timer = { .fired = be_late };
	const Play__Who *who = arguments;

	troupe_proxy_init(&proxy, who->ref, &play__link__descriptor);
	play__link__ask(&proxy.base, &number, for_ever, NULL);
	CHECK(board->count == 0);
	return troupe_timer_start(&timer, troupe_in_ms(1), 1);
}

static int echo(const struct troupe_message *message)
{
	const Play__Number *sent = message->body;

	CHECK(depth == 0);
	return stage_send(message->sender, sent->value);
}

static const struct troupe_handler handlers[] = {
	{ &play__number__descriptor, echo }, { 0 }
};
static const struct troupe_class stubborn = { .name = "stubborn",
					      .init = begin,
					      .handlers = handlers };

static int class_root(int argc, char **argv)
{
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref;
	int i;

	who.ref = dead_one();
	CHECK(troupe_spawn(&stubborn, &who.base, &ref) == 0);
	for (i = 0; i < 100 || board->count < 1000 || board->value[0] < 10;
	     i++) {
		CHECK(stage_send(ref, i) == 0);
		CHECK(stage_receive(60000) == i);
	}
	CHECK(troupe_stop(ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_SHUTDOWN);
	return 0;
}

Test(refusals, without_end_leave_an_actor_its_mail_its_timers_and_its_end)
{
	stage_pass(class_root);
}

/* ---- a gather ------------------------------------------------------------ */

static struct troupe_gather gather;

static void busy(const Play__Number *none, void *data)
{
	CHECK(depth == 0);
	if (++closures == AGAIN)
		CHECK(troupe_kill(gather.proxy[0].target) == 0);
	if (gather.error != -EBUSY)
		return;
	depth++;
	play__link__ask(&gather.base, &number, busy, NULL);
	depth--;
}

static void done(const Play__Number *none, void *data)
{
	board->count++;
}

static int gather_root(int argc, char **argv)
{
	static const struct troupe_class still = { .name = "still",
						   .run = stand_still };
	troupe_ref ref;

	CHECK(troupe_spawn(&still, NULL, &ref) == 0);
	CHECK(troupe_gather_init(&gather, &ref, 1, &play__link__descriptor) ==
	      0);
	gather.timeout_ms = -1;
	play__link__ask(&gather.base, &number, done, NULL);
	play__link__ask(&gather.base, &number, busy, NULL);
	CHECK(closures == 0 && gather.error == -EBUSY);
	CHECK(troupe_gather_await(&gather) == -ESRCH);
	CHECK(closures >= AGAIN && board->count == 1);
	troupe_gather_fini(&gather);
	return 0;
}

Test(refusals, of_a_busy_gather_do_not_nest)
{
	stage_pass(gather_root);
}

#ifndef __SANITIZE_ADDRESS__ /* which needs memory itself */

/* ---- no memory ----------------------------------------------------------- */

static void short_again(const Play__Number *answer, void *data)
{
	CHECK(!answer && proxy.error == -ENOMEM);
	board->count++;
	play__link__ask(&proxy.base, &number, short_again, NULL);
}

static int run_short(const void *arguments)
{
	const struct rlimit none = { 0, RLIM_INFINITY };
	size_t size;

	troupe_proxy_init(&proxy, troupe_parent(), &play__link__descriptor);
	CHECK(setrlimit(RLIMIT_AS, &none) == 0);
	for (size = LARGE; size > 0; size /= 2)
		while (malloc(size)) /* until its actor ends */
			;
	play__link__ask(&proxy.base, &number, short_again, NULL);
	return 0;
}

static int memory_root(int argc, char **argv)
{
	static const struct troupe_class small = { .name = "small",
						   .run = run_short };
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn(&small, NULL, &ref) == 0);
	end = stage_end_of(ref);
	CHECK(end.reason.cause == TROUPE_ERROR && end.reason.code == -ENOMEM);
	CHECK(board->count == 1);
	return 0;
}

Test(refusals, without_memory_run_at_once_and_end_who_insists)
{
	stage_pass(memory_root);
}

#endif
