/* SPDX-License-Identifier: MIT */
/* Actors that are restarted in place. */
#include <fcntl.h>
#include <limits.h>
#include "runtime/troupe_dead_letters.h"
#include "runtime/troupe_io.h"
#include "runtime/troupe_tree.h"
#include "tests/runtime/supervisor/revival_kit.h"
#include "tests/support/methods.h"
#include "tests/support/program.h"

TestSuite(revival, .init = revival_hurry, .timeout = 60);

/* troupe ps --json of this node. */
static const char *ps(void)
{
	static char text[65536];
	char command[PATH_MAX + 80];
	FILE *output;
	size_t size;

	snprintf(command, sizeof(command), "%s ps --json --node stage-%d",
		 program_built("bin/troupe"), (int)getppid());
	output = popen(command, "r");
	size = output ? fread(text, 1, sizeof(text) - 1, output) : 0;
	text[size] = '\0';
	CHECK(output && pclose(output) == 0);
	return text;
}

/* ---- what stays ---------------------------------------------------------- */

static int stays_root(int argc, char **argv)
{
	const struct troupe_spawn_options options = { .name = "shop" };
	Play__Number arguments = PLAY__NUMBER__INIT;
	char before[64], after[64];
	troupe_ref ref, found;

	arguments.value = 42;
	CHECK(troupe_spawn_with(&options, &counter, &arguments.base, &ref) ==
	      0);
	CHECK(troupe_register("till", ref) == 0);
	CHECK(troupe_address(ref, before, sizeof(before)) == 0);
	CHECK(ask_which(ref) == 0);
	CHECK(stage_send(ref, CRASH) == 0);
	CHECK(ask_which(ref) == 1);
	CHECK(strstr(ps(), "\"restarts\": 1"));
	CHECK(board->value[INITS] == 2);
	CHECK(troupe_whereis("till", &found) == 0 && found == ref);
	CHECK(troupe_whereis("shop", &found) == 0 && found == ref);
	CHECK(troupe_address(ref, after, sizeof(after)) == 0);
	CHECK(strcmp(before, after) == 0);
	CHECK(troupe_lookup(before, &found) == 0 && found == ref);
	return 0;
}

Test(revival, its_reference_names_address_and_arguments_stay)
{
	stage_pass(stays_root);
}

static int mail_root(int argc, char **argv)
{
	troupe_ref ref = spawn(&counter);

	send_all(ref, 1, 500);
	CHECK(stage_send(ref, CRASH) == 0);
	send_all(ref, 501, 900);
	CHECK(stage_send(ref, CRASH) == 0);
	send_all(ref, 901, 1000);
	CHECK(ask_which(ref) == 2);
	expect_each_once(1000);
	return 0;
}

Test(revival, unread_mail_is_handled_by_successors_once_and_in_order)
{
	stage_pass(mail_root);
}

/* It has no process at times. */
static void kill_it(troupe_ref ref)
{
	struct troupe_end end;

	do
		CHECK(troupe_kill(ref) == 0);
	while (troupe_wait_next(ref, troupe_in_ms(5), &end) == -ETIMEDOUT);
	CHECK(end.will_restart && end.reason.cause == TROUPE_KILLED);
}

static int killed_root(int argc, char **argv)
{
	troupe_ref ref = spawn(&counter);
	int64_t last = 0;

	for (int i = 0; i < 20; i++) {
		send_all(ref, last + 1, last + 100);
		last += 100;
		kill_it(ref);
		send_all(ref, last + 1, last + 50);
		last += 50;
	}
	ask_which(ref);
	/* One may have been in its handler each time. */
	long missing = 0;

	for (int64_t i = 1; i <= last; i++) {
		CHECK(board->value[i] <= 1);
		missing += board->value[i] == 0;
	}
	CHECK(missing <= 20);
	CHECK(board->value[WRONG] == 0);
	return 0;
}

Test(revival, one_killed_in_the_middle_loses_at_most_what_was_in_its_handler)
{
	stage_pass(killed_root);
}

/* ---- the message in the handler ------------------------------------------ */

static int note_attempt(const struct troupe_message *message)
{
	int64_t value = ((const Play__Number *)message->body)->value;

	board->value[value]++;
	CHECK(troupe_attempt() == (uint32_t)board->value[value]);
	if (value == 1 || (value == 2 && troupe_attempt() < 3))
		die();
	return 0;
}

static const struct troupe_handler tries_handlers[] = {
	{ &play__number__descriptor, note_attempt },
	{ &play__nobody__descriptor, answer_which },
	{ 0 }
};
static const struct troupe_class tries_again = {
	.handlers = tries_handlers,
	.restart = TROUPE_RESTART_CRASHED,
	.at_crash = TROUPE_CRASH_AGAIN,
	.tries = 4,
};
static const struct troupe_class skips = {
	.handlers = tries_handlers,
	.restart = TROUPE_RESTART_CRASHED,
};

static int again_root(int argc, char **argv)
{
	struct troupe_dead_counts counts;
	troupe_ref ref = spawn(&tries_again);

	send_all(ref, 1, 3);
	CHECK(ask_which(ref) == 4 + 2);
	CHECK(board->value[1] == 4);
	CHECK(board->value[2] == 3);
	CHECK(board->value[3] == 1);
	CHECK(troupe_dead_letters_count(0, &counts) == 0);
	CHECK(counts.by_cause[TROUPE_DEAD_CRASHED] == 1);
	return 0;
}

Test(revival, a_message_that_kills_is_tried_again_and_then_a_dead_letter)
{
	stage_pass(again_root);
}

static int skip_root(int argc, char **argv)
{
	struct troupe_dead_counts counts;
	troupe_ref ref = spawn(&skips);

	send_all(ref, 1, 3);
	CHECK(ask_which(ref) == 2);
	for (int i = 1; i <= 3; i++)
		CHECK(board->value[i] == 1);
	CHECK(troupe_dead_letters_count(0, &counts) == 0);
	CHECK(counts.by_cause[TROUPE_DEAD_CRASHED] == 2);
	return 0;
}

static int sends_one(const void *arguments)
{
	const Play__Who *to = arguments;

	return stage_send(to->ref, 1);
}

/* The successor reads the lane of the root first. */
static int two_root(int argc, char **argv)
{
	struct troupe_dead_counts counts;
	troupe_ref ref = spawn(&skips);
	Play__Who who = PLAY__WHO__INIT;

	CHECK(stage_send(ref, 3) == 0);
	CHECK(ask_which(ref) == 0);
	who.ref = ref;
	CHECK(troupe_spawn_function(sends_one, &who.base, NULL) == 0);
	CHECK(next_end(ref).will_restart);
	CHECK(stage_send(ref, 2) == 0);
	CHECK(ask_which(ref) == 2);
	for (int i = 1; i <= 3; i++)
		CHECK(board->value[i] == 1);
	CHECK(troupe_dead_letters_count(0, &counts) == 0);
	CHECK(counts.by_cause[TROUPE_DEAD_CRASHED] == 2);
	return 0;
}

Test(revival, of_two_that_kill_one_after_the_other_neither_comes_again)
{
	stage_pass(two_root);
}

Test(revival, a_message_that_kills_is_skipped_and_a_dead_letter)
{
	stage_pass(skip_root);
}

/* ---- ends ---------------------------------------------------------------- */

static int told_root(int argc, char **argv)
{
	troupe_ref ref = spawn(&counter);
	struct troupe_end end;

	ask_which(ref);
	for (uint32_t i = 0; i < 5; i++) {
		CHECK(stage_send(ref, CRASH) == 0);
		end = next_end(ref);
		CHECK(end.ref == ref && end.incarnation == i);
		CHECK(end.will_restart && end.pid > 0);
		CHECK(end.reason.cause == TROUPE_KILLED);
		CHECK(ask_which(ref) == i + 1);
	}
	CHECK(troupe_stop(ref) == 0);
	end = stage_end_of(ref);
	CHECK(!end.will_restart && end.incarnation == 5);
	CHECK(end.reason.cause == TROUPE_SHUTDOWN);
	CHECK(stage_send(ref, 1) == -ESRCH);
	return 0;
}

Test(revival, each_death_is_told_with_its_incarnation_and_what_follows)
{
	stage_pass(told_root);
}

static int quit_root(int argc, char **argv)
{
	static const struct troupe_class always = {
		.init = counter_init,
		.handlers = counter_handlers,
		.restart = TROUPE_RESTART_ALWAYS,
	};
	troupe_ref ref = spawn(&counter);
	struct troupe_end end;

	CHECK(stage_send(ref, QUIT) == 0);
	end = stage_end_of(ref);
	CHECK(!end.will_restart && end.reason.cause == TROUPE_NORMAL);
	ref = spawn(&always);
	CHECK(stage_send(ref, QUIT) == 0);
	CHECK(ask_which(ref) == 1);
	return 0;
}

Test(revival, a_normal_end_is_final_unless_the_class_says_always)
{
	stage_pass(quit_root);
}

static const struct trp_restart_rules two = {
	.first_ms = 1, .last_ms = 2, .quiet_ms = 60000, .limit = 2
};

static int fails(const void *arguments)
{
	return -EIO;
}

static int limit_root(int argc, char **argv)
{
	static const struct troupe_class failing = {
		.init = fails, .restart = TROUPE_RESTART_CRASHED
	};
	struct troupe_end end;
	troupe_ref ref = spawn(&failing);

	end = stage_end_of(ref);
	CHECK(!end.will_restart && end.incarnation == 2);
	CHECK(end.reason.cause == TROUPE_ERROR && end.reason.code == -EIO);
	CHECK(strstr(ps(), "\"given_up\": [{\"ref\": "));
	CHECK(strstr(ps(), "\"address\": \"/actor\", \"restarts\": 2, "
			   "\"reason\": \"error -5: Input/output error\""));
	return 0;
}

Test(revival, one_that_ends_too_often_is_given_up_and_ps_shows_it)
{
	trp_revival_rules = &two;
	stage_pass(limit_root);
}

static const struct trp_restart_rules slow = {
	.first_ms = 3600000, .last_ms = 3600000, .quiet_ms = 60000, .limit = 9
};

static int down_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref = spawn(&counter);

	CHECK(stage_send(ref, CRASH) == 0);
	CHECK(next_end(ref).will_restart);
	CHECK(strstr(ps(), "\"state\": \"down\""));
	CHECK(stage_send(ref, 1) == 0);
	CHECK(troupe_kill(ref) == 0); /* it has no process */
	CHECK(troupe_stop(ref) == 0);
	end = stage_end_of(ref);
	CHECK(!end.will_restart && end.incarnation == 0);
	CHECK(end.reason.cause == TROUPE_SHUTDOWN);
	CHECK(stage_send(ref, 1) == -ESRCH);
	/* The node ends although another one is down. */
	ref = spawn(&counter);
	CHECK(stage_send(ref, CRASH) == 0);
	CHECK(next_end(ref).will_restart);
	return 0;
}

Test(revival, one_that_is_down_can_be_stopped)
{
	trp_revival_rules = &slow;
	stage_pass(down_root);
}

/* ---- calls --------------------------------------------------------------- */

static void crash(Play__Clerk_Service *service, const Play__Number *number,
		  Play__Number_Closure reply, void *call)
{
	die();
}

static void silent(Play__Clerk_Service *service, const Play__Number *number,
		   Play__Number_Closure reply, void *call)
{
	stage_keep(call);
}

static Play__Number_Closure later_reply;
static void *later_call;

static int answer_later(struct troupe_timer *timer)
{
	clerk_twice(NULL, &(Play__Number) { .value = 21 }, later_reply,
		    later_call);
	return 0;
}

/* So late that the caller watches it. */
static void later(Play__Clerk_Service *service, const Play__Number *number,
		  Play__Number_Closure reply, void *call)
{
	static struct troupe_timer timer = { .fired = answer_later };

	later_reply = reply;
	later_call = call;
	CHECK(troupe_timer_start(&timer, troupe_in_ms(100), 0) == 0);
}

static const Play__Clerk_Service clerk_methods = {
	.base = { &play__clerk__descriptor, protobuf_c_service_invoke_internal,
		  NULL },
	.twice = clerk_twice,
	.later = later,
	.silent = silent,
	.crash = crash,
};
static const struct troupe_class clerk = {
	.service = &clerk_methods.base,
	.restart = TROUPE_RESTART_CRASHED,
};

struct asked {
	bool is_done;
	int64_t answer; /* -1: none */
};

static void on_answer(const Play__Number *answer, void *data)
{
	struct asked *asked = data;

	CHECK(!asked->is_done);
	asked->is_done = true;
	asked->answer = answer ? answer->value : -1;
}

static int calls_root(int argc, char **argv)
{
	struct asked deferred = { 0 }, handled = { 0 }, later = { 0 };
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_proxy proxy[3];
	troupe_ref ref = spawn(&clerk);

	for (int i = 0; i < 3; i++) {
		troupe_proxy_init(&proxy[i], ref, &play__clerk__descriptor);
		proxy[i].timeout_ms = -1;
	}
	number.value = 21;
	play__clerk__silent(&proxy[0].base, &number, on_answer, &deferred);
	play__clerk__crash(&proxy[1].base, &number, on_answer, &handled);
	play__clerk__twice(&proxy[2].base, &number, on_answer, &later);
	CHECK(troupe_await(&proxy[2]) == 0);
	CHECK(later.answer == 42);
	CHECK(troupe_await(&proxy[0]) == -EHOSTDOWN);
	CHECK(troupe_await(&proxy[1]) == -EHOSTDOWN);
	CHECK(deferred.answer == -1 && handled.answer == -1);
	CHECK(proxy[1].reason.cause == TROUPE_KILLED);
	return 0;
}

Test(revival, calls_that_were_taken_fail_and_the_others_are_answered)
{
	stage_pass(calls_root);
}

static int fast_root(int argc, char **argv)
{
	struct asked first = { 0 }, waits = { 0 }, second = { 0 };
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_proxy crashing, hasty;
	troupe_ref ref = spawn(&clerk);

	troupe_proxy_init(&crashing, ref, &play__clerk__descriptor);
	troupe_proxy_init(&hasty, ref, &play__clerk__descriptor);
	hasty.fails_fast = true;
	hasty.timeout_ms = -1;
	play__clerk__crash(&crashing.base, &number, on_answer, &first);
	/* Unread at the death. */
	play__clerk__twice(&hasty.base, &number, on_answer, &waits);
	CHECK(troupe_await(&crashing) == -EHOSTDOWN);
	CHECK(troupe_await(&hasty) == -EHOSTDOWN);
	play__clerk__twice(&hasty.base, &number, on_answer, &second);
	CHECK(troupe_await(&hasty) == -EHOSTDOWN);
	CHECK(first.is_done && waits.is_done && second.is_done);
	return 0;
}

Test(revival, a_hasty_caller_does_not_wait_for_one_that_is_down)
{
	trp_revival_rules = &slow;
	stage_pass(fast_root);
}

/* A hasty caller asks again. */
static bool ask_until_up(troupe_ref ref)
{
	struct asked asked = { 0 };
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_proxy proxy;

	troupe_proxy_init(&proxy, ref, &play__clerk__descriptor);
	play__clerk__twice(&proxy.base, &number, on_answer, &asked);
	return troupe_await(&proxy) == 0;
}

static int old_root(int argc, char **argv)
{
	struct asked asked = { 0 };
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_proxy proxy;
	troupe_ref ref = spawn(&clerk);

	troupe_proxy_init(&proxy, ref, &play__clerk__descriptor);
	play__clerk__crash(&proxy.base, &number, on_answer, &asked);
	CHECK(troupe_await(&proxy) == -EHOSTDOWN);
	troupe_proxy_init(&proxy, ref, &play__clerk__descriptor);
	proxy.fails_fast = true;
	CHECK(ask_until_up(ref));
	asked = (struct asked) { 0 };
	play__clerk__later(&proxy.base, &number, on_answer, &asked);
	CHECK(troupe_await(&proxy) == 0 && asked.answer == 42);
	return 0;
}

Test(revival, an_old_death_ends_no_call_that_is_watched_later)
{
	stage_pass(old_root);
}

static int take_descriptor(const void *arguments)
{
	const struct troupe_pattern ticket = {
		.type = &play__ticket__descriptor
	};
	struct troupe_message message;
	const Play__Ticket *got;
	int fd = -1;

	if (troupe_receive(&ticket, 1, TROUPE_NEVER, &message) < 0)
		return 0;
	got = message.body;
	if (!got->ticket.len)
		die();
	CHECK(troupe_handover_take(got->ticket.data, got->ticket.len,
				   troupe_in_ms(20000), &fd) == 0);
	CHECK(fd >= 0 && fcntl(fd, F_GETFD) >= 0);
	board->count++;
	return 0;
}

/* One given before the taker dies, to its successor; and one given then. */
static int handover_root(int argc, char **argv)
{
	static const struct troupe_class taker = {
		.run = take_descriptor, .restart = TROUPE_RESTART_ALWAYS
	};
	struct troupe_handover handover;
	Play__Ticket ticket = PLAY__TICKET__INIT, none = PLAY__TICKET__INIT;
	troupe_ref ref = spawn(&taker);

	ticket.ticket.data = (void *)&handover;
	ticket.ticket.len = sizeof(handover);
	CHECK(troupe_send(ref, &none.base) == 0);
	CHECK(troupe_handover_give(open("/dev/null", O_RDONLY), ref,
				   &handover) == 0);
	CHECK(troupe_send(ref, &ticket.base) == 0);
	while (board->count < 1)
		stage_receive(1);
	CHECK(next_end(ref).will_restart);
	CHECK(troupe_handover_give(open("/dev/null", O_RDONLY), ref,
				   &handover) == 0);
	CHECK(troupe_send(ref, &ticket.base) == 0);
	while (board->count < 2)
		stage_receive(1);
	return 0;
}

Test(revival, a_descriptor_waits_for_the_successor_of_its_taker)
{
	stage_pass(handover_root);
}

/* Asks as a predecessor did, and dies before its answer comes. */
static int asker_run(const void *arguments)
{
	const Play__Who *whom = arguments;
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_proxy proxy;
	struct asked asked = { 0 };

	troupe_proxy_init(&proxy, whom->ref, &play__clerk__descriptor);
	proxy.timeout_ms = -1;
	number.value = 100 + troupe_incarnation();
	play__clerk__twice(&proxy.base, &number, on_answer, &asked);
	if (troupe_incarnation() < 20)
		die();
	CHECK(troupe_await(&proxy) == 0);
	CHECK(asked.answer == 240);
	return 0;
}

static int late_root(int argc, char **argv)
{
	static const struct troupe_class asker = {
		.run = asker_run, .restart = TROUPE_RESTART_CRASHED
	};
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref;

	who.ref = spawn(&clerk);
	CHECK(troupe_spawn(&asker, &who.base, &ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	return 0;
}

Test(revival, an_answer_to_a_predecessor_is_none_to_a_successor)
{
	stage_pass(late_root);
}
