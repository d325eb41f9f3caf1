/* SPDX-License-Identifier: MIT */
/* Routers, gathers, tickets and forwarding between two nodes; and functions
 * that do not reach another node, and say so. */
#include "runtime/troupe_ask.h"
#include "runtime/troupe_call.h"
#include "runtime/troupe_dead_letters.h"
#include "runtime/troupe_group.h"
#include "runtime/troupe_io.h"
#include "runtime/troupe_router.h"
#include "runtime/troupe_state.h"
#include "runtime/troupe_supervise.h"
#include "tests/runtime/mail/nodes.h"

/* Places on the board: clerks by their number, and who holds tickets. */
enum { LONG_MS = 120000, CLERKS = 3, HOLDER = 10, ANSWERER = 11, DONE = 20 };

/* ---- clerks -------------------------------------------------------------- */

static int64_t own_number;

static int begin(const void *arguments)
{
	own_number = ((const Play__Number *)arguments)->value;
	return 0;
}

static int on_number(const struct troupe_message *message)
{
	board->value[own_number]++;
	return 0;
}

/* To an actor of its own node, or back to the other. */
static int on_text(const struct troupe_message *message)
{
	CHECK(troupe_forward_message(message, board->ref[ANSWERER]) == 0);
	return 0;
}

/* A reference that has travelled. */
static int on_who(const struct troupe_message *message)
{
	CHECK(mail_send(((const Play__Who *)message->body)->ref, 1) == 0);
	return 0;
}

static void twice(Play__Clerk_Service *service, const Play__Number *input,
		  Play__Number_Closure closure, void *data)
{
	Play__Number output = PLAY__NUMBER__INIT;

	board->value[own_number]++;
	output.value = 2 * input->value;
	closure(&output, data);
}

/* A ticket, which another answers. */
static void later(Play__Clerk_Service *service, const Play__Number *input,
		  Play__Number_Closure closure, void *data)
{
	Play__Ticket message = PLAY__TICKET__INIT;
	struct troupe_ticket ticket;

	CHECK(troupe_delegate(data, &ticket) == 0);
	message.ticket.data = (uint8_t *)&ticket;
	message.ticket.len = sizeof(ticket);
	message.value = input->value;
	CHECK(troupe_send(board->ref[HOLDER], &message.base) == 0);
}

static void silent(Play__Clerk_Service *service, const Play__Number *input,
		   Play__Number_Closure closure, void *data)
{
	static void *call; /* it stays known, so that it has not leaked */

	call = data;
	board->value[own_number] += call != NULL;
}

static const Play__Clerk_Service service = {
	.base = { .descriptor = &play__clerk__descriptor,
		  .invoke = protobuf_c_service_invoke_internal },
	.twice = twice,
	.later = later,
	.silent = silent,
};

static int on_ticket(const struct troupe_message *message)
{
	const Play__Ticket *ticket = message->body;
	Play__Number number = PLAY__NUMBER__INIT;

	number.value = 3 * ticket->value;
	CHECK(troupe_answer(ticket->ticket.data, ticket->ticket.len,
			    &number.base) == 0);
	return 0;
}

static const struct troupe_handler handlers[] = {
	{ &play__number__descriptor, on_number },
	{ &play__text__descriptor, on_text },
	{ &play__who__descriptor, on_who },
	{ &play__ticket__descriptor, on_ticket },
	{ NULL, NULL },
};
static const struct troupe_class clerk = { .name = "clerk",
					   .init = begin,
					   .service = &service.base,
					   .handlers = handlers };

static troupe_ref spawn_clerk(int64_t number)
{
	Play__Number arguments = PLAY__NUMBER__INIT;
	troupe_ref ref = 0;

	arguments.value = number;
	CHECK(troupe_spawn(&clerk, &arguments.base, &ref) == 0);
	board->ref[number] = ref;
	return ref;
}

static int clerks_root(int argc, char **argv)
{
	mail_await_way();
	spawn_clerk(1);
	spawn_clerk(2);
	mail_await_value(&board->value[DONE], 1);
	return 0;
}

/* ---- routers ------------------------------------------------------------- */

static void open_router(struct troupe_router *router, enum troupe_routing by)
{
	router->by = by;
	router->proxy.timeout_ms = -1;
	CHECK(troupe_router_open(router, &play__clerk__descriptor) == 0);
	for (int i = 1; i < CLERKS; i++)
		CHECK(troupe_router_add(router, mail_await(&board->ref[i])) ==
		      0);
}

static void add(const Play__Number *answer, void *data)
{
	*(int64_t *)data += answer ? answer->value : -1000000;
}

static void call_times(struct troupe_router *router, int times)
{
	Play__Number number = PLAY__NUMBER__INIT;
	int64_t sum = 0;

	number.value = 1;
	for (int i = 0; i < times; i++)
		play__clerk__twice(&router->proxy.base, &number, add, &sum);
	CHECK(troupe_await(&router->proxy) == 0);
	CHECK(sum == 2 * times);
}

static void await_each(long least)
{
	for (int i = 0; i < CLERKS; i++)
		mail_await_value(&board->value[i], least);
	for (int i = 0; i < CLERKS; i++)
		CHECK(board->value[i] == least);
}

static int route(struct troupe_router *router)
{
	Play__Number number = PLAY__NUMBER__INIT;

	return troupe_route(router, &number.base);
}

/* Calls that a member of another node has not answered count. */
static void ask_each_once(void)
{
	static struct troupe_router least;
	Play__Number number = PLAY__NUMBER__INIT;
	int64_t sum = 0;

	open_router(&least, TROUPE_LEAST_UNREAD);
	for (int i = 1; i < CLERKS; i++) {
		play__clerk__silent(&least.proxy.base, &number, add, &sum);
		CHECK(least.proxy.error == 0);
		mail_receive(0, NULL);
	}
	for (int i = 1; i < CLERKS; i++)
		mail_await_value(&board->value[i], 31);
	CHECK(board->value[1] == 31 && board->value[2] == 31);
	troupe_router_close(&least);
}

static int routing_root(int argc, char **argv)
{
	static struct troupe_router one, all;
	troupe_ref near;

	mail_await_way();
	near = spawn_clerk(0);
	open_router(&one, TROUPE_ROUND_ROBIN);
	CHECK(troupe_router_add(&one, near) == 0);
	CHECK(troupe_router_add(&one, board->ref[1]) == -EALREADY);
	for (int i = 0; i < 10 * CLERKS; i++)
		CHECK(route(&one) == 0);
	await_each(10);
	call_times(&one, 10 * CLERKS);
	await_each(20);
	open_router(&all, TROUPE_BROADCAST);
	CHECK(troupe_router_add(&all, near) == 0);
	for (int i = 0; i < 10; i++)
		CHECK(route(&all) == 0 && all.reached == CLERKS);
	await_each(30);
	ask_each_once();

	/* Those of a node that is lost leave, and mail goes to the other. */
	board->value[DONE + 1] = 1;
	while (troupe_router_members(&one, NULL, 0) > 1 ||
	       troupe_router_members(&all, NULL, 0) > 1)
		mail_receive(10, NULL);
	for (int i = 0; i < 10; i++)
		CHECK(route(&one) == 0 && route(&all) == 0 && all.reached == 1);
	mail_await_value(&board->value[0], 50);
	call_times(&one, 10);
	troupe_router_close(&one);
	troupe_router_close(&all);
	return 0;
}

Test(across, routers_have_members_of_other_nodes)
{
	mail_begin();
	mail_start(1, mail_local(), clerks_root);
	mail_start(0, mail_local(), routing_root);
	mail_await_value(&board->value[DONE + 1], 1);
	mail_kill(1);
	mail_end();
}

/* ---- gathers, tickets, forwarding, references ---------------------------- */

static void ask_all(troupe_ref near)
{
	const troupe_ref targets[CLERKS] = { near, board->ref[1],
					     board->ref[2] };
	static struct troupe_gather gather;
	Play__Number number = PLAY__NUMBER__INIT;
	int64_t sum = 0;

	number.value = 21;
	CHECK(troupe_gather_init(&gather, targets, CLERKS,
				 &play__clerk__descriptor) == 0);
	gather.timeout_ms = -1;
	play__clerk__twice(&gather.base, &number, add, &sum);
	CHECK(troupe_gather_await(&gather) == 0);
	for (int i = 0; i < CLERKS; i++)
		CHECK(gather.answer[i] &&
		      ((Play__Number *)gather.answer[i])->value == 42);
	troupe_gather_fini(&gather);
}

/* Of a ticket that `holder` gets. */
static void ask_by_ticket(troupe_ref holder)
{
	struct troupe_proxy proxy;
	Play__Number number = PLAY__NUMBER__INIT;
	int64_t sum = 0;

	board->ref[HOLDER] = holder;
	number.value = 14;
	troupe_proxy_init(&proxy, board->ref[1], &play__clerk__descriptor);
	proxy.timeout_ms = -1;
	play__clerk__later(&proxy.base, &number, add, &sum);
	CHECK(troupe_await(&proxy) == 0);
	CHECK(sum == 42);
}

static int answer_text(const struct troupe_message *message)
{
	return mail_send(message->sender, 5);
}

static const struct troupe_handler answers[] = {
	{ &play__text__descriptor, answer_text },
	{ NULL, NULL },
};
static const struct troupe_class answering = { .name = "answering",
					       .handlers = answers };

/* A question that the other passes to an actor of this node. */
static void ask_by_way_of(troupe_ref ref)
{
	Play__Text text = PLAY__TEXT__INIT;
	struct troupe_message answer;
	troupe_ref own;

	CHECK(troupe_spawn(&answering, NULL, &own) == 0);
	board->ref[ANSWERER] = own;
	CHECK(troupe_ask(ref, &text.base, troupe_in_ms(LONG_MS), &answer) == 0);
	CHECK(((const Play__Number *)answer.body)->value == 5);
}

static void introduce(troupe_ref to, troupe_ref whom)
{
	Play__Who who = PLAY__WHO__INIT;

	who.ref = whom;
	CHECK(troupe_send(to, &who.base) == 0);
}

static int composing_root(int argc, char **argv)
{
	troupe_ref near, far;

	mail_await_way();
	near = spawn_clerk(0);
	far = mail_await(&board->ref[2]);
	ask_all(near);
	ask_by_ticket(near);
	ask_by_ticket(far);
	ask_by_way_of(far);
	introduce(board->ref[1], far);
	introduce(board->ref[1], near);
	introduce(near, far);
	mail_await_value(&board->value[0], 2);
	mail_await_value(&board->value[2], 3);
	board->value[DONE] = 1;
	return 0;
}

Test(across, calls_are_gathered_delegated_and_passed_on)
{
	mail_begin();
	mail_start(1, mail_local(), clerks_root);
	mail_start(0, mail_local(), composing_root);
	mail_end();
}

/* ---- what stays in a node ------------------------------------------------ */

static int refusing_root(int argc, char **argv)
{
	const struct troupe_child_spec spec = { .id = "a",
						.klass = &answering };
	struct troupe_handover handover;
	struct troupe_counters counters;
	struct troupe_dead_counts letters;
	struct troupe_child_counts counts;
	struct troupe_state state;
	troupe_ref far, ref;
	size_t count;

	mail_await_way();
	far = mail_await(&board->ref[2]);
	CHECK(troupe_register("far", far) == -ENOTSUP);
	CHECK(troupe_group_join("group", far) == -ENOTSUP);
	CHECK(troupe_group_leave("group", far) == -ENOTSUP);
	CHECK(troupe_count(far, &counters) == -ENOTSUP);
	CHECK(troupe_dead_letters_count(far, &letters) == -ENOTSUP);
	CHECK(troupe_state_of(far, &state) == -ENOTSUP);
	CHECK(troupe_children(far, NULL, 0, &count) == -ENOTSUP);
	CHECK(troupe_children_count(far, &counts) == -ENOTSUP);
	CHECK(troupe_handover_give(0, far, &handover) == -ENOTSUP);
	CHECK(troupe_child_add(far, &spec, TROUPE_NEVER, &ref) == -ENOTSUP);
	CHECK(troupe_child_stop(far, "a") == -ENOTSUP);
	CHECK(troupe_child_start(far, "a") == -ENOTSUP);
	CHECK(troupe_child_restart(far, "a") == -ENOTSUP);
	CHECK(troupe_child_remove(far, "a") == -ENOTSUP);
	board->value[DONE] = 1;
	return 0;
}

Test(across, what_stays_in_a_node_says_so)
{
	mail_begin();
	mail_start(1, mail_local(), clerks_root);
	mail_start(0, mail_local(), refusing_root);
	mail_end();
}
