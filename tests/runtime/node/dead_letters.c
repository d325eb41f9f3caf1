/* SPDX-License-Identifier: MIT */
/* Dead letters. */
#include "tests/support/stage.h"

#include "runtime/actor/post.h"
#include "runtime/troupe_dead_letters.h"
#include "serialize/type.h"

enum {
	HOLD = -1, /* a number that is handled until value[GO] is 1 */
	IS_HELD = 1,
	GO = 2,
	TOLD = 10,    /* value[TOLD + cause]: letters with that cause */
	WRONG = 30,   /* that were not as board->value[EXPECTED...] says */
	SENDER = 31,  /* 0: any */
	TARGET = 32,  /* 0: any */
	NUMBERS = 33, /* letters that are numbers, and */
	SUM = 34,     /* the sum of these */
	BEGAN = 35,
	DATED = 36, /* letters whose message was made since then */
	LIMIT = 8192,
};

/* Waits, with a bound, until it is so. */
#define UNTIL(claim)                                                   \
	do {                                                           \
		int tries_;                                            \
		for (tries_ = 0; tries_ < 10000 && !(claim); tries_++) \
			usleep(1000);                                  \
		CHECK(claim);                                          \
	} while (0)

/* ---- one who asked for them ---------------------------------------------- */

static int64_t number_in(const struct troupe_dead_letter *letter)
{
	Play__Number *number =
		play__number__unpack(NULL, letter->start_size, letter->start);
	int64_t value = number ? number->value : 0;

	if (number)
		play__number__free_unpacked(number, NULL);
	return value;
}

static int take_letter(const struct troupe_message *message)
{
	struct troupe_dead_letter letter;
	bool is_right;

	CHECK(troupe_dead_letter_read(message, &letter) == 0);
	is_right = (!board->value[SENDER] ||
		    letter.sender == (troupe_ref)board->value[SENDER]) &&
		   (!board->value[TARGET] ||
		    letter.target == (troupe_ref)board->value[TARGET]);
	board->value[WRONG] += !is_right;
	board->value[DATED] += letter.created.ns >= board->value[BEGAN] &&
			       letter.created.ns <= troupe_now().ns;
	if (letter.type == &play__number__descriptor) {
		board->value[NUMBERS]++;
		board->value[SUM] += number_in(&letter);
	}
	board->value[TOLD + letter.cause]++;
	return 0;
}

static int take_word(const struct troupe_message *message)
{
	CHECK(troupe_dead_letters_unsubscribe() == 0);
	CHECK(troupe_dead_letters_unsubscribe() == -ENOENT);
	return stage_send(message->sender, 1);
}

static int subscribe(const void *arguments)
{
	CHECK(troupe_dead_letters_subscribe() == 0);
	CHECK(troupe_dead_letters_subscribe() == 0);
	return stage_send(troupe_parent(), 1);
}

static const struct troupe_handler collector_handlers[] = {
	{ &troupe__dead_letter__descriptor, take_letter },
	{ &play__number__descriptor, take_word },
	{ 0 },
};
static const struct troupe_class collector = { .name = "collector",
					       .init = subscribe,
					       .handlers = collector_handlers };

static troupe_ref spawn_subscriber(const struct troupe_class *klass)
{
	troupe_ref ref;

	CHECK(troupe_spawn(klass, NULL, &ref) == 0);
	CHECK(stage_receive(10000) == 1);
	return ref;
}

/* ---- a slow subscriber --------------------------------------------------- */

static int number_held(const struct troupe_message *message)
{
	if (((const Play__Number *)message->body)->value != HOLD)
		return 0;
	board->value[IS_HELD] = 1;
	while (!board->value[GO])
		usleep(500);
	board->value[GO] = 0;
	return 0;
}

static void ask_nothing(Play__Link_Service *service, const Play__Number *number,
			Play__Number_Closure reply, void *call)
{
	reply(number, call);
}

static const Play__Link_Service held_methods = { PLAY__LINK__BASE_INIT,
						 ask_nothing };

static const struct troupe_handler held_handlers[] = {
	{ &play__number__descriptor, number_held },
	{ 0 },
};
#define HELD(policy)                                                   \
	{                                                              \
		.name = "held", .handlers = held_handlers,             \
		.service = &held_methods.base, .mailbox_limit = LIMIT, \
		.when_full = TROUPE_FULL_##policy                      \
	}
static const struct troupe_class refusing = HELD(REFUSE);
static const struct troupe_class dropping_new = HELD(DROP_NEW);
static const struct troupe_class dropping_old = HELD(DROP_OLD);
static const struct troupe_class roomy = { .name = "roomy",
					   .handlers = held_handlers };

static troupe_ref hold(const struct troupe_class *klass)
{
	troupe_ref ref;

	board->value[IS_HELD] = board->value[GO] = 0;
	CHECK(troupe_spawn(klass, NULL, &ref) == 0);
	CHECK(stage_send(ref, HOLD) == 0);
	UNTIL(board->value[IS_HELD]);
	board->value[SENDER] = (long)troupe_self();
	board->value[TARGET] = (long)ref;
	return ref;
}

static uint64_t noticed(troupe_ref ref, enum troupe_dead_cause cause)
{
	struct troupe_dead_counts counts = { 0 };

	CHECK(troupe_dead_letters_count(ref, &counts) == 0);
	return counts.by_cause[cause];
}

static uint64_t untold(void)
{
	struct troupe_dead_counts counts = { 0 };

	CHECK(troupe_dead_letters_count(0, &counts) == 0);
	return counts.untold;
}

/* That many letters had that cause, and were counted in the node; none was
 * wrong. */
static void expect_told(enum troupe_dead_cause cause, long count)
{
	UNTIL(board->value[TOLD + cause] >= count);
	CHECK(board->value[TOLD + cause] == count);
	CHECK(noticed(0, cause) == (uint64_t)count);
	CHECK(board->value[WRONG] == 0);
}

/* ---- noticed by the sender ----------------------------------------------- */

static int target_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref ref;

	spawn_subscriber(&collector);
	CHECK(troupe_spawn(&refusing, NULL, &ref) == 0);
	CHECK(troupe_kill(ref) == 0);
	stage_end_of(ref);
	board->value[SENDER] = (long)troupe_self();
	board->value[TARGET] = (long)ref;
	board->value[BEGAN] = (long)troupe_now().ns;
	for (number.value = 1; number.value <= 3; number.value++)
		CHECK(troupe_send(ref, &number.base) == -ESRCH);
	CHECK(troupe_send_wait(ref, &number.base, TROUPE_NEVER) == -ESRCH);
	expect_told(TROUPE_DEAD_TARGET, 4);
	CHECK(noticed(troupe_self(), TROUPE_DEAD_TARGET) == 4);
	CHECK(board->value[NUMBERS] == 4 && board->value[SUM] == 1 + 2 + 3 + 4);
	CHECK(board->value[DATED] == 4);
	return 0;
}

Test(dead_letters, what_is_sent_to_the_dead_is_told_with_all_that_is_known)
{
	stage_pass(target_root);
}

static int refused_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref ref;

	spawn_subscriber(&collector);
	ref = hold(&refusing);
	while (troupe_send(ref, &number.base) == 0)
		;
	CHECK(troupe_send(ref, &number.base) == -EAGAIN);
	CHECK(troupe_send_wait(ref, &number.base, TROUPE_POLL) == -EAGAIN);
	expect_told(TROUPE_DEAD_REFUSED, 3);
	board->value[GO] = 1;
	/* A message that waited for room is no dead letter. */
	CHECK(troupe_send_wait(ref, &number.base, troupe_in_ms(10000)) == 0);
	CHECK(noticed(0, TROUPE_DEAD_REFUSED) == 3);
	return 0;
}

Test(dead_letters, what_finds_no_room_is_told_once_its_sender_gives_up)
{
	stage_pass(refused_root);
}

static int dropped_root(int argc, char **argv)
{
	struct troupe_counters counters = { 0 };
	troupe_ref ref;

	spawn_subscriber(&collector);
	ref = hold(&dropping_new);
	for (int i = 0; i < 300; i++)
		CHECK(stage_send(ref, i) == 0);
	CHECK(troupe_count(troupe_self(), &counters) == 0);
	CHECK(counters.refused > 0 && counters.refused < 300);
	expect_told(TROUPE_DEAD_DROPPED, (long)counters.refused);
	board->value[GO] = 1;
	return 0;
}

Test(dead_letters, what_a_full_mailbox_drops_is_told_by_its_sender)
{
	stage_pass(dropped_root);
}

/* ---- noticed by the receiver --------------------------------------------- */

static int dropped_old_root(int argc, char **argv)
{
	troupe_ref ref;
	int sent = 0;

	spawn_subscriber(&collector);
	ref = hold(&dropping_old);
	while (stage_send(ref, sent) == 0)
		sent++;
	board->value[GO] = 1;
	UNTIL(noticed(ref, TROUPE_DEAD_DROPPED) > 0);
	UNTIL(troupe_close(ref) != -EAGAIN);
	stage_end_of(ref);
	UNTIL(board->value[TOLD + TROUPE_DEAD_DROPPED] > 10);
	CHECK(noticed(0, TROUPE_DEAD_DROPPED) < (uint64_t)sent);
	expect_told(TROUPE_DEAD_DROPPED, (long)noticed(0, TROUPE_DEAD_DROPPED));
	return 0;
}

Test(dead_letters, what_a_receiver_drops_as_too_old_is_told)
{
	stage_pass(dropped_old_root);
}

/* A record as a hostile sender would write it. */
static void send_raw(troupe_ref to, const void *bytes, size_t size)
{
	void *room;

	CHECK(trp_mailbox_reserve(&trp_self.mailbox, trp_ref_slot(to),
				  trp_ref_generation(to), TRP_MAIL,
				  (uint32_t)size, NULL, &room) == 0);
	memcpy(room, bytes, size);
	trp_mailbox_commit(&trp_self.mailbox, (uint32_t)size);
}

static int unreadable_root(int argc, char **argv)
{
	struct {
		struct trp_envelope envelope;
		unsigned char body[8];
	} record = { .body = { 0xff, 0xff, 0xff } };
	troupe_ref ref;

	spawn_subscriber(&collector);
	ref = hold(&roomy);
	record.envelope = trp_actor_post_envelope(TRP_MESSAGE);
	record.envelope.type = trp_type_of(&play__number__descriptor);
	send_raw(ref, &record, sizeof(record));
	send_raw(ref, "no envelope", 11);
	board->value[GO] = 1;
	expect_told(TROUPE_DEAD_UNREADABLE, 2);
	CHECK(noticed(ref, TROUPE_DEAD_UNREADABLE) == 2);
	CHECK(board->value[NUMBERS] == 1); /* of the other nothing is known */
	return 0;
}

Test(dead_letters, what_cannot_be_read_is_told_and_harms_nobody)
{
	stage_pass(unreadable_root);
}

static int unhandled_root(int argc, char **argv)
{
	Play__Text text = PLAY__TEXT__INIT;
	troupe_ref ref;

	spawn_subscriber(&collector);
	ref = hold(&roomy);
	CHECK(troupe_send(ref, &text.base) == 0);
	board->value[GO] = 1;
	expect_told(TROUPE_DEAD_UNHANDLED, 1);
	CHECK(board->value[NUMBERS] == 0);
	return 0;
}

Test(dead_letters, what_has_no_handler_is_told)
{
	stage_pass(unhandled_root);
}

static void no_answer(const Play__Number *number, void *data)
{
	CHECK(!number);
}

static int expired_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_proxy proxy;
	troupe_ref ref;

	spawn_subscriber(&collector);
	ref = hold(&refusing);
	troupe_proxy_init(&proxy, ref, &play__link__descriptor);
	proxy.timeout_ms = 1;
	play__link__ask(&proxy.base, &number, no_answer, NULL);
	CHECK(troupe_await(&proxy) == -ETIMEDOUT);
	board->value[GO] = 1;
	expect_told(TROUPE_DEAD_EXPIRED, 1);
	return 0;
}

Test(dead_letters, a_call_that_is_reached_too_late_is_told)
{
	stage_pass(expired_root);
}

static int closed_root(int argc, char **argv)
{
	troupe_ref ref;

	spawn_subscriber(&collector);
	ref = hold(&roomy);
	CHECK(stage_send(ref, 1) == 0);
	CHECK(troupe_close(ref) == 0);
	CHECK(stage_send(ref, 2) == 0);
	CHECK(stage_send(ref, 3) == 0);
	board->value[GO] = 1;
	expect_told(TROUPE_DEAD_CLOSED, 2);
	CHECK(board->value[SUM] == 5);
	return 0;
}

Test(dead_letters, what_is_sent_after_a_close_is_told)
{
	stage_pass(closed_root);
}

/* ---- noticed by the supervisor ------------------------------------------- */

static int second_run(const void *arguments)
{
	const Play__Who *who = arguments;

	for (int64_t i = 0; i < who->count; i++)
		CHECK(stage_send(who->ref, 1000) == 0);
	CHECK(stage_send(troupe_parent(), 1) == 0);
	return stage_idle(NULL);
}

/* FIRST are handled, `rest` are not, and one is when it ends: HOLD. */
static void leave_unread(const struct troupe_class *klass, int rest)
{
	enum { FIRST = 777 };
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref, second;

	ref = hold(klass);
	for (int i = 0; i < FIRST; i++)
		CHECK(stage_send(ref, -2) == 0);
	CHECK(stage_send(ref, HOLD) == 0);
	board->value[IS_HELD] = 0;
	board->value[GO] = 1;
	UNTIL(board->value[IS_HELD]);
	who.ref = ref;
	who.count = 5;
	board->value[SENDER] = 0;
	CHECK(troupe_spawn_function(second_run, &who.base, &second) == 0);
	CHECK(stage_receive(10000) == 1);
	for (int i = 1; i <= rest; i++)
		CHECK(stage_send(ref, i) == 0);
	CHECK(troupe_kill(ref) == 0);
	stage_end_of(ref);
	expect_told(TROUPE_DEAD_UNREAD, 1 + rest + 5);
	CHECK(board->value[SUM] == HOLD + rest * (rest + 1L) / 2 + 5000);
}

static int unread_root(int argc, char **argv)
{
	spawn_subscriber(&collector);
	leave_unread(&roomy, 300);
	return 0;
}

Test(dead_letters, exactly_what_one_that_was_killed_had_not_handled_is_told)
{
	stage_pass(unread_root);
}

static int keeps_run(const void *arguments)
{
	const struct troupe_pattern never = { .type = &play__text__descriptor };
	struct troupe_message message;

	while (troupe_receive(&never, 1, TROUPE_NEVER, &message) >= 0)
		;
	return -ECANCELED;
}

static int saved_root(int argc, char **argv)
{
	struct troupe_counters counters = { 0 };
	troupe_ref ref;

	spawn_subscriber(&collector);
	CHECK(troupe_spawn_function(keeps_run, NULL, &ref) == 0);
	for (int i = 0; i < 3; i++)
		CHECK(stage_send(ref, 7) == 0);
	UNTIL(troupe_count(ref, &counters) == 0 && counters.received >= 3);
	CHECK(troupe_stop(ref) == 0);
	stage_end_of(ref);
	expect_told(TROUPE_DEAD_UNREAD, 3);
	CHECK(board->value[SUM] == 21);
	return 0;
}

Test(dead_letters, what_was_put_aside_is_told_at_an_end_in_order)
{
	stage_pass(saved_root);
}

/* ---- subscribers --------------------------------------------------------- */

/* With few slots, so that the first subscriber's comes again. */
static int again_root(int argc, char **argv)
{
	troupe_ref first = spawn_subscriber(&collector), one = 0;
	int tries;

	for (tries = 0; tries < 100; tries++) {
		CHECK(troupe_kill(one ? one : first) == 0);
		stage_end_of(one ? one : first);
		one = spawn_subscriber(&collector);
		if (trp_ref_slot(one) == trp_ref_slot(first))
			break;
	}
	CHECK(trp_ref_slot(one) == trp_ref_slot(first) && one != first);
	CHECK(stage_send(first, 1) == -ESRCH);
	expect_told(TROUPE_DEAD_TARGET, 1);
	CHECK(untold() == 0);
	return 0;
}

Test(dead_letters, a_subscriber_in_a_slot_used_again_gets_its_letters)
{
	stage_slots = 6;
	stage_pass(again_root);
}

static int leave_root(int argc, char **argv)
{
	troupe_ref ref, one = spawn_subscriber(&collector);

	CHECK(stage_send(one, 1) == 0);
	CHECK(stage_receive(10000) == 1);
	CHECK(troupe_spawn(&refusing, NULL, &ref) == 0);
	CHECK(troupe_kill(ref) == 0);
	stage_end_of(ref);
	CHECK(stage_send(ref, 1) == -ESRCH);
	CHECK(noticed(0, TROUPE_DEAD_TARGET) == 1 && untold() == 0);
	/* It is the only subscriber, so this comes after all letters. */
	CHECK(troupe_close(one) == 0);
	stage_end_of(one);
	CHECK(board->value[TOLD + TROUPE_DEAD_TARGET] == 0);
	/* Those that end make room for others. */
	for (int i = 0; i < 8; i++) {
		one = spawn_subscriber(&collector);
		CHECK(troupe_kill(one) == 0);
		stage_end_of(one);
	}
	for (int i = 0; i < 8; i++)
		spawn_subscriber(&collector);
	CHECK(troupe_dead_letters_subscribe() == -ENOSPC);
	CHECK(troupe_dead_letters_unsubscribe() == -ENOENT);
	return 0;
}

Test(dead_letters, subscribers_come_and_go)
{
	stage_pass(leave_root);
}

static const struct troupe_class deaf = { .name = "deaf", .init = subscribe };

static int deaf_root(int argc, char **argv)
{
	troupe_ref ref, one = spawn_subscriber(&deaf);

	CHECK(troupe_spawn(&refusing, NULL, &ref) == 0);
	CHECK(troupe_kill(ref) == 0);
	stage_end_of(ref);
	CHECK(stage_send(ref, 1) == -ESRCH);
	UNTIL(noticed(one, TROUPE_DEAD_UNHANDLED) == 1);
	CHECK(troupe_close(one) == 0);
	stage_end_of(one);
	CHECK(noticed(0, TROUPE_DEAD_UNHANDLED) == 1);
	CHECK(noticed(0, TROUPE_DEAD_TARGET) == 1);
	return 0;
}

Test(dead_letters, a_dead_letters_dead_letter_is_counted_alone)
{
	stage_pass(deaf_root);
}

/* It has subscribed, and then never reads its mailbox of 8 KiB. */
static int stuck_init(const void *arguments)
{
	subscribe(arguments);
	while (!board->value[GO])
		usleep(500);
	return TROUPE_STOP;
}

static const struct troupe_class stuck = { .name = "stuck",
					   .init = stuck_init,
					   .mailbox_limit = LIMIT };

static int stuck_root(int argc, char **argv)
{
	enum { MANY = 5000 };
	troupe_ref ref;

	spawn_subscriber(&stuck);
	CHECK(troupe_spawn(&roomy, NULL, &ref) == 0);
	CHECK(troupe_kill(ref) == 0);
	stage_end_of(ref);
	for (int i = 0; i < MANY; i++)
		CHECK(stage_send(ref, i) == -ESRCH);
	CHECK(noticed(troupe_self(), TROUPE_DEAD_TARGET) == MANY);
	CHECK(untold() > MANY / 2 && untold() < MANY);
	/* Nor does the supervisor, whose own lanes have no limit. */
	CHECK(troupe_spawn(&roomy, NULL, &ref) == 0);
	board->value[GO] = 0;
	CHECK(stage_send(ref, HOLD) == 0);
	UNTIL(board->value[IS_HELD]);
	for (int i = 0; i < MANY; i++)
		CHECK(stage_send(ref, i) == 0);
	CHECK(troupe_kill(ref) == 0);
	stage_end_of(ref);
	CHECK(noticed(0, TROUPE_DEAD_UNREAD) == 1 + MANY);
	CHECK(untold() > MANY + MANY / 2);
	board->value[GO] = 1;
	return 0;
}

Test(dead_letters, a_subscriber_that_does_not_read_stops_nobody)
{
	stage_pass(stuck_root);
}
