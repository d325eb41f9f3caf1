/* SPDX-License-Identifier: MIT */
/* The idle timeout, what counts for it, and what remains of a timer. */
#include "tests/support/stage.h"

enum { HOUR_MS = 3600 * 1000 };

static int end_idle(void)
{
	return TROUPE_STOP;
}

/* ---- changed while it runs ----------------------------------------------- */

static int be_hasty(const struct troupe_message *message)
{
	CHECK(troupe_idle_after(-1) == -EINVAL);
	CHECK(troupe_idle_after(1) == 0);
	return 0;
}

static const struct troupe_handler hasty_handlers[] = {
	{ &play__number__descriptor, be_hasty }, { 0 }
};
static const struct troupe_class hasty = { .name = "hasty",
					   .handlers = hasty_handlers,
					   .idle = end_idle,
					   .idle_ms = HOUR_MS };

static int changed_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn(&hasty, NULL, &ref) == 0);
	CHECK(stage_send(ref, 1) == 0);
	CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
	CHECK(end.reason.cause == TROUPE_NORMAL);
	CHECK(troupe_idle_after(1) == -EINVAL); /* a function */
	return 0;
}

Test(idle, is_changed_while_an_actor_runs)
{
	stage_pass(changed_root);
}

/* An idle timer of 1 ms would be due before this one. */
static int end_awake(struct troupe_timer *timer)
{
	return -ENODATA;
}

static int switch_off(const void *arguments)
{
	static struct troupe_timer timer = { .fired = end_awake };

	CHECK(troupe_idle_after(0) == 0);
	return troupe_timer_start(&timer, troupe_in_ms(100), 0);
}

static const struct troupe_class sleepless = {
	.name = "sleepless", .init = switch_off, .idle = end_idle, .idle_ms = 1
};

static int off_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn(&sleepless, NULL, &ref) == 0);
	CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
	CHECK(end.reason.code == -ENODATA);
	return 0;
}

Test(idle, is_switched_off_while_an_actor_runs)
{
	stage_pass(off_root);
}

/* ---- messages that do not count ------------------------------------------ */

/* To itself, more often than it may be idle. */
static int send_beat(struct troupe_timer *timer)
{
	CHECK(stage_send(troupe_self(), 1) == 0);
	return 0;
}

static int begin_beat(const void *arguments)
{
	static struct troupe_timer timer = { .fired = send_beat };

	return troupe_timer_start(&timer, troupe_in_ms(1), 1);
}

static int hear_beat(const struct troupe_message *message)
{
	board->value[0]++;
	return 0;
}

static int end_after_beats(void)
{
	return board->value[0] >= 20 ? TROUPE_STOP : 0;
}

static const struct troupe_handler beat_handlers[] = {
	{ &play__number__descriptor, hear_beat }, { 0 }
};
static const ProtobufCMessageDescriptor *const beats[] = {
	&play__text__descriptor, &play__number__descriptor, NULL
};
static const struct troupe_class keeper = { .name = "keeper",
					    .init = begin_beat,
					    .handlers = beat_handlers,
					    .idle = end_after_beats,
					    .idle_ms = 100,
					    .background = beats };

static int background_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn(&keeper, NULL, &ref) == 0);
	CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
	CHECK(end.reason.cause == TROUPE_NORMAL);
	return 0;
}

Test(idle, does_not_count_messages_of_the_background)
{
	stage_pass(background_root);
}

/* ---- what remains -------------------------------------------------------- */

static int never_fired(struct troupe_timer *timer)
{
	return -EINVAL;
}

static int remaining_root(int argc, char **argv)
{
	struct troupe_timer timer = { .fired = never_fired };

	CHECK(troupe_timer_remaining(&timer) == -ENOENT);
	CHECK(troupe_timer_start(&timer, troupe_in_ms(HOUR_MS), 0) == 0);
	CHECK(troupe_timer_remaining(&timer) <= HOUR_MS);
	CHECK(troupe_timer_remaining(&timer) > HOUR_MS / 2);
	CHECK(troupe_timer_start(&timer, TROUPE_NEVER, 0) == 0);
	CHECK(troupe_timer_remaining(&timer) > HOUR_MS);
	CHECK(troupe_timer_start(&timer, TROUPE_TIME(1), 0) == 0);
	CHECK(troupe_timer_remaining(&timer) == 0);
	CHECK(troupe_timer_cancel(&timer) == 1);
	CHECK(troupe_timer_remaining(&timer) == -ENOENT);
	return 0;
}

Test(idle, a_timer_tells_what_remains)
{
	stage_pass(remaining_root);
}
