/* SPDX-License-Identifier: MIT */
/* Actors that leave the network namespace of their node are woken as others. */
#include <poll.h>
#include <sched.h>
#include <sys/wait.h>
#include "runtime/actor/self.h"
#include "runtime/troupe_io.h"
#include "tests/support/skip.h"
#include "tests/support/stage.h"

enum {
	PATIENCE_MS = 20000, /* a sleeper looks by itself after 30 s */
	ROUNDS = 3,
};

static int leave(void)
{
	int user = geteuid() == 0 ? 0 : CLONE_NEWUSER;

	return unshare(CLONE_NEWNET | user);
}

static void need_namespaces(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(leave() < 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	if (status)
		SKIP("netns", "network namespaces are not allowed here");
}

static int nothing(struct troupe_input *input, short events)
{
	return 0;
}

/* From now on this actor sleeps on descriptors, and on no bare futex. */
static int watch_silence(void)
{
	static struct troupe_input input = { .events = POLLIN,
					     .ready = nothing };
	int ends[2];

	if (pipe(ends) < 0)
		return -errno;
	input.fd = ends[0];
	return troupe_input_add(&input);
}

static void await_sleep(troupe_ref ref)
{
	const struct trp_front *front = trp_arena_front(
		&trp_self.node->arena,
		trp_arena_region(&trp_self.node->arena, trp_ref_slot(ref)));

	for (int i = 0; i < PATIENCE_MS && !atomic_load(&front->sleeping); i++)
		usleep(1000);
}

static void twice(Play__Clerk_Service *service, const Play__Number *number,
		  Play__Number_Closure reply, void *call)
{
	await_sleep(troupe_parent());
	reply(number, call);
}

static const Play__Clerk_Service methods = { PLAY__CLERK__BASE_INIT,
					     .twice = twice };

static int leave_and_watch(const void *arguments)
{
	return leave() < 0 ? -errno : watch_silence();
}

static const struct troupe_class boxed = { .name = "boxed",
					   .service = &methods.base,
					   .init = leave_and_watch };

static void answered(const Play__Number *answer, void *data)
{
	CHECK(answer && answer->value == 7);
	++*(int *)data;
}

static int asking_root(int argc, char **argv)
{
	struct troupe_proxy proxy;
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref ref;
	int answers = 0;

	CHECK(troupe_spawn(&boxed, NULL, &ref) == 0);
	CHECK(watch_silence() == 0);
	troupe_proxy_init(&proxy, ref, &play__clerk__descriptor);
	proxy.timeout_ms = PATIENCE_MS;
	number.value = 7;
	for (int i = 0; i < ROUNDS && !board->failures; i++) {
		await_sleep(ref);
		play__clerk__twice(&proxy.base, &number, answered, &answers);
		CHECK(troupe_await(&proxy) == 0 && answers == i + 1);
	}
	CHECK(trp_status_read(
		      &trp_status_of(&trp_self.node->arena, ref)->unwoken) ==
	      0);
	return 0;
}

Test(net_namespace, one_that_left_it_is_asked_and_answers, .timeout = 120)
{
	need_namespaces();
	stage_pass(asking_root);
}

/* By the supervisor, which it asks and which stops it. */
static int leaving_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(leave_and_watch(NULL) == 0);
	for (int i = 0; i < ROUNDS && !board->failures; i++) {
		struct troupe_time begin = troupe_now();

		await_sleep(TRP_REF_SUPERVISOR);
		CHECK(troupe_spawn(&boxed, NULL, &ref) == 0);
		await_sleep(ref);
		CHECK(troupe_stop(ref) == 0);
		CHECK(stage_end_of(ref).reason.cause == TROUPE_SHUTDOWN);
		CHECK(troupe_now().ns - begin.ns <
		      INT64_C(1000000) * PATIENCE_MS);
	}
	return 0;
}

Test(net_namespace, a_root_that_left_it_spawns_and_stops, .timeout = 120)
{
	need_namespaces();
	stage_pass(leaving_root);
}

/* ---- descriptors --------------------------------------------------------- */

static int take_outside(const struct troupe_message *message)
{
	const Play__Blob *blob = message->body;
	int fd;

	CHECK(leave() == 0);
	CHECK(troupe_handover_take(blob->bytes.data, blob->bytes.len,
				   TROUPE_NEVER, &fd) == -EXDEV);
	return TROUPE_STOP;
}

static const struct troupe_handler taking[] = {
	{ &play__blob__descriptor, take_outside }, { 0 }
};
static const struct troupe_class taker = { .name = "taker",
					   .handlers = taking };

static int giving_root(int argc, char **argv)
{
	Play__Blob blob = PLAY__BLOB__INIT;
	struct troupe_handover handover;
	troupe_ref ref;

	CHECK(troupe_spawn(&taker, NULL, &ref) == 0);
	CHECK(troupe_handover_give(dup(0), ref, &handover) == 0);
	blob.bytes.data = (uint8_t *)&handover;
	blob.bytes.len = sizeof(handover);
	CHECK(troupe_send(ref, &blob.base) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	return 0;
}

/* Not as of one that has ended. */
Test(net_namespace, a_descriptor_from_another_is_refused_as_such)
{
	need_namespaces();
	stage_pass(giving_root);
}
