/* SPDX-License-Identifier: MIT */
#include "runtime/actor/self.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ipc/hot.h"
#include "ipc/mailbox_receive.h"
#include "ipc/peer.h"
#include "ipc/succession.h"
#include "ipc/wake_socket.h"
#include "runtime/actor/mail.h"
#include "runtime/troupe_restart.h"
#include "runtime/node/dead_letter.h"
#include "runtime/node/exit_handlers.h"
#include "runtime/node/handling.h"
#include "runtime/node/log.h"
#include "runtime/node/trace.h"
#include "runtime/node/wake_failure.h"
#include "serialize/message.h"

TRP_HOT struct trp_self trp_self;

/* The first memory of each. */
void trp_self_prepare(void)
{
	struct trp_scratch_mark empty;

	trp_scratch_init(&trp_self.scratch, 0);
	empty = trp_scratch_mark(&trp_self.scratch);
	trp_scratch_alloc(&trp_self.scratch, 1);
	trp_scratch_release(&trp_self.scratch, empty);
	trp_peer_prepare();
	trp_outgoing_prepare();
	trp_region_prepare();
}

/* The zygote may have died before it told of this process: then its
 * end has been told instead. */
static bool is_given_up(const struct trp_node *node, uint32_t slot,
			uint32_t generation)
{
	uint64_t life =
		trp_load_acquire(&trp_arena_slot(&node->arena, slot)->life);

	return trp_life_state(life) != TRP_LIVE ||
	       trp_life_generation(life) != generation;
}

int trp_self_enter(struct trp_node *node, uint32_t slot, uint32_t generation)
{
	int r = is_given_up(node, slot, generation)
			? -ESRCH
			: trp_arena_enter(&node->arena,
					  trp_arena_region(&node->arena, slot));

	if (r == 0)
		r = trp_arena_keep_own(&node->arena);
	if (r == 0)
		r = trp_mailbox_init(&trp_self.mailbox, &node->arena, slot,
				     generation, 0);
	if (r < 0)
		return r;
	trp_self.incarnation = trp_life_incarnation(
		trp_load_relaxed(&trp_arena_slot(&node->arena, slot)->life));
	if (trp_self.incarnation)
		r = trp_succession_import(&trp_self.mailbox);
	if (r < 0)
		return r;
	assert(!trp_self.ref && !trp_self.is_busy && slot);
	trp_self.node = node;
	trp_self.status =
		trp_status_begin(trp_self.mailbox.front, trp_self.incarnation);
	trp_self.ref = trp_ref(slot, generation);
	trp_self.open = TRP_TAKE_ALL;
	trp_log_is_of(trp_self.ref);
	trp_wake_failure_begin(&trp_self.status->unwoken);
	trp_wait_init(&trp_self.wait, node->wait, trp_self.mailbox.doorbell,
		      &trp_self.mailbox.front->sleeping, slot);
	if (trp_trace_is_on) {
		trp_trace_enter();
		atexit(trp_trace_flush); /* for one that calls exit() */
	}
	trp_dead_letter_begin(&trp_self.mailbox, &trp_self.timers,
			      &trp_self.status->letters);
	trp_handling_begin(&trp_self.mailbox, &trp_self.status->handling);
	return node->wait == TRP_WAIT_URING ? 0 : trp_wake_socket_begin(slot);
}

void trp_self_forget_outcome(void)
{
	uint64_t offset = trp_load_relaxed(&trp_self.status->outcome);

	trp_store_relaxed(&trp_self.status->outcome, 0);
	if (offset)
		trp_region_free(&trp_self.mailbox.region, offset,
				trp_self.status->outcome_size);
}

/* fflush(NULL) writes to a page of its own, so not for nothing. */
static void flush_output(void)
{
#ifdef __GLIBC__
	extern FILE *_IO_list_all;

	for (const FILE *file = _IO_list_all; file; file = file->_chain)
		if (file->_mode > 0 ||
		    file->_IO_write_ptr > file->_IO_write_base)
			break;
		else if (!file->_chain)
			return;
#endif
	fflush(NULL);
}

void trp_self_exit(enum troupe_cause cause, int code, const char *text)
{
	bool is_in_order = cause == TROUPE_NORMAL || cause == TROUPE_SHUTDOWN;
	bool leaks = is_in_order && trp_exit_handlers_find_leaks();

	trp_dead_letter_end();
	trp_trace_flush();
	if (leaks) {
		cause = TROUPE_ERROR;
		code = -ENOTRECOVERABLE;
		text = "memory has leaked";
	}
	if (trp_self.status)
		trp_status_write_exit(trp_self.status, cause, code, text);
	flush_output();
	trp_exit_handlers_leave(
		is_in_order && !leaks ? EXIT_SUCCESS : EXIT_FAILURE,
		trp_self.klass && trp_self.klass->runs_exit_handlers);
}

void trp_self_on_term(int number)
{
	trp_self.is_stopping = true;
	/* It may be on its way to sleep: it checks its doorbell again. */
	if (trp_self.mailbox.doorbell)
		trp_doorbell_set(trp_self.mailbox.doorbell,
				 trp_self.mailbox.slot);
}

int trp_self_unpack(const struct trp_mail *mail,
		    const ProtobufCMessageDescriptor *type,
		    ProtobufCMessage **ret_message)
{
	return trp_message_unpack(type, trp_mail_body(mail),
				  trp_mail_body_size(mail), &trp_self.scratch,
				  ret_message);
}

uint64_t trp_self_id(void)
{
	return ++trp_self.last_id;
}

void trp_self_hold(enum trp_hold why, bool is_held)
{
	assert(why && !(why & (why - 1)));
	trp_self.held = is_held ? trp_self.held | why : trp_self.held & ~why;
	trp_self.open = trp_self.held ? TRP_TAKE_CONTROL | TRP_TAKE_REPLY
				      : TRP_TAKE_ALL;
}

/* The result of troupe_finish() overrides that of a callback. */
static int finished(int r)
{
	if (!trp_self.finish)
		return r;
	r = trp_self.finish;
	trp_self.finish = 0;
	return r;
}

int trp_self_result(int r)
{
	r = finished(r);
	if (r < 0)
		return r;
	return r == TROUPE_STOP ? TRP_STEP_END : TRP_STEP_DONE;
}

int trp_self_completed(const struct troupe_message *message, int r)
{
	const struct troupe_class *klass = trp_self.klass;

	r = finished(r);
	if (!trp_self.handled.is_refused)
		trp_self.handled.result = r;
	if (klass->completed && !trp_self.handled.is_stashed)
		klass->completed(message, r);
	if (r >= 0)
		return r == TROUPE_STOP ? TRP_STEP_END : TRP_STEP_DONE;
	if (!klass->keeps_going)
		return r;
	trp_self_forget_outcome();
	troupe_log(TROUPE_WARNING, "a handler failed (%s), going on",
		   strerror(-r));
	return TRP_STEP_DONE;
}

/* ---- public -------------------------------------------------------------- */

troupe_ref troupe_self(void)
{
	return trp_self.ref;
}

troupe_ref troupe_parent(void)
{
	return trp_self.parent;
}

void troupe_finish(int result)
{
	trp_self.finish = result;
}

int troupe_count(troupe_ref ref, struct troupe_counters *ret_counters)
{
	const struct trp_status *status =
		trp_self.ref ? trp_status_of(&trp_self.node->arena, ref) : NULL;

	if (!status)
		return trp_self.ref
			       ? trp_status_absent(&trp_self.node->arena, ref)
			       : -ESRCH;
	*ret_counters = (struct troupe_counters) {
		.received = trp_status_read(&status->received),
		.sent = trp_status_read(&status->sent),
		.refused = trp_status_read(&status->refused),
		.dropped = trp_status_read(&status->dropped),
	};
	return 0;
}

int troupe_timer_start(struct troupe_timer *timer, struct troupe_time at,
		       int64_t period_ms)
{
	if (!trp_self.ref)
		return -ESHUTDOWN;
	if (!timer->fired || at.ns < 0 || period_ms < 0 ||
	    period_ms > INT64_MAX / 2000000)
		return -EINVAL;
	timer->period_ns = period_ms * 1000000;
	return trp_timers_start(&trp_self.timers, timer, at);
}

int troupe_timer_cancel(struct troupe_timer *timer)
{
	return trp_timers_cancel(&trp_self.timers, timer);
}

int64_t troupe_timer_remaining(const struct troupe_timer *timer)
{
	int64_t ns = timer->at.ns - troupe_now().ns;

	if (!timer->place)
		return -ENOENT;
	return ns <= 0 ? 0 : ns / 1000000 + (ns % 1000000 != 0);
}

uint32_t troupe_incarnation(void)
{
	return trp_self.incarnation;
}

uint32_t troupe_attempt(void)
{
	return trp_self.handled.deaths + 1;
}
