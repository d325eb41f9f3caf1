/* SPDX-License-Identifier: MIT */
/* The life of a forked actor, from its start to its end. */
#include "runtime/actor/main.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ipc/hot.h"
#include "ipc/mailbox_receive.h"
#include "runtime/actor/call_number.h"
#include "runtime/actor/core_limit.h"
#include "runtime/actor/custom_mailbox.h"
#include "runtime/actor/debugger.h"
#include "runtime/actor/dispatch.h"
#include "runtime/actor/idle.h"
#include "runtime/actor/inheritance.h"
#include "runtime/actor/loop.h"
#include "runtime/actor/mail.h"
#include "runtime/actor/post.h"
#include "runtime/actor/receive.h"
#include "runtime/actor/report.h"
#include "runtime/actor/request.h"
#include "runtime/actor/result.h"
#include "runtime/actor/saved_mail.h"
#include "runtime/actor/sleep.h"
#include "runtime/actor/stash.h"
#include "runtime/actor/supervise.h"
#include "runtime/actor/take.h"
#include "runtime/node/log.h"
#include "runtime/node/options.h"
#include "runtime/node/process.h"
#include "runtime/node/trace.h"
#include "runtime/node/watch.h"
#include "serialize/message.h"
#include "serialize/type.h"

/* Its last words were for another end. */
static void end_lost(int code, const char *text)
{
	trp_self_forget_outcome();
	trp_self_exit(TROUPE_ERROR, code, text);
}

static const struct trp_routes class_routes = {
	.lost = end_lost,
};
static const struct trp_routes function_routes = {
	.message = trp_receive_offer,
	.end = trp_receive_offer_end,
	.lost = end_lost,
};

/* ---- end ----------------------------------------------------------------- */

/* Stops the children and waits for them; their ends are still reported. */
static void stop_children(void)
{
	Troupe__Control__StopChildren request =
		TROUPE__CONTROL__STOP_CHILDREN__INIT;
	const struct troupe_class *klass = trp_self.klass;
	struct trp_exit_notice *notice;

	if (trp_self.children > 0 || klass->supervises)
		trp_actor_request(&request.base, NULL);
	trp_take_reports();
	while ((notice = trp_exit_queue_pop(&trp_self.exits))) {
		if (trp_watch_kind(notice->watch) == TRP_WATCH_CHILD &&
		    klass->child_stopped)
			trp_report_run(klass->child_stopped, &notice->end);
		trp_exit_queue_free(notice);
	}
}

static TRP_HOT bool has_begun; /* init() has not failed */

static _Noreturn void fail(int r)
{
	char text[TRP_STATUS_TEXT];
	const char *own = trp_result_text();

	if (!has_begun) /* The log says so. */
		trp_status_begin_step(trp_self.status, TROUPE_DOING_INIT);
	if (own || !trp_self.unhandled)
		trp_self_exit(TROUPE_ERROR, r, own ? own : strerror(-r));
	snprintf(text, sizeof(text), "%s: unhandled %s", strerror(-r),
		 trp_self.unhandled);
	trp_self_exit(TROUPE_ERROR, r, text);
}

/* r: negative, or a clean end. */
static _Noreturn void wind_up(int r)
{
	int64_t begin = trp_trace_begin();

	if (trp_self.klass->stop && has_begun) {
		trp_self_begin(TROUPE_DOING_STOP);
		trp_self.klass->stop();
		trp_self_end();
		trp_trace_span("callback", "stop", begin);
	}
	trp_custom_mailbox_close();
	trp_self.is_ending = true;
	stop_children();
	trp_receive_end();
	trp_stash_end();
	trp_saved_mail_told();
	if (trp_report_reason())
		trp_result_exit_with(trp_report_reason());
	if (r < 0)
		fail(r);
	trp_result_exit();
}

/* ---- life ---------------------------------------------------------------- */

static void tell_ready(void)
{
	Troupe__Control__Ready ready = TROUPE__CONTROL__READY__INIT;
	struct trp_envelope envelope = trp_actor_post_envelope(TRP_CONTROL);

	/* Its end may be seen before the message is read. */
	trp_status_write_ready(trp_self.status);
	/* Without it the start counts as under way for some seconds. */
	trp_actor_post(TRP_REF_SUPERVISOR, TRP_MAIL, &envelope, &ready.base,
		       NULL);
}

static int run_class(const void *arguments)
{
	const struct troupe_class *klass = trp_self.klass;
	int64_t begin;
	int r = trp_custom_mailbox_open();

	if (r < 0)
		return r;
	r = TRP_STEP_DONE;
	begin = trp_trace_begin();
	if (klass->init) {
		trp_self_begin(TROUPE_DOING_INIT);
		r = klass->init(arguments);
		trp_self_end();
		trp_trace_span("callback", "init", begin);
		r = trp_self_result(r);
	}
	if (r == TRP_STEP_DONE && trp_self.saved)
		r = trp_sleep_load();
	has_begun = r >= 0;
	if (r == TRP_STEP_DONE && klass->supervises) {
		r = trp_supervise_begin(klass);
		r = r < 0 ? r : TRP_STEP_DONE;
	} else if (r == TRP_STEP_DONE && trp_self.is_owned) {
		tell_ready();
	}
	if (r == TRP_STEP_DONE && klass->run) {
		trp_status_begin_step(trp_self.status, TROUPE_DOING_RUN);
		r = klass->run(arguments);
		if (trp_status_is_in_step(trp_self.status))
			trp_status_end_step(trp_self.status);
		trp_take_reports(); /* a signal that came while it computed */
		/* The same result that troupe_receive() or a spawn gave it. */
		if (r == -ECANCELED &&
		    (troupe_is_stopping() || trp_self.is_finished))
			r = 0;
		return r < 0 ? r : TRP_STEP_END;
	}
	while (r == TRP_STEP_DONE || r == TRP_STEP_IDLE) {
		r = trp_loop_turn();
		if (r != TRP_STEP_IDLE)
			continue;
		trp_idle_begin();
		r = trp_loop_rest(TROUPE_NEVER);
	}
	return r;
}

/* ---- birth --------------------------------------------------------------- */

static int root_main(const void *arguments)
{
	struct trp_node *node = trp_self.node;

	return node->main(node->argc, node->argv);
}

static const struct troupe_class root_class = { .name = "root",
						.run = root_main };

/* The class of a function without one. */
static TRP_HOT struct troupe_class function_class = { .name = "function" };

static const struct troupe_class *find_class(
	const Troupe__Control__Birth *birth)
{
	if (birth->klass)
		return (const struct troupe_class *)(uintptr_t)birth->klass;
	if (!birth->run)
		return &root_class;
	function_class.run = (int (*)(const void *))(uintptr_t)birth->run;
	return &function_class;
}

static const void *unpack_arguments(const Troupe__Control__Birth *birth)
{
	const ProtobufCMessageDescriptor *type =
		(const ProtobufCMessageDescriptor *)(uintptr_t)birth->type;
	ProtobufCMessage *arguments;
	int r;

	if (!type)
		return NULL;
	/* Never released: the arguments are valid for the actor's life. */
	r = trp_message_unpack_private(type, birth->arguments.data,
				       birth->arguments.len, &trp_self.scratch,
				       &arguments);
	if (r < 0)
		trp_self_exit(TROUPE_ERROR, r,
			      r == -ENOMEM ? "no memory for its arguments"
					   : "bad arguments");
	return arguments;
}

static const void *be_born(const Troupe__Control__Birth *birth)
{
	memcpy(trp_self.label, birth->label,
	       strnlen(birth->label, sizeof(trp_self.label) - 1));
	trp_log_set_title(birth->title);
	trp_process_name(trp_self.label);
	trp_debugger_await(trp_self.node->options->debug, birth->title);
	trp_self.parent = birth->parent;
	trp_self.fence = birth->fence;
	trp_self.is_owned |= birth->is_owned;
	if (trp_self.incarnation)
		trp_call_number_begin(birth->calls);
	if (birth->core_ms)
		trp_core_limit_begin(birth->core_ms);
	trp_self.klass = find_class(birth);
	assert(!trp_self.routes);
	trp_self.routes =
		trp_self.klass->run ? &function_routes : &class_routes;
	trp_self_hold(TRP_HOLD_OLD,
		      trp_self.klass->when_full == TROUPE_FULL_DROP_OLD);
	if (trp_dispatch_learn(trp_self.klass) < 0)
		trp_self_exit(TROUPE_ERROR, -EEXIST,
			      "two handlers for one type");
	if (trp_sleep_unpack(birth) < 0)
		trp_self_exit(TROUPE_ERROR, -ENOMEM, "no memory for its state");
	return unpack_arguments(birth);
}

/*
 * The message of this birth, which was sent before we were forked.  All before
 * it was for a predecessor, or for a start without a process: notices are
 * dropped, messages are kept.
 */
static Troupe__Control__Birth *find_birth(uint32_t start,
					  struct trp_mail *ret_mail)
{
	const uint64_t type = trp_type_of(&troupe__control__birth__descriptor);
	Troupe__Control__Birth *birth;
	struct trp_envelope envelope;

	while (trp_mailbox_receive_from(&trp_self.mailbox, TRP_SLOT_SUPERVISOR,
					UINT32_MAX, ret_mail) == 1 &&
	       trp_mail_envelope(ret_mail, &envelope) == 0) {
		if (envelope.kind == TRP_MESSAGE) {
			trp_inheritance_add(ret_mail, &envelope);
		} else if (envelope.type == type &&
			   trp_self_unpack(ret_mail,
					   &troupe__control__birth__descriptor,
					   (ProtobufCMessage **)&birth) == 0 &&
			   birth->start == start) {
			return birth;
		}
		trp_mailbox_receive_done(&trp_self.mailbox, ret_mail);
	}
	trp_self_exit(TROUPE_ERROR, -EPROTO, "no message of its birth");
}

/* Whether it starts; if not, it was never there. */
static void ask(uint32_t why, const void *arguments)
{
	const struct troupe_class *klass = trp_self.klass;
	bool is_willing;

	if (!klass->decide_to_start)
		return;
	trp_self_begin(TROUPE_DOING_INIT);
	is_willing = klass->decide_to_start((enum troupe_start)why, arguments);
	trp_self_end();
	if (is_willing)
		return;
	trp_self_exit(TROUPE_NORMAL, TRP_STATUS_DECLINED, NULL);
}

void trp_actor_main(struct trp_node *node, uint32_t slot, uint32_t generation,
		    uint32_t start)
{
	const Troupe__Control__Birth *birth;
	const void *arguments;
	struct trp_mail mail;
	int r;

	r = trp_self_enter(node, slot, generation);
	if (r < 0 && trp_self.status)
		trp_self_exit(TROUPE_ERROR, r, "no socket to be woken by");
	if (r < 0)
		_exit(EXIT_FAILURE);
	r = trp_self.incarnation ? trp_inheritance_begin() : 0;
	if (r < 0)
		trp_self_exit(TROUPE_ERROR, r,
			      "no memory for what it inherits");
	birth = find_birth(start, &mail);
	arguments = be_born(birth);
	if (birth->asks)
		ask(birth->asks, arguments);
	trp_memory_budget_settle(&trp_self.mailbox.region.budget,
				 TRP_BUDGET_BIRTH);
	trp_mailbox_receive_done(&trp_self.mailbox, &mail);
	trp_inheritance_settle();
	wind_up(run_class(arguments));
}
