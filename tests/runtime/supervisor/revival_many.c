/* SPDX-License-Identifier: MIT */
/* Restarts in place: the children, the mail put aside, many at once. */
#include "runtime/troupe_dead_letters.h"
#include "runtime/troupe_tree.h"
#include "tests/runtime/supervisor/revival_kit.h"

TestSuite(revivals, .init = revival_hurry, .timeout = 60);

/* ---- what it had --------------------------------------------------------- */

static int child_run(const void *arguments)
{
	board->count++;
	stage_receive(600000); /* until it is told to stop */
	board->count--;
	return 0;
}

static int tick(struct troupe_timer *timer)
{
	CHECK(troupe_incarnation() == 0);
	return 0;
}

static int parent_init(const void *arguments)
{
	static struct troupe_timer timer = { .fired = tick };
	static const struct troupe_class child = { .name = "child",
						   .run = child_run };

	CHECK(board->count == 0);
	board->value[INITS]++;
	if (troupe_incarnation() == 0)
		CHECK(troupe_timer_start(&timer, troupe_in_ms(1), 1) == 0);
	for (int i = 0; i < 3; i++)
		CHECK(troupe_spawn_child(i == 0	  ? "a"
					 : i == 1 ? "b"
						  : "c",
					 &child, NULL, NULL) == 0);
	return 0;
}

static const struct troupe_class parent = {
	.name = "parent",
	.init = parent_init,
	.handlers = counter_handlers,
	.restart = TROUPE_RESTART_CRASHED,
};

static int children_root(int argc, char **argv)
{
	troupe_ref ref = spawn(&parent);

	for (int i = 0; i < 5; i++) {
		CHECK(ask_which(ref) == i);
		while (board->count < 3)
			stage_receive(1);
		CHECK(stage_send(ref, CRASH) == 0);
		next_end(ref);
	}
	CHECK(ask_which(ref) == 5);
	CHECK(board->value[INITS] == 6);
	return 0;
}

Test(revivals, its_children_are_stopped_before_it_begins_again)
{
	stage_pass(children_root);
}

/* ---- many ---------------------------------------------------------------- */

enum { CROWD = 1000 };

static int back_run(const void *arguments)
{
	const Play__Who *root = arguments;

	if (troupe_incarnation())
		CHECK(stage_send(root->ref, troupe_incarnation()) == 0);
	stage_receive(600000);
	return 0;
}

static int crowd_root(int argc, char **argv)
{
	static const struct troupe_class one = {
		.run = back_run, .restart = TROUPE_RESTART_CRASHED
	};
	static troupe_ref ref[CROWD];
	struct troupe_end end;
	Play__Who who = PLAY__WHO__INIT;
	int64_t begin;
	long told = 0;

	who.ref = troupe_self();
	for (int i = 0; i < CROWD; i++)
		CHECK(troupe_spawn(&one, &who.base, &ref[i]) == 0);
	begin = troupe_now().ns;
	for (int i = 0; i < CROWD; i++)
		CHECK(troupe_kill(ref[i]) == 0);
	for (int i = 0; i < CROWD; i++)
		CHECK(stage_receive(60000) == 1);
	fprintf(stderr, "%d killed: all are back after %lld ms\n", CROWD,
		(long long)(troupe_now().ns - begin) / 1000000);
	for (int i = 0; i < CROWD; i++) {
		CHECK(troupe_wait_next(ref[i], TROUPE_POLL, &end) == 0);
		CHECK(end.ref == ref[i] && end.will_restart);
		told++;
		CHECK(troupe_wait_next(ref[i], TROUPE_POLL, &end) ==
		      -ETIMEDOUT);
	}
	CHECK(told == CROWD);
	return 0;
}

Test(revivals, a_thousand_killed_at_once_are_all_back_and_told_once,
     .timeout = 300)
{
	stage_pass(crowd_root);
}

/* ---- memory -------------------------------------------------------------- */

enum { REBIRTHS = 40 };

/* Leaves a number to the root each time. */
static int leaver_run(const void *arguments)
{
	const Play__Who *root = arguments;

	CHECK(stage_send(root->ref, troupe_incarnation()) == 0);
	if (troupe_incarnation() < REBIRTHS)
		die();
	return 0;
}

static int memory_root(int argc, char **argv)
{
	static const struct troupe_class leaver = {
		.run = leaver_run, .restart = TROUPE_RESTART_CRASHED
	};
	Play__Who who = PLAY__WHO__INIT;
	struct troupe_end end;
	troupe_ref ref, other;

	who.ref = troupe_self();
	CHECK(troupe_spawn(&leaver, &who.base, &ref) == 0);
	/* Nothing is read: then it waits, and leaves regions to others. */
	for (int i = 0; i < 6; i++)
		CHECK(next_end(ref).will_restart);
	other = spawn(&counter);
	CHECK(stage_send(other, CRASH) == 0);
	CHECK(next_end(other).will_restart);
	while (board->value[INITS] < 2)
		CHECK(troupe_wait_next(ref, troupe_in_ms(5), &end) ==
		      -ETIMEDOUT);
	for (int i = 0; i <= REBIRTHS; i++)
		CHECK(stage_receive(20000) == i);
	CHECK(stage_end_of(ref).incarnation == REBIRTHS);
	return 0;
}

/* With six regions to spare, of which it may take five. */
Test(revivals, the_mail_of_all_incarnations_is_read_in_order_of_few_regions)
{
	stage_slots = 4;
	stage_pass(memory_root);
}

/* ---- mail that was put aside --------------------------------------------- */

enum { OPEN = -5, PIECE = 100000 };

static bool is_piece(const struct troupe_message *message, int64_t value)
{
	const unsigned char *bytes = message->attachment;

	if (value % 10)
		return !bytes;
	return message->attachment_size == PIECE &&
	       bytes[0] == (unsigned char)value &&
	       bytes[PIECE - 1] == (unsigned char)value;
}

static int stash_number(const struct troupe_message *message)
{
	int64_t value = ((const Play__Number *)message->body)->value;
	static bool is_open;

	if (value == CRASH)
		die();
	if (value == OPEN) {
		is_open = true;
		troupe_unstash();
		return 0;
	}
	CHECK(is_piece(message, value));
	if (!is_open)
		return troupe_stash();
	note(value);
	return 0;
}

static const struct troupe_handler stash_handlers[] = {
	{ &play__number__descriptor, stash_number },
	{ &play__nobody__descriptor, answer_which },
	{ 0 }
};
static const struct troupe_class stasher = {
	.handlers = stash_handlers,
	.restart = TROUPE_RESTART_CRASHED,
};

/* Each tenth with an attachment. */
static void send_pieces(troupe_ref ref, int64_t first, int64_t last)
{
	static unsigned char bytes[PIECE];
	Play__Number number = PLAY__NUMBER__INIT;

	for (int64_t i = first; i <= last; i++) {
		number.value = i;
		memset(bytes, (int)i, sizeof(bytes));
		CHECK((i % 10 ? troupe_send(ref, &number.base)
			      : troupe_send_attached(ref, &number.base, bytes,
						     sizeof(bytes))) == 0);
	}
}

static int stash_root(int argc, char **argv)
{
	troupe_ref ref = spawn(&stasher);

	for (int64_t i = 0; i < 5; i++) {
		send_pieces(ref, 100 * i + 1, 100 * i + 80);
		CHECK(stage_send(ref, CRASH) == 0);
		send_pieces(ref, 100 * i + 81, 100 * i + 100);
	}
	CHECK(ask_which(ref) == 5);
	CHECK(stage_send(ref, OPEN) == 0);
	send_pieces(ref, 501, 520);
	CHECK(ask_which(ref) == 5);
	expect_each_once(520);
	return 0;
}

Test(revivals, stashed_mail_is_there_again_in_its_order)
{
	stage_pass(stash_root);
}

static int queue_run(const void *arguments)
{
	const struct troupe_pattern order = { .type = &play__text__descriptor };
	const struct troupe_pattern number = {
		.type = &play__number__descriptor
	};
	struct troupe_message message;
	int64_t value;

	if (troupe_receive(&order, 1, TROUPE_NEVER, &message) < 0)
		return 0;
	if (strcmp(((const Play__Text *)message.body)->text, "die") == 0)
		die();
	while (troupe_receive(&number, 1, troupe_in_ms(1000), &message) == 0) {
		value = ((const Play__Number *)message.body)->value;
		CHECK(is_piece(&message, value));
		if (value == 77)
			die();
		note(value);
		if (value == 120)
			return 0;
	}
	return 0;
}

static void order(troupe_ref ref, const char *what)
{
	Play__Text text = PLAY__TEXT__INIT;

	text.text = (char *)what;
	CHECK(troupe_send(ref, &text.base) == 0);
}

static int queue_root(int argc, char **argv)
{
	static const struct troupe_class queuing = {
		.run = queue_run, .restart = TROUPE_RESTART_CRASHED
	};
	struct troupe_dead_counts counts;
	troupe_ref ref = spawn(&queuing);

	send_pieces(ref, 1, 50);
	order(ref, "die");
	send_pieces(ref, 51, 100);
	order(ref, "die");
	send_pieces(ref, 101, 120);
	order(ref, "go");
	order(ref, "go"); /* of the one after number 77 */
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	for (int64_t i = 1; i <= 120; i++)
		CHECK(board->value[i] == (i != 77));
	CHECK(board->value[WRONG] == 0);
	/* Two orders, and number 77. */
	CHECK(troupe_dead_letters_count(0, &counts) == 0);
	CHECK(counts.by_cause[TROUPE_DEAD_CRASHED] == 3);
	CHECK(counts.by_cause[TROUPE_DEAD_UNREAD] == 0);
	return 0;
}

Test(revivals, a_functions_save_queue_is_there_again_in_its_order)
{
	stage_pass(queue_root);
}

/* ---- chaos --------------------------------------------------------------- */

enum { SIDE = 4, NUMBERS = 3000, NEXT = 4010, SEEN = 4020 };
enum { ACKNOWLEDGED = 1, HANDLED = 2 };

/* 0 .. SIDE - 1, of a sender. */
static int sender_number(const void *arguments)
{
	return (int)((const Play__Who *)arguments)->count;
}

/* A number is taken before it is sent, and acknowledged afterwards. */
static int chaos_send(const void *arguments)
{
	Play__Who who = PLAY__WHO__INIT;
	char name[16];
	troupe_ref to;
	int64_t number;

	while ((number = ++board->value[NEXT]) < NUMBERS) {
		snprintf(name, sizeof(name), "sink%d", (int)(number % SIDE));
		CHECK(troupe_whereis(name, &to) == 0);
		who.ref = (uint64_t)sender_number(arguments);
		who.count = number;
		CHECK(troupe_send_wait(to, &who.base, TROUPE_NEVER) == 0);
		board->value[number] += ACKNOWLEDGED;
	}
	return 0;
}

static int chaos_take(const struct troupe_message *message)
{
	const Play__Who *who = message->body;
	_Atomic long *seen = &board->value[SEEN + SIDE * (who->count % SIDE) +
					   (long)who->ref];

	CHECK(who->count > *seen);
	*seen = who->count;
	board->value[who->count] += HANDLED;
	return 0;
}

static const struct troupe_handler sink_handlers[] = {
	{ &play__who__descriptor, chaos_take }, { 0 }
};
static const struct troupe_class sink = { .handlers = sink_handlers,
					  .restart = TROUPE_RESTART_CRASHED };

/* Puts all aside first, for a message that never comes. */
static int queue_sink_run(const void *arguments)
{
	const struct troupe_pattern never = { .type = &play__text__descriptor };
	const struct troupe_pattern who = { .type = &play__who__descriptor };
	struct troupe_message message;
	int r;

	do {
		troupe_receive(&never, 1, TROUPE_POLL, &message);
		r = troupe_receive(&who, 1, troupe_in_ms(50), &message);
		if (r == 0)
			chaos_take(&message);
	} while (r == 0 || r == -ETIMEDOUT);
	return 0;
}
static const struct troupe_class queue_sink = {
	.run = queue_sink_run, .restart = TROUPE_RESTART_CRASHED
};

/* Stashes each once, and takes it up at once. */
static int stash_first(const struct troupe_message *message)
{
	const Play__Who *who = message->body;
	static bool was_stashed[NUMBERS];

	if (was_stashed[who->count])
		return chaos_take(message);
	was_stashed[who->count] = true;
	CHECK(troupe_stash() == 0 && troupe_unstash() > 0);
	return 0;
}
static const struct troupe_handler stash_sink_handlers[] = {
	{ &play__who__descriptor, stash_first }, { 0 }
};
static const struct troupe_class stash_sink = {
	.handlers = stash_sink_handlers, .restart = TROUPE_RESTART_CRASHED
};

static const struct troupe_class source = { .run = chaos_send,
					    .restart = TROUPE_RESTART_CRASHED };

static void expect_no_loss(void)
{
	struct troupe_dead_counts counts;
	uint64_t lost = 0;

	for (int i = 1; i < NUMBERS; i++) {
		long how = board->value[i];

		CHECK(how / HANDLED <= 1);
		lost += how == ACKNOWLEDGED;
	}
	CHECK(troupe_dead_letters_count(0, &counts) == 0);
	CHECK(lost <= counts.by_cause[TROUPE_DEAD_CRASHED]);
}

static const struct troupe_class *chaos_sink;
static unsigned chaos_seed;

static int chaos_root(int argc, char **argv)
{
	troupe_ref actor[2 * SIDE];
	Play__Who who = PLAY__WHO__INIT;
	char name[16];
	int kills = 0;

	for (int i = 0; i < SIDE; i++) {
		snprintf(name, sizeof(name), "sink%d", i);
		CHECK(troupe_spawn_named(name, chaos_sink, NULL, &actor[i]) ==
		      0);
	}
	for (int i = 0; i < SIDE; i++) {
		who.count = i;
		CHECK(troupe_spawn(&source, &who.base, &actor[SIDE + i]) == 0);
	}
	while (board->value[NEXT] < NUMBERS) {
		troupe_kill(actor[rand_r(&chaos_seed) % (2 * SIDE)]);
		stage_receive(rand_r(&chaos_seed) % 4);
		kills++;
	}
	for (int i = 0; i < SIDE; i++)
		CHECK(stage_end_of(actor[SIDE + i]).reason.cause ==
		      TROUPE_NORMAL);
	/* All mail from before. */
	for (int i = 0; i < SIDE; i++) {
		CHECK(troupe_close(actor[i]) == 0);
		CHECK(stage_end_of(actor[i]).reason.cause == TROUPE_NORMAL);
	}
	fprintf(stderr, "%d kills\n", kills);
	expect_no_loss();
	return 0;
}

static void chaos(const struct troupe_class *klass)
{
	const char *given = getenv("REVIVAL_SEED");

	chaos_sink = klass;
	chaos_seed =
		given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)getpid();
	fprintf(stderr, "REVIVAL_SEED=%u has the same kills\n", chaos_seed);
	stage_pass(chaos_root);
}

Test(revivals, under_random_kills_nothing_acknowledged_is_lost_or_doubled,
     .timeout = 300)
{
	chaos(&sink);
}

Test(revivals, under_random_kills_a_save_queue_loses_and_doubles_nothing,
     .timeout = 300)
{
	chaos(&queue_sink);
}

Test(revivals, under_random_kills_a_stash_loses_and_doubles_nothing,
     .timeout = 300)
{
	chaos(&stash_sink);
}

/* ---- trees that are restarted -------------------------------------------- */

enum { KNOWN = 64, ORDERS = 600, AT = 4000 };

static int branch_init(const void *arguments);

static const struct troupe_class branch = {
	.name = "branch",
	.init = branch_init,
	.handlers = counter_handlers,
	.restart = TROUPE_RESTART_CRASHED,
	.grace_ms = 200,
};

/* Two children at each level; all are known by the board. */
static int branch_init(const void *arguments)
{
	Play__Number depth = *(const Play__Number *)arguments;

	board->value[(unsigned long)board->value[AT]++ % KNOWN] =
		(long)troupe_self();
	for (int i = 0; depth.value && i < 2; i++) {
		depth.value--;
		CHECK(troupe_spawn(&branch, &depth.base, NULL) == 0 ||
		      troupe_is_stopping());
		depth.value++;
	}
	return 0;
}

static void give_order(troupe_ref ref, unsigned *seed)
{
	struct troupe_end end;
	uint64_t monitor;

	switch (rand_r(seed) % 12) {
	case 0:
		troupe_stop(ref);
		break;
	case 1:
		if (troupe_monitor(ref, &monitor) == 0)
			CHECK(troupe_demonitor(monitor) == 0);
		break;
	case 2:
		troupe_wait_next(ref, troupe_in_ms(1), &end);
		break;
	case 3:
		troupe_close(ref);
		break;
	case 4:
	case 5:
		stage_send(ref, CRASH);
		break;
	default:
		troupe_kill(ref);
	}
}

static int trees_root(int argc, char **argv)
{
	Play__Number depth = PLAY__NUMBER__INIT;
	troupe_ref ref = 0;

	depth.value = 3;
	for (int i = 0; i < ORDERS; i++) {
		if (i % 100 == 0)
			CHECK(troupe_spawn(&branch, &depth.base, &ref) == 0);
		give_order(
			(troupe_ref)board
				->value[(unsigned)rand_r(&chaos_seed) % KNOWN],
			&chaos_seed);
		stage_receive(rand_r(&chaos_seed) % 2);
	}
	/* The node ends in whatever state they are. */
	return 0;
}

Test(revivals, under_random_orders_trees_of_them_leave_the_node_whole,
     .timeout = 300)
{
	const char *given = getenv("REVIVAL_SEED");

	chaos_seed =
		given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)getpid();
	fprintf(stderr, "REVIVAL_SEED=%u gives the same orders\n", chaos_seed);
	stage_pass(trees_root);
}
