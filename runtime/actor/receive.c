/* SPDX-License-Identifier: MIT */
/*
 * Receiving for function actors.
 *
 * A message that no pattern of the present call matches moves to the save
 * queue, to reach the awaited one behind it.  The save queue has a list for
 * each type, each in order of arrival; a number gives the order between them.
 * A pattern with a type checks only that list, and a pattern with only a type
 * only its head.  For patterns by sender, example or shape a list remembers how
 * far it was searched in vain, and for which patterns (their print),
 * so the same patterns check each message once.  A predicate may change its
 * answer: with one the list is searched in each call (print 0).  Answers to
 * calls have lanes of their own and never pass through here.
 */
#include "runtime/actor/receive.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include "ipc/hot.h"
#include "ipc/mailbox_receive.h"
#include "runtime/actor/dead_letters.h"
#include "runtime/actor/dispatch.h"
#include "runtime/actor/loop.h"
#include "runtime/actor/mail.h"
#include "runtime/actor/pattern.h"
#include "runtime/actor/saved_mail.h"
#include "runtime/node/handling.h"
#include "runtime/node/trace.h"
#include "runtime/node/watch.h"
#include "runtime/troupe_ends.h"
#include "runtime/troupe_link.h"
#include "runtime/node/types.h"
#include "serialize/type.h"

struct list {
	struct list *next; /* of all lists */
	uint64_t type;
	struct trp_saved_mail *first;
	struct trp_saved_mail **last;
	struct trp_saved_mail **tried; /* what is before it matches none */
	uint64_t tried_for;	       /* of the patterns with that print */
};

/* The waiting call, and its result. */
static TRP_HOT struct wanted {
	const struct troupe_pattern *patterns; /* NULL: nobody waits */
	size_t count;
	uint64_t print;
	int64_t until; /* later messages need not be checked */
	uint32_t late; /* turns since the last one with an earlier message */
	int index;     /* of the pattern that matched; -1: none yet */
	bool has_ends; /* a pattern is for ends */
	struct troupe_message message;
} wanted = { .index = -1 };

static TRP_HOT struct list *lists;
static TRP_HOT struct trp_type_table lists_by_type;

/* The last call has returned this; the next one releases it. */
static TRP_HOT struct trp_saved_mail *given_saved;
static TRP_HOT struct trp_mail given_mail;
static TRP_HOT bool is_mail_given;
static TRP_HOT struct trp_exit_notice *given_end;
static TRP_HOT struct trp_scratch_mark given_mark;

/* Its span, from the return until the release. */
static struct trp_envelope given_envelope;
static TRP_HOT int64_t given_begin;
static TRP_HOT int64_t given_since; /* 0: it is not timed */

static const struct troupe_pattern anything = { 0 };

static void begin_span(const struct trp_envelope *envelope)
{
	given_begin = trp_trace_begin_of(envelope);
	given_since = trp_handling_now();
	trp_self.handled.is_traced = given_begin != 0;
	if (given_begin)
		given_envelope = *envelope;
}

static void end_span(void)
{
	if (given_begin)
		trp_dispatch_trace(given_begin, &given_envelope);
	given_begin = 0;
	if (given_since)
		trp_handling_end(given_since);
	given_since = 0;
}

static void give_back(void)
{
	if (trp_status_is_in_step(trp_self.status))
		trp_status_end_step(trp_self.status);
	end_span();
	if (is_mail_given)
		trp_mailbox_receive_done(&trp_self.mailbox, &given_mail);
	if (is_mail_given)
		trp_self_work(NULL);
	is_mail_given = false;
	trp_saved_mail_free(given_saved);
	if (given_saved)
		trp_saved_mail_work(NULL);
	given_saved = NULL;
	trp_exit_queue_free(given_end);
	given_end = NULL;
	if (trp_self.handled.flow)
		trp_scratch_release(&trp_self.scratch, given_mark);
	trp_self.handled.flow = 0;
	trp_self.handled.deaths = 0;
	trp_self.handled.is_traced = false;
}

/* ---- matching ------------------------------------------------------------ */

static struct troupe_message describe(const struct trp_envelope *envelope)
{
	return trp_mail_message(envelope, trp_types_find(envelope->type));
}

static int unpack_error; /* of the last that could not be unpacked */

/* Unpacks on first use.  False: it cannot be unpacked. */
static bool unpack(const struct trp_mail *mail, struct troupe_message *message)
{
	ProtobufCMessage *unpacked;

	if (message->body || !message->type)
		return true;
	unpack_error = trp_self_unpack(mail, message->type, &unpacked);
	if (unpack_error < 0)
		return false;
	message->body = unpacked;
	return true;
}

/* The first pattern that matches; -1: none; -2: it cannot be unpacked. */
static int match(const struct trp_mail *mail,
		 const struct trp_envelope *envelope,
		 struct troupe_message *message)
{
	for (size_t i = 0; i < wanted.count; i++) {
		const struct troupe_pattern *pattern = &wanted.patterns[i];

		if (trp_pattern_type(pattern) &&
		    trp_type_of(trp_pattern_type(pattern)) != envelope->type)
			continue;
		if (wanted.has_ends && trp_pattern_is_for_ends(pattern))
			continue;
		if (pattern->sender && pattern->sender != envelope->sender)
			continue;
		if (!unpack(mail, message))
			return -2;
		if (!trp_pattern_matches(pattern, message))
			continue;
		return (int)i;
	}
	return -1;
}

/* ---- the save queue ------------------------------------------------------ */

static struct list *list_of(uint64_t type)
{
	struct list *list =
		(struct list *)trp_type_table_find(&lists_by_type, type);

	if (list)
		return list;
	list = calloc(1, sizeof(*list));
	if (!list || trp_type_table_add(&lists_by_type, type, list) < 0) {
		free(list);
		return NULL;
	}
	list->type = type;
	list->last = list->tried = &list->first;
	list->next = lists;
	lists = list;
	return list;
}

/*
 * is_tried: in vain, with the present patterns; then so were all before it when
 * the call began.
 */
static void append(struct list *list, struct trp_saved_mail *saved,
		   bool is_tried)
{
	saved->next = NULL;
	*list->last = saved;
	list->last = &saved->next;
	if (!is_tried)
		return;
	list->tried = list->last;
	list->tried_for = wanted.print;
}

/* Takes one out; `link` then points to the next one. */
static struct trp_saved_mail *take_out(struct list *list,
				       struct trp_saved_mail **link)
{
	struct trp_saved_mail *saved = *link;

	/* It matched, or was checked first: it is not among the tried. */
	assert(list->tried != &saved->next);
	*link = saved->next;
	if (list->last == &saved->next)
		list->last = link;
	return saved;
}

void trp_receive_check(void)
{
	for (const struct list *list = lists; list; list = list->next) {
		struct trp_saved_mail *const *link = &list->first;
		bool is_tried_there = list->tried == link;

		for (; *link; link = &(*link)->next) {
			const struct trp_saved_mail *next = (*link)->next;

			assert(!next || (*link)->number < next->number);
			assert((*link)->envelope.type == list->type);
			is_tried_there |= list->tried == &(*link)->next;
		}
		assert(list->last == link && is_tried_there);
	}
	trp_type_table_check(&lists_by_type);
}

static int keep(const struct trp_mail *mail,
		const struct trp_envelope *envelope, bool is_tried)
{
	struct list *list = list_of(envelope->type);
	struct trp_saved_mail *saved =
		list ? trp_saved_mail_new(mail, envelope) : NULL;

	if (!saved)
		return -ENOMEM;
	append(list, saved, is_tried);
	return TRP_STEP_DONE;
}

int trp_receive_adopt(struct trp_saved_mail *saved)
{
	struct list *list = list_of(saved->envelope.type);

	if (!list)
		return -ENOMEM;
	append(list, saved, false);
	return 0;
}

/* Does any pattern need this list, and more than its head? */
static bool concerns(const struct list *list, bool *ret_is_deep)
{
	bool is_wanted = false;

	*ret_is_deep = false;
	for (size_t i = 0; i < wanted.count; i++) {
		const struct troupe_pattern *pattern = &wanted.patterns[i];

		if (trp_pattern_type(pattern) &&
		    trp_type_of(trp_pattern_type(pattern)) != list->type)
			continue;
		is_wanted = true;
		*ret_is_deep |= pattern->matches || pattern->sender ||
				pattern->example || pattern->shape;
	}
	return is_wanted;
}

struct found {
	struct list *list;
	struct trp_saved_mail **link;
	int index;
	struct troupe_message message;
};

static void drop_saved(struct list *list, struct trp_saved_mail **link)
{
	struct trp_saved_mail *saved = take_out(list, link);

	trp_dead_letters_drop_packed(unpack_error, &saved->mail,
				     &saved->envelope);
	trp_saved_mail_free(saved);
}

/*
 * The earliest match of one list that is earlier than the present one; from
 * `link`, where the last search ended.
 */
static struct trp_saved_mail **search_from(struct list *list,
					   struct trp_saved_mail **link,
					   bool is_deep, struct found *found)
{
	while (*link) {
		struct trp_scratch_mark mark;
		struct trp_saved_mail *saved = *link;
		struct troupe_message message;
		int index;

		if (found->link && (*found->link)->number < saved->number)
			break;
		mark = trp_scratch_mark(&trp_self.scratch);
		message = describe(&saved->envelope);
		index = match(&saved->mail, &saved->envelope, &message);
		if (index == -2) {
			drop_saved(list, link);
			continue;
		}
		if (index >= 0) {
			*found = (struct found) { list, link, index, message };
			break;
		}
		trp_scratch_release(&trp_self.scratch, mark);
		if (!is_deep)
			break;
		link = &saved->next;
	}
	return link;
}

static void search(struct list *list, struct found *found)
{
	bool is_deep;

	if (!concerns(list, &is_deep))
		return;
	if (list->tried_for != wanted.print || wanted.print == 0)
		list->tried = &list->first;
	list->tried_for = wanted.print;
	list->tried = search_from(list, list->tried, is_deep, found);
}

/* ---- ends ---------------------------------------------------------------- */

static const ProtobufCMessageDescriptor *type_of_end(
	const struct trp_exit_notice *notice)
{
	return trp_watch_kind(notice->watch) < TRP_WATCH_LINK
		       ? &troupe__end__descriptor
		       : &troupe__exit_signal__descriptor;
}

/* The first pattern that is for this end; -1: none. */
static int match_end(const struct trp_exit_notice *notice,
		     struct troupe_message *ret_message)
{
	const struct troupe_end *end = &notice->end;

	*ret_message = (struct troupe_message) {
		.body = end,
		.type = type_of_end(notice),
		.sender = end->ref,
		.created = troupe_now(),
		.deadline = TROUPE_NEVER,
	};
	for (size_t i = 0; i < wanted.count; i++) {
		const struct troupe_pattern *pattern = &wanted.patterns[i];

		if (pattern->type == ret_message->type &&
		    (!pattern->sender || pattern->sender == end->ref) &&
		    trp_pattern_matches(pattern, ret_message))
			return (int)i;
	}
	return -1;
}

bool trp_receive_offer_end(struct trp_exit_notice *notice)
{
	if (!wanted.patterns || !wanted.has_ends || wanted.index >= 0)
		return false;
	wanted.index = match_end(notice, &wanted.message);
	if (wanted.index < 0)
		return false;
	assert(!given_end && !given_saved && !is_mail_given);
	given_end = notice;
	return true;
}

/* An end that was reported before the message of that number was saved. */
static bool take_end(uint64_t before)
{
	struct trp_exit_notice *notice =
		wanted.has_ends ? trp_self.unclaimed.first : NULL;

	for (; notice && notice->number < before; notice = notice->next) {
		wanted.index = match_end(notice, &wanted.message);
		if (wanted.index < 0)
			continue;
		trp_exit_queue_take_out(&trp_self.unclaimed, notice);
		given_end = notice;
		return true;
	}
	return false;
}

static bool take_saved(void)
{
	struct found found = { 0 };
	struct trp_saved_mail *saved;
	struct list *list;

	for (list = lists; list; list = list->next)
		search(list, &found);
	if (take_end(found.link ? (*found.link)->number : UINT64_MAX)) {
		trp_scratch_release(&trp_self.scratch, given_mark);
		return true;
	}
	if (!found.link)
		return false;
	saved = take_out(found.list, found.link);
	assert(!given_end && !given_saved && !is_mail_given);
	given_saved = saved;
	trp_saved_mail_work(saved);
	trp_self.handled.deaths = saved->deaths;
	wanted.index = found.index;
	wanted.message = found.message;
	wanted.message.attachment = saved->mail.attachment;
	wanted.message.attachment_size = saved->mail.attachment_size;
	trp_self.handled.flow = saved->envelope.flow;
	trp_self.handled.hop = saved->envelope.hop;
	trp_status_begin_mail(trp_self.status, TROUPE_DOING_MESSAGE,
			      saved->envelope.type, saved->envelope.sender,
			      saved->envelope.created);
	begin_span(&saved->envelope);
	return true;
}

void trp_receive_leave(void)
{
	struct list *list;

	TRP_CHECK(trp_receive_check());
	give_back();
	while ((list = lists)) {
		while (list->first) {
			list->tried = &list->first;
			trp_saved_mail_free(take_out(list, &list->first));
		}
		lists = list->next;
		free(list);
	}
	trp_type_table_fini(&lists_by_type);
}

/* ---- new messages -------------------------------------------------------- */

int trp_receive_offer(const struct trp_mail *mail,
		      const struct trp_envelope *envelope)
{
	bool is_tried = wanted.patterns && wanted.index < 0;
	struct trp_scratch_mark mark = trp_scratch_mark(&trp_self.scratch);
	int index = -1;

	if (envelope->created <= wanted.until)
		wanted.late = 0;
	if (is_tried) {
		wanted.message = describe(envelope);
		index = match(mail, envelope, &wanted.message);
	}
	if (index == -2)
		return trp_dead_letters_drop_packed(unpack_error, mail,
						    envelope);
	if (index < 0) {
		trp_scratch_release(&trp_self.scratch, mark);
		return keep(mail, envelope, is_tried);
	}
	wanted.index = index;
	wanted.message.attachment = mail->attachment;
	wanted.message.attachment_size = mail->attachment_size;
	given_mail = *mail;
	is_mail_given = true;
	begin_span(envelope);
	return TRP_STEP_HELD;
}

/*
 * Whether to go on without checking the deadline.  Mail from before it is
 * considered; of later mail, which may never end, only one turn of each
 * non-empty lane.
 */
static bool may_go_on(void)
{
	return wanted.late++ / TRP_TURN <= trp_self.mailbox.ready_lanes;
}

static int wait_for_match(struct troupe_time deadline)
{
	int64_t now = trp_time_now().ns;
	const struct trp_wait_note note = { .what = TROUPE_WAITS_MESSAGE,
					    .since = now };
	int r;

	wanted.until = deadline.ns > now ? deadline.ns : now;
	wanted.late = 0;
	for (;;) {
		r = trp_loop_turn();
		if (wanted.index >= 0)
			return 0;
		if (r == TRP_STEP_END)
			return -ECANCELED;
		if (r < 0)
			return r;
		if (r == TRP_STEP_DONE && may_go_on())
			continue;
		if (trp_time_now().ns >= deadline.ns)
			return -ETIMEDOUT;
		if (r == TRP_STEP_DONE)
			continue;
		trp_status_wait(trp_self.status, &note);
		r = trp_loop_rest(deadline);
		trp_status_go_on(trp_self.status);
		if (r < 0)
			return r;
	}
}

/* The span ends before that of the message begins. */
static int wait_and_trace(struct troupe_time deadline)
{
	int64_t begin = trp_trace_begin();
	int r = wait_for_match(deadline);

	trp_trace_span_until("idle", "receive", begin, given_begin);
	return r;
}

static bool has_ends(void)
{
	for (size_t i = 0; i < wanted.count; i++)
		if (trp_pattern_is_for_ends(&wanted.patterns[i]))
			return true;
	return false;
}

int troupe_receive(const struct troupe_pattern *patterns, size_t count,
		   struct troupe_time deadline,
		   struct troupe_message *ret_message)
{
	int r = 0;

	if (!trp_self.ref)
		return -ESHUTDOWN;
	if (!trp_self.klass->run || trp_self.is_busy || deadline.ns < 0)
		return -EINVAL;
	r = !patterns && count ? -EINVAL : trp_pattern_check(patterns, count);
	if (r < 0)
		return r;
	give_back();
	given_mark = trp_scratch_mark(&trp_self.scratch);
	wanted.patterns = count ? patterns : &anything;
	wanted.count = count ? count : 1;
	wanted.print = trp_pattern_print(wanted.patterns, wanted.count,
					 &trp_self.scratch);
	wanted.index = -1;
	wanted.has_ends = has_ends();
	if (!take_saved())
		r = wait_and_trace(deadline);
	wanted.patterns = NULL;
	/* A message of a lane is at_work. */
	if (!is_mail_given && !given_saved)
		trp_status_begin_step(trp_self.status,
				      given_end ? TROUPE_DOING_END
						: TROUPE_DOING_RUN);
	if (r < 0)
		return r;
	assert(wanted.index >= 0 && (size_t)wanted.index < wanted.count);
	*ret_message = wanted.message;
	return wanted.index;
}

void trp_receive_end(void)
{
	const struct trp_saved_mail *saved;
	const struct list *list;

	TRP_CHECK(trp_receive_check());
	give_back();
	for (list = lists; list; list = list->next)
		for (saved = list->first; saved; saved = saved->next)
			trp_saved_mail_unread(saved);
}
