/* SPDX-License-Identifier: MIT */
/*
 * A plain C program that visits a node:
 *
 *	guest once			joins, asks, sends, receives, leaves
 *	guest often N			N times in one process
 *	guest wait NAME WHOM	joins under that name, watches another, receives
 *				until told to stop
 *	guest kill NAME		has that one killed
 *	guest link NAME WHOM	joins under that name, linked to another, and
 *				receives until it is ended
 *	guest trap NAME WHOM	the same, and traps exit signals
 *	guest result NAME WHOM	ends with a result when that one is there
 *	guest fork		has a child, which is no guest
 *	guest flood TO		sends to that name for ever
 *	guest await		awaits an answer that never comes
 *	guest again		asks again whenever it is refused
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <troupe_guest.h>
#include <troupe_link.h>
#include <troupe_result.h>
#include "parlour.pb-c.h"

static int fail(const char *what, int r)
{
	fprintf(stderr, "%s: %s\n", what, strerror(r < 0 ? -r : r));
	return 1;
}

static int join(const struct troupe_class *klass)
{
	char why[TROUPE_TEXT_SIZE];
	int r = troupe_join(NULL, klass, why);

	if (r < 0)
		fprintf(stderr, "join: %s\n", why);
	return r;
}

static void take_number(const Parlour__Number *number, void *data)
{
	*(int64_t *)data = number ? number->value : -1;
}

static int ask_whom(troupe_ref ref, int64_t value, int64_t *ret_twice)
{
	Parlour__Number number = PARLOUR__NUMBER__INIT;
	struct troupe_proxy proxy;

	number.value = value;
	troupe_proxy_init(&proxy, ref, &parlour__doubler__descriptor);
	parlour__doubler__twice(&proxy.base, &number, take_number, ret_twice);
	return troupe_await(&proxy);
}

/* Asks "doubler" for twice the value. */
static int ask(int64_t value, int64_t *ret_twice)
{
	troupe_ref ref;
	int r = troupe_whereis("doubler", &ref);

	return r < 0 ? r : ask_whom(ref, value, ret_twice);
}

/* Sends a number to "echo" and receives what it sends back. */
static int echo(int64_t value, int64_t *ret_back)
{
	const struct troupe_pattern any_number = {
		.type = &parlour__number__descriptor
	};
	Parlour__Number number = PARLOUR__NUMBER__INIT;
	struct troupe_message message;
	troupe_ref ref;
	int r = troupe_whereis("echo", &ref);

	number.value = value;
	if (r == 0)
		r = troupe_send(ref, &number.base);
	if (r == 0)
		r = troupe_receive(&any_number, 1, troupe_in_ms(20000),
				   &message);
	if (r >= 0)
		*ret_back = ((const Parlour__Number *)message.body)->value;
	return r;
}

static int visit(int64_t value)
{
	int64_t twice = 0, back = 0;
	int r = join(NULL);

	if (r == 0)
		r = ask(value, &twice);
	if (r >= 0)
		r = echo(value, &back);
	if (r < 0)
		return r;
	if (twice != 2 * value || back != value + 1)
		return -EDOM;
	return troupe_leave();
}

static const struct troupe_class empty = { .name = "empty" };

static int once(int argc, char **argv)
{
	int64_t value = 0;
	int r = visit(21);

	if (r < 0)
		return fail("visit", r);
	r = join(NULL);
	if (r < 0 || troupe_join(NULL, NULL, NULL) != -EALREADY ||
	    troupe_spawn(&empty, NULL, &(troupe_ref) { 0 }) != -ENOTSUP ||
	    troupe_leave() < 0)
		return fail("inside", r);
	/* Outside, every call says so. */
	if (ask_whom(1, 21, &value) != -ESHUTDOWN || value != -1)
		return fail("ask outside", 0);
	if (troupe_whereis("echo", &(troupe_ref) { 0 }) != -ESHUTDOWN ||
	    troupe_leave() != -EINVAL ||
	    troupe_receive(NULL, 0, TROUPE_POLL,
			   &(struct troupe_message) { 0 }) != -ESHUTDOWN)
		return fail("outside", 0);
	puts("done");
	return 0;
}

static int often(int argc, char **argv)
{
	int count = atoi(argv[0]);
	int r = 0;

	for (int i = 0; i < count && r == 0; i++)
		r = visit(i);
	return r < 0 ? fail("visit", r) : 0;
}

static int on_down(const struct troupe_end *end)
{
	const Parlour__Number *result =
		end->message ? end->message->body : NULL;

	printf("down %s%s\n", end->name, result ? ", with a result" : "");
	return 0;
}

static int receive_all(int argc, char **argv)
{
	static const struct troupe_class klass = { .name = "waiter",
						   .down = on_down };
	struct troupe_message message;
	uint64_t monitor;
	troupe_ref ref;
	int r = join(&klass);

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (r == 0)
		r = troupe_register(argv[0], troupe_self());
	if (r == 0)
		r = troupe_whereis(argv[1], &ref);
	if (r == 0)
		r = troupe_monitor(ref, &monitor);
	if (r == 0)
		r = troupe_know(&parlour__number__descriptor);
	if (r < 0)
		return fail("wait", r);
	puts("joined");
	while ((r = troupe_receive(NULL, 0, TROUPE_NEVER, &message)) >= 0)
		if (message.type == &parlour__number__descriptor)
			printf("got %lld\n",
			       (long long)((const Parlour__Number *)
						   message.body)
				       ->value);
	printf("over: %s\n", strerror(-r));
	r = troupe_whereis("echo", &ref);
	printf("then: %s\n", strerror(-r));
	return troupe_leave() < 0;
}

/* Ends with a result when the other one is there. */
static int end_with_result(int argc, char **argv)
{
	Parlour__Number number = PARLOUR__NUMBER__INIT;
	struct troupe_message message;
	troupe_ref ref;
	int r = join(NULL);

	number.value = 7;
	if (r == 0)
		r = troupe_register(argv[0], troupe_self());
	puts("joined");
	fflush(stdout);
	while (r == 0 && troupe_whereis(argv[1], &ref) < 0)
		troupe_receive(NULL, 0, troupe_in_ms(10), &message);
	if (r == 0 && troupe_end_with(0, NULL, &number.base) != TROUPE_STOP)
		r = -EPROTO;
	if (r == 0)
		r = troupe_leave();
	return r < 0 ? fail("result", r) : 0;
}

static int kill_one(int argc, char **argv)
{
	troupe_ref ref;
	int r = join(NULL);

	if (r == 0)
		r = troupe_whereis(argv[0], &ref);
	if (r == 0)
		r = troupe_kill(ref);
	if (r == 0)
		r = troupe_wait(ref, troupe_in_ms(20000), NULL);
	if (r == 0)
		r = troupe_leave();
	return r < 0 ? fail("kill", r) : 0;
}

static int receive_linked(const char *name, const char *whom, bool is_trapping)
{
	const struct troupe_pattern signal = {
		.type = &troupe__exit_signal__descriptor
	};
	struct troupe_message message;
	const struct troupe_end *end;
	troupe_ref ref;
	int r = join(NULL);

	if (r == 0)
		r = troupe_register(name, troupe_self());
	if (r == 0)
		r = troupe_whereis(whom, &ref);
	if (r == 0)
		r = troupe_trap_exits(is_trapping);
	if (r == 0)
		r = troupe_link(ref);
	if (r < 0)
		return fail("link", r);
	puts("joined");
	while ((r = troupe_receive(&signal, 1, TROUPE_NEVER, &message)) >= 0) {
		end = message.body;
		printf("signal %d of %s\n", end->reason.cause, end->name);
	}
	printf("over: %s\n", strerror(-r));
	return troupe_leave() < 0;
}

static int link_only(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	return receive_linked(argv[0], argv[1], false);
}

static int link_and_trap(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	return receive_linked(argv[0], argv[1], true);
}

static int have_child(int argc, char **argv)
{
	int64_t twice = 0;
	int status = -1;
	int r = join(NULL);
	pid_t child;

	if (r < 0)
		return 1;
	child = fork();
	if (child == 0) {
		r = troupe_whereis("echo", &(troupe_ref) { 0 });
		_exit(r == -ESHUTDOWN && troupe_self() == 0 ? 0 : 1);
	}
	if (waitpid(child, &status, 0) != child || status != 0)
		return fail("child", 0);
	r = ask(4, &twice);
	if (r == 0)
		r = troupe_leave();
	return r < 0 || twice != 8 ? fail("parent", r) : 0;
}

static int flood(int argc, char **argv)
{
	Parlour__Number number = PARLOUR__NUMBER__INIT;
	troupe_ref ref;
	int r = join(NULL);

	if (r == 0)
		r = troupe_whereis(argv[0], &ref);
	if (r < 0)
		return fail("flood", r);
	puts("flooding");
	fflush(stdout);
	do {
		number.value++;
		r = troupe_send(ref, &number.base);
	} while (r == 0 || r == -EAGAIN);
	printf("over: %s\n", strerror(-r));
	return 0;
}

static int await(int argc, char **argv)
{
	Parlour__Number number = PARLOUR__NUMBER__INIT;
	struct troupe_proxy proxy;
	int64_t answer = 0;
	troupe_ref ref;
	int r = join(NULL);

	if (r == 0)
		r = troupe_whereis("doubler", &ref);
	if (r < 0)
		return fail("await", r);
	troupe_proxy_init(&proxy, ref, &parlour__doubler__descriptor);
	proxy.timeout_ms = -1;
	parlour__doubler__never(&proxy.base, &number, take_number, &answer);
	puts("awaiting");
	fflush(stdout);
	r = troupe_await(&proxy);
	printf("over: %s\n", strerror(-r));
	r = troupe_leave();
	printf("left: %d, answer %lld, error %d\n", r, (long long)answer,
	       proxy.error == -ESHUTDOWN);
	return 0;
}

static struct troupe_proxy stubborn;
static int depth, deepest, asked;

static void ask_again(const Parlour__Number *answer, void *data)
{
	Parlour__Number number = PARLOUR__NUMBER__INIT;

	if (++depth > deepest)
		deepest = depth;
	if (answer || asked++ < atoi(data))
		parlour__doubler__twice(&stubborn.base, &number, ask_again,
					data);
	depth--;
}

/* Its question outlives the membership. */
static int again(int argc, char **argv)
{
	Parlour__Number number = PARLOUR__NUMBER__INIT;
	troupe_ref ref;
	int r = join(NULL);

	if (r == 0)
		r = troupe_whereis("doubler", &ref);
	if (r < 0)
		return fail("again", r);
	troupe_proxy_init(&stubborn, ref, &parlour__doubler__descriptor);
	parlour__doubler__never(&stubborn.base, &number, ask_again, argv[0]);
	r = troupe_leave();
	printf("left: %d, asked %d\n", r, asked);
	r = troupe_await(&stubborn);
	printf("over: %s, pending %u, asked %d, depth %d\n", strerror(-r),
	       stubborn.pending, asked, deepest);
	return 0;
}

static const struct {
	const char *name;
	int arguments;
	int (*run)(int argc, char **argv);
} parts[] = {
	{ "once", 0, once },
	{ "often", 1, often },
	{ "wait", 2, receive_all },
	{ "kill", 1, kill_one },
	{ "fork", 0, have_child },
	{ "flood", 1, flood },
	{ "await", 0, await },
	{ "again", 1, again },
	{ "link", 2, link_only },
	{ "trap", 2, link_and_trap },
	{ "result", 2, end_with_result },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (argc > 1 + parts[i].arguments &&
		    strcmp(argv[1], parts[i].name) == 0)
			return parts[i].run(argc - 2, argv + 2);
	return 2;
}
