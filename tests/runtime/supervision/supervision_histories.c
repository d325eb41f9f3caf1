/* SPDX-License-Identifier: MIT */

/*
 * Random histories of one supervisor.  In a calm one each event has its whole
 * effect before the next, and a small model says what is up.  In a wild one
 * starts and stops take their time, and what must always hold is looked at.
 */

#include <criterion/criterion.h>
#include <stdlib.h>
#include "runtime/supervision/supervision.h"

enum { CHILDREN = 8, PAUSE_MS = 100, STEPS = 200, HISTORIES = 4000 };

struct one {
	struct trp_supervised supervised;
	bool is_alive, is_here;
	int starts;
	int64_t due; /* of its pause; 0: none */
	int64_t ready_at, gone_at;
};

static struct world {
	struct trp_supervision all;
	struct one child[CHILDREN];
	uint64_t random;
	int64_t now;
	int64_t restarted[STEPS * CHILDREN];
	int restarts;
	bool has_ended, gave_up, is_by_hand;
	unsigned seed;
} world;

static unsigned below(unsigned n)
{
	world.random =
		world.random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(world.random >> 33) % n;
}

#define holds(what)                                             \
	cr_assert(what, "seed %u, at %lld: " #what, world.seed, \
		  (long long)world.now)

static int index_of(const struct trp_supervised *child)
{
	return (int)((const struct one *)(const void *)child - world.child);
}

static bool is_ordered(void)
{
	return world.all.options.strategy == TRP_ONE_FOR_ALL ||
	       world.all.options.strategy == TRP_REST_FOR_ONE;
}

/* ---- what must hold at each action --------------------------------------- */

static void look_at_start(int i)
{
	holds(!world.child[i].is_alive && world.child[i].is_here);
	holds(world.all.phase < TRP_SUPERVISION_ENDING);
	if (!is_ordered() && (world.is_by_hand || world.child[i].starts > 0))
		return;
	for (int k = 0; k < i; k++) {
		const struct trp_supervised *before =
			&world.child[k].supervised;

		holds(!world.child[k].is_here ||
		      before->intent != TRP_WANT_RUN ||
		      before->state == TRP_UP ||
		      (!is_ordered() && before->state == TRP_WAITING));
	}
	for (int k = 0; k < CHILDREN; k++)
		holds(!is_ordered() || world.is_by_hand ||
		      world.child[k].supervised.state != TRP_STOPPING);
}

static void look_at_stop(int i)
{
	holds(world.child[i].is_alive);
	for (int k = i + 1; k < CHILDREN; k++)
		holds(world.is_by_hand || world.all.options.is_parallel ||
		      !world.child[k].is_alive ||
		      world.all.phase < TRP_SUPERVISION_ENDING);
}

static void look_at_restart(void)
{
	int32_t intensity = world.all.options.intensity;

	world.restarted[world.restarts++] = world.now;
	holds(intensity != 0);
	holds(intensity < 0 || world.restarts <= intensity ||
	      world.now - world.restarted[world.restarts - 1 - intensity] >=
		      world.all.options.period_ms);
}

static bool any_is_alive(void)
{
	for (int i = 0; i < CHILDREN; i++) {
		if (world.child[i].is_alive)
			return true;
	}
	return false;
}

static void take(const struct trp_supervision_action *action, unsigned delay)
{
	int i = action->child ? index_of(action->child) : 0;
	struct one *one = &world.child[i];

	switch (action->act) {
	case TRP_ACT_START:
		look_at_start(i);
		one->is_alive = true;
		one->starts++;
		one->due = 0;
		one->ready_at = world.now + below(delay);
		break;
	case TRP_ACT_START_LATER:
		look_at_restart();
		one->due = world.now + PAUSE_MS;
		break;
	case TRP_ACT_STOP:
		look_at_stop(i);
		one->gone_at = world.now + below(delay);
		break;
	case TRP_ACT_FORGET:
		holds(!one->is_alive);
		one->is_here = false;
		one->due = 0;
		break;
	case TRP_ACT_END:
		world.has_ended = true;
		holds(!any_is_alive());
		break;
	case TRP_ACT_GAVE_UP:
		world.gave_up = true;
		holds(!any_is_alive());
		break;
	case TRP_ACT_READY:
	case TRP_ACT_NONE:
		holds(action->act == TRP_ACT_READY);
		break;
	}
}

static void take_all(unsigned delay)
{
	struct trp_supervision_action action;

	while (trp_supervision_next(&world.all, &action))
		take(&action, delay);
	world.is_by_hand = false;
	trp_supervision_check(&world.all);
}

static void end_of(int i, enum trp_supervised_end how, unsigned delay)
{
	struct one *one = &world.child[i];

	one->is_alive = false;
	one->ready_at = one->gone_at = 0;
	trp_supervision_ended(&world.all, &one->supervised, how, world.now);
	take_all(delay);
}

/* Everything that is due by then. */
static void pass(int64_t ms, unsigned delay, unsigned failing)
{
	for (int64_t until = world.now + ms; world.now < until;) {
		world.now++;
		for (int i = 0; i < CHILDREN; i++) {
			struct one *one = &world.child[i];

			if (one->due && one->due <= world.now) {
				one->due = 0;
				trp_supervision_due(&world.all,
						    &one->supervised);
				take_all(delay);
			}
			if (one->gone_at && one->gone_at <= world.now) {
				end_of(i, TRP_END_SHUTDOWN, delay);
			} else if (one->ready_at &&
				   one->ready_at <= world.now) {
				one->ready_at = 0;
				if (failing && below(failing) == 0) {
					end_of(i, TRP_END_FAILURE, delay);
					continue;
				}
				trp_supervision_ready(&world.all,
						      &one->supervised);
				take_all(delay);
			}
		}
	}
}

static void make(unsigned seed)
{
	struct trp_supervision_options options;

	world = (struct world) { .random = seed, .seed = seed, .now = 1 };
	options = (struct trp_supervision_options) {
		.strategy = (enum trp_strategy)below(4),
		.auto_shutdown = (enum trp_auto_shutdown)below(3),
		.intensity = (int32_t)below(12) - 1,
		.period_ms = (int32_t)(1 + below(5000)),
		.is_parallel = below(3) == 0,
		.has_above = below(2) == 0,
	};
	holds(trp_supervision_init(&world.all, &options) == 0);
}

static void add(int i, unsigned delay)
{
	struct one *one = &world.child[i];
	enum trp_restart_type restart = (enum trp_restart_type)below(3);

	if (one->is_here)
		return;
	*one = (struct one) {
		.is_here = true,
		.supervised = {
			.restart = restart,
			.is_significant = restart != TRP_PERMANENT &&
					  world.all.options.auto_shutdown !=
						  TRP_STAY &&
					  below(2) == 0,
		},
	};
	if (trp_supervision_add(&world.all, &one->supervised) < 0)
		one->is_here = false;
	take_all(delay);
}

static void begin(unsigned delay)
{
	for (int i = 0; i < CHILDREN; i++)
		add(i, delay);
	trp_supervision_begin(&world.all);
	take_all(delay);
}

/* ---- calm ---------------------------------------------------------------- */

static struct model {
	bool is_up[CHILDREN], is_here[CHILDREN], is_to_run[CHILDREN];
	int starts[CHILDREN];
	int64_t restarted[STEPS];
	int restarts;
	bool has_ended, gave_up;
} model;

static void all_down(void)
{
	for (int i = 0; i < CHILDREN; i++)
		model.is_up[i] = false;
}

static bool model_restart(int i)
{
	const struct trp_supervision_options *options = &world.all.options;
	int lately = 0;

	for (int k = 0; k < model.restarts; k++)
		lately += world.now - model.restarted[k] < options->period_ms;
	if (options->intensity >= 0 && lately >= options->intensity)
		return false;
	model.restarted[model.restarts++] = world.now;
	for (int k = 0; k < CHILDREN; k++) {
		bool goes = k == i || options->strategy == TRP_ONE_FOR_ALL ||
			    (options->strategy == TRP_REST_FOR_ONE && k > i);

		if (!goes || !model.is_up[k])
			continue;
		if (world.child[k].supervised.restart == TRP_TEMPORARY)
			model.is_up[k] = model.is_here[k] = false;
		else
			model.starts[k]++;
	}
	return true;
}

static void model_finish(int i)
{
	const struct trp_supervision_options *options = &world.all.options;
	bool is_last = true;

	model.is_up[i] = model.is_to_run[i] = false;
	for (int k = 0; k < CHILDREN; k++)
		is_last &= !model.is_here[k] || !model.is_to_run[k] ||
			   !world.child[k].supervised.is_significant;
	if (world.child[i].supervised.is_significant &&
	    (options->auto_shutdown == TRP_ANY_SIGNIFICANT || is_last)) {
		model.has_ended = true;
		all_down();
	} else if (world.child[i].supervised.restart == TRP_TEMPORARY) {
		model.is_here[i] = false;
	}
}

static void model_end(int i, enum trp_supervised_end how)
{
	enum trp_restart_type restart = world.child[i].supervised.restart;
	bool has_failed = how == TRP_END_FAILURE;

	if (has_failed && world.all.options.strategy == TRP_NONE_FOR_ONE) {
		model.has_ended = true;
		all_down();
	} else if (restart == TRP_TEMPORARY ||
		   (restart == TRP_TRANSIENT && !has_failed)) {
		model_finish(i);
	} else if (!model_restart(i)) {
		model.has_ended = world.all.options.has_above;
		model.gave_up = !model.has_ended;
		all_down();
	}
}

static void model_stop(int i)
{
	model.is_to_run[i] = false;
	if (world.child[i].supervised.restart == TRP_TEMPORARY)
		model.is_here[i] = false;
	model.is_up[i] = false;
}

static void compare(void)
{
	holds(model.has_ended == world.has_ended);
	holds(model.gave_up == world.gave_up);
	for (int i = 0; i < CHILDREN; i++) {
		holds(model.is_up[i] == world.child[i].is_alive);
		holds(model.starts[i] == world.child[i].starts);
		holds(model.has_ended || model.gave_up ||
		      model.is_here[i] == world.child[i].is_here);
	}
}

static void calm_step(void)
{
	int i = (int)below(CHILDREN);
	struct one *one = &world.child[i];

	if (one->is_alive && below(3) > 0) {
		enum trp_supervised_end how = (enum trp_supervised_end)below(3);

		model_end(i, how);
		end_of(i, how, 1);
	} else if (one->is_alive) {
		model_stop(i);
		world.is_by_hand = true;
		holds(trp_supervision_stop(&world.all, &one->supervised) == 0);
		take_all(1);
	} else if (one->is_here) {
		model.is_up[i] = model.is_to_run[i] = true;
		model.starts[i]++;
		world.is_by_hand = true;
		holds(trp_supervision_start(&world.all, &one->supervised) == 0);
		take_all(1);
	}
	pass(PAUSE_MS + 4 * CHILDREN, 1, 0);
	compare();
}

Test(supervision_histories, calm_ones_are_as_the_model_has_them)
{
	int ended = 0, gave_up = 0;

	for (unsigned seed = 1; seed <= HISTORIES; seed++) {
		make(seed);
		model = (struct model) { 0 };
		begin(1);
		pass(4 * CHILDREN, 1, 0);
		for (int i = 0; i < CHILDREN; i++) {
			model.is_up[i] = model.is_here[i] = model.is_to_run[i] =
				true;
			model.starts[i] = 1;
		}
		compare();
		for (int k = 0;
		     k < STEPS / 4 && !world.has_ended && !world.gave_up; k++)
			calm_step();
		ended += world.has_ended;
		gave_up += world.gave_up;
		trp_supervision_fini(&world.all);
	}
	cr_assert(ended > HISTORIES / 4 && gave_up > HISTORIES / 20,
		  "%d ended, %d gave up", ended, gave_up);
}

/* ---- wild ---------------------------------------------------------------- */

static void wild_step(unsigned delay)
{
	int i = (int)below(CHILDREN);
	struct trp_supervised *child = &world.child[i].supervised;

	world.is_by_hand = true;
	switch (below(8)) {
	case 0:
		if (world.child[i].is_here)
			trp_supervision_stop(&world.all, child);
		break;
	case 1:
		if (world.child[i].is_here)
			trp_supervision_start(&world.all, child);
		break;
	case 2:
		if (world.child[i].is_here)
			trp_supervision_restart(&world.all, child);
		break;
	case 3:
		if (world.child[i].is_here && below(4) == 0)
			trp_supervision_delete(&world.all, child);
		break;
	case 4:
		if (trp_supervision_start_again(&world.all) == 0)
			world.restarts = 0; /* they do not count any more */
		break;
	default:
		world.is_by_hand = false;
		if (world.child[i].is_alive)
			end_of(i, (enum trp_supervised_end)below(3), delay);
	}
	take_all(delay);
}

/* Those that are to run do, in the end; then all ends. */
static void comes_to_rest(void)
{
	pass(PAUSE_MS + 100 * CHILDREN, 1, 0);
	for (int i = 0; i < CHILDREN && !world.has_ended; i++)
		holds(!world.child[i].is_here ||
		      (world.child[i].supervised.intent == TRP_WANT_RUN) ==
			      (world.child[i].supervised.state == TRP_UP));
	trp_supervision_shut_down(&world.all);
	take_all(1);
	pass(100 * CHILDREN, 1, 0);
	holds(world.has_ended && !any_is_alive());
}

Test(supervision_histories, wild_ones_keep_order_intensity_and_come_to_rest)
{
	int64_t starts = 0;

	for (unsigned seed = 1; seed <= HISTORIES; seed++) {
		unsigned delay;

		make(seed);
		delay = 1 + below(200);
		begin(delay);
		for (int k = 0; k < STEPS && !world.has_ended; k++) {
			wild_step(delay);
			pass(below(60), delay, 10);
		}
		comes_to_rest();
		for (int i = 0; i < CHILDREN; i++)
			starts += world.child[i].starts;
		trp_supervision_fini(&world.all);
	}
	cr_assert(starts > 9 * HISTORIES, "only %lld starts",
		  (long long)starts);
}
