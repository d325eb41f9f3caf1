/* SPDX-License-Identifier: MIT */
#include "tests/runtime/supervision/world.h"

struct world world;

static int number(const struct trp_supervised *child)
{
	return child ? (int)(child - world.child) : -1;
}

static void say(char sign, int i)
{
	size_t length = strlen(world.log);

	if (length + 3 < sizeof(world.log)) {
		world.log[length] = sign;
		world.log[length + 1] = (char)('a' + i);
		world.log[length + 2] = '\0';
	}
}

static void has_happened(int event, int i);
enum { IS_READY, HAS_FAILED, HAS_STOPPED };

/* Does what is asked for; what is not slow happens at once. */
void world_settle(void)
{
	struct trp_supervision_action action;
	struct {
		int event, child;
	} after[2 * CHILDREN];
	int count = 0;

	while (trp_supervision_next(&world.all, &action)) {
		int i = number(action.child);

		switch (action.act) {
		case TRP_ACT_START:
			cr_assert(!world.is_alive[i] && !world.has_ended);
			world.is_alive[i] = true;
			world.starts[i]++;
			world.due[i] = 0;
			say('+', i);
			if (world.bad_starts[i] > 0) {
				world.bad_starts[i]--;
				after[count].event = HAS_FAILED;
				after[count++].child = i;
			} else if (!world.is_slow[i]) {
				after[count].event = IS_READY;
				after[count++].child = i;
			}
			break;
		case TRP_ACT_START_LATER:
			cr_assert_not(world.is_alive[i]);
			world.due[i] = world.now + PAUSE_MS;
			break;
		case TRP_ACT_STOP:
			cr_assert(world.is_alive[i]);
			say('-', i);
			if (!world.is_slow[i]) {
				after[count].event = HAS_STOPPED;
				after[count++].child = i;
			}
			break;
		case TRP_ACT_FORGET:
			cr_assert_not(world.is_alive[i]);
			world.is_forgotten[i] = true;
			break;
		case TRP_ACT_READY:
			cr_assert_not(world.is_ready);
			world.is_ready = true;
			break;
		case TRP_ACT_GAVE_UP:
			world.gave_up = true;
			break;
		case TRP_ACT_END:
			cr_assert_not(world.has_ended);
			world.has_ended = true;
			world.why = action.why;
			world.cause = i;
			break;
		case TRP_ACT_NONE:
			cr_assert_fail("an action that is none");
		}
	}
	trp_supervision_check(&world.all);
	for (int k = 0; k < count; k++)
		has_happened(after[k].event, after[k].child);
}

void world_end(int i, enum trp_supervised_end how)
{
	cr_assert(world.is_alive[i]);
	world.is_alive[i] = false;
	trp_supervision_ended(&world.all, &world.child[i], how, world.now);
	world_settle();
}

static void has_happened(int event, int i)
{
	if (!world.is_alive[i])
		return;
	if (event == IS_READY) {
		trp_supervision_ready(&world.all, &world.child[i]);
		world_settle();
	} else {
		world_end(i, event == HAS_FAILED ? TRP_END_FAILURE
						 : TRP_END_SHUTDOWN);
	}
}

void world_crash(int i)
{
	world_end(i, TRP_END_FAILURE);
}

/* Starts those whose pause is over by then, the earliest first. */
void world_pass(int64_t ms)
{
	int64_t until = world.now + ms;

	for (;;) {
		int first = -1;

		for (int i = 0; i < CHILDREN; i++) {
			if (world.due[i] && world.due[i] <= until &&
			    (first < 0 || world.due[i] < world.due[first]))
				first = i;
		}
		if (first < 0)
			break;
		world.now = world.due[first];
		world.due[first] = 0;
		trp_supervision_due(&world.all, &world.child[first]);
		world_settle();
	}
	world.now = until;
}

void world_make(const struct trp_supervision_options *options)
{
	world = (struct world) { .now = 1000, .cause = -1 };
	cr_assert_eq(trp_supervision_init(&world.all, options), 0);
}

void world_add(int i, enum trp_restart_type restart, bool is_significant)
{
	world.child[i] = (struct trp_supervised) {
		.restart = restart,
		.is_significant = is_significant,
	};
	cr_assert_eq(trp_supervision_add(&world.all, &world.child[i]), 0);
}

void world_begin(void)
{
	trp_supervision_begin(&world.all);
	world_settle();
}

/* `count` permanent children, all of them up. */
void world_make_up(enum trp_strategy strategy, int32_t intensity, int count)
{
	world_make(&(struct trp_supervision_options) { .strategy = strategy,
						       .intensity = intensity,
						       .period_ms = 5000,
						       .has_above = true });
	for (int i = 0; i < count; i++)
		world_add(i, TRP_PERMANENT, false);
	world_begin();
	cr_assert(world.is_ready);
	world.log[0] = '\0';
}

void world_fini(void)
{
	trp_supervision_fini(&world.all);
}

void world_log_is(const char *log)
{
	cr_assert_str_eq(world.log, log);
	world.log[0] = '\0';
}
