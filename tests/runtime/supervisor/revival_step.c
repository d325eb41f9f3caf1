/* SPDX-License-Identifier: MIT */
/*
 * An actor of a whole node is killed after any instruction between two marks:
 * while it puts mail aside, takes it up again, asks and answers; and then its
 * successor, while it takes over what was left.  Every other instruction of the
 * shelf is tried, and a sample of the rest; with REVIVAL_STEP_ALL=1 each.
 */
#include "tests/runtime/supervisor/revival_kit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include "runtime/actor/shelf.h"
#include "runtime/node/shelved.h"
#include "tests/support/step.h"

enum {
	ASIDE = 4, /* before the order to take up what was put aside */
	AFTER = 2, /* and after it */
	EACH = ASIDE + AFTER,
	PAD = 300,   /* bytes: a few of these make a lane grow */
	PIECE = 3000 /* of an attachment */
};

enum mark { NOWHERE, AT_START, AT_BIRTH };

/* Shared by the processes of one test. */
static struct shared {
	_Atomic int32_t tracee; /* see step_offer() */
	_Atomic enum mark mark;
	_Atomic uint32_t count;
	_Atomic int64_t noted[2 * EACH];
	troupe_ref clerk;
} * shared;

/* ---- the actor ----------------------------------------------------------- */

static enum mark marked; /* this process is traced, and was at its first mark */

static void begin_at(enum mark mark)
{
	if (shared->mark != mark)
		return;
	shared->mark = NOWHERE;
	step_offer(&shared->tracee);
	step_mark();
	marked = mark;
}

static void end_at(enum mark mark)
{
	if (marked != mark)
		return;
	marked = NOWHERE;
	step_mark();
}

/* The first that a new process does. */
static void is_forked(void)
{
	begin_at(AT_BIRTH);
}

static void on_answer(const Play__Number *answer, void *data)
{
	*(int64_t *)data = answer ? answer->value : -1;
}

static void expect_bytes(const void *bytes, size_t size, int64_t value)
{
	const unsigned char *at = bytes;

	CHECK(at[size / 2] == (unsigned char)value);
	CHECK(at[size - 1] == (unsigned char)value);
}

/* Some ask: an answer to a predecessor must not be taken for theirs. */
static void take(const struct troupe_message *message)
{
	const Play__Blob *blob = message->body;
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_proxy proxy;
	int64_t answer = 0;

	memcpy(&number.value, blob->bytes.data, sizeof(number.value));
	expect_bytes(blob->bytes.data, blob->bytes.len, number.value);
	CHECK(message->attachment_size == (number.value % 4 ? 0 : PIECE));
	if (message->attachment)
		expect_bytes(message->attachment, PIECE, number.value);
	if (number.value % 5 == 0) {
		troupe_proxy_init(&proxy, shared->clerk,
				  &play__clerk__descriptor);
		proxy.timeout_ms = 60000;
		play__clerk__twice(&proxy.base, &number, on_answer, &answer);
		CHECK(troupe_await(&proxy) == 0);
		CHECK(answer == 2 * number.value);
	}
	CHECK(shared->count < 2 * EACH);
	/* A predecessor died with it in hand, and one must know. */
	if (shared->count && shared->noted[shared->count - 1] == number.value)
		CHECK(troupe_attempt() > 1);
	shared->noted[shared->count] = number.value;
	shared->count++;
}

/* start, go, end, or flush */
static char obey(const struct troupe_message *message)
{
	char order = ((const Play__Text *)message->body)->text[0];

	end_at(AT_BIRTH);
	if (order == 's')
		begin_at(AT_START);
	else if (order == 'e')
		end_at(AT_START);
	else if (order == 'f')
		CHECK(stage_send(message->sender, 0) == 0);
	return order;
}

/* ---- as a class ---------------------------------------------------------- */

static bool is_open;

static int on_order(const struct troupe_message *message)
{
	char order = obey(message);

	if (order == 's')
		is_open = false;
	else if (order == 'g')
		is_open = true;
	if (is_open)
		troupe_unstash();
	return 0;
}

static int on_blob(const struct troupe_message *message)
{
	end_at(AT_BIRTH);
	if (!is_open)
		return troupe_stash();
	take(message);
	return 0;
}

static void twice(Play__Clerk_Service *service, const Play__Number *number,
		  Play__Number_Closure reply, void *call)
{
	Play__Number answer = PLAY__NUMBER__INIT;

	end_at(AT_BIRTH);
	if (!is_open && number->value % 2) {
		CHECK(troupe_stash() == 0);
		return;
	}
	answer.value = 2 * number->value;
	reply(&answer, call);
}

static const Play__Clerk_Service methods = {
	.base = { &play__clerk__descriptor, protobuf_c_service_invoke_internal,
		  NULL },
	.twice = twice,
};
static const struct troupe_handler handlers[] = {
	{ &play__text__descriptor, on_order },
	{ &play__blob__descriptor, on_blob },
	{ 0 }
};
static const struct troupe_class stashing = {
	.service = &methods.base,
	.handlers = handlers,
	.restart = TROUPE_RESTART_CRASHED,
	.at_crash = TROUPE_CRASH_AGAIN,
};

/* Another one, which is always open. */
static int open_up(const void *arguments)
{
	is_open = true;
	return 0;
}
static const struct troupe_class clerk = { .service = &methods.base,
					   .init = open_up };

/* ---- as a function ------------------------------------------------------- */

/* Until it is told to flush. */
static int take_all(void)
{
	struct troupe_message message;
	int r;

	while ((r = troupe_receive(NULL, 0, TROUPE_NEVER, &message)) == 0) {
		end_at(AT_BIRTH);
		if (message.type != &play__text__descriptor)
			take(&message);
		else if (obey(&message) == 'f')
			break;
	}
	return r;
}

static int run(const void *arguments)
{
	const struct troupe_pattern order = { .type = &play__text__descriptor };
	struct troupe_message message;
	int r;

	while ((r = troupe_receive(&order, 1, TROUPE_NEVER, &message)) == 0)
		if (obey(&message) == 'g' && take_all() < 0)
			break;
	return r < 0 ? r : 0;
}

static const struct troupe_class queuing = {
	.run = run,
	.restart = TROUPE_RESTART_CRASHED,
	.at_crash = TROUPE_CRASH_AGAIN,
};

/* ---- the one that kills it ----------------------------------------------- */

static const struct troupe_class *klass;
static troupe_ref actor;
static int64_t last;		   /* number sent */
static uint32_t in_hand[2], kills; /* so many were noted at that kill */
static struct troupe_proxy proxy;
static struct {
	int64_t number, answer;
} asked[2];

static void order(const char *what)
{
	Play__Text text = PLAY__TEXT__INIT;

	text.text = (char *)what;
	CHECK(troupe_send(actor, &text.base) == 0);
}

static void send_blobs(int count)
{
	static unsigned char bytes[PIECE];
	Play__Blob blob = PLAY__BLOB__INIT;

	while (count--) {
		last++;
		memset(bytes, (int)last, sizeof(bytes));
		memcpy(bytes, &last, sizeof(last));
		blob.bytes.data = bytes;
		blob.bytes.len = PAD;
		CHECK((last % 4 ? troupe_send(actor, &blob.base)
				: troupe_send_attached(actor, &blob.base, bytes,
						       sizeof(bytes))) == 0);
	}
}

static void call(int which)
{
	Play__Number number = PLAY__NUMBER__INIT;

	asked[which].number = number.value = 2 * last + 1 - which;
	asked[which].answer = 0;
	play__clerk__twice(&proxy.base, &number, on_answer,
			   &asked[which].answer);
}

/* One call is put aside, the other one comes when all are taken up. */
static void send_history(void)
{
	order("start");
	send_blobs(ASIDE);
	if (!klass->run)
		call(0);
	order("go");
	send_blobs(AFTER);
	if (!klass->run)
		call(1);
	order("end");
}

/* True: it was killed there, and not at the next mark. */
static bool kill_after(struct step_path *path, const unsigned *steps,
		       enum mark next)
{
	pid_t pid = step_attach(&shared->tracee);
	bool is_running = true;

	CHECK(step_to_mark(pid));
	if (steps)
		is_running = step_along(pid, path, *steps);
	else
		step_record(pid, path);
	shared->mark = next;
	in_hand[kills++] = shared->count;
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return is_running;
}

/* All, in order; twice only the last one that a killed process has noted. */
static void expect_numbers(void)
{
	int64_t next = last - EACH + 1;

	for (uint32_t i = 0; i < shared->count; i++)
		if (shared->noted[i] == next)
			next++;
		else
			CHECK(shared->noted[i] == next - 1 &&
			      (i == in_hand[0] || i == in_hand[kills - 1]));
	CHECK(next == last + 1);
	shared->count = 0;
	kills = 0;
}

/* A call that a killed process had taken has failed, and the others not. */
static void expect_answers(void)
{
	int r = troupe_await(&proxy);

	CHECK(r == 0 || r == -EHOSTDOWN);
	for (int i = 0; i < 2; i++)
		CHECK(asked[i].answer == 2 * asked[i].number ||
		      (r < 0 && asked[i].answer == -1));
}

static bool try(struct step_path *path, const unsigned *steps,
		struct step_path *birth, const unsigned *then)
{
	bool is_killed;

	troupe_proxy_init(&proxy, actor, &play__clerk__descriptor);
	proxy.timeout_ms = 60000;
	shared->mark = AT_START;
	send_history();
	is_killed = kill_after(path, steps, birth ? AT_BIRTH : NOWHERE);
	if (birth)
		is_killed &= kill_after(birth, then, NOWHERE);
	order("go");
	order("flush");
	CHECK(stage_receive(60000) == 0);
	expect_numbers();
	if (!klass->run)
		expect_answers();
	return is_killed;
}

/* ---- which instructions -------------------------------------------------- */

enum { SAMPLE = 80 };

static unsigned seed;

static bool is_of_shelf(uintptr_t at)
{
	return (at >= (uintptr_t)trp_shelf_add &&
		at < (uintptr_t)trp_shelf_work + 64) ||
	       at - (uintptr_t)trp_shelved_each < 512;
}

static bool is_wanted(const struct step_path *path, unsigned place)
{
	unsigned each = path->count / SAMPLE + 1;

	if (getenv("REVIVAL_STEP_ALL"))
		return true;
	if (is_of_shelf(path->at[place]))
		each = 2; /* of several records */
	return (unsigned)rand_r(&seed) % (each * STEP_STRIDE) == 0;
}

static void begin(void)
{
	const char *given = getenv("REVIVAL_STEP_SEED");

	seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)getpid();
	fprintf(stderr, "REVIVAL_STEP_SEED=%u has the same places\n", seed);
	CHECK(troupe_spawn(&clerk, NULL, &shared->clerk) == 0);
	CHECK(troupe_spawn(klass, NULL, &actor) == 0);
}

static struct step_path path, birth;

/* The first incarnation finds cold caches; the others are like the second. */
static void record(void)
{
	for (int i = 0; i < 2; i++)
		CHECK(try(&path, NULL, NULL, NULL));
}

static int once_root(int argc, char **argv)
{
	unsigned tries = 0, killed = 0;

	begin();
	record();
	for (unsigned i = 0; i < path.count && !board->failures; i++) {
		if (!is_wanted(&path, i))
			continue;
		tries++;
		killed += try(&path, &i, NULL, NULL);
	}
	fprintf(stderr, "%u of %u, %u killed\n", tries, path.count, killed);
	CHECK(killed > tries / 4);
	return 0;
}

static int twice_root(int argc, char **argv)
{
	unsigned tries = 0, killed = 0, first;

	begin();
	record();
	first = path.count / 2;
	try(&path, &first, &birth, NULL);
	for (unsigned i = 0; i < birth.count && !board->failures; i++) {
		if (!is_wanted(&birth, i))
			continue;
		first = (unsigned)rand_r(&seed) % path.count;
		tries++;
		killed += try(&path, &first, &birth, &i);
	}
	fprintf(stderr, "%u of %u, %u killed\n", tries, birth.count, killed);
	CHECK(killed > tries / 4);
	return 0;
}

static void step(const struct troupe_class *its,
		 int (*root)(int argc, char **argv))
{
	klass = its;
	revival_run_by_steps(&shared, sizeof(*shared), is_forked, root);
}

TestSuite(revival_step, .timeout = 600);

Test(revival_step, a_stash_survives_a_death_anywhere)
{
	step(&stashing, once_root);
}

Test(revival_step, a_save_queue_survives_a_death_anywhere)
{
	step(&queuing, once_root);
}

Test(revival_step, a_stash_survives_a_second_death_in_its_import)
{
	step(&stashing, twice_root);
}

Test(revival_step, a_save_queue_survives_a_second_death_in_its_import)
{
	step(&queuing, twice_root);
}
