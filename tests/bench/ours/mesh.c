/* SPDX-License-Identifier: MIT */
/*
 * Actors of two nodes of this machine, as a mesh with a cookie has them: over
 * local sockets, or over a broker that the run starts.  The far node has the
 * actor that is sent to, the near one all that send.  These outlive it, so that
 * their CPU time is told.
 */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "runtime/mail/module.h"
#include "runtime/mesh/nodes.h"
#include "runtime/node/options.h"
#include "runtime/supervisor/supervisor.h"
#include "runtime/troupe_node.h"
#include "tests/bench/bench.h"
#include "tests/bench/servers.h"

enum { NEAR, FAR, NODES };
enum { COUNT };	       /* of a one-way, of asks */
enum { SENDERS, ALL }; /* of a fan-in */
#define COOKIE "of the benchmarks alone, in no mesh"

/* ---- two nodes ----------------------------------------------------------- */

static const char *const node_name[NODES] = { "near", "far" };

static int run_node(const char *bus, int which, int (*root)(int, char **))
{
	static char *argv[] = { "mesh", NULL };
	static const struct trp_module *const modules[] = {
		&trp_mail_module, &trp_mesh_nodes_module, NULL
	};
	static struct trp_options options = { .mesh.name = "bench",
					      .mesh.cookie = COOKIE,
					      .mesh.cookie_length =
						      sizeof(COOKIE) - 1,
					      .argc = 1,
					      .argv = argv };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	options.main = root;
	snprintf(options.node, sizeof(options.node), "%s", node_name[which]);
	snprintf(options.mesh.bus, sizeof(options.mesh.bus), "%s", bus);
	return trp_supervisor_run(&options, modules);
}

/* One that waits for the other would wait for ever when that has failed. */
static void await_nodes(const pid_t pid[NODES])
{
	struct pollfd ended[NODES];
	int status;

	for (int i = 0; i < NODES; i++)
		ended[i] = (struct pollfd) { .fd = pidfd_open(pid[i], 0),
					     .events = POLLIN };
	for (int left = NODES; left > 0;) {
		poll(ended, NODES, -1);
		for (int i = 0; i < NODES; i++) {
			if (ended[i].fd < 0 || !ended[i].revents)
				continue;
			waitpid(pid[i], &status, 0);
			close(ended[i].fd);
			ended[i].fd = -1;
			left--;
			if (status == 0)
				continue;
			bench_fail("the %s node ended with status %#x",
				   node_name[i], (unsigned)status);
			if (left > 0)
				kill(pid[!i], SIGKILL);
		}
	}
}

static int start_nodes(const char *bus, int (*const root[NODES])(int, char **))
{
	pid_t pid[NODES];

	for (int i = 0; i < NODES; i++) {
		pid[i] = fork();
		if (pid[i] == 0)
			_exit(run_node(bus, i, root[i]));
		if (pid[i] < 0)
			return -errno; /* the first dies with this process */
	}
	await_nodes(pid);
	return 0;
}

/* Control sockets of its own: other runs have nodes of the same names. */
static int run_nodes(const char *bus, int (*const root[NODES])(int, char **))
{
	char folder[64], sockets[80], local[80];
	int r;

	snprintf(folder, sizeof(folder), "/tmp/troupe-bench-%d-mesh",
		 (int)getpid());
	snprintf(local, sizeof(local), "local:%s", folder);
	if (mkdir(folder, 0700) < 0)
		return -errno;
	setenv("XDG_RUNTIME_DIR", folder, 1);
	r = start_nodes(bus ? bus : local, root);
	snprintf(sockets, sizeof(sockets), "%s/troupe", folder);
	rmdir(sockets);
	rmdir(folder);
	return r;
}

static int over_local(int (*const root[NODES])(int, char **))
{
	return run_nodes(NULL, root);
}

static int over_broker(const char *program, const char *scheme,
		       int (*const root[NODES])(int, char **))
{
	char bus[64];
	pid_t broker;
	int port, r = servers_start_broker(program, &broker, &port);

	if (r < 0)
		return r;
	snprintf(bus, sizeof(bus), "%s://127.0.0.1:%d", scheme, port);
	r = run_nodes(bus, root);
	servers_stop_broker(broker);
	return r;
}

static int over_mqtt(int (*const root[NODES])(int, char **))
{
	return over_broker("mosquitto", "mqtt", root);
}

static int over_nats(int (*const root[NODES])(int, char **))
{
	return over_broker("nats-server", "nats", root);
}

/* Until the far node is up, and its actor is there. */
static int find(troupe_ref *ret_ref)
{
	int r;

	do {
		r = troupe_whereis_at("far", "target", TROUPE_NEVER, ret_ref);
	} while (r == -ENOENT || r == -EHOSTUNREACH || r == -ENOTCONN);
	return r;
}

static int offer(const struct troupe_class *klass)
{
	troupe_ref ref;
	int r = troupe_spawn(klass, NULL, &ref);

	if (r == 0)
		r = troupe_register("target", ref);
	return r < 0 ? r : bench_wait_each(&ref, 1);
}

/* ---- one way ------------------------------------------------------------- */

static long warm_up(void)
{
	return (bench_get(COUNT) + 4) / 5;
}

static long received;

static int take(const struct troupe_message *message)
{
	Bench__Go go = BENCH__GO__INIT;

	bench_expect("number", ((const Bench__Ping *)message->body)->number,
		     received);
	if (++received == warm_up())
		return bench_send(message->sender, &go.base);
	if (received < warm_up() + bench_get(COUNT))
		return 0;
	bench_stop_cpu(bench_get(COUNT));
	return TROUPE_STOP;
}

static const struct troupe_handler takers[] = {
	{ &bench__ping__descriptor, take },
	{},
};
static struct troupe_class taker_class = { .name = "taker",
					   .handlers = takers };

static int send_some(troupe_ref to, long from, long count)
{
	Bench__Ping ping = BENCH__PING__INIT;
	int r = 0;

	for (ping.number = from; ping.number < from + count && r == 0;
	     ping.number++)
		r = bench_send(to, &ping.base);
	return r;
}

static int send_all(int argc, char **argv)
{
	troupe_ref to;
	int r = find(&to);

	if (r == 0)
		r = send_some(to, 0, warm_up());
	if (r == 0 && !bench_receive(&bench__go__descriptor, NULL))
		r = -ECANCELED;
	bench_start_cpu();
	if (r == 0)
		r = send_some(to, warm_up(), bench_get(COUNT));
	return r < 0 ? r : bench_wait_each(&to, 1);
}

static int take_all(int argc, char **argv)
{
	return offer(&taker_class);
}

static int (*const oneway[NODES])(int, char **) = { send_all, take_all };

/* ---- asking -------------------------------------------------------------- */

static void echo_ask(Bench__Echo_Service *service, const Bench__Ping *ping,
		     Bench__Pong_Closure reply, void *call)
{
	Bench__Pong pong = BENCH__PONG__INIT;

	pong.number = ping->number;
	reply(&pong, call);
}

static const Bench__Echo_Service echo_methods = BENCH__ECHO__INIT(echo_);
static struct troupe_class echo_class = { .name = "echo",
					  .service = &echo_methods.base };

static int64_t answer;

static void take_answer(const Bench__Pong *pong, void *data)
{
	answer = pong ? pong->number : -1;
}

static int ask_all(int argc, char **argv)
{
	Bench__Ping ping = BENCH__PING__INIT;
	struct troupe_proxy echo;
	struct troupe_time begin;
	troupe_ref ref;
	int r = find(&ref);

	troupe_proxy_init(&echo, ref, &bench__echo__descriptor);
	for (; ping.number < warm_up() + bench_get(COUNT) && r == 0;
	     ping.number++) {
		if (ping.number == warm_up())
			bench_start_cpu();
		begin = troupe_now();
		bench__echo__ask(&echo.base, &ping, take_answer, NULL);
		r = troupe_await(&echo);
		bench_expect("answer", answer, ping.number);
		if (ping.number >= warm_up())
			bench_latency(troupe_now().ns - begin.ns);
	}
	bench_stop_cpu(bench_get(COUNT));
	return r < 0 ? r : troupe_stop(ref);
}

static int answer_all(int argc, char **argv)
{
	return offer(&echo_class);
}

static int (*const asking[NODES])(int, char **) = { ask_all, answer_all };

/* ---- many to one --------------------------------------------------------- */

static long of_each(void)
{
	return bench_get(ALL) / bench_get(SENDERS);
}

static int64_t sum;

static int add(const struct troupe_message *message)
{
	int64_t senders = bench_get(SENDERS), each = of_each();

	sum += ((const Bench__Ping *)message->body)->number;
	if (++received < senders * each)
		return 0;
	bench_stop_cpu(senders * each);
	bench_expect("sum", sum, senders * (each * (each - 1) / 2));
	return TROUPE_STOP;
}

static const struct troupe_handler adders[] = {
	{ &bench__ping__descriptor, add },
	{},
};
static struct troupe_class adder_class = { .name = "adder",
					   .handlers = adders };

static int send_part(const void *arguments)
{
	const Bench__Place *told =
		bench_receive(&bench__place__descriptor, NULL);

	troupe_ref to = told ? told->to : 0;
	int r = told ? send_some(to, 0, of_each()) : -ECANCELED;

	return r < 0 ? r : bench_wait_each(&to, 1);
}

static struct troupe_class sender_class = { .name = "sender",
					    .run = send_part };

/* All are alive before the first is told to begin. */
static int send_from_many(int argc, char **argv)
{
	Bench__Place place = BENCH__PLACE__INIT;
	long senders = bench_get(SENDERS);
	troupe_ref *refs;
	int r = find(&place.to);

	if (r == 0)
		r = bench_spawn_each(&sender_class, senders, &refs);
	if (r < 0)
		return r;
	bench_start_cpu();
	for (long i = 0; i < senders && r == 0; i++)
		r = bench_send(refs[i], &place.base);
	return r < 0 ? r : bench_wait_each(refs, senders);
}

static int add_all(int argc, char **argv)
{
	return offer(&adder_class);
}

static int (*const fanin[NODES])(int, char **) = { send_from_many, add_all };

/* -------------------------------------------------------------------------- */

#define MESH(WORKLOAD, ROOTS, BUS, ...)                                 \
	static int WORKLOAD##_##BUS(void)                               \
	{                                                               \
		return over_##BUS(ROOTS);                               \
	}                                                               \
	const struct bench bench_mesh_##WORKLOAD##_##BUS = {            \
		.name = "mesh_" #WORKLOAD "_" #BUS,                     \
		.suite = "troupe",                                      \
		.classes = { &taker_class, &adder_class, &sender_class, \
			     &echo_class },                             \
		.plain = WORKLOAD##_##BUS,                              \
		__VA_ARGS__                                             \
	}
#define ONEWAY              \
	.item = "messages", \
	.parameters = { [COUNT] = { "n", { 1000, 4000000, 20000000 } } }
#define ASK                    \
	.item = "round trips", \
	.parameters = { [COUNT] = { "n", { 500, 20000, 100000 } } }
#define FANIN                                                              \
	.item = "messages", .parameters = {                                \
		[SENDERS] = { "senders", { 4, 4, 64 }, .most = 256 },      \
		[ALL] = { "n", { 1000, 4000000, 20000000 }, .least = 256 } \
	}

#ifdef HAVE_LIBCRYPTO
#define COOKIES .needs = NULL
#else
#define COOKIES .needs = "libssl-dev"
#endif
#ifdef HAVE_LIBMOSQUITTO
#define MOSQUITTO COOKIES, .program = "mosquitto"
#else
#define MOSQUITTO .needs = "libmosquitto-dev"
#endif
#ifdef HAVE_LIBNATS
#define NATS COOKIES, .program = "nats-server"
#else
#define NATS .needs = "libnats-dev"
#endif

MESH(oneway, oneway, local, ONEWAY, COOKIES);
MESH(oneway, oneway, mqtt, ONEWAY, MOSQUITTO);
MESH(oneway, oneway, nats, ONEWAY, NATS);
MESH(ask, asking, local, ASK, COOKIES);
MESH(ask, asking, mqtt, ASK, MOSQUITTO);
MESH(ask, asking, nats, ASK, NATS);
MESH(fanin, fanin, local, FANIN, COOKIES);
MESH(fanin, fanin, mqtt, FANIN, MOSQUITTO);
MESH(fanin, fanin, nats, FANIN, NATS);
