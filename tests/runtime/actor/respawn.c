/* SPDX-License-Identifier: MIT */
/* Proxies that are initialised again while calls are pending. */
#include "tests/support/stage.h"

enum { ROUNDS = 5, EACH = 3 };

static void twice(Play__Clerk_Service *service, const Play__Number *number,
		  Play__Number_Closure reply, void *call)
{
	reply(number, call);
}

static void never(Play__Clerk_Service *service, const Play__Number *number,
		  Play__Number_Closure reply, void *call)
{
	stage_keep(call);
}

static void dies(Play__Clerk_Service *service, const Play__Number *number,
		 Play__Number_Closure reply, void *call)
{
	kill(getpid(), SIGKILL);
}

static void note(Play__Clerk_Service *service, const Play__Number *number,
		 Play__Nobody_Closure reply, void *call)
{
	stage_keep(call);
}

static const Play__Clerk_Service methods = {
	PLAY__CLERK__BASE_INIT, .twice = twice, .later = never, .refuse = never,
	.silent = never,	.crash = dies,	.note = note,
};
static const struct troupe_class clerk = { .name = "clerk",
					   .service = &methods.base };

static struct troupe_proxy proxy;
static Play__Number number = PLAY__NUMBER__INIT;

/* ---- in child_stopped ---------------------------------------------------- */

static void lost(const Play__Number *answer, void *data)
{
	CHECK(!answer && proxy.error == -ESRCH);
	CHECK(proxy.reason.cause == TROUPE_KILLED);
	board->count++;
}

static int ask_anew(void)
{
	troupe_ref ref;
	int i, r = troupe_spawn(&clerk, NULL, &ref);

	if (r < 0)
		return r;
	troupe_proxy_init(&proxy, ref, &play__clerk__descriptor);
	proxy.timeout_ms = -1;
	for (i = 1; i < EACH; i++)
		play__clerk__silent(&proxy.base, &number, lost, NULL);
	play__clerk__crash(&proxy.base, &number, lost, NULL);
	return 0;
}

static int begin(const void *arguments)
{
	return ask_anew();
}

/* The closures of calls to the dead have run: that many, each once. */
static int have_it_back(const struct troupe_end *end)
{
	long round = ++board->value[0];

	CHECK(end->reason.cause == TROUPE_KILLED);
	CHECK(board->count == round * EACH);
	CHECK(proxy.pending == 0);
	return round == ROUNDS ? TROUPE_STOP : ask_anew();
}

static const struct troupe_class parent = { .name = "parent",
					    .init = begin,
					    .child_stopped = have_it_back };

static int respawn_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&parent, NULL, &ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	CHECK(board->value[0] == ROUNDS && board->count == ROUNDS * EACH);
	return 0;
}

Test(respawn, runs_the_closures_of_the_dead_before_child_stopped)
{
	stage_pass(respawn_root);
}

/* ---- at any time --------------------------------------------------------- */

static void given_up(const Play__Number *answer, void *data)
{
	CHECK(!answer && proxy.error == -ECANCELED);
	++*(int *)data;
}

static void answered(const Play__Number *answer, void *data)
{
	CHECK(answer && answer->value == 5);
	++*(int *)data;
}

/* Asks again by the same proxy, from within the closure. */
static void ask_again(const Play__Number *answer, void *data)
{
	given_up(answer, data);
	play__clerk__twice(&proxy.base, &number, answered, data);
}

static int any_root(int argc, char **argv)
{
	int runs = 0, again = 0;
	troupe_ref ref;

	CHECK(troupe_spawn(&clerk, NULL, &ref) == 0);
	/* As on an uninitialised stack. */
	memset(&proxy, 0xa5, sizeof(proxy));
	troupe_proxy_init(&proxy, ref, &play__clerk__descriptor);
	CHECK(proxy.pending == 0 && proxy.error == 0);
	proxy.timeout_ms = -1;
	number.value = 5;
	play__clerk__silent(&proxy.base, &number, given_up, &runs);
	play__clerk__silent(&proxy.base, &number, given_up, &runs);
	play__clerk__silent(&proxy.base, &number, ask_again, &again);
	CHECK(proxy.pending == 3);
	memset(&proxy, 0xa5, sizeof(proxy));
	troupe_proxy_init(&proxy, ref, &play__clerk__descriptor);
	CHECK(runs == 2 && again == 1);
	CHECK(proxy.pending == 1 && proxy.error == 0);
	if (board->failures)
		return -EIO; /* the await would never end */
	CHECK(troupe_await(&proxy) == 0);
	CHECK(runs == 2 && again == 2 && proxy.pending == 0);
	play__clerk__twice(&proxy.base, &number, answered, &runs);
	CHECK(troupe_await(&proxy) == 0 && runs == 3);
	return 0;
}

Test(respawn, completes_what_is_pending_by_a_proxy_before_init_returns)
{
	stage_pass(any_root);
}
