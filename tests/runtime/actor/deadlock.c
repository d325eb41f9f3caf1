/* SPDX-License-Identifier: MIT */
/* Actors that await each other. */
#include "tests/support/stage.h"

#include <sched.h>

/*
 * Links of a chain: each gets its next (Who), and for n > 0 it asks that for n
 * - 1 and answers 1 more; the last one, and for n == 0 each, answers 0.  An
 * -EDEADLK is counted in count, its path is in text.
 */
static troupe_ref next;

static void keep(const Play__Number *number, void *data)
{
	*(int64_t *)data = number ? number->value : -1;
}

enum { PATIENCE_MS = 60000 };

/* True: no call since `begin` can have ended by its deadline. */
static bool is_soon(struct troupe_time begin)
{
	return troupe_now().ns - begin.ns < PATIENCE_MS * INT64_C(1000000);
}

static int64_t ask(troupe_ref ref, int64_t value, int *ret_error)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_proxy proxy;
	int64_t kept = -2;

	number.value = value;
	troupe_proxy_init(&proxy, ref, &play__link__descriptor);
	proxy.timeout_ms = PATIENCE_MS;
	play__link__ask(&proxy.base, &number, keep, &kept);
	*ret_error = troupe_await(&proxy);
	CHECK(*ret_error == -ECANCELED || (proxy.pending == 0 && kept != -2));
	if (*ret_error == -EDEADLK) {
		board->count++;
		memcpy(board->text, proxy.reason.text,
		       sizeof(proxy.reason.text));
	}
	return kept;
}

static void link_ask(Play__Link_Service *service, const Play__Number *number,
		     Play__Number_Closure reply, void *call)
{
	Play__Number answer = PLAY__NUMBER__INIT;
	int error;

	if (next && number->value > 0)
		answer.value = ask(next, number->value - 1, &error) + 1;
	reply(&answer, call);
}

static int link_next(const struct troupe_message *message)
{
	next = ((const Play__Who *)message->body)->ref;
	return 0;
}

static const struct troupe_handler link_handlers[] = {
	{ &play__who__descriptor, link_next },
	{ 0 },
};
static const Play__Link_Service link_methods = PLAY__LINK__INIT(link_);
#define LINK(label)                                       \
	{                                                 \
		.name = label, .handlers = link_handlers, \
		.service = &link_methods.base,            \
	}
static const struct troupe_class link_class[] = { LINK("a"), LINK("b"),
						  LINK("c") };

static void tell_next(troupe_ref ref, troupe_ref its_next)
{
	Play__Who who = PLAY__WHO__INIT;

	who.ref = its_next;
	CHECK(troupe_send(ref, &who.base) == 0);
}

static int cycle_root(int argc, char **argv)
{
	struct troupe_time begin = troupe_now();
	troupe_ref ref[3];
	char path[5];
	int error, i;

	for (i = 0; i < 3; i++)
		CHECK(troupe_spawn(&link_class[i], NULL, &ref[i]) == 0);
	for (i = 0; i < 3; i++)
		tell_next(ref[i], ref[(i + 1) % 3]);
	CHECK(ask(ref[0], 3, &error) >= 0 && error == 0);
	/* The last one to sleep closes it; usually c. */
	CHECK(board->count > 0);
	CHECK(sscanf(board->text,
		     "%1s[%*d] -> %1s[%*d] -> %1s[%*d] -> %1s[%*d]", &path[0],
		     &path[1], &path[2], &path[3]) == 4);
	for (i = 0; i < 3; i++)
		CHECK(path[i + 1] == 'a' + (path[i] - 'a' + 1) % 3);
	CHECK(is_soon(begin));
	return 0;
}

Test(deadlock, of_three_is_found_before_it_blocks_with_its_path)
{
	stage_pass(cycle_root);
}

static int self_root(int argc, char **argv)
{
	int error;

	CHECK(ask(troupe_self(), 0, &error) == -1 && error == -EDEADLK);
	CHECK(strstr(board->text, " -> "));
	return 0;
}

Test(deadlock, with_oneself_completes_the_call)
{
	stage_pass(self_root);
}

/* ---- many at once, who meet in cycles or do not -------------------------- */

enum { ROUNDS = 300, CYCLE = 2, CHAIN = 30, ASKERS = 6 };

/* Asks the first of a chain again and again. */
static int asker_run(const void *arguments)
{
	const Play__Who *who = arguments;
	int64_t i;
	int error;

	for (i = 0; i < ROUNDS; i++) {
		int64_t answer = ask(who->ref, who->count, &error);

		CHECK(error == 0);
		CHECK(who->count == CYCLE || answer == who->count);
	}
	return 0;
}

static int race_root(int argc, char **argv)
{
	Play__Who who = PLAY__WHO__INIT;
	struct troupe_time begin = troupe_now();
	troupe_ref ref[2], asker[2];
	int i;

	for (i = 0; i < 2; i++)
		CHECK(troupe_spawn(&link_class[i], NULL, &ref[i]) == 0);
	for (i = 0; i < 2; i++)
		tell_next(ref[i], ref[!i]);
	who.count = CYCLE;
	for (i = 0; i < 2; i++) {
		who.ref = ref[i];
		CHECK(troupe_spawn_function(asker_run, &who.base, &asker[i]) ==
		      0);
	}
	for (i = 0; i < 2; i++)
		CHECK(troupe_wait(asker[i], TROUPE_NEVER, NULL) == 0);
	CHECK(board->count > 0);
	CHECK(is_soon(begin));
	return 0;
}

Test(deadlock, of_two_that_ask_each_other_at_once_is_always_found)
{
	stage_pass(race_root);
}

static int chain_root(int argc, char **argv)
{
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref[CHAIN], asker[ASKERS];
	struct troupe_end end;
	int i;

	for (i = 0; i < CHAIN; i++)
		CHECK(troupe_spawn(&link_class[i % 3], NULL, &ref[i]) == 0);
	for (i = 0; i + 1 < CHAIN; i++)
		tell_next(ref[i], ref[i + 1]);
	/* All along the chain, so that edges come and go. */
	for (i = 0; i < ASKERS; i++) {
		who.ref = ref[i * CHAIN / ASKERS];
		who.count = CHAIN - 1 - i * CHAIN / ASKERS;
		CHECK(troupe_spawn_function(asker_run, &who.base, &asker[i]) ==
		      0);
	}
	for (i = 0; i < ASKERS; i++) {
		CHECK(troupe_wait(asker[i], TROUPE_NEVER, &end) == 0);
		CHECK(end.reason.cause == TROUPE_NORMAL ||
		      end.reason.cause == TROUPE_NOPROC);
	}
	CHECK(board->count == 0);
	return 0;
}

Test(deadlock, is_never_seen_in_long_chains_under_load)
{
	stage_pass(chain_root);
}

/* ---- false cycles -------------------------------------------------------- */

/* Answers first, and then asks its caller. */
static void eager_ask(Play__Link_Service *service, const Play__Number *number,
		      Play__Number_Closure reply, void *call)
{
	Play__Number answer = PLAY__NUMBER__INIT;
	troupe_ref caller = troupe_caller(call);
	int error;

	reply(&answer, call);
	ask(caller, 1, &error);
	CHECK(error == 0);
	if (error == 0)
		board->value[0]++;
}

static const Play__Link_Service eager_methods = PLAY__LINK__INIT(eager_);
static const struct troupe_class eager = { .name = "eager",
					   .service = &eager_methods.base };

/* Asked 0 it asks its next; asked 1 it answers. */
static void polite_ask(Play__Link_Service *service, const Play__Number *number,
		       Play__Number_Closure reply, void *call)
{
	Play__Number answer = PLAY__NUMBER__INIT;
	int error = 0;

	if (number->value == 0)
		ask(next, 0, &error);
	CHECK(error == 0);
	reply(&answer, call);
}

static const Play__Link_Service polite_methods = PLAY__LINK__INIT(polite_);
static const struct troupe_class polite = { .name = "polite",
					    .handlers = link_handlers,
					    .service = &polite_methods.base };

static void run_polite(const struct troupe_class *other, int64_t rounds)
{
	troupe_ref ref, other_ref;
	int64_t i;
	int error;

	CHECK(troupe_spawn(&polite, NULL, &ref) == 0);
	CHECK(troupe_spawn(other, NULL, &other_ref) == 0);
	tell_next(ref, other_ref);
	for (i = 0; i < rounds; i++) {
		ask(ref, 0, &error);
		CHECK(error == 0);
		/* Otherwise the next round might ask an actor that still asks
		 * us. */
		while (board->value[0] + board->count <= i)
			sched_yield();
	}
	CHECK(board->value[0] == rounds);
	CHECK(board->count == 0);
}

static int eager_root(int argc, char **argv)
{
	run_polite(&eager, 3000);
	return 0;
}

Test(deadlock, is_not_seen_where_the_answer_is_under_way)
{
	stage_pass(eager_root);
}

/* Forwards the call, and then asks its caller. */
static troupe_ref clerk_ref;

static int clerk_answers(const struct troupe_message *message)
{
	const Play__Ticket *order = message->body;
	Play__Number answer = PLAY__NUMBER__INIT;

	usleep(2000); /* so that both sleep */
	CHECK(troupe_answer(order->ticket.data, order->ticket.len,
			    &answer.base) == 0);
	return 0;
}

static const struct troupe_handler clerk_handlers[] = {
	{ &play__ticket__descriptor, clerk_answers },
	{ 0 },
};
static const struct troupe_class clerk = { .name = "clerk",
					   .handlers = clerk_handlers };

static int passing_init(const void *arguments)
{
	return troupe_spawn(&clerk, NULL, &clerk_ref);
}

static void passing_ask(Play__Link_Service *service, const Play__Number *number,
			Play__Number_Closure reply, void *call)
{
	Play__Ticket order = PLAY__TICKET__INIT;
	troupe_ref caller = troupe_caller(call);
	struct troupe_ticket ticket;
	int error;

	CHECK(troupe_delegate(call, &ticket) == 0);
	order.ticket.data = (uint8_t *)&ticket;
	order.ticket.len = sizeof(ticket);
	CHECK(troupe_send(clerk_ref, &order.base) == 0);
	ask(caller, 1, &error);
	CHECK(error == 0);
	if (error == 0)
		board->value[0]++;
}

static const Play__Link_Service passing_methods = PLAY__LINK__INIT(passing_);
static const struct troupe_class passing = { .name = "passing",
					     .init = passing_init,
					     .service = &passing_methods.base };

static int passing_root(int argc, char **argv)
{
	run_polite(&passing, 50);
	return 0;
}

Test(deadlock, is_not_seen_where_another_actor_will_answer)
{
	stage_pass(passing_root);
}
