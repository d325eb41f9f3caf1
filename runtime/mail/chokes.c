/* SPDX-License-Identifier: MIT */
#include "runtime/mail/chokes.h"

#include <errno.h>
#include <stdlib.h>
#include "runtime/actor/away.h"
#include "runtime/node/away.pb-c.h"
#include "runtime/node/choke.h"

enum { UNREACHABLE_MS = 1000, UNREACHABLE_MOST = 64 };

/* ---- who waits ----------------------------------------------------------- */

static struct waiter {
	struct waiter *next;
	troupe_ref who, to;
} * waiters;

static int look(troupe_ref to)
{
	return trp_choke_look(&trp_self.node->arena, to);
}

static void tell(troupe_ref who)
{
	Troupe__Away__Room room = TROUPE__AWAY__ROOM__INIT;

	trp_mail_post_tell(who, &room.base);
}

static void tell_waiters(void)
{
	struct waiter **link = &waiters, *waiter;

	while ((waiter = *link)) {
		if (look(waiter->to) == -EAGAIN) {
			link = &waiter->next;
			continue;
		}
		tell(waiter->who);
		*link = waiter->next;
		free(waiter);
	}
}

int trp_mail_chokes_on_room(const struct troupe_message *message)
{
	const Troupe__Away__Room *room = message->body;
	struct waiter *waiter = malloc(sizeof(*waiter));

	/* Without memory it tries in vain. */
	if (!waiter || look(room->ref) != -EAGAIN) {
		free(waiter);
		tell(message->sender);
		return 0;
	}
	*waiter = (struct waiter) { waiters, message->sender, room->ref };
	waiters = waiter;
	return 0;
}

/* ---- words --------------------------------------------------------------- */

void trp_mail_chokes_set(uint64_t word)
{
	trp_choke_set(&trp_self.node->arena, word);
}

void trp_mail_chokes_clear(uint64_t word)
{
	if (trp_choke_clear(&trp_self.node->arena, word))
		tell_waiters();
}

int trp_mail_chokes_on_choke(const struct troupe_message *message)
{
	const Troupe__Away__Choke *choke = message->body;

	if (!trp_ref_is_elsewhere(message->sender) ||
	    trp_ref_node(choke->ref) != trp_ref_node(message->sender))
		return 0;
	if (choke->is_over)
		trp_mail_chokes_clear(choke->ref);
	else
		trp_mail_chokes_set(choke->ref);
	return 0;
}

/* ---- nodes that are lost ------------------------------------------------- */

/* For a while sends fail at once; then one may find it again. */
static struct unreachable {
	uint32_t number;
	struct troupe_timer timer;
} lost[UNREACHABLE_MOST];

static int forgive(struct troupe_timer *timer)
{
	struct unreachable *one = timer->data;

	trp_mail_chokes_clear(trp_choke_unreachable(one->number));
	one->number = 0;
	return 0;
}

void trp_mail_chokes_lost(uint32_t number, int error)
{
	static unsigned next;
	struct unreachable *one = &lost[next % UNREACHABLE_MOST];

	trp_choke_clear_node(&trp_self.node->arena, number);
	tell_waiters();
	if (error != -EHOSTUNREACH && error != -ETIMEDOUT)
		return;
	next++;
	if (one->number)
		forgive(&one->timer);
	one->number = number;
	one->timer.fired = forgive;
	one->timer.data = one;
	if (troupe_timer_start(&one->timer, troupe_in_ms(UNREACHABLE_MS), 0) ==
	    0)
		trp_mail_chokes_set(trp_choke_unreachable(number));
}

void trp_mail_chokes_found(uint32_t number)
{
	for (unsigned i = 0; i < UNREACHABLE_MOST; i++)
		if (lost[i].number == number) {
			troupe_timer_cancel(&lost[i].timer);
			forgive(&lost[i].timer);
		}
}

void trp_mail_chokes_begin(void)
{
	trp_choke_clear_node(&trp_self.node->arena, 0);
}
