/* SPDX-License-Identifier: MIT */
/* Time in an actor. */
#include "tests/support/stage.h"

static int64_t since_ms(struct troupe_time then)
{
	return (troupe_now().ns - then.ns) / 1000000;
}

/* ---- in the root, within troupe_receive() -------------------------------- */

static struct troupe_timer keyed, other;
static int fired_count;
static const char *fired_data;
static struct troupe_time armed_for;

static int keyed_fired(struct troupe_timer *timer)
{
	fired_count++;
	fired_data = timer->data;
	CHECK(troupe_now().ns >= armed_for.ns);
	return 0;
}

static int rearm(struct troupe_timer *timer)
{
	armed_for = troupe_in_ms(20);
	keyed.data = "new";
	return troupe_timer_start(&keyed, armed_for, 0);
}

static int keyed_root(int argc, char **argv)
{
	struct troupe_time now = troupe_now();

	keyed = (struct troupe_timer) { .fired = keyed_fired, .data = "old" };
	other = (struct troupe_timer) { .fired = rearm };
	CHECK(troupe_timer_start(&keyed, now, 0) == 0);
	now.ns--;
	CHECK(troupe_timer_start(&other, now, 0) == 0);
	/* Both are due now. */
	while (fired_count == 0)
		CHECK(stage_receive(1) == -1);
	CHECK(stage_receive(50) == -1);
	CHECK(fired_count == 1 && strcmp(fired_data, "new") == 0);
	CHECK(troupe_timer_cancel(&keyed) == 0);
	return 0;
}

Test(timers, one_that_was_due_and_is_armed_anew_fires_once_and_later)
{
	stage_pass(keyed_root);
}

static int cancel_root(int argc, char **argv)
{
	enum { REPEATS = 10000, SPREAD_NS = 200000 };
	int64_t was_cancelled = 0;
	unsigned seed = 1;
	int i;

	keyed = (struct troupe_timer) { .fired = keyed_fired };
	for (i = 0; i < REPEATS; i++) {
		struct troupe_message message;
		struct troupe_time now = troupe_now();
		int before = fired_count;
		int r;

		armed_for.ns = now.ns + rand_r(&seed) % SPREAD_NS;
		now.ns += rand_r(&seed) % SPREAD_NS;
		CHECK(troupe_timer_start(&keyed, armed_for, 0) == 0);
		CHECK(troupe_receive(NULL, 0, now, &message) == -ETIMEDOUT);
		r = troupe_timer_cancel(&keyed);
		CHECK(r == 1 - (fired_count - before));
		CHECK(troupe_timer_cancel(&keyed) == 0);
		was_cancelled += r;
		before = fired_count;
		CHECK(troupe_receive(NULL, 0, TROUPE_POLL, &message) ==
		      -ETIMEDOUT);
		CHECK(fired_count == before);
	}
	CHECK(was_cancelled > 0 && was_cancelled < REPEATS);
	return 0;
}

Test(timers, cancel_says_exactly_whether_it_was_in_time)
{
	stage_pass(cancel_root);
}

enum { PERIOD_MS = 4, TICKS = 20 };
static struct troupe_time periods_from;
static int64_t last_period = -1;

static int periodic_fired(struct troupe_timer *timer)
{
	int64_t period = since_ms(periods_from) / PERIOD_MS;

	CHECK(period > last_period); /* no two of one period */
	last_period = period;
	fired_count++;
	if (fired_count % 4 == 0)
		usleep(PERIOD_MS * 5500);
	return 0;
}

static int periodic_root(int argc, char **argv)
{
	struct troupe_timer timer = { .fired = periodic_fired };

	periods_from = troupe_now();
	CHECK(troupe_timer_start(&timer, periods_from, PERIOD_MS) == 0);
	while (fired_count < TICKS)
		stage_receive(PERIOD_MS);
	CHECK(last_period >= TICKS + TICKS / 4 * 4 - 5);
	CHECK(troupe_timer_cancel(&timer) == 1);
	CHECK(troupe_timer_start(&timer, periods_from, -1) == -EINVAL);
	return 0;
}

Test(timers, a_periodic_one_that_is_late_skips_and_keeps_its_beat)
{
	stage_pass(periodic_root);
}

/* ---- in a class ---------------------------------------------------------- */

static int ticked(struct troupe_timer *timer)
{
	board->value[1]++;
	return ++board->count == 5 ? TROUPE_STOP : 0;
}

static int never_fires(struct troupe_timer *timer)
{
	CHECK(false);
	return 0;
}

static int tick_init(const void *arguments)
{
	static struct troupe_timer tick = { .fired = ticked };
	static struct troupe_timer cancelled = { .fired = never_fires };

	CHECK(troupe_timer_start(&cancelled, troupe_in_ms(5), 0) == 0);
	CHECK(troupe_timer_cancel(&cancelled) == 1);
	CHECK(troupe_timer_cancel(&cancelled) == 0);
	return troupe_timer_start(&tick, troupe_in_ms(5), 5);
}

static const struct troupe_class ticker = { .name = "ticker",
					    .init = tick_init };

static int timer_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&ticker, NULL, &ref) == 0);
	CHECK(troupe_wait(ref, troupe_in_ms(10000), NULL) == 0);
	CHECK(board->count == 5);
	return 0;
}

Test(timers, a_periodic_one_fires_and_a_cancelled_one_does_not)
{
	stage_pass(timer_root);
}

/* ---- death --------------------------------------------------------------- */

static int beat(struct troupe_timer *timer)
{
	board->count++;
	return 0;
}

static int beat_init(const void *arguments)
{
	static struct troupe_timer timer = { .fired = beat };

	return troupe_timer_start(&timer, troupe_now(), 1);
}

static const struct troupe_class beater = { .name = "beater",
					    .init = beat_init };

static int death_root(int argc, char **argv)
{
	troupe_ref ref;
	long count;

	CHECK(troupe_spawn(&beater, NULL, &ref) == 0);
	while (board->count < 3)
		usleep(1000);
	CHECK(troupe_kill(ref) == 0);
	stage_end_of(ref);
	count = board->count;
	CHECK(stage_receive(50) == -1);
	CHECK(board->count == count);
	return 0;
}

Test(timers, of_a_dead_actor_are_dead)
{
	stage_pass(death_root);
}

/* ---- flows --------------------------------------------------------------- */

static troupe_ref said_to;

static int say_text(struct troupe_timer *timer)
{
	Play__Text text = PLAY__TEXT__INIT;

	CHECK(troupe_send(said_to, &text.base) == 0);
	return 0;
}

static struct troupe_timer say_soon = { .fired = say_text };

static void take_text(struct troupe_message *ret_message)
{
	const struct troupe_pattern text = { .type = &play__text__descriptor };

	CHECK(troupe_receive(&text, 1, troupe_in_ms(10000), ret_message) == 0);
}

/* Its next text continues the flow of `of`, but that of its timer does not. */
static void check_texts(const struct troupe_message *of)
{
	struct troupe_message next;

	take_text(&next);
	CHECK(next.flow == of->flow && next.hop == of->hop + 1);
	take_text(&next);
	CHECK(next.flow && next.flow != of->flow && next.hop == 0);
}

static int function_flow_root(int argc, char **argv)
{
	const struct troupe_pattern text = { .type = &play__text__descriptor };
	struct troupe_message first;
	int is_saved;

	said_to = troupe_self();
	for (is_saved = 0; is_saved < 2; is_saved++) {
		CHECK(stage_send(troupe_self(), 1) == 0);
		if (is_saved)
			CHECK(troupe_receive(&text, 1, TROUPE_POLL, &first) ==
			      -ETIMEDOUT);
		CHECK(troupe_receive(NULL, 0, TROUPE_POLL, &first) == 0);
		CHECK(first.type == &play__number__descriptor);
		CHECK(say_text(NULL) == 0);
		CHECK(troupe_timer_start(&say_soon, troupe_in_ms(1), 0) == 0);
		check_texts(&first);
	}
	return 0;
}

Test(timers, begin_a_flow_and_what_follows_a_receive_keeps_its_own)
{
	stage_pass(function_flow_root);
}

static int flow_number(const struct troupe_message *message)
{
	said_to = message->sender;
	board->value[0] = (long)message->flow;
	board->value[1] = message->hop;
	CHECK(say_text(NULL) == 0);
	return troupe_timer_start(&say_soon, troupe_in_ms(1), 0);
}

static const struct troupe_handler flow_handlers[] = {
	{ &play__number__descriptor, flow_number },
	{ 0 },
};
static const struct troupe_class flow_class = { .name = "flow",
						.handlers = flow_handlers };

static int class_flow_root(int argc, char **argv)
{
	struct troupe_message number = { 0 }, next;
	troupe_ref ref;

	CHECK(troupe_spawn(&flow_class, NULL, &ref) == 0);
	CHECK(stage_send(ref, 1) == 0);
	take_text(&next);
	number.flow = (uint64_t)board->value[0];
	number.hop = (uint16_t)board->value[1];
	CHECK(next.flow == number.flow && next.hop == number.hop + 1);
	take_text(&next);
	CHECK(next.flow && next.flow != number.flow && next.hop == 0);
	return 0;
}

Test(timers, of_a_class_begin_a_flow_and_its_handler_goes_on_with_one)
{
	stage_pass(class_flow_root);
}
