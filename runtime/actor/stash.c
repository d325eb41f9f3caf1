/* SPDX-License-Identifier: MIT */
#include "runtime/actor/stash.h"

#include <assert.h>
#include <errno.h>
#include "ipc/hot.h"
#include "runtime/actor/custom_mailbox.h"
#include "runtime/actor/dead_letters.h"
#include "runtime/actor/saved_mail.h"

struct queue {
	struct trp_saved_mail *first;
	struct trp_saved_mail **last;
	uint32_t count; /* of `aside` */
};

static TRP_HOT struct queue aside = { .last = &aside.first };
static TRP_HOT struct queue again = { .last = &again.first };
static TRP_HOT struct trp_saved_mail *current; /* being handled again */

static void append(struct queue *queue, struct trp_saved_mail *saved)
{
	saved->next = NULL;
	*queue->last = saved;
	queue->last = &saved->next;
	queue->count++;
}

static void check(const struct queue *queue)
{
	struct trp_saved_mail *const *link = &queue->first;
	uint32_t count = 0;

	for (; *link; link = &(*link)->next)
		count++;
	assert(queue->last == link);
	assert(queue != &aside || queue->count == count);
}

void trp_stash_check(void)
{
	assert(!again.first == !(trp_self.held & TRP_HOLD_STASH));
	check(&aside);
	check(&again);
}

int troupe_stash(void)
{
	struct trp_saved_mail *saved = current;

	if (!trp_self.handled.mail || trp_self.klass->run)
		return -EINVAL;
	if (trp_self.handled.is_stashed)
		return -EALREADY;
	if (!saved)
		saved = trp_saved_mail_new(trp_self.handled.mail,
					   trp_self.handled.envelope);
	if (!saved)
		return -ENOMEM;
	trp_saved_mail_is_of(saved, trp_self.handled.entry);
	current = NULL;
	trp_self.handled.is_stashed = true;
	append(&aside, saved);
	return 0;
}

int troupe_unstash(void)
{
	uint32_t count = aside.count;

	if (trp_self.klass->run)
		return -EINVAL;
	if (!count)
		return 0;
	/* Those that still wait to be handled again came after these. */
	*aside.last = again.first;
	if (!again.first)
		again.last = aside.last;
	again.first = aside.first;
	aside = (struct queue) { .last = &aside.first };
	trp_self_hold(TRP_HOLD_STASH, true);
	return (int)count;
}

int trp_stash_turn(void)
{
	struct trp_saved_mail *saved = again.first;
	int r;

	if (!saved || trp_self.held & TRP_HOLD_WORK)
		return TRP_STEP_IDLE;
	again.first = saved->next;
	if (!again.first)
		again.last = &again.first;
	assert(!current);
	current = saved;
	trp_saved_mail_work(saved);
	trp_self.next_deaths = saved->deaths;
	r = trp_custom_mailbox_handle(&saved->mail, &saved->envelope,
				      saved->entry);
	trp_saved_mail_free(current); /* unless it was stashed again */
	trp_saved_mail_work(NULL);
	current = NULL;
	trp_self_hold(TRP_HOLD_STASH, again.first);
	return r;
}

void trp_stash_adopt(struct trp_saved_mail *saved)
{
	append(&again, saved);
	trp_self_hold(TRP_HOLD_STASH, true);
}

int trp_stash_later(const struct trp_mail *mail,
		    const struct trp_envelope *envelope)
{
	struct trp_saved_mail *saved = trp_saved_mail_new(mail, envelope);

	if (!saved)
		return -ENOMEM;
	trp_stash_adopt(saved);
	return TRP_STEP_DONE;
}

static void end(const struct trp_saved_mail *saved)
{
	for (; saved; saved = saved->next)
		trp_saved_mail_unread(saved);
}

void trp_stash_end(void)
{
	end(again.first);
	end(aside.first);
}
