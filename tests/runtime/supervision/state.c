/* SPDX-License-Identifier: MIT */
/* The work of an actor, and its children, as others see them. */
#include "tests/runtime/supervision/staff.h"

#include "runtime/supervision/module.h"
#include "runtime/troupe_ask.h"
#include "runtime/troupe_restart.h"
#include "runtime/troupe_state.h"
#include "runtime/troupe_tree.h"

static const struct trp_module *const modules[] = { &trp_supervision_module,
						    NULL };

static void init(void)
{
	stage_modules = modules;
}

TestSuite(state, .init = init);

enum { GATE = 100 }; /* on the board: callbacks wait until it is open */

static void wait_at_gate(void)
{
	while (!board->value[GATE])
		usleep(100);
}

/* Waits until it does that, and so waits. */
static struct troupe_state await_state(troupe_ref ref, enum troupe_doing doing,
				       enum troupe_waiting waits)
{
	struct troupe_time until = troupe_in_ms(30000);
	struct troupe_state state = { 0 };

	do {
		if (troupe_state_of(ref, &state) == 0 && state.has_begun &&
		    state.pid > 0 && state.doing == doing &&
		    state.waits == waits)
			return state;
		usleep(100);
	} while (troupe_now().ns < until.ns);
	CHECK(!"it came to that state");
	return state;
}

/* ---- what it does -------------------------------------------------------- */

static int handles_slowly(const struct troupe_message *message)
{
	wait_at_gate();
	return 0;
}
static const struct troupe_handler slow_handlers[] = {
	{ &play__number__descriptor, handles_slowly }, { 0 }
};
static const struct troupe_class slow = { .name = "slow",
					  .handlers = slow_handlers };

static int message_root(int argc, char **argv)
{
	int64_t before = troupe_now().ns;
	struct troupe_state state;
	uint64_t number;
	troupe_ref ref;

	CHECK(troupe_spawn(&slow, NULL, &ref) == 0);
	state = await_state(ref, TROUPE_DOING_NOTHING, TROUPE_WAITS_NOT);
	CHECK(state.doing == TROUPE_DOING_NOTHING && !state.sender);
	number = state.number;
	CHECK(state.parent == troupe_self() && state.restarts == 0);
	CHECK(strcmp(state.label, "slow") == 0 && state.pid > 0);
	CHECK(stage_send(ref, 1) == 0);
	state = await_state(ref, TROUPE_DOING_MESSAGE, TROUPE_WAITS_NOT);
	CHECK(strcmp(state.type, "play.Number") == 0);
	CHECK(state.sender == troupe_self());
	CHECK(state.created.ns >= before &&
	      state.created.ns <= troupe_now().ns);
	CHECK(state.number > number);
	number = state.number;
	CHECK(troupe_state_of(ref, &state) == 0 && state.number == number);
	board->value[GATE] = 1;
	state = await_state(ref, TROUPE_DOING_NOTHING, TROUPE_WAITS_NOT);
	CHECK(!state.type[0] && !state.sender && !state.created.ns);
	CHECK(troupe_kill(ref) == 0);
	stage_end_of(ref);
	CHECK(troupe_state_of(ref, &state) == -ESRCH);
	CHECK(troupe_state_of(0, &state) == -ESRCH);
	return 0;
}

Test(state, a_message_in_its_handler_is_seen_by_type_and_sender)
{
	stage_pass(message_root);
}

static void slow_ask(Play__Link_Service *service, const Play__Number *input,
		     Play__Number_Closure reply, void *call)
{
	wait_at_gate();
	reply(input, call);
}
static const Play__Link_Service slow_methods = PLAY__LINK__INIT(slow_);
static const struct troupe_class slow_link = { .name = "slow-link",
					       .service = &slow_methods.base };

static void is_answered(const Play__Number *answer, void *data)
{
	CHECK(answer);
	board->value[GATE] = 0;
	wait_at_gate();
}

static int asks(const void *arguments)
{
	const Play__Who *who = arguments;
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_proxy proxy;

	troupe_proxy_init(&proxy, who->ref, &play__link__descriptor);
	proxy.timeout_ms = -1;
	play__link__ask(&proxy.base, &number, is_answered, NULL);
	if (who->count == 0)
		CHECK(troupe_await(&proxy) == 0);
	troupe_receive(NULL, 0, TROUPE_NEVER,
		       &(struct troupe_message) { .body = NULL });
	return 0;
}

static int method_root(int argc, char **argv)
{
	struct troupe_state state;
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref, asker, other;

	CHECK(troupe_spawn(&slow_link, NULL, &ref) == 0);
	who.ref = ref;
	CHECK(troupe_spawn_function(asks, &who.base, &asker) == 0);
	state = await_state(asker, TROUPE_DOING_RUN, TROUPE_WAITS_ANSWER);
	CHECK(state.peer == ref);
	state = await_state(ref, TROUPE_DOING_METHOD, TROUPE_WAITS_NOT);
	CHECK(strcmp(state.type, "play.Link.Ask") == 0);
	CHECK(state.sender == asker);
	board->value[GATE] = 1;
	/* Now the closure waits, within the await. */
	while (board->value[GATE])
		usleep(100);
	await_state(asker, TROUPE_DOING_RUN, TROUPE_WAITS_NOT);
	board->value[GATE] = 1;
	await_state(asker, TROUPE_DOING_NOTHING, TROUPE_WAITS_MESSAGE);
	/* And as a callback of its own. */
	who.count = 1;
	CHECK(troupe_spawn_function(asks, &who.base, &other) == 0);
	await_state(other, TROUPE_DOING_ANSWER, TROUPE_WAITS_NOT);
	board->value[GATE] = 1;
	await_state(other, TROUPE_DOING_NOTHING, TROUPE_WAITS_MESSAGE);
	return 0;
}

Test(state, a_call_is_seen_at_both_of_its_ends)
{
	stage_pass(method_root);
}

/* ---- every callback ------------------------------------------------------ */

static struct troupe_timer timer;
static struct troupe_input input;

static int waits_in_timer(struct troupe_timer *fired)
{
	wait_at_gate();
	return 0;
}

static int waits_in_input(struct troupe_input *ready, short events)
{
	char byte;

	CHECK(read(ready->fd, &byte, 1) == 1);
	wait_at_gate();
	return 0;
}

static int waits_in_init(const void *arguments)
{
	const Play__Number *number = arguments;
	int ends[2];

	wait_at_gate();
	timer.fired = waits_in_timer;
	if (number->value == 1)
		CHECK(troupe_timer_start(&timer, TROUPE_POLL, 0) == 0);
	if (number->value == 2) {
		CHECK(pipe(ends) == 0 && write(ends[1], "x", 1) == 1);
		input = (struct troupe_input) { .fd = ends[0],
						.events = 1,
						.ready = waits_in_input };
		CHECK(troupe_input_add(&input) == 0);
	}
	return number->value == 3
		       ? troupe_spawn_function(stage_idle, NULL, NULL)
		       : 0;
}

static int waits_in_idle(void)
{
	wait_at_gate();
	return 0;
}

static int waits_in_child_stopped(const struct troupe_end *end)
{
	wait_at_gate();
	return 0;
}

static void waits_in_stop(void)
{
	wait_at_gate();
}

static const struct troupe_class callbacks = {
	.name = "callbacks",
	.init = waits_in_init,
	.child_stopped = waits_in_child_stopped,
	.stop = waits_in_stop,
};
static const struct troupe_class idle = { .name = "idle",
					  .idle = waits_in_idle,
					  .idle_ms = 1 };

/* With the gate shut, after init(). */
static troupe_ref begin(int64_t which)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_state state = { 0 };
	troupe_ref ref;

	number.value = which;
	board->value[GATE] = 0;
	CHECK(troupe_spawn(&callbacks, &number.base, &ref) == 0);
	await_state(ref, TROUPE_DOING_INIT, TROUPE_WAITS_NOT);
	board->value[GATE] = 1;
	while (state.number < 2) /* init() began and ended */
		CHECK(troupe_state_of(ref, &state) == 0);
	board->value[GATE] = 0;
	return ref;
}

static void finish(troupe_ref ref)
{
	board->value[GATE] = 1;
	CHECK(troupe_stop(ref) == 0);
	stage_end_of(ref);
}

static int callbacks_root(int argc, char **argv)
{
	struct troupe_child child;
	troupe_ref ref;
	size_t count;

	ref = begin(3);
	CHECK(troupe_children(ref, &child, 1, &count) == 0 && count == 1);
	CHECK(troupe_kill(child.ref) == 0);
	await_state(ref, TROUPE_DOING_END, TROUPE_WAITS_NOT);
	finish(ref);
	ref = begin(0);
	CHECK(troupe_stop(ref) == 0);
	await_state(ref, TROUPE_DOING_STOP, TROUPE_WAITS_NOT);
	finish(ref);
	board->value[GATE] = 0;
	CHECK(troupe_spawn(&idle, NULL, &ref) == 0);
	await_state(ref, TROUPE_DOING_IDLE, TROUPE_WAITS_NOT);
	finish(ref);
	return 0;
}

Test(state, init_ends_idle_and_stop_are_seen)
{
	stage_pass(callbacks_root);
}

static int sources_root(int argc, char **argv)
{
	struct troupe_state state = { 0 };

	for (int which = 1; which <= 2; which++) {
		troupe_ref ref = begin(which);

		while (state.number < 3)
			CHECK(troupe_state_of(ref, &state) == 0);
		finish(ref);
		state.number = 0;
	}
	return 0;
}

Test(state, timers_and_inputs_count_as_callbacks)
{
	stage_pass(sources_root);
}

/* ---- its process --------------------------------------------------------- */

static int answers_pid(const struct troupe_message *message)
{
	Play__Number number = PLAY__NUMBER__INIT;

	number.value = getpid();
	return troupe_send(message->sender, &number.base);
}
static const struct troupe_handler pid_handlers[] = {
	{ &play__number__descriptor, answers_pid }, { 0 }
};
static const struct troupe_class frank = { .name = "frank",
					   .handlers = pid_handlers,
					   .restart = TROUPE_RESTART_CRASHED };

static pid_t ask_pid(troupe_ref ref)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_message answer;
	int r;

	do
		r = troupe_ask(ref, &number.base, TROUPE_NEVER, &answer);
	while (r == -EHOSTDOWN);
	CHECK(r == 0);
	return (pid_t)((const Play__Number *)answer.body)->value;
}

/* The supervisor may hear of the birth later than the one that was answered. */
static int pid_root(int argc, char **argv)
{
	struct troupe_state state;
	struct troupe_child child;
	troupe_ref ref;
	size_t count;
	pid_t pid;

	for (int i = 0; i < 300; i++) {
		CHECK(troupe_spawn(&frank, NULL, &ref) == 0);
		pid = ask_pid(ref);
		CHECK(troupe_state_of(ref, &state) == 0 && state.pid == pid);
		CHECK(troupe_children(troupe_self(), &child, 1, &count) == 0);
		CHECK(count == 1 && child.ref == ref && child.pid == pid);
		CHECK(troupe_stop(ref) == 0);
		CHECK(troupe_wait(ref, TROUPE_NEVER, NULL) == 0);
	}
	CHECK(troupe_spawn(&frank, NULL, &ref) == 0);
	CHECK(kill(ask_pid(ref), SIGKILL) == 0);
	CHECK(troupe_wait_next(ref, TROUPE_NEVER, NULL) == 0);
	pid = ask_pid(ref);
	CHECK(troupe_state_of(ref, &state) == 0 && state.pid == pid);
	return 0;
}

Test(state, one_that_has_answered_has_a_pid)
{
	stage_pass(pid_root);
}

/* Looked at as it begins, and without any message. */
static int begun_root(int argc, char **argv)
{
	struct troupe_state state;
	troupe_ref ref;

	for (int i = 0; i < 300; i++) {
		CHECK(troupe_spawn_function(stage_idle, NULL, &ref) == 0);
		do
			CHECK(troupe_state_of(ref, &state) == 0);
		while (!state.has_begun);
		CHECK(state.pid > 0);
		CHECK(troupe_kill(ref) == 0);
		CHECK(troupe_wait(ref, TROUPE_NEVER, NULL) == 0);
	}
	return 0;
}

Test(state, one_that_has_begun_has_a_pid)
{
	stage_pass(begun_root);
}

/* ---- functions ----------------------------------------------------------- */

static int fills(const void *arguments)
{
	const Play__Who *who = arguments;
	Play__Number number = PLAY__NUMBER__INIT;
	int r;

	do
		r = troupe_send_wait(who->ref, &number.base, TROUPE_NEVER);
	while (r == 0);
	return r == -ECANCELED ? 0 : r;
}

static int waits_for_end(const void *arguments)
{
	const Play__Who *who = arguments;

	return troupe_wait(who->ref, TROUPE_NEVER, NULL);
}

static int receives(const void *arguments)
{
	struct troupe_message message;

	while (troupe_receive(NULL, 0, TROUPE_NEVER, &message) >= 0)
		wait_at_gate();
	return 0;
}

static int functions_root(int argc, char **argv)
{
	Play__Who who = PLAY__WHO__INIT;
	struct troupe_state state;
	troupe_ref ref, other;

	CHECK(troupe_spawn(&slow, NULL, &who.ref) == 0);
	CHECK(troupe_spawn_function(fills, &who.base, &ref) == 0);
	state = await_state(ref, TROUPE_DOING_RUN, TROUPE_WAITS_ROOM);
	CHECK(state.peer == who.ref);
	CHECK(troupe_spawn_function(waits_for_end, &who.base, &other) == 0);
	state = await_state(other, TROUPE_DOING_RUN, TROUPE_WAITS_END);
	CHECK(state.peer == who.ref);
	CHECK(troupe_spawn_function(receives, NULL, &ref) == 0);
	await_state(ref, TROUPE_DOING_NOTHING, TROUPE_WAITS_MESSAGE);
	CHECK(stage_send(ref, 1) == 0);
	state = await_state(ref, TROUPE_DOING_MESSAGE, TROUPE_WAITS_NOT);
	CHECK(state.sender == troupe_self() &&
	      strcmp(state.type, "play.Number") == 0);
	board->value[GATE] = 1;
	await_state(ref, TROUPE_DOING_NOTHING, TROUPE_WAITS_MESSAGE);
	CHECK(troupe_kill(who.ref) == 0);
	stage_end_of(other);
	return 0;
}

Test(state, functions_are_seen_where_they_wait)
{
	stage_pass(functions_root);
}

/* ---- children ------------------------------------------------------------ */

static const struct troupe_supervisor three = { .children = staff_three };

static int spawns_two(const void *arguments)
{
	CHECK(troupe_spawn_child("first", &slow, NULL, NULL) == 0);
	CHECK(troupe_spawn_named("second", &staff_a, NULL, NULL) == 0);
	return 0;
}
static const struct troupe_class mixed = { .name = "mixed",
					   .init = spawns_two,
					   .supervises = &three };

static int children_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&mixed), ref;
	struct troupe_child_counts counts;
	struct troupe_child child[8];
	size_t count = 0;

	staff_await(boss, "first", TROUPE_CHILD_UP, 0);
	staff_await(boss, "second", TROUPE_CHILD_UP, 0);
	CHECK(troupe_child_stop(boss, "b") == 0);
	staff_await(boss, "b", TROUPE_CHILD_STOPPED, 0);
	CHECK(troupe_children(boss, child, 8, &count) == 0 && count == 5);
	CHECK(strcmp(child[0].id, "a") == 0 && child[0].klass == &staff_a);
	CHECK(strcmp(child[0].name, "a") == 0 && child[0].pid > 0);
	CHECK(strcmp(child[1].id, "b") == 0 && child[1].pid == 0);
	CHECK(strcmp(child[3].id, "first") == 0 && child[3].klass == &slow);
	CHECK(strcmp(child[4].name, "second") == 0 && !child[4].supervises);
	CHECK(troupe_lookup("/mixed/first", &ref) == 0 && ref == child[3].ref);
	CHECK(troupe_children_count(boss, &counts) == 0);
	CHECK(counts.all == 5 && counts.active == 4);
	CHECK(counts.supervisors == 0 && counts.workers == 5);
	CHECK(troupe_children(troupe_self(), child, 1, &count) == 0);
	CHECK(count == 1 && child[0].ref == boss && child[0].supervises);
	CHECK(troupe_children_count(troupe_self(), &counts) == 0);
	CHECK(counts.supervisors == 1 && counts.workers == 0);
	CHECK(troupe_children(ref, child, 8, &count) == 0 && count == 0);
	CHECK(troupe_kill(ref) == 0);
	stage_end_of(ref);
	CHECK(troupe_children(ref, child, 8, &count) == -ESRCH);
	return 0;
}

/* Case 23. */
Test(state, the_children_of_any_actor_are_listed_and_counted)
{
	stage_pass(children_root);
}
