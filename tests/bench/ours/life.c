/* SPDX-License-Identifier: MIT */
/*
 * The life of actors: from birth to death, from a crash to the next answer,
 * from a death to the last report, and the needs of an idle one.
 */
#include <stdlib.h>
#include <unistd.h>
#include "tests/bench/bench.h"

/* ---- spawn and exit ------------------------------------------------------ */

enum { COUNT, AT_ONCE };

static int ends_at_once(const void *arguments)
{
	return 0;
}

static const struct troupe_class short_class = { .name = "short",
						 .run = ends_at_once };
static long spawned, ended;

static int spawn_one(void)
{
	troupe_ref ref;

	spawned++;
	return troupe_spawn(&short_class, NULL, &ref);
}

static int one_ended(const struct troupe_end *end)
{
	int r = bench_child_ended(end);

	if (r < 0 || ++ended == bench_get(COUNT))
		return r < 0 ? r : TROUPE_STOP;
	return spawned < bench_get(COUNT) ? spawn_one() : 0;
}

static int spawner_init(const void *arguments)
{
	int r = 0;

	while (spawned < bench_get(AT_ONCE) && spawned < bench_get(COUNT) &&
	       r == 0)
		r = spawn_one();
	return r;
}

static struct troupe_class spawner_class = { .name = "spawner",
					     .init = spawner_init,
					     .child_stopped = one_ended };

static int spawn(void)
{
	bench_items(bench_get(COUNT));
	return bench_run_actor(&spawner_class, NULL);
}

const struct bench bench_spawn = {
	.name = "spawn",
	.suite = "troupe",
	.item = "actors",
	.parameters = { [COUNT] = { "n", { 100, 5000, 20000 } },
			[AT_ONCE] = { "at_once",
				      { 16, 16, 16 },
				      .most = BENCH_ACTORS_MOST } },
	.classes = { &spawner_class },
	.root = spawn,
};

/* ---- restart ------------------------------------------------------------- */

static int answer(const struct troupe_message *message)
{
	Bench__Pong pong = BENCH__PONG__INIT;

	return bench_send(message->sender, &pong.base);
}

static const struct troupe_handler servers[] = {
	{ &bench__ping__descriptor, answer },
	{},
};
static struct troupe_class server_class = { .name = "server",
					    .handlers = servers };

static int start_server(troupe_ref *ret_ref)
{
	Bench__Ping ping = BENCH__PING__INIT;
	int r = troupe_spawn(&server_class, NULL, ret_ref);

	if (r == 0)
		r = bench_send(*ret_ref, &ping.base);
	if (r == 0 && !bench_receive(&bench__pong__descriptor, NULL))
		r = -ECANCELED;
	return r;
}

/* From the kill until the new one has answered. */
static int restart(void)
{
	struct troupe_end end;
	troupe_ref ref;
	int r = start_server(&ref);

	bench_start();
	for (long i = 0; i < bench_get(COUNT) && r == 0; i++) {
		struct troupe_time begin = troupe_now();

		r = troupe_kill(ref);
		if (r == 0)
			r = troupe_wait(ref, TROUPE_NEVER, &end);
		if (r == 0)
			r = start_server(&ref);
		bench_expect("cause", end.reason.cause, TROUPE_KILLED);
		bench_latency(troupe_now().ns - begin.ns);
	}
	bench_stop();
	bench_items(bench_get(COUNT));
	return r;
}

const struct bench bench_restart = {
	.name = "restart",
	.suite = "troupe",
	.item = "restarts",
	.parameters = { [COUNT] = { "n", { 20, 1000, 5000 } } },
	.classes = { &server_class },
	.root = restart,
};

/* ---- reports of a death -------------------------------------------------- */

enum { WATCHERS };

static int told(const struct troupe_end *end)
{
	Bench__Done done = BENCH__DONE__INIT;
	int r;

	bench_expect("cause", end->reason.cause, TROUPE_KILLED);
	r = bench_send(troupe_parent(), &done.base);
	return r < 0 ? r : TROUPE_STOP;
}

static int watch(const struct troupe_message *message)
{
	Bench__Go go = BENCH__GO__INIT;
	uint64_t monitor;
	int r = troupe_monitor(((const Bench__Place *)message->body)->to,
			       &monitor);

	return r < 0 ? r : bench_send(message->sender, &go.base);
}

static const struct troupe_handler watchers[] = {
	{ &bench__place__descriptor, watch },
	{},
};
static struct troupe_class watcher_class = { .name = "watcher",
					     .handlers = watchers,
					     .down = told };

static int collect(const ProtobufCMessageDescriptor *type)
{
	for (long i = 0; i < bench_get(WATCHERS); i++)
		if (!bench_receive(type, NULL))
			return -ECANCELED;
	return 0;
}

static int reports(void)
{
	Bench__Place place = BENCH__PLACE__INIT;
	troupe_ref *refs;
	int r = troupe_spawn(&server_class, NULL, &place.to);

	if (r == 0)
		r = bench_spawn_each(&watcher_class, bench_get(WATCHERS),
				     &refs);
	for (long i = 0; i < bench_get(WATCHERS) && r == 0; i++)
		r = bench_send(refs[i], &place.base);
	if (r == 0)
		r = collect(&bench__go__descriptor);
	bench_start();
	if (r == 0)
		r = troupe_kill(place.to);
	if (r == 0)
		r = collect(&bench__done__descriptor);
	bench_stop();
	bench_items(bench_get(WATCHERS));
	return r;
}

const struct bench bench_reports = {
	.name = "reports",
	.suite = "troupe",
	.item = "reports",
	.parameters = { [WATCHERS] = { "watchers",
				       { 20, 1000, 5000 },
				       .most = BENCH_ACTORS_MOST } },
	.classes = { &server_class, &watcher_class },
	.root = reports,
};

/* ---- memory -------------------------------------------------------------- */

static int idle(const void *arguments)
{
	Bench__Token token = BENCH__TOKEN__INIT;
	int r;

	token.left = getpid();
	r = bench_send(troupe_parent(), &token.base);
	if (r == 0)
		bench_receive(&bench__stop__descriptor, NULL);
	return r;
}

static struct troupe_class idle_class = { .name = "idle", .run = idle };

static int spawn_idle(pid_t *pids, long count)
{
	const Bench__Token *token;
	troupe_ref *refs;
	int r = bench_spawn_each(&idle_class, count, &refs);

	for (long i = 0; i < count && r == 0; i++) {
		token = bench_receive(&bench__token__descriptor, NULL);
		if (token)
			pids[i] = (pid_t)token->left;
		else
			r = -ECANCELED;
	}
	return r;
}

/*
 * Beside as many bare forks of the same program, before.  After five seconds an
 * actor gives back what it needed for its birth.
 */
static int memory(void)
{
	enum { SETTLED_S = 6 };
	long count = bench_get(WATCHERS);
	struct bench_memory before, each, fork;
	pid_t *pids = calloc((size_t)count, sizeof(*pids));
	int r = pids ? bench_expect_room(count) : -ENOMEM;

	if (r == 0)
		r = bench_memory_of_forks(count, &fork);
	bench_memory_before(&before);
	bench_start();
	if (r == 0)
		r = spawn_idle(pids, count);
	bench_stop();
	if (r == 0) {
		sleep(bench_is_smoke() ? 0 : SETTLED_S);
		bench_memory_of(&before, pids, count, &each);
		bench_memory_tell(&each, &fork);
	}
	bench_items(count);
	free(pids);
	return r;
}

const struct bench bench_idle = {
	.name = "idle",
	.suite = "troupe",
	.item = "actors",
	.parameters = { [WATCHERS] = { "n",
				       { 50, 1000, 10000 },
				       .most = BENCH_ACTORS_MOST } },
	.sweep = { 100, 1000, 10000 },
	.smoke_most = 100,
	.classes = { &idle_class },
	.root = memory,
};
