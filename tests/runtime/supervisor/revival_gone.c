/* SPDX-License-Identifier: MIT */
/* Restarts in place: a successor has nothing of what its predecessor waited
 * for. */
#include "tests/runtime/supervisor/revival_kit.h"

#include <fcntl.h>
#include <poll.h>
#include "runtime/troupe_monitor.h"
#include "runtime/troupe_timer.h"

static int pair[2]; /* of a pipe, as all processes of the node have it */

static void is_first(void)
{
	CHECK(troupe_incarnation() == 0);
	board->count++;
}

static int on_ready(struct troupe_input *input, short events)
{
	char byte;

	is_first();
	CHECK(read(input->fd, &byte, 1) == 1);
	return 0;
}

static int on_time(struct troupe_timer *timer)
{
	is_first();
	return 0;
}

static int on_down(const struct troupe_end *end)
{
	is_first();
	return 0;
}

/* All that it waits for, once. */
static int wait_for_all(const void *arguments)
{
	static struct troupe_input input = { .events = POLLIN,
					     .ready = on_ready };
	static struct troupe_timer timer = { .fired = on_time };
	troupe_ref other = (troupe_ref)board->value[1];

	if (troupe_incarnation())
		return 0;
	input.fd = pair[0];
	CHECK(troupe_input_add(&input) == 0);
	CHECK(troupe_timer_start(&timer, troupe_in_ms(1), 1) == 0);
	CHECK(troupe_monitor(other, NULL) == 0);
	return 0;
}

static const struct troupe_class waiting = {
	.init = wait_for_all,
	.handlers = counter_handlers,
	.down = on_down,
	.restart = TROUPE_RESTART_CRASHED,
};

static int gone_root(int argc, char **argv)
{
	troupe_ref other, ref;

	CHECK(troupe_spawn_function(stage_idle, NULL, &other) == 0);
	board->value[1] = (long)other;
	ref = spawn(&waiting);
	/* A byte and ticks reach the first incarnation. */
	CHECK(write(pair[1], "x", 1) == 1);
	while (board->count < 3)
		stage_receive(1);
	CHECK(stage_send(ref, CRASH) == 0);
	CHECK(next_end(ref).will_restart);
	CHECK(ask_which(ref) == 1);
	CHECK(write(pair[1], "y", 1) == 1);
	CHECK(troupe_kill(other) == 0);
	CHECK(stage_end_of(other).reason.cause == TROUPE_KILLED);
	for (int i = 0; i < 20; i++)
		CHECK(ask_which(ref) == 1);
	return 0;
}

Test(revival_gone, timers_inputs_and_monitors_end_with_their_incarnation,
     .init = revival_hurry, .timeout = 60)
{
	cr_assert(pipe2(pair, O_CLOEXEC | O_NONBLOCK) == 0);
	stage_pass(gone_root);
	close(pair[0]);
	close(pair[1]);
}

/* ---- what stays ---------------------------------------------------------- */

enum { FILLED = 1, CLOSED, HANDLED, MANY = 1000, FATAL = 700 };

/* The first fills its own lane, and waits until its lane from root has the
 * order to close: that is read long before the fatal one. */
static int fill(const struct troupe_message *message)
{
	int64_t value = ((const Play__Number *)message->body)->value;

	if (value == 0) {
		for (int i = 1; i <= MANY; i++)
			CHECK(stage_send(troupe_self(), i) == 0);
		board->value[FILLED] = 1;
		while (!board->value[CLOSED])
			usleep(100);
		return 0;
	}
	board->value[HANDLED]++;
	if (value == FATAL)
		die();
	return 0;
}

static int closed_root(int argc, char **argv)
{
	static const struct troupe_handler handlers[] = {
		{ &play__number__descriptor, fill },
		{ 0 },
	};
	static const struct troupe_class closes = {
		.handlers = handlers, .restart = TROUPE_RESTART_CRASHED
	};
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn(&closes, NULL, &ref) == 0);
	CHECK(stage_send(ref, 0) == 0);
	while (!board->value[FILLED])
		stage_receive(1);
	CHECK(troupe_close(ref) == 0);
	board->value[CLOSED] = 1;
	end = stage_end_of(ref);
	CHECK(end.reason.cause == TROUPE_NORMAL && end.incarnation == 1);
	CHECK(board->value[HANDLED] == MANY);
	return 0;
}

Test(revival_gone, one_that_crashed_while_it_closed_goes_on_to_close,
     .init = revival_hurry, .timeout = 60)
{
	stage_pass(closed_root);
}
