/* SPDX-License-Identifier: MIT */
/* Two nodes: messages, questions and calls from one to the other. */
#include "runtime/actor/away.h"
#include "runtime/troupe_ask.h"
#include "tests/runtime/mail/nodes.h"
#include "tests/support/methods.h"

enum { LONG_MS = 120000 };

/* ---- the one that answers ------------------------------------------------ */

static int on_number(const struct troupe_message *message)
{
	const Play__Number *number = message->body;

	CHECK(trp_ref_is_elsewhere(message->sender));
	if (number->value < 0)
		return TROUPE_STOP;
	board->value[0]++;
	return mail_send(message->sender, number->value + 1);
}

static void silent(Play__Clerk_Service *service, const Play__Number *input,
		   Play__Number_Closure closure, void *data)
{
	static void *volatile call; /* it stays known: not leaked */

	call = data;
	board->value[1] += call != NULL;
}

/* To an actor of the caller's node, which answers it. */
static void later(Play__Clerk_Service *service, const Play__Number *input,
		  Play__Number_Closure closure, void *data)
{
	if (trp_ref_is_elsewhere(troupe_caller(data)))
		CHECK(troupe_forward(data, board->ref[3]) == 0);
	else
		clerk_twice(service, input, closure, data);
}

static const Play__Clerk_Service clerk = {
	PLAY__CLERK__BASE_INIT, .twice = clerk_twice, .refuse = clerk_refuse,
	.silent = silent,	.later = later,
};

static const struct troupe_handler handlers[] = {
	{ &play__number__descriptor, on_number },
	{ NULL, NULL },
};

static const struct troupe_class answering = {
	.name = "answering",
	.service = &clerk.base,
	.handlers = handlers,
};

static int idle(const void *arguments)
{
	return mail_receive(LONG_MS, NULL) == 0 ? 0 : -EPROTO;
}

static const struct troupe_class idling = { .name = "idle", .run = idle };

static int answering_root(int argc, char **argv)
{
	troupe_ref ref, other;

	mail_await_way();
	CHECK(troupe_spawn(&idling, NULL, &other) == 0);
	board->ref[4] = other;
	CHECK(troupe_spawn(&answering, NULL, &ref) == 0);
	board->ref[1] = ref;
	CHECK(troupe_wait(ref, TROUPE_NEVER, NULL) == 0);
	return 0;
}

/* ---- messages and questions ---------------------------------------------- */

static int asking_root(int argc, char **argv)
{
	struct troupe_message answer;
	Play__Number question = PLAY__NUMBER__INIT;
	troupe_ref to = mail_await(&board->ref[1]), sender;
	troupe_ref idler = board->ref[4];

	mail_await_way();
	for (int64_t i = 0; i < 1000; i++) {
		CHECK(mail_send(to, i) == 0);
		CHECK(mail_receive(LONG_MS, &sender) == i + 1);
		CHECK(sender == to);
	}
	for (int64_t i = 0; i < 1000; i++)
		CHECK(mail_send(to, i) == 0);
	for (int64_t i = 0; i < 1000; i++)
		CHECK(mail_receive(LONG_MS, NULL) == i + 1);
	for (int64_t i = 0; i < 1000; i++) {
		question.value = i;
		CHECK(troupe_ask(to, &question.base, troupe_in_ms(LONG_MS),
				 &answer) == 0);
		CHECK(((const Play__Number *)answer.body)->value == i + 1);
	}

	/* Of one that is gone: at once, and not by the deadline. */
	CHECK(mail_send(idler, 0) == 0);
	question.value = 0;
	while (troupe_ask(idler, &question.base, troupe_in_ms(20), &answer) ==
	       -ETIMEDOUT)
		;
	CHECK(troupe_ask(idler, &question.base, TROUPE_NEVER, &answer) ==
	      -ESRCH);
	return mail_send(to, -1);
}

static void two_nodes(const char *url, int (*root)(int argc, char **argv))
{
	mail_start(0, url, answering_root);
	mail_start(1, url, root);
}

Test(two, actors_send_and_ask_across_nodes)
{
	mail_begin();
	two_nodes(mail_local(), asking_root);
	mail_end();
}

#ifdef HAVE_LIBCRYPTO
Test(two, with_a_cookie_mail_is_sealed)
{
	mail_begin();
	strcpy(mail_cookie[0], "a cookie of this test");
	strcpy(mail_cookie[1], mail_cookie[0]);
	two_nodes(mail_local(), asking_root);
	mail_end();
}

static int refused_root(int argc, char **argv)
{
	struct troupe_message answer;
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref to = mail_await(&board->ref[1]);

	mail_await_way();
	CHECK(troupe_ask(to, &number.base, TROUPE_NEVER, &answer) ==
	      -EHOSTUNREACH);
	board->value[3] = 1;
	return 0;
}

Test(two, a_node_with_another_cookie_reaches_nobody)
{
	mail_begin();
	mail_outage_ms = 300;
	strcpy(mail_cookie[0], "a cookie of this test");
	strcpy(mail_cookie[1], "not that of this test");
	two_nodes(mail_local(), refused_root);
	mail_await_value(&board->value[3], 1);
	cr_assert_eq(board->value[0], 0, "nothing was heard");
	mail_kill(0);
	mail_end();
}
#endif

static void by_a_broker(const struct broker *broker)
{
	char url[64];
	int port = free_port();
	pid_t pid;

	need_broker(broker);
	mail_begin();
	pid = broker->start(test_folder(), port, broker->open);
	snprintf(url, sizeof(url), "%s://127.0.0.1:%d", broker->kind, port);
	two_nodes(url, asking_root);
	mail_end_nodes();
	stop_server(pid, SIGTERM);
	mail_end();
}

Test(two, actors_send_and_ask_by_mosquitto)
{
	by_a_broker(&mosquitto_broker);
}

Test(two, actors_send_and_ask_by_nats)
{
	by_a_broker(&nats_broker);
}

/* ---- calls --------------------------------------------------------------- */

static void note_number(const Play__Number *answer, void *data)
{
	*(int64_t *)data = answer ? answer->value : -1;
}

static int calling_root(int argc, char **argv)
{
	struct troupe_proxy proxy;
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref to = mail_await(&board->ref[1]), own;
	int64_t value = 0;

	mail_await_way();
	CHECK(troupe_spawn(&answering, NULL, &own) == 0);
	board->ref[3] = own;
	troupe_proxy_init(&proxy, to, &play__clerk__descriptor);
	for (int64_t i = 0; i < 100; i++) {
		number.value = i;
		play__clerk__twice(&proxy.base, &number, note_number, &value);
		CHECK(troupe_await(&proxy) == 0);
		CHECK(value == 2 * i);
	}
	play__clerk__refuse(&proxy.base, &number, note_number, &value);
	CHECK(troupe_await(&proxy) == -EDOM);
	CHECK(strcmp(proxy.reason.text, "not today") == 0);

	/* There it is forwarded to an actor of this node. */
	value = 0;
	play__clerk__later(&proxy.base, &number, note_number, &value);
	CHECK(troupe_await(&proxy) == 0);
	CHECK(value == 2 * number.value);
	troupe_kill(own);

	proxy.timeout_ms = 50;
	play__clerk__silent(&proxy.base, &number, note_number, &value);
	CHECK(troupe_await(&proxy) == -ETIMEDOUT);
	return mail_send(to, -1);
}

Test(two, calls_go_across_nodes)
{
	mail_begin();
	two_nodes(mail_local(), calling_root);
	mail_end();
}

/* ---- the other node dies ------------------------------------------------- */

static int bereft_root(int argc, char **argv)
{
	struct troupe_proxy proxy;
	struct troupe_message answer;
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref to = mail_await(&board->ref[1]);
	int64_t value = 0;
	int r;

	mail_await_way();
	troupe_proxy_init(&proxy, to, &play__clerk__descriptor);
	proxy.timeout_ms = -1;
	play__clerk__silent(&proxy.base, &number, note_number, &value);
	mail_await_value(&board->value[1], 1);
	board->value[2] = 1;
	CHECK(troupe_await(&proxy) == -EHOSTUNREACH);
	CHECK(proxy.reason.cause == TROUPE_NOCONNECTION);
	CHECK(value == -1);

	/* Others at once. */
	r = troupe_ask(to, &number.base, TROUPE_NEVER, &answer);
	CHECK(r == -EHOSTUNREACH);
	return 0;
}

Test(two, calls_to_a_node_that_is_killed_fail)
{
	mail_begin();
	two_nodes(mail_local(), bereft_root);
	mail_await_value(&board->value[2], 1);
	mail_kill(0);
	mail_end();
}

/* ---- without a mesh ------------------------------------------------------ */

static int lone_root(int argc, char **argv)
{
	struct troupe_message answer;
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref to = trp_away_mail_of(77) + (5 << TRP_REF_SLOT);

	CHECK(mail_send(to, 1) == -EHOSTUNREACH);
	CHECK(troupe_ask(to, &number.base, TROUPE_NEVER, &answer) ==
	      -EHOSTUNREACH);
	return 0;
}

Test(two, a_node_in_no_mesh_reaches_nobody)
{
	mail_begin();
	mail_start(0, "", lone_root);
	mail_end();
}
