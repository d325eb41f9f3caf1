/* SPDX-License-Identifier: MIT */
#include "runtime/actor/loop.h"

#include <assert.h>
#include <stdlib.h>
#include "ipc/hot.h"
#include "ipc/mailbox_receive.h"
#include "runtime/actor/away.h"
#include "runtime/actor/call.h"
#include "runtime/actor/custom_mailbox.h"
#include "runtime/actor/input.h"
#include "runtime/actor/overflow.h"
#include "runtime/actor/report.h"
#include "runtime/actor/stash.h"
#include "runtime/actor/take.h"
#include "runtime/actor/target_watch.h"
#include "runtime/node/process.h"
#include "runtime/node/trace.h"
#include "runtime/node/watch.h"

enum {
	LOOK_EVERY = 16,       /* turns between looks at time and descriptors */
	SETTLE_MS = 5 * 1000,  /* from the first sleep to the first ... */
	RESCAN_MS = 30 * 1000, /* ... slow check of every lane */
};

/* ---- turns --------------------------------------------------------------- */

/* The streams for which a sleeping actor is to be woken. */
static unsigned heeded(void)
{
	return trp_self.held & TRP_HOLD_WORK || !trp_custom_mailbox_has_room()
		       ? TRP_TAKE_CONTROL | TRP_TAKE_REPLY
		       : TRP_TAKE_ALL;
}

/*
 * Mail of an actor is handled before the report of its death: takes one record
 * of it, or of the unstashed mail before it; 0: there is none left.  At the
 * limit on work mail waits, but the report does not; answers are taken, as they
 * are no work.  Of a living actor whose signal was announced: until the signal
 * in its lane, which takes the announcement out.
 */
static int drain(troupe_ref ref, uint32_t incarnation)
{
	int r;

	if (heeded() != TRP_TAKE_ALL)
		return trp_take(TRP_TAKE_REPLY);
	r = trp_stash_turn();
	if (trp_away_has(ref))
		incarnation = UINT32_MAX; /* of the mail actor */
	return r ? r : trp_take_from(trp_away_lane(ref), incarnation);
}

/* Others go on to send by the mail actor: more records than its lane can have
 * are not waited for. */
static bool is_drained(struct trp_exit_notice *notice)
{
	enum { RECORD_LEAST = sizeof(struct trp_envelope) };

	return trp_away_has(notice->end.ref) &&
	       ++notice->drained > 2 * trp_self.mailbox.limit / RECORD_LEAST;
}

static int turn_exits(void)
{
	struct trp_exit_notice *notice = trp_self.exits.first;
	bool is_signal = trp_watch_kind(notice->watch) == TRP_WATCH_SIGNAL;
	uint32_t incarnation = is_signal ? UINT32_MAX : notice->end.incarnation;
	int r = TRP_STEP_IDLE;

	if (!is_drained(notice))
		r = drain(notice->end.ref, incarnation);
	if (r != TRP_STEP_IDLE)
		return r; /* it may have taken the notice out */
	notice = trp_exit_queue_pop(&trp_self.exits);
	if (is_signal) { /* It was obeyed. */
		trp_exit_queue_free(notice);
		return TRP_STEP_DONE;
	}
	/* Closures of its calls come before the callback of its end. */
	trp_target_watch_ended(&notice->end, notice->taken);
	return trp_report_hand_out(notice);
}

static int turn_timers(void)
{
	struct troupe_time now = troupe_now();
	struct troupe_timer *timer = trp_timers_due(&trp_self.timers, now);
	int64_t begin;
	int r;

	trp_call_expire(now);
	if (!timer)
		return TRP_STEP_IDLE;
	begin = trp_trace_begin();
	trp_self_begin(TROUPE_DOING_TIMER);
	r = timer->fired(timer);
	trp_self_end();
	trp_trace_span("callback", "timer", begin);
	return trp_self_result(r);
}

/* In turns, or a timer that is always due would starve the others. */
static int turn_others(void)
{
	enum { OTHERS = 3 };
	static int (*const other[OTHERS])(void) = { turn_timers, trp_input_turn,
						    trp_overflow_turn };
	static TRP_HOT unsigned next;
	int i, r = TRP_STEP_IDLE;

	for (i = 0; i < OTHERS && r == TRP_STEP_IDLE; i++)
		r = other[next++ % OTHERS]();
	return r;
}

/* As trp_take(), through a custom mailbox. */
static int turn_mailbox(void)
{
	int r = trp_custom_mailbox_settle();

	if (r == TRP_STEP_IDLE && trp_custom_mailbox_wants_mail())
		r = trp_take_young();
	return r ? r : trp_custom_mailbox_hand_out();
}

/* Takes held mail that may be taken now. */
static int take_slowly(void)
{
	int r = trp_stash_turn();

	if (r != TRP_STEP_IDLE || trp_self.held & TRP_HOLD_WORK)
		return r;
	return trp_self.held & TRP_HOLD_MAILBOX ? turn_mailbox()
						: trp_take_young();
}

/*
 * All mail from before the close has been handled: there is none, or a turn of
 * each lane brought only later mail, which may never end.
 */
static bool is_closed(void)
{
	return trp_self.is_closing && trp_custom_mailbox_is_done() &&
	       !(trp_self.held & TRP_HOLD_STASH) &&
	       (trp_self.late / TRP_TURN > trp_self.mailbox.ready_lanes ||
		trp_mailbox_receive_is_empty(&trp_self.mailbox, TRP_TAKE_ALL));
}

static int turn(void)
{
	static TRP_HOT unsigned turns;
	int r = TRP_STEP_IDLE;

	if (trp_self.exits.first)
		return turn_exits();
	if (trp_self.is_stopping || trp_self.is_finished)
		return TRP_STEP_END;
	if (++turns % LOOK_EVERY == 0) {
		if (trp_self.late > TRP_TURN && is_closed())
			return TRP_STEP_END;
		r = trp_wait_poll(&trp_self.wait);
		if (r == 0)
			r = turn_others();
		if (r != TRP_STEP_IDLE)
			return r;
	}
	/* An actor that asks again after each answer may never run out of
	 * them. */
	if (trp_self.held && turns % LOOK_EVERY == LOOK_EVERY / 2)
		r = take_slowly();
	if (r == TRP_STEP_IDLE)
		r = trp_take(trp_self.open);
	if (r == TRP_STEP_IDLE && trp_self.held)
		r = take_slowly();
	if (r != TRP_STEP_IDLE)
		return r;
	return is_closed() ? TRP_STEP_END : turn_others();
}

/* Between two turns. */
void trp_loop_check(void)
{
	assert(!trp_self.is_busy);
	assert((trp_self.open == TRP_TAKE_ALL) == !trp_self.held);
	assert(trp_self.mailbox.slot == trp_ref_slot(trp_self.ref) ||
	       !trp_self.ref);
	trp_exit_queue_check(&trp_self.exits);
	trp_exit_queue_check(&trp_self.unclaimed);
	trp_stash_check();
	trp_input_check();
}

/* A closure may have called troupe_finish(), and returns nothing. */
int trp_loop_turn(void)
{
	int r = turn();

	TRP_CHECK(trp_loop_check());
	if (r >= 0 && trp_self.finish)
		r = trp_self_result(r);
	if (r == TRP_STEP_END)
		trp_self.is_finished = true;
	return r;
}

static struct troupe_time earlier(struct troupe_time a, struct troupe_time b)
{
	return a.ns < b.ns ? a : b;
}

/* Ties it to the supervisor again, after setuid(2) and the like. */
static void stay_bound(void)
{
	if (!trp_self.is_guest)
		trp_process_die_with(trp_self.node->supervisor);
}

static int sleep_until(struct troupe_time deadline)
{
	static TRP_HOT struct troupe_time rescan_at;
	int r;

	if (!rescan_at.ns) {
		stay_bound();
		rescan_at = troupe_in_ms(SETTLE_MS);
	}
	deadline = earlier(deadline, rescan_at);
	deadline = earlier(deadline, trp_trace_flush_at());
	r = trp_wait_sleep(&trp_self.wait, (struct trp_time) { deadline.ns });
	if (deadline.ns == trp_trace_flush_at().ns &&
	    trp_time_now().ns >= deadline.ns)
		trp_trace_flush();
	if (deadline.ns == rescan_at.ns && trp_time_now().ns >= deadline.ns) {
		stay_bound();
		trp_mailbox_receive_rescan(&trp_self.mailbox);
		trp_mailbox_tidy(&trp_self.mailbox);
		trp_region_cool(&trp_self.mailbox.region);
		trp_scratch_cool(&trp_self.scratch);
		trp_arena_rest(trp_self.mailbox.arena);
		rescan_at = troupe_in_ms(RESCAN_MS);
	}
	return r;
}

int trp_loop_sleep(unsigned take, struct troupe_time deadline)
{
	if (!trp_mailbox_receive_is_empty(&trp_self.mailbox, take))
		return 0;
	/* A request completes no calls meanwhile. */
	return sleep_until(take & TRP_TAKE_REPLY
				   ? earlier(deadline, trp_call_next())
				   : deadline);
}

/* Taking the doorbell also takes rings for room, so that is checked first. */
int trp_loop_rest(struct troupe_time deadline)
{
	if (!trp_mailbox_receive_is_empty(&trp_self.mailbox, heeded()) ||
	    trp_overflow_is_due())
		return 0;
	deadline = earlier(deadline, trp_call_next());
	return sleep_until(
		earlier(deadline, trp_timers_next(&trp_self.timers)));
}

int trp_loop_block(const struct trp_wait_note *note,
		   struct troupe_time deadline)
{
	unsigned take = TRP_TAKE_CONTROL | TRP_TAKE_REPLY;
	int r = trp_take(take);

	if (r != TRP_STEP_IDLE)
		return r < 0 ? r : 0;
	trp_status_wait(trp_self.status, note);
	r = trp_loop_sleep(take, deadline);
	trp_status_go_on(trp_self.status);
	if (r < 0)
		return r;
	trp_call_expire(troupe_now());
	return 0;
}
