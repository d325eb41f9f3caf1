/* SPDX-License-Identifier: MIT */
#include "tests/runtime/supervisor/revival_kit.h"

#include <criterion/criterion.h>
#include <sys/mman.h>
#include "runtime/node/fork_handlers.h"

static const struct trp_restart_rules fast = {
	.first_ms = 1, .last_ms = 2, .quiet_ms = 60000, .limit = 1000
};

void revival_hurry(void)
{
	trp_revival_rules = &fast;
}

void revival_run_by_steps(void *ret_shared, size_t size,
			  void (*is_forked)(void),
			  int (*root)(int argc, char **argv))
{
	static const struct trp_restart_rules at_once = {
		.first_ms = 1, .last_ms = 1, .quiet_ms = 60000, .limit = -1
	};
	static struct trp_fork_handlers handlers = { .library = &handlers };
	void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	cr_assert(shared != MAP_FAILED);
	memcpy(ret_shared, &shared, sizeof(shared));
	trp_revival_rules = &at_once;
	handlers.child = is_forked;
	cr_assert(trp_fork_handlers_add(&handlers) == 0);
	stage_pass(root);
	munmap(shared, size);
}

void die(void)
{
	kill(getpid(), SIGKILL);
	pause();
}

/* ---- a counter: it notes each number, in order --------------------------- */

int counter_init(const void *arguments)
{
	const Play__Number *number = arguments;

	CHECK(number && number->value == 42);
	CHECK(troupe_attempt() == 1);
	board->value[INITS]++;
	return 0;
}

void note(int64_t value)
{
	if (value <= board->value[LAST])
		board->value[WRONG]++;
	board->value[LAST] = value;
	board->value[value]++;
}

static int count_number(const struct troupe_message *message)
{
	int64_t value = ((const Play__Number *)message->body)->value;

	if (value == QUIT)
		return TROUPE_STOP;
	if (value == CRASH)
		die();
	note(value);
	return 0;
}

int answer_which(const struct troupe_message *message)
{
	return stage_send(message->sender, troupe_incarnation());
}

const struct troupe_handler counter_handlers[] = {
	{ &play__number__descriptor, count_number },
	{ &play__nobody__descriptor, answer_which },
	{ 0 }
};
const struct troupe_class counter = {
	.name = "counter",
	.init = counter_init,
	.handlers = counter_handlers,
	.restart = TROUPE_RESTART_CRASHED,
};

troupe_ref spawn(const struct troupe_class *klass)
{
	Play__Number arguments = PLAY__NUMBER__INIT;
	troupe_ref ref = 0;

	arguments.value = 42;
	CHECK(troupe_spawn(klass, &arguments.base, &ref) == 0);
	return ref;
}

int64_t ask_which(troupe_ref ref)
{
	Play__Nobody nobody = PLAY__NOBODY__INIT;

	CHECK(troupe_send(ref, &nobody.base) == 0);
	return stage_receive(20000);
}

struct troupe_end next_end(troupe_ref ref)
{
	struct troupe_end end = { 0 };

	CHECK(troupe_wait_next(ref, troupe_in_ms(20000), &end) == 0);
	return end;
}

void send_all(troupe_ref ref, int64_t first, int64_t last)
{
	for (int64_t i = first; i <= last; i++)
		CHECK(stage_send(ref, i) == 0);
}

void expect_each_once(int64_t last)
{
	for (int64_t i = 1; i <= last; i++)
		CHECK(board->value[i] == 1);
	CHECK(board->value[WRONG] == 0);
}
