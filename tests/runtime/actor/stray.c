/* SPDX-License-Identifier: MIT */
/* Stray stores into a doorbell, which every process of the node can write. */
#include <poll.h>
#include "runtime/actor/self.h"
#include "tests/support/stage.h"

enum {
	LATE_MS = 100,	 /* what the manual promises */
	LOADED_MS = 400, /* a busy machine adds to it */
	IN_A_ROW = 5,	 /* for harm may be done each second time */
	ROWS = 10,	 /* one of which no machine disturbs */
};

/* Damages that a wild pointer does to the doorbell of another. */
enum damage { ONES_BELOW, ONES_IN_THE_WORD, ONES, ZEROS, DAMAGES };

static void harm(troupe_ref ref, enum damage damage)
{
	struct trp_doorbell *bell =
		trp_arena_doorbell(&trp_self.node->arena, trp_ref_slot(ref));

	switch (damage) {
	case ONES_BELOW:
		memset(bell->bottom, 0xff, sizeof(bell->bottom));
		break;
	case ONES_IN_THE_WORD:
		atomic_store(&bell->word, UINT32_MAX);
		break;
	case ONES:
		memset(bell->bottom, 0xff, sizeof(bell->bottom));
		atomic_store(&bell->word, UINT32_MAX);
		break;
	case ZEROS:
		memset(bell, 0, sizeof(*bell));
		break;
	case DAMAGES:
		break;
	}
}

/* Until it sleeps. */
static void await_sleep(troupe_ref ref)
{
	const struct trp_front *front = trp_arena_front(
		&trp_self.node->arena,
		trp_arena_region(&trp_self.node->arena, trp_ref_slot(ref)));
	int i;

	usleep(2000);
	for (i = 0; i < 10000 && !atomic_load(&front->sleeping); i++)
		usleep(1000);
}

static bool is_in_time(struct troupe_time begin)
{
	int64_t ms = (troupe_now().ns - begin.ns) / 1000000;

	return ms <= LATE_MS + LOADED_MS;
}

/* Does the damage and the delayed action, until a row was in time. */
static void expect_in_time(bool (*is_done_in_time)(troupe_ref ref,
						   enum damage damage),
			   troupe_ref ref, enum damage damage)
{
	int rows, in_time = 0;

	for (rows = 0; rows < ROWS && in_time < IN_A_ROW; rows++)
		for (in_time = 0; in_time < IN_A_ROW; in_time++)
			if (!is_done_in_time(ref, damage))
				break;
	CHECK(in_time == IN_A_ROW);
}

/* ---- requests ------------------------------------------------------------ */

static bool request(troupe_ref ref, enum damage damage)
{
	struct troupe_time begin;
	troupe_ref found;

	await_sleep(ref);
	harm(ref, damage);
	begin = troupe_now();
	CHECK(troupe_whereis("nobody", &found) == -ENOENT);
	return is_in_time(begin);
}

static int request_root(int argc, char **argv)
{
	enum damage damage;
	troupe_ref ref;

	for (damage = 0; damage < DAMAGES; damage++) {
		expect_in_time(request, TRP_REF_SUPERVISOR, damage);
		CHECK(troupe_spawn_function(stage_idle, NULL, &ref) == 0);
		CHECK(troupe_kill(ref) == 0);
		CHECK(stage_end_of(ref).reason.cause == TROUPE_KILLED);
	}
	return 0;
}

Test(stray, stores_at_the_supervisor_delay_no_request_for_long)
{
	stage_pass(request_root);
}

/* ---- calls, and mail ----------------------------------------------------- */

/* An input that is never ready: then the sleep is not on the bare futex. */
static int is_never_ready(struct troupe_input *input, short events)
{
	return 0;
}

static int begin(const void *arguments)
{
	static struct troupe_input input = { .events = POLLIN,
					     .ready = is_never_ready };
	const Play__Number *with_input = arguments;
	int ends[2];

	if (!with_input->value)
		return 0;
	CHECK(pipe(ends) == 0);
	input.fd = ends[0];
	return troupe_input_add(&input);
}

static void link_ask(Play__Link_Service *service, const Play__Number *number,
		     Play__Number_Closure reply, void *call)
{
	reply(number, call);
}

static int take(const struct troupe_message *message)
{
	board->count++;
	return 0;
}

static const Play__Link_Service methods = PLAY__LINK__INIT(link_);
static const struct troupe_handler handlers[] = {
	{ &play__number__descriptor, take },
	{ 0 },
};
static const struct troupe_class sleeper = { .name = "sleeper",
					     .init = begin,
					     .service = &methods.base,
					     .handlers = handlers };

static void got(const Play__Number *answer, void *data)
{
	CHECK(answer);
}

static bool ask(troupe_ref ref)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_time begin = troupe_now();
	struct troupe_proxy proxy;

	troupe_proxy_init(&proxy, ref, &play__link__descriptor);
	proxy.timeout_ms = -1;
	play__link__ask(&proxy.base, &number, got, NULL);
	CHECK(troupe_await(&proxy) == 0);
	return is_in_time(begin);
}

static bool ask_harmed(troupe_ref ref, enum damage damage)
{
	await_sleep(ref);
	harm(ref, damage);
	return ask(ref);
}

static bool ask_while_harmed(troupe_ref ref, enum damage damage)
{
	harm(troupe_self(), damage);
	return ask(ref);
}

/* The first of the two may be hidden, and comes with the second. */
static bool send_twice(troupe_ref ref, enum damage damage)
{
	long before = board->count;
	struct troupe_time begin;
	bool is_soon;

	await_sleep(ref);
	harm(ref, damage);
	CHECK(stage_send(ref, 1) == 0);
	harm(ref, damage);
	begin = troupe_now();
	CHECK(stage_send(ref, 2) == 0);
	while (board->count < before + 2)
		usleep(1000);
	CHECK(board->count == before + 2);
	is_soon = is_in_time(begin);
	usleep(TRP_LOOK_NS / 1000); /* looked for once in it */
	return is_soon;
}

static int actor_root(int argc, char **argv)
{
	Play__Number with_input = PLAY__NUMBER__INIT;
	enum damage damage;
	troupe_ref ref;

	for (; with_input.value < 2; with_input.value++) {
		CHECK(troupe_spawn(&sleeper, &with_input.base, &ref) == 0);
		ask(ref);
		for (damage = 0; damage < DAMAGES && !board->failures;
		     damage++) {
			expect_in_time(ask_harmed, ref, damage);
			expect_in_time(ask_while_harmed, ref, damage);
			expect_in_time(send_twice, ref, damage);
		}
		CHECK(troupe_kill(ref) == 0);
	}
	return 0;
}

Test(stray, stores_at_an_actor_delay_no_call_and_no_second_message_for_long,
     .timeout = 600)
{
	stage_pass(actor_root);
}

/* ---- nobody wakes for it ------------------------------------------------- */

static long switches_of(pid_t pid)
{
	char path[64], line[128];
	long count = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "voluntary_ctxt_switches: %ld", &count) == 1)
			break;
	if (file)
		fclose(file);
	return count;
}

/* On a busy machine a process waits for other reasons, too: one check may
 * fail. */
static bool is_quiet(pid_t pid)
{
	enum { LOOKS = 40, LOOK_MS = 300 };
	long before, after = switches_of(pid);
	int i;

	for (i = 0; i < LOOKS; i++) {
		before = after;
		usleep(LOOK_MS * 1000);
		after = switches_of(pid);
		if (before > 0 && after == before)
			return true;
	}
	return false;
}

/* Both have sent and received, and then there is silence. */
static int idle_root(int argc, char **argv)
{
	Play__Number with_input = PLAY__NUMBER__INIT;
	troupe_ref ref;

	CHECK(troupe_spawn(&sleeper, &with_input.base, &ref) == 0);
	ask(ref);
	CHECK(stage_send(ref, 1) == 0);
	CHECK(is_quiet(getppid()));
	CHECK(is_quiet(trp_status_pid(&trp_self.node->arena, ref)));
	CHECK(troupe_kill(ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_KILLED);
	return 0;
}

Test(stray, stores_are_looked_for_by_nobody_who_is_idle)
{
	/* Other nodes that start check the control sockets there. */
	cr_assert_eq(setenv("XDG_RUNTIME_DIR", "/nonexistent", 1), 0);
	stage_pass(idle_root);
}
