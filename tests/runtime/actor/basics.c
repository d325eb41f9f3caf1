/* SPDX-License-Identifier: MIT */
/* Spawning and sending in general. */
#include "tests/support/stage.h"
#include <fcntl.h>
#include <poll.h>

/* ---- one spawn, one process ---------------------------------------------- */

static int children_of(pid_t pid, pid_t *ret_first)
{
	char path[64];
	FILE *list;
	int child, count = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid,
		 (int)pid);
	list = fopen(path, "re");
	CHECK(list);
	while (list && fscanf(list, "%d", &child) == 1)
		if (count++ == 0)
			*ret_first = child;
	if (list)
		fclose(list);
	return count;
}

static int say_pid(const void *arguments)
{
	CHECK(stage_send(troupe_parent(), getpid()) == 0);
	return 0;
}

static const struct troupe_class said = { .name = "said", .init = say_pid };

static int process_root(int argc, char **argv)
{
	enum { ACTORS = 20 };
	pid_t first, supervisor = getppid();
	int i, before = children_of(supervisor, &first);
	troupe_ref ref;

	for (i = 0; i < ACTORS; i++)
		CHECK(troupe_spawn(&said, NULL, &ref) == 0);
	for (i = 0; i < ACTORS; i++)
		CHECK(children_of((pid_t)stage_receive(10000), &first) == 0);
	CHECK(children_of(supervisor, &first) == before + ACTORS);
	CHECK(children_of(getpid(), &first) == 0);
	return 0;
}

Test(spawning, makes_one_process_that_runs_by_itself)
{
	stage_pass(process_root);
}

static int answer_argument(const void *arguments)
{
	const Play__Number *number = arguments;

	CHECK(stage_receive(10000) == 5);
	return stage_send(troupe_parent(), number ? number->value : -1);
}

static const struct troupe_class answering = { .name = "answering",
					       .run = answer_argument };

/* The first child of the supervisor is the zygote, which is made to wait. */
static int early_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref function, table, neither;
	pid_t zygote = 0;

	children_of(getppid(), &zygote);
	CHECK(zygote && zygote != getpid() && kill(zygote, SIGSTOP) == 0);
	number.value = 7;
	CHECK(troupe_spawn_function(answer_argument, &number.base, &function) ==
	      0);
	number.value = 8;
	CHECK(troupe_spawn(&answering, &number.base, &table) == 0);
	CHECK(troupe_spawn(&answering, NULL, &neither) == 0);
	CHECK(function != table && table != neither && function != neither);
	CHECK(stage_send(function, 5) == 0 && stage_send(table, 5) == 0 &&
	      stage_send(neither, 5) == 0);
	CHECK(stage_receive(0) == -1);
	CHECK(kill(zygote, SIGCONT) == 0);
	CHECK(stage_receive(10000) + stage_receive(10000) +
		      stage_receive(10000) ==
	      7 + 8 - 1);
	return 0;
}

Test(spawning, gives_a_reference_that_is_good_before_the_actor_runs)
{
	stage_pass(early_root);
}

/* ---- from anywhere ------------------------------------------------------- */

enum place {
	IN_INIT,
	IN_HANDLER,
	IN_METHOD,
	IN_TIMER,
	IN_INPUT,
	IN_CLOSURE,
	IN_DOWN,
	IN_CHILD_STOPPED,
	IN_IDLE,
	PLACES
};

static int be_there(const void *arguments)
{
	board->value[((const Play__Number *)arguments)->value]++;
	return 0;
}

/* Once for each place. */
static void spawn_from(enum place place)
{
	static bool is_done[PLACES];
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref ref;

	if (is_done[place])
		return;
	is_done[place] = true;
	number.value = place;
	CHECK(troupe_spawn_function(be_there, &number.base, &ref) == 0);
}

static int on_timer(struct troupe_timer *timer)
{
	spawn_from(IN_TIMER);
	return 0;
}

static int on_input(struct troupe_input *input, short events)
{
	spawn_from(IN_INPUT);
	troupe_input_remove(input);
	return close(input->fd);
}

static void on_answer(const Play__Number *answer, void *data)
{
	spawn_from(IN_CLOSURE);
}

static int on_down(const struct troupe_end *end)
{
	spawn_from(IN_DOWN);
	return 0;
}

static int on_child(const struct troupe_end *end)
{
	static int ended;

	spawn_from(IN_CHILD_STOPPED);
	return ++ended == PLACES ? TROUPE_STOP : 0;
}

static int on_idle(void)
{
	spawn_from(IN_IDLE);
	return 0;
}

static int on_number(const struct troupe_message *message)
{
	spawn_from(IN_HANDLER);
	return 0;
}

static void link_ask(Play__Link_Service *service, const Play__Number *number,
		     Play__Number_Closure reply, void *call)
{
	spawn_from(IN_METHOD);
	reply(number, call);
}

static const Play__Link_Service link_methods = PLAY__LINK__INIT(link_);

static int begin(const void *arguments)
{
	static struct troupe_timer timer = { .fired = on_timer };
	static struct troupe_input input = { .ready = on_input,
					     .events = POLLIN };
	static struct troupe_proxy proxy;
	Play__Number number = PLAY__NUMBER__INIT;
	uint64_t monitor;
	int ends[2];

	spawn_from(IN_INIT);
	CHECK(troupe_timer_start(&timer, troupe_now(), 0) == 0);
	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	input.fd = ends[0];
	CHECK(close(ends[1]) == 0); /* which is an event */
	CHECK(troupe_input_add(&input) == 0);
	CHECK(troupe_monitor(0x1000123400000001, &monitor) == 0);
	CHECK(stage_send(troupe_self(), 1) == 0);
	troupe_proxy_init(&proxy, troupe_self(), &play__link__descriptor);
	play__link__ask(&proxy.base, &number, on_answer, NULL);
	return 0;
}

static const struct troupe_handler numbers[] = {
	{ &play__number__descriptor, on_number }, { 0 }
};
static const struct troupe_class fertile = { .name = "fertile",
					     .init = begin,
					     .handlers = numbers,
					     .service = &link_methods.base,
					     .down = on_down,
					     .child_stopped = on_child,
					     .idle = on_idle,
					     .idle_ms = 1 };

static int anywhere_root(int argc, char **argv)
{
	troupe_ref ref;
	int i;

	CHECK(troupe_spawn(&fertile, NULL, &ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	for (i = 0; i < PLACES; i++)
		CHECK(board->value[i] == 1);
	return 0;
}

Test(spawning, may_be_done_from_every_callback)
{
	stage_pass(anywhere_root);
}

/* ---- references ---------------------------------------------------------- */

/* Gets the reference of a third, sends it a number, and its own reference by a
 * message. */
static int introduce(const void *arguments)
{
	struct troupe_message message;
	Play__Who self = PLAY__WHO__INIT;
	troupe_ref third;

	CHECK(troupe_receive(NULL, 0, troupe_in_ms(10000), &message) == 0);
	third = ((const Play__Who *)message.body)->ref;
	self.ref = troupe_self();
	CHECK(stage_send(third, 1) == 0);
	CHECK(troupe_send(third, &self.base) == 0);
	return stage_receive(10000) == 2 ? 0 : -EPROTO;
}

static int meet(const void *arguments)
{
	struct troupe_message message;
	troupe_ref other;

	CHECK(troupe_receive(NULL, 0, troupe_in_ms(10000), &message) == 0);
	other = message.sender;
	CHECK(troupe_receive(NULL, 0, troupe_in_ms(10000), &message) == 0);
	CHECK(((const Play__Who *)message.body)->ref == other);
	CHECK(message.sender == other && other != troupe_parent());
	return stage_send(other, 2);
}

static int reference_root(int argc, char **argv)
{
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref one;

	CHECK(troupe_spawn_function(introduce, NULL, &one) == 0);
	CHECK(troupe_spawn_function(meet, NULL, &who.ref) == 0);
	CHECK(troupe_send(one, &who.base) == 0);
	CHECK(stage_end_of(one).reason.cause == TROUPE_NORMAL);
	return 0;
}

Test(messages, references_in_them_lead_third_parties_to_each_other)
{
	stage_pass(reference_root);
}

/* ---- sending ------------------------------------------------------------- */

static int hold_number(const struct troupe_message *message)
{
	board->value[0]++;
	while (!board->value[1])
		;
	return 0;
}

static const struct troupe_handler holding[] = {
	{ &play__number__descriptor, hold_number }, { 0 }
};
static const struct troupe_class holder = { .name = "holder",
					    .handlers = holding };

static int held_root(int argc, char **argv)
{
	troupe_ref ref;
	int i;

	CHECK(troupe_spawn(&holder, NULL, &ref) == 0);
	for (i = 0; i < 100; i++)
		CHECK(stage_send(ref, i) == 0);
	CHECK(board->value[0] <= 1);
	board->value[1] = 1;
	CHECK(troupe_close(ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	CHECK(board->value[0] == 100);
	return 0;
}

Test(messages, a_send_does_not_wait_for_a_handler)
{
	stage_pass(held_root);
}

static int bytes_root(int argc, char **argv)
{
	struct troupe_time before = troupe_now(), end;
	Play__Blob blob = PLAY__BLOB__INIT;
	struct troupe_message message;
	const Play__Blob *received;
	uint8_t bytes[512];
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	blob.bytes.data = bytes;
	blob.bytes.len = sizeof(bytes);
	CHECK(troupe_send_attached(troupe_self(), &blob.base, bytes,
				   sizeof(bytes)) == 0);
	end = troupe_now();
	CHECK(troupe_receive(NULL, 0, troupe_in_ms(10000), &message) == 0);
	received = message.body;
	CHECK(received->bytes.len == sizeof(bytes));
	CHECK(memcmp(received->bytes.data, bytes, sizeof(bytes)) == 0);
	CHECK(message.attachment_size == sizeof(bytes));
	CHECK(memcmp(message.attachment, bytes, sizeof(bytes)) == 0);
	CHECK(message.created.ns >= before.ns && message.created.ns <= end.ns);
	CHECK(message.sender == troupe_self());
	return 0;
}

Test(messages, carry_any_bytes_and_the_time_of_their_creation)
{
	stage_pass(bytes_root);
}

static int oldest_root(int argc, char **argv)
{
	Play__Text text = PLAY__TEXT__INIT;
	struct troupe_message message;
	struct troupe_time deadline;

	CHECK(stage_send(troupe_self(), 1) == 0);
	CHECK(troupe_send(troupe_self(), &text.base) == 0);
	CHECK(troupe_receive(NULL, 0, TROUPE_POLL, &message) == 0);
	CHECK(message.type == &play__number__descriptor);
	CHECK(troupe_receive(NULL, 0, TROUPE_POLL, &message) == 0);
	CHECK(message.type == &play__text__descriptor);
	CHECK(troupe_receive(NULL, 0, TROUPE_POLL, &message) == -ETIMEDOUT);
	CHECK(troupe_receive(NULL, 1, TROUPE_POLL, &message) == -EINVAL);
	deadline = troupe_in_ms(20);
	CHECK(troupe_receive(NULL, 0, deadline, &message) == -ETIMEDOUT);
	CHECK(troupe_now().ns >= deadline.ns);
	return 0;
}

Test(messages, without_a_pattern_the_oldest_and_none_after_the_deadline)
{
	stage_pass(oldest_root);
}

/* ---- errno --------------------------------------------------------------- */

static int errno_root(int argc, char **argv)
{
	enum { NOBODYS = 4242 };
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_message message;
	struct troupe_loan loan;
	troupe_ref ref;
	int i;

	errno = NOBODYS;
	CHECK(troupe_spawn_function(stage_idle, NULL, &ref) == 0);
	CHECK(errno == NOBODYS);
	CHECK(troupe_receive(NULL, 0, troupe_in_ms(5), &message) == -ETIMEDOUT);
	CHECK(errno == NOBODYS);
	for (i = 0; troupe_send(troupe_self(), &number.base) == 0; i++)
		;
	CHECK(i > 1000 && errno == NOBODYS);
	for (; i > 0; i--)
		CHECK(stage_receive(0) == 0);
	CHECK(troupe_loan(16 << 20, &loan) == 0);
	troupe_unloan(&loan);
	CHECK(errno == NOBODYS);
	CHECK(troupe_register("a", ref) == 0 && troupe_kill(ref) == 0);
	stage_end_of(ref);
	CHECK(errno == NOBODYS);
	return 0;
}

Test(success, and_time_out_leave_errno_alone)
{
	stage_pass(errno_root);
}
