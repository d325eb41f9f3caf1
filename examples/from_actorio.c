/* SPDX-License-Identifier: MIT */
/* actorio, line by line: see troupe-coming-from(7). */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <troupe.h>
#include <troupe_ask.h>
#include <troupe_result.h>
#include <troupe_state.h>
#include "from_actorio.pb-c.h"

/* ---- class Greeter(Actor) ------------------------------------------------ */

static int greeter_name(const struct troupe_message *message)
{
	const Actorio__Name *name = message->body;
	Actorio__Text text = ACTORIO__TEXT__INIT;
	char greeting[64];

	if (message->created.ns > troupe_now().ns)
		return -ERANGE;
	snprintf(greeting, sizeof(greeting), "Hello, %s", name->name);
	text.text = greeting;
	return troupe_send(message->sender, &text.base);
}

static int greeter_goodbye(const struct troupe_message *message)
{
	return TROUPE_STOP;
}

static int greeter_unhandled(const struct troupe_message *message)
{
	return -ENOSYS;
}

static const struct troupe_handler greeter_handlers[] = {
	{ &actorio__name__descriptor, greeter_name },
	{ &actorio__goodbye__descriptor, greeter_goodbye },
	{ 0 },
};
static const struct troupe_class greeter = {
	.name = "greeter",
	.handlers = greeter_handlers,
	.unhandled = greeter_unhandled,
};

/* ---- class Manager(Actor) ------------------------------------------------ */

static unsigned inputs;

static int manager_input(struct troupe_input *input, short events)
{
	Actorio__Goodbye goodbye = ACTORIO__GOODBYE__INIT;
	eventfd_t one;
	troupe_ref *child = input->data;

	eventfd_read(input->fd, &one);
	return ++inputs < 3 ? 0 : troupe_send(*child, &goodbye.base);
}

static int manager_setup(const void *arguments)
{
	static troupe_ref child;
	static struct troupe_input input = { .events = POLLIN,
					     .count = 3,
					     .ready = manager_input,
					     .data = &child };
	struct troupe_child children[1];
	size_t count;
	int r;

	r = troupe_spawn(&greeter, NULL, &child);
	if (r == 0)
		r = troupe_children(troupe_self(), children, 1, &count);
	if (r == 0)
		printf("children %zu\n", count);
	input.fd = eventfd(3, EFD_SEMAPHORE | EFD_CLOEXEC);
	return r < 0 ? r : troupe_input_add(&input);
}

static int manager_child_stopped(const struct troupe_end *end)
{
	printf("%s has stopped, after %u inputs\n", end->name, inputs);
	return TROUPE_STOP;
}

static void manager_teardown(void)
{
	puts("teardown");
	fflush(stdout);
}

static const struct troupe_class manager = {
	.name = "manager",
	.init = manager_setup,
	.child_stopped = manager_child_stopped,
	.stop = manager_teardown,
};

/* ---- the program --------------------------------------------------------- */

static int ask_and_stop(troupe_ref ref)
{
	Actorio__Name name = ACTORIO__NAME__INIT;
	struct troupe_message answer;
	struct troupe_end end;
	int r;

	name.name = "Ann";
	r = troupe_ask(ref, &name.base, troupe_in_ms(60000), &answer);
	if (r == -ETIMEDOUT)
		puts("no answer within a minute");
	if (r < 0)
		return r;
	puts(((const Actorio__Text *)answer.body)->text);
	r = troupe_stop(ref);
	if (r < 0)
		return r;
	r = troupe_wait(ref, TROUPE_NEVER, &end);
	if (r == 0 && end.reason.cause == TROUPE_SHUTDOWN)
		puts("stopped");
	return r;
}

static int tell_nonsense(troupe_ref ref)
{
	Actorio__Text text = ACTORIO__TEXT__INIT;
	struct troupe_state state;
	struct troupe_end end;
	int r;

	r = troupe_state_of(ref, &state);
	text.text = "nonsense";
	if (r == 0)
		r = troupe_send(ref, &text.base);
	if (r == 0)
		r = troupe_wait(ref, TROUPE_NEVER, &end);
	if (r == 0 && end.message)
		printf("unhandled %s\n",
		       ((const Actorio__Text *)end.message->body)->text);
	return r;
}

int troupe_main(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;
	int r;

	setlinebuf(stdout);
	r = troupe_spawn(&greeter, NULL, &ref);
	if (r == 0)
		r = ask_and_stop(ref);
	if (r == 0)
		r = troupe_spawn_named("Eve", &greeter, NULL, &ref);
	if (r == 0)
		r = tell_nonsense(ref);
	fflush(stdout);
	if (r == 0)
		r = troupe_spawn(&manager, NULL, &ref);
	return r < 0 ? r : troupe_wait(ref, TROUPE_NEVER, &end);
}
