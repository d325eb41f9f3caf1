/* SPDX-License-Identifier: MIT */
#include "runtime/actor/inheritance.h"

#include <errno.h>
#include "ipc/mailbox_receive.h"
#include "ipc/progress.h"
#include "ipc/succession.h"
#include "runtime/actor/dead_letters.h"
#include "runtime/actor/dispatch.h"
#include "runtime/actor/mail.h"
#include "runtime/actor/receive.h"
#include "runtime/actor/saved_mail.h"
#include "runtime/actor/stash.h"
#include "runtime/actor/take.h"
#include "runtime/node/shelved.h"

static struct trp_saved_mail *first, **last = &first;

static int add(const struct trp_mail *mail, const struct trp_envelope *envelope)
{
	struct trp_saved_mail *saved = trp_saved_mail_new(mail, envelope);

	if (!saved)
		return -ENOMEM;
	saved->next = NULL;
	*last = saved;
	last = &saved->next;
	return 0;
}

static int adopt(const struct trp_mail *mail, uint32_t deaths, void *data)
{
	struct trp_envelope envelope;
	int r;

	if (trp_mail_envelope(mail, &envelope) < 0)
		return 0; /* it was damaged with its owner */
	trp_self.handled.deaths = deaths;
	r = add(mail, &envelope);
	trp_self.handled.deaths = 0;
	return r;
}

static uint32_t deaths_of(const struct trp_mail *mail)
{
	return trp_succession_attempts(&trp_self.mailbox, mail);
}

/*
 * It goes first, and to where it keeps its deaths: another message may be in
 * its handler at the next one, and `again` has room for one.
 */
static int adopt_what_was_handled(void)
{
	struct trp_mail mail;
	int r = trp_succession_again(&trp_self.mailbox, &mail);

	if (r != 1)
		return 0;
	r = adopt(&mail, deaths_of(&mail), NULL);
	if (r == 0)
		trp_mailbox_receive_done(&trp_self.mailbox, &mail);
	return r;
}

/* It holds until an end that follows from it, or by itself. */
static void adopt_order_to_close(const struct trp_front *front)
{
	const struct trp_status *status =
		front ? (const void *)front->user : NULL;
	int64_t closed_at = status ? trp_load_relaxed(&status->closed_at) : 0;
	struct troupe_reason reason;

	if (closed_at && !(trp_status_read_exit(status, &reason) &&
			   reason.cause == TROUPE_NORMAL && !reason.code))
		trp_take_close(closed_at);
}

int trp_inheritance_begin(void)
{
	const struct trp_arena *arena = &trp_self.node->arena;
	uint32_t region = trp_arena_region(arena, trp_self.mailbox.slot);
	int r;

	trp_self.is_owned = true; /* as its predecessor was */
	region = trp_load_relaxed(&trp_arena_holder(arena, region)->previous);
	r = trp_shelved_each(arena, region, adopt, NULL);
	if (r < 0)
		return r;
	adopt_order_to_close(trp_progress_oldest(arena, region));
	trp_succession_imported(&trp_self.mailbox);
	return adopt_what_was_handled();
}

void trp_inheritance_add(const struct trp_mail *mail,
			 const struct trp_envelope *envelope)
{
	int r;

	trp_self.handled.deaths = deaths_of(mail);
	r = add(mail, envelope);
	trp_self.handled.deaths = 0;
	if (r < 0)
		trp_dead_letters_received(TROUPE_DEAD_DROPPED, mail, envelope);
}

static void settle(struct trp_saved_mail *saved)
{
	bool is_kept = trp_dispatch_may_try(saved->deaths, &saved->envelope);

	if (saved->envelope.kind == TRP_CONTROL) {
		/* A notice was for the predecessor. */
		if (saved->mail.sender != TRP_SLOT_SUPERVISOR)
			trp_take_order(&saved->mail, &saved->envelope);
		trp_saved_mail_free(saved);
	} else if (is_kept && !trp_self.routes->message)
		trp_stash_adopt(saved);
	else if (!is_kept || trp_receive_adopt(saved) < 0) {
		trp_dead_letters_received(is_kept ? TROUPE_DEAD_DROPPED
						  : TROUPE_DEAD_CRASHED,
					  &saved->mail, &saved->envelope);
		trp_saved_mail_free(saved);
	}
}

void trp_inheritance_settle(void)
{
	struct trp_saved_mail *next;

	for (; first; first = next) {
		next = first->next;
		settle(first);
	}
}
