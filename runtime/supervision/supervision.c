/* SPDX-License-Identifier: MIT */
#include "runtime/supervision/supervision.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { INTENSITY_MAX = 10000 };

int trp_supervision_init(struct trp_supervision *supervision,
			 const struct trp_supervision_options *options)
{
	int64_t *restarted_at = NULL;

	if (options->intensity < -1 || options->intensity > INTENSITY_MAX ||
	    options->period_ms < 1)
		return -EINVAL;
	if (options->intensity > 0) {
		restarted_at = calloc((size_t)options->intensity,
				      sizeof(*restarted_at));
		if (!restarted_at)
			return -ENOMEM;
	}
	*supervision = (struct trp_supervision) {
		.options = *options,
		.is_in_order = true,
		.restarted_at = restarted_at,
	};
	return 0;
}

void trp_supervision_fini(struct trp_supervision *supervision)
{
	free(supervision->restarted_at);
	*supervision = (struct trp_supervision) { 0 };
}

void trp_supervision_check(const struct trp_supervision *supervision)
{
	size_t count[TRP_STOPPING + 1] = { 0 }, marked = 0;
	const struct trp_supervised *previous = NULL;

	for (const struct trp_supervised *child = supervision->first; child;
	     child = child->next) {
		assert(child->previous == previous);
		previous = child;
		count[child->state]++;
		marked += child->is_marked;
		assert(!child->is_marked || child->state >= TRP_STARTING);
		assert(child->state != TRP_WAITING ||
		       child->intent == TRP_WANT_RUN);
	}
	assert(supervision->last == previous);
	assert(supervision->marked == marked);
	for (int state = 0; state <= TRP_STOPPING; state++)
		assert(supervision->count[state] == count[state]);
	assert(supervision->phase < TRP_SUPERVISION_ENDED ||
	       supervision->count[TRP_STARTING] + supervision->count[TRP_UP] +
			       supervision->count[TRP_STOPPING] ==
		       0);
	assert(!supervision->gate || supervision->gate->state == TRP_WAITING);
}

/* ---- actions ------------------------------------------------------------- */

/*
 * A child has one action at most between two takings of all: what would make a
 * second one necessary is an event, and the caller takes the actions first.
 */
static void act(struct trp_supervision *supervision,
		struct trp_supervised *child, enum trp_supervision_act what)
{
	assert(child->act == TRP_ACT_NONE);
	child->act = what;
	child->todo = NULL;
	if (supervision->todo_last)
		supervision->todo_last->todo = child;
	else
		supervision->todo_first = child;
	supervision->todo_last = child;
}

bool trp_supervision_next(struct trp_supervision *supervision,
			  struct trp_supervision_action *ret_action)
{
	struct trp_supervised *child = supervision->todo_first;

	if (child) {
		*ret_action = (struct trp_supervision_action) {
			.act = child->act,
			.child = child,
		};
		child->act = TRP_ACT_NONE;
		supervision->todo_first = child->todo;
		if (!child->todo)
			supervision->todo_last = NULL;
		return true;
	}
	if (supervision->todo == TRP_ACT_NONE)
		return false;
	*ret_action = (struct trp_supervision_action) {
		.act = supervision->todo,
		.child = supervision->cause,
		.why = supervision->why,
	};
	supervision->todo = TRP_ACT_NONE;
	return true;
}

/* ---- one child ----------------------------------------------------------- */

static bool is_alive(const struct trp_supervised *child)
{
	return child->state >= TRP_STARTING;
}

static size_t alive(const struct trp_supervision *supervision)
{
	return supervision->count[TRP_STARTING] + supervision->count[TRP_UP] +
	       supervision->count[TRP_STOPPING];
}

static void set_state(struct trp_supervision *supervision,
		      struct trp_supervised *child,
		      enum trp_supervised_state state)
{
	if (supervision->gate == child)
		supervision->gate = NULL;
	supervision->count[child->state]--;
	supervision->count[state]++;
	child->state = state;
}

static void mark(struct trp_supervision *supervision,
		 struct trp_supervised *child)
{
	if (child->state != TRP_STARTING && child->state != TRP_UP)
		return;
	supervision->marked += !child->is_marked;
	child->is_marked = true;
}

static void unmark(struct trp_supervision *supervision,
		   struct trp_supervised *child)
{
	supervision->marked -= child->is_marked;
	child->is_marked = false;
}

static void start(struct trp_supervision *supervision,
		  struct trp_supervised *child)
{
	assert(!is_alive(child) && child->intent == TRP_WANT_RUN);
	set_state(supervision, child, TRP_STARTING);
	act(supervision, child, TRP_ACT_START);
}

static void stop(struct trp_supervision *supervision,
		 struct trp_supervised *child)
{
	assert(child->state == TRP_STARTING || child->state == TRP_UP);
	unmark(supervision, child);
	set_state(supervision, child, TRP_STOPPING);
	act(supervision, child, TRP_ACT_STOP);
}

static void forget(struct trp_supervision *supervision,
		   struct trp_supervised *child)
{
	assert(!is_alive(child));
	set_state(supervision, child, TRP_DOWN);
	supervision->count[TRP_DOWN]--;
	*(child->previous ? &child->previous->next : &supervision->first) =
		child->next;
	*(child->next ? &child->next->previous : &supervision->last) =
		child->previous;
	act(supervision, child, TRP_ACT_FORGET);
}

/* ---- all children -------------------------------------------------------- */

static bool restarts_in_order(const struct trp_supervision *supervision)
{
	return supervision->options.strategy == TRP_ONE_FOR_ALL ||
	       supervision->options.strategy == TRP_REST_FOR_ONE;
}

/* The last of those marked, when the one before it has ended; or all. */
static void stop_marked(struct trp_supervision *supervision)
{
	if (supervision->count[TRP_STOPPING] > 0 &&
	    !supervision->options.is_parallel)
		return;
	for (struct trp_supervised *child = supervision->last;
	     child && supervision->marked > 0; child = child->previous) {
		if (!child->is_marked)
			continue;
		stop(supervision, child);
		if (!supervision->options.is_parallel)
			return;
	}
}

/* The first that is down and to run, when all before it are ready. */
static void start_in_order(struct trp_supervision *supervision)
{
	struct trp_supervised *child = supervision->first;

	if (supervision->count[TRP_STARTING] > 0 || supervision->gate)
		return;
	while (child &&
	       (child->state != TRP_DOWN || child->intent != TRP_WANT_RUN))
		child = child->next;
	if (child) {
		start(supervision, child);
		return;
	}
	supervision->is_in_order = restarts_in_order(supervision);
	if (supervision->phase == TRP_SUPERVISION_STARTING) {
		supervision->phase = TRP_SUPERVISION_RUNNING;
		supervision->todo = TRP_ACT_READY;
	}
}

static void take_step(struct trp_supervision *supervision)
{
	if (supervision->marked > 0) {
		stop_marked(supervision);
	} else if (supervision->phase == TRP_SUPERVISION_ENDING) {
		if (alive(supervision) > 0)
			return;
		supervision->phase = TRP_SUPERVISION_ENDED;
		supervision->todo = TRP_ACT_END;
	} else if (supervision->is_giving_up) {
		if (alive(supervision) > 0)
			return;
		supervision->is_giving_up = false;
		supervision->todo = TRP_ACT_GAVE_UP;
	} else if (supervision->is_in_order &&
		   supervision->count[TRP_STOPPING] == 0) {
		start_in_order(supervision);
	}
}

/* After each event: the next step. */
static void go_on(struct trp_supervision *supervision)
{
	take_step(supervision);
	TRP_CHECK(trp_supervision_check(supervision));
}

static void stop_all(struct trp_supervision *supervision,
		     enum trp_supervision_end why, struct trp_supervised *cause)
{
	supervision->why = why;
	supervision->cause = cause;
	for (struct trp_supervised *child = supervision->first; child;
	     child = child->next) {
		child->is_again = false;
		mark(supervision, child);
		if (child->state == TRP_WAITING)
			set_state(supervision, child, TRP_DOWN);
	}
}

static void end(struct trp_supervision *supervision,
		enum trp_supervision_end why, struct trp_supervised *cause)
{
	supervision->phase = TRP_SUPERVISION_ENDING;
	stop_all(supervision, why, cause);
}

static void give_up(struct trp_supervision *supervision,
		    struct trp_supervised *cause)
{
	supervision->is_giving_up = true;
	stop_all(supervision, TRP_ENDED_BY_INTENSITY, cause);
	for (struct trp_supervised *child = supervision->first; child;
	     child = child->next) {
		if (child->intent == TRP_WANT_RUN)
			child->intent = TRP_WANT_GIVEN_UP;
	}
}

int trp_supervision_add(struct trp_supervision *supervision,
			struct trp_supervised *child)
{
	if (child->is_significant &&
	    (child->restart == TRP_PERMANENT ||
	     supervision->options.auto_shutdown == TRP_STAY))
		return -EINVAL;
	if (supervision->phase >= TRP_SUPERVISION_ENDING)
		return -ESHUTDOWN;
	if (supervision->is_giving_up)
		return -EBUSY;
	child->previous = supervision->last;
	*(supervision->last ? &supervision->last->next : &supervision->first) =
		child;
	supervision->last = child;
	supervision->count[TRP_DOWN]++;
	if (supervision->phase == TRP_SUPERVISION_RUNNING) {
		if (!restarts_in_order(supervision))
			start(supervision, child);
		go_on(supervision);
	}
	TRP_CHECK(trp_supervision_check(supervision));
	return 0;
}

void trp_supervision_begin(struct trp_supervision *supervision)
{
	assert(supervision->phase == TRP_SUPERVISION_STARTING);
	go_on(supervision);
}

/* ---- an end -------------------------------------------------------------- */

static bool is_beyond_intensity(struct trp_supervision *supervision,
				int64_t now_ms)
{
	int32_t intensity = supervision->options.intensity;
	uint64_t restarts = supervision->restarts;
	int64_t *oldest;

	if (intensity < 0)
		return false;
	if (intensity == 0)
		return true;
	oldest = &supervision->restarted_at[restarts % (uint64_t)intensity];
	if (restarts >= (uint64_t)intensity &&
	    now_ms - *oldest < supervision->options.period_ms)
		return true;
	*oldest = now_ms;
	supervision->restarts++;
	return false;
}

/* In order, nobody is started before that. */
static void start_later(struct trp_supervision *supervision,
			struct trp_supervised *child)
{
	set_state(supervision, child, TRP_WAITING);
	act(supervision, child, TRP_ACT_START_LATER);
	if (!restarts_in_order(supervision))
		return;
	if (supervision->gate)
		set_state(supervision, supervision->gate, TRP_DOWN);
	supervision->gate = child;
}

/* Its siblings may go with it; all of them are started when it is due. */
static void restart(struct trp_supervision *supervision,
		    struct trp_supervised *child, int64_t now_ms)
{
	if (is_beyond_intensity(supervision, now_ms)) {
		if (supervision->options.has_above)
			end(supervision, TRP_ENDED_BY_INTENSITY, child);
		else
			give_up(supervision, child);
		return;
	}
	start_later(supervision, child);
	if (!restarts_in_order(supervision) || child->is_woken)
		return;
	child = supervision->options.strategy == TRP_ONE_FOR_ALL
			? supervision->first
			: child->next;
	for (; child; child = child->next)
		mark(supervision, child);
}

static bool is_to_run(const struct trp_supervised *child)
{
	return child->intent == TRP_WANT_RUN ||
	       child->intent == TRP_WANT_ASLEEP;
}

static bool is_last_significant(const struct trp_supervision *supervision)
{
	for (const struct trp_supervised *child = supervision->first; child;
	     child = child->next) {
		if (child->is_significant && is_to_run(child))
			return false;
	}
	return true;
}

static void finish(struct trp_supervision *supervision,
		   struct trp_supervised *child)
{
	child->intent = TRP_WANT_REST;
	if (child->is_significant &&
	    (supervision->options.auto_shutdown == TRP_ANY_SIGNIFICANT ||
	     is_last_significant(supervision)))
		end(supervision, TRP_ENDED_BY_SIGNIFICANT, child);
	else if (child->restart == TRP_TEMPORARY)
		forget(supervision, child);
}

static void ended_by_itself(struct trp_supervision *supervision,
			    struct trp_supervised *child,
			    enum trp_supervised_end how, bool was_starting,
			    int64_t now_ms)
{
	bool is_failure = how >= TRP_END_FAILURE;

	child->is_woken &= how == TRP_END_UNBORN;
	if (child->is_woken) /* it is as it was, and has its mail */
		restart(supervision, child, now_ms);
	else if (is_failure && was_starting &&
		 supervision->phase == TRP_SUPERVISION_STARTING)
		end(supervision, TRP_ENDED_BY_START, child);
	else if (is_failure &&
		 supervision->options.strategy == TRP_NONE_FOR_ONE)
		end(supervision, TRP_ENDED_BY_FAILURE, child);
	else if (child->restart == TRP_TEMPORARY ||
		 (child->restart == TRP_TRANSIENT && !is_failure) ||
		 (was_starting && how == TRP_END_NORMAL))
		finish(supervision, child);
	else
		restart(supervision, child, now_ms);
}

static void was_stopped(struct trp_supervision *supervision,
			struct trp_supervised *child)
{
	bool is_again = child->is_again;

	child->is_again = false;
	if (child->restart == TRP_TEMPORARY && !is_again &&
	    child->intent != TRP_WANT_GIVEN_UP)
		forget(supervision, child);
	else if (is_again && !restarts_in_order(supervision))
		start(supervision, child);
}

void trp_supervision_ended(struct trp_supervision *supervision,
			   struct trp_supervised *child,
			   enum trp_supervised_end how, int64_t now_ms)
{
	bool was_starting = child->state == TRP_STARTING;
	bool is_stopped = child->is_marked || child->state == TRP_STOPPING;

	assert(is_alive(child) && !supervision->todo_first);
	unmark(supervision, child);
	set_state(supervision, child, TRP_DOWN);
	if (supervision->phase < TRP_SUPERVISION_ENDING) {
		if (is_stopped)
			was_stopped(supervision, child);
		else
			ended_by_itself(supervision, child, how, was_starting,
					now_ms);
	}
	go_on(supervision);
}

/* ---- other events -------------------------------------------------------- */

void trp_supervision_ready(struct trp_supervision *supervision,
			   struct trp_supervised *child)
{
	assert(!supervision->todo_first);
	if (child->state != TRP_STARTING)
		return;
	set_state(supervision, child, TRP_UP);
	child->is_woken = false;
	go_on(supervision);
}

void trp_supervision_declined(struct trp_supervision *supervision,
			      struct trp_supervised *child, bool is_held)
{
	assert(child->state == TRP_STARTING && !child->is_marked);
	set_state(supervision, child, TRP_DOWN);
	if (is_held)
		child->intent = TRP_WANT_HELD;
	else
		start_later(supervision, child);
	go_on(supervision);
}

void trp_supervision_slept(struct trp_supervision *supervision,
			   struct trp_supervised *child)
{
	assert(child->state == TRP_UP && !child->is_marked);
	set_state(supervision, child, TRP_DOWN);
	child->intent = TRP_WANT_ASLEEP;
	go_on(supervision);
}

void trp_supervision_due(struct trp_supervision *supervision,
			 struct trp_supervised *child)
{
	assert(!supervision->todo_first);
	if (child->state != TRP_WAITING)
		return;
	if (restarts_in_order(supervision))
		set_state(supervision, child, TRP_DOWN);
	else
		start(supervision, child);
	go_on(supervision);
}

void trp_supervision_shut_down(struct trp_supervision *supervision)
{
	assert(!supervision->todo_first);
	if (supervision->phase >= TRP_SUPERVISION_ENDING)
		return;
	end(supervision, TRP_ENDED_BY_ORDER, NULL);
	go_on(supervision);
}

/* ---- by hand ------------------------------------------------------------- */

int trp_supervision_stop(struct trp_supervision *supervision,
			 struct trp_supervised *child)
{
	if (supervision->phase >= TRP_SUPERVISION_ENDING)
		return -ESHUTDOWN;
	child->intent = TRP_WANT_HELD;
	child->is_again = false;
	if (!is_alive(child))
		set_state(supervision, child, TRP_DOWN);
	else if (child->state != TRP_STOPPING)
		stop(supervision, child);
	go_on(supervision);
	return 0;
}

int trp_supervision_start(struct trp_supervision *supervision,
			  struct trp_supervised *child)
{
	if (supervision->phase >= TRP_SUPERVISION_ENDING)
		return -ESHUTDOWN;
	if (child->state == TRP_STOPPING || child->is_marked ||
	    supervision->is_giving_up)
		return -EBUSY;
	if (is_alive(child))
		return -EALREADY;
	child->is_woken |= child->intent == TRP_WANT_ASLEEP;
	child->intent = TRP_WANT_RUN;
	if (restarts_in_order(supervision))
		set_state(supervision, child, TRP_DOWN);
	else
		start(supervision, child);
	go_on(supervision);
	return 0;
}

int trp_supervision_restart(struct trp_supervision *supervision,
			    struct trp_supervised *child)
{
	if (!is_alive(child))
		return trp_supervision_start(supervision, child);
	if (supervision->phase >= TRP_SUPERVISION_ENDING)
		return -ESHUTDOWN;
	if (supervision->is_giving_up)
		return -EBUSY;
	child->intent = TRP_WANT_RUN;
	child->is_again = true;
	if (child->state != TRP_STOPPING)
		stop(supervision, child);
	TRP_CHECK(trp_supervision_check(supervision));
	return 0;
}

int trp_supervision_delete(struct trp_supervision *supervision,
			   struct trp_supervised *child)
{
	if (supervision->phase >= TRP_SUPERVISION_ENDING)
		return -ESHUTDOWN;
	if (is_alive(child) || is_to_run(child) || supervision->is_giving_up)
		return -EBUSY;
	forget(supervision, child);
	TRP_CHECK(trp_supervision_check(supervision));
	return 0;
}

int trp_supervision_start_again(struct trp_supervision *supervision)
{
	bool has_any = false;

	if (supervision->phase >= TRP_SUPERVISION_ENDING)
		return -ESHUTDOWN;
	if (supervision->is_giving_up)
		return -EBUSY;
	for (struct trp_supervised *child = supervision->first; child;
	     child = child->next) {
		if (child->intent != TRP_WANT_GIVEN_UP)
			continue;
		child->intent = TRP_WANT_RUN;
		has_any = true;
	}
	if (!has_any)
		return -EALREADY;
	supervision->restarts = 0;
	supervision->is_in_order = true;
	go_on(supervision);
	return 0;
}
