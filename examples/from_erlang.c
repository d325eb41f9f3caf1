/* SPDX-License-Identifier: MIT */
/* Erlang and OTP, line by line: see troupe-faq(7). */
#include <errno.h>
#include <stdio.h>
#include <troupe.h>
#include <troupe_ends.h>
#include <troupe_group.h>
#include <troupe_link.h>
#include <troupe_restart.h>
#include <troupe_supervise.h>
#include "from_erlang.pb-c.h"

enum { PATIENCE_MS = 60000 };

/* ---- loop() -> receive ... end ------------------------------------------- */

static int echo(const void *arguments)
{
	const struct troupe_pattern patterns[] = {
		{ .type = &erlang__number__descriptor },
	};
	struct troupe_message message;
	int r;

	for (;;) {
		r = troupe_receive(patterns, 1, troupe_in_ms(PATIENCE_MS),
				   &message);
		if (r == 0)
			r = troupe_send(message.sender, message.body);
		if (r < 0)
			return r;
	}
}

static int64_t receive_number(void)
{
	const struct troupe_pattern number = {
		.type = &erlang__number__descriptor
	};
	struct troupe_message message;

	if (troupe_receive(&number, 1, TROUPE_NEVER, &message) < 0)
		return -1;
	return ((const Erlang__Number *)message.body)->value;
}

/* The 'DOWN' of one monitor: a parent is told of its children, too. */
static bool is_of(const struct troupe_message *message, void *monitor)
{
	const struct troupe_end *end = message->body;

	return end->monitor == *(const uint64_t *)monitor;
}

static int receive_down(uint64_t monitor)
{
	const struct troupe_pattern down = { .type = &troupe__end__descriptor,
					     .matches = is_of,
					     .data = &monitor };
	struct troupe_message message;
	char text[TROUPE_TEXT_SIZE];
	int r = troupe_receive(&down, 1, TROUPE_NEVER, &message);

	if (r == 0)
		printf("down: %s\n",
		       troupe_reason_text(
			       &((const struct troupe_end *)message.body)
					->reason,
			       text, sizeof(text)));
	return r;
}

/* Links, monitors and exit signals. */
static int ends(troupe_ref pid)
{
	const struct troupe_reason boring = { .cause = TROUPE_ERROR,
					      .code = -EIO,
					      .text = "boring" };
	uint64_t monitor;
	int r;

	r = troupe_monitor(pid, &monitor);
	if (r == 0)
		r = troupe_demonitor(monitor) < 0 ? -EINVAL : 0;
	if (r == 0)
		r = troupe_trap_exits(true);
	if (r == 0)
		r = troupe_link(pid);
	if (r == 0)
		r = troupe_unlink(pid);
	if (r == 0)
		r = troupe_monitor(pid, &monitor);
	if (r == 0)
		r = troupe_exit_signal(pid, &boring);
	return r < 0 ? r : receive_down(monitor);
}

static int processes(void)
{
	Erlang__Number number = ERLANG__NUMBER__INIT;
	troupe_ref pid, found;
	int r;

	r = troupe_spawn_function(echo, NULL, &pid);
	if (r == 0)
		r = troupe_register("echo", pid);
	if (r == 0)
		r = troupe_whereis("echo", &found);
	number.value = 7;
	if (r == 0)
		r = troupe_send(found, &number.base);
	if (r == 0)
		printf("echo %lld\n", (long long)receive_number());
	if (r == 0)
		r = troupe_group_join("all", pid);
	if (r == 0)
		r = troupe_publish("all", &number.base);
	if (r >= 0)
		printf("group %lld\n", (long long)receive_number());
	return r < 0 ? r : ends(pid);
}

/* ---- -behaviour(gen_server) ---------------------------------------------- */

static int64_t total;
static struct troupe_timer timer;

static int counter_tick(struct troupe_timer *unused)
{
	total += 100;
	return 0;
}

static int counter_init(const void *arguments)
{
	timer.fired = counter_tick;
	return 0;
}

static void counter_add(Erlang__Counter_Service *service,
			const Erlang__Number *number,
			Erlang__Number_Closure reply, void *call)
{
	Erlang__Number sum = ERLANG__NUMBER__INIT;

	total += number->value;
	sum.value = total;
	if (total < 0)
		troupe_fail(call, -ERANGE, "below zero");
	else
		reply(&sum, call);
}

/* A cast: 0 has it stop, other numbers are added. */
static int counter_cast(const struct troupe_message *message)
{
	const Erlang__Number *number = message->body;

	if (number->value == 0)
		return TROUPE_STOP;
	total += number->value;
	return 0;
}

static int counter_info(const struct troupe_message *message)
{
	return troupe_timer_start(&timer, troupe_in_ms(60000), 0);
}

static void counter_terminate(void)
{
	puts("terminate");
}

static const struct troupe_handler counter_handlers[] = {
	{ &erlang__number__descriptor, counter_cast },
	{ 0 },
};
static const Erlang__Counter_Service counter_methods =
	ERLANG__COUNTER__INIT(counter_);

static const struct troupe_class counter = {
	.name = "counter",
	.init = counter_init,
	.service = &counter_methods.base,
	.handlers = counter_handlers,
	.unhandled = counter_info,
	.stop = counter_terminate,
};

/* ---- -behaviour(supervisor) ---------------------------------------------- */

static const struct troupe_child_spec children[] = {
	{ .id = "counter",
	  .klass = &counter,
	  .name = "counter",
	  .restart = TROUPE_TRANSIENT },
	{ 0 },
};
static const struct troupe_supervisor rules = {
	.children = children,
	.strategy = TROUPE_ONE_FOR_ONE,
	.intensity = 1,
	.period_ms = 5000,
};
static const struct troupe_class top = { .name = "top", .supervises = &rules };

static void print_sum(const Erlang__Number *sum, void *unused)
{
	if (sum)
		printf("sum %lld\n", (long long)sum->value);
}

static int use(troupe_ref server)
{
	Erlang__Number number = ERLANG__NUMBER__INIT;
	Erlang__Tick tick = ERLANG__TICK__INIT;
	struct troupe_proxy proxy;
	int r;

	troupe_proxy_init(&proxy, server, &erlang__counter__descriptor);
	number.value = 2;
	r = troupe_send(server, &number.base);
	if (r == 0)
		r = troupe_send(server, &tick.base);
	if (r < 0)
		return r;
	erlang__counter__add(&proxy.base, &number, print_sum, NULL);
	r = troupe_await(&proxy);
	number.value = -9;
	erlang__counter__add(&proxy.base, &number, print_sum, NULL);
	if (troupe_await(&proxy) == -ERANGE)
		puts(proxy.reason.text);
	return r;
}

/* Here an order does not wait, and a monitor tells when it has been obeyed. */
static int terminate_and_restart(troupe_ref sup, troupe_ref server)
{
	uint64_t monitor;
	int r;

	r = troupe_monitor(server, &monitor);
	if (r == 0)
		r = troupe_child_stop(sup, "counter");
	if (r == 0)
		r = receive_down(monitor);
	if (r == 0)
		r = troupe_child_start(sup, "counter");
	return r;
}

static int supervised(void)
{
	const struct troupe_spawn_options start_link = { .is_linked = true,
							 .ready_by =
								 TROUPE_NEVER };
	troupe_ref sup, server;
	int r;

	r = troupe_spawn_with(&start_link, &top, NULL, &sup);
	if (r == 0)
		r = troupe_whereis("counter", &server);
	if (r == 0)
		r = use(server);
	if (r == 0)
		r = terminate_and_restart(sup, server);
	return r < 0 ? r : use(server);
}

int troupe_main(int argc, char **argv)
{
	int r = processes();

	return r < 0 ? r : supervised();
}
