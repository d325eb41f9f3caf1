/* SPDX-License-Identifier: MIT */
/*
 * A record that was sent by a router has its number.  It lies in a lane of this
 * actor until its receiver has read it, so it is here when the receiver dies:
 *
 *	in the lane --the lane is dropped--> rescued --the end is reported-->
 *	    taken by the dead: forgotten
 *	    not taken: held --there is a member with room--> in another lane
 *
 * The lane is dropped with the report at the latest; earlier where the slot has
 * a new owner to which this actor sends.  Only the report says up to where the
 * dead had taken its mail, so until then a record is neither sent again nor
 * forgotten.
 */
#include "runtime/router/rescue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/actor/call.h"
#include "runtime/actor/target_watch.h"
#include "runtime/node/dead_letter.h"
#include "runtime/router/counted.h"
#include "runtime/router/deliver.h"

struct trp_rescued {
	struct trp_rescued *next;
	troupe_ref from; /* whose mail it was */
	uint64_t position;
	size_t size; /* of the record: the envelope and the body */
	uint64_t bytes[];
};

static struct trp_rescued *rescued, **last = &rescued; /* ends not reported */

static void lose(struct trp_rescued *one)
{
	struct trp_envelope envelope;
	struct trp_dead dead = { .cause = TROUPE_DEAD_TARGET,
				 .target = one->from };

	if (trp_envelope_read(one->bytes, one->size, &envelope, &dead.body,
			      &dead.size) == 0) {
		dead.sender = envelope.sender;
		dead.type = envelope.type;
		dead.created = envelope.created;
		trp_dead_letter_notice(&dead);
	}
	free(one);
}

/* ---- held ---------------------------------------------------------------- */

static int has_room(struct troupe_room *room)
{
	trp_rescue_again(room->data);
	return 0;
}

static int is_later(struct troupe_timer *timer)
{
	trp_rescue_again(timer->data);
	return 0;
}

/* A call that nobody waits for any more; the others wait for no target. */
static bool is_over(const struct trp_envelope *envelope)
{
	void *data;

	return envelope->correlation &&
	       !trp_call_moved(envelope->correlation, 0, 0, &data);
}

/* True: it is no longer held. */
static bool send_again(struct trp_router *router, struct trp_rescued *one)
{
	enum { LATER_MS = 100 };
	struct trp_envelope envelope;
	struct trp_delivery parcel = { .envelope = &envelope };
	troupe_ref to = 0;
	void *data;
	int r = trp_envelope_read(one->bytes, one->size, &envelope,
				  &parcel.body, &parcel.size);

	if (r < 0 || is_over(&envelope))
		return true;
	r = trp_deliver(router, &parcel, &to);
	if (r == 0 && envelope.correlation) {
		trp_call_moved(envelope.correlation, to, trp_self.posted,
			       &data);
		trp_counted_moved(router, data, to);
	}
	if (r == 0)
		return true;
	router->room =
		(struct troupe_room) { .has_room = has_room, .data = router };
	if (r == -ESRCH ||
	    (r == -EAGAIN && troupe_room_notify(&router->room, to) == 0))
		return false;
	router->later =
		(struct troupe_timer) { .fired = is_later, .data = router };
	troupe_timer_start(&router->later, troupe_in_ms(LATER_MS), 0);
	return false;
}

void trp_rescue_again(struct trp_router *router)
{
	struct trp_rescued *one;

	troupe_room_cancel(&router->room);
	troupe_timer_cancel(&router->later);
	while ((one = router->held)) {
		if (!send_again(router, one))
			return;
		router->held = one->next;
		if (!router->held)
			router->held_last = &router->held;
		free(one);
	}
}

void trp_rescue_give_up(struct trp_router *router)
{
	struct trp_rescued *one;

	troupe_room_cancel(&router->room);
	troupe_timer_cancel(&router->later);
	while ((one = router->held)) {
		router->held = one->next;
		lose(one);
	}
}

/* ---- rescued ------------------------------------------------------------- */

/* False: it is of no router. */
static bool read_envelope(const void *bytes, size_t size,
			  struct trp_envelope *ret_envelope)
{
	const void *body;

	return trp_envelope_read(bytes, size, ret_envelope, &body, &size) ==
		       0 &&
	       ret_envelope->flags >> TRP_ROUTER_SHIFT;
}

static void take(uint32_t slot, uint32_t generation,
		 const struct trp_mail *mail)
{
	struct trp_envelope envelope;
	struct trp_rescued *one;

	if (!read_envelope(mail->bytes, mail->size, &envelope))
		return;
	one = malloc(sizeof(*one) + mail->size);
	if (!one) {
		trp_self.routes->lost(-ENOMEM, "no memory for mail of a dead "
					       "member of a router");
		return;
	}
	*one = (struct trp_rescued) { .from = trp_ref(slot, generation),
				      .position = mail->position,
				      .size = mail->size };
	memcpy(one->bytes, mail->bytes, mail->size);
	*last = one;
	last = &one->next;
}

static void hold(struct trp_rescued *one)
{
	struct trp_router *router = NULL;
	struct trp_envelope envelope;

	if (read_envelope(one->bytes, one->size, &envelope))
		router = trp_router_table_find(
			envelope.flags >> TRP_ROUTER_SHIFT, one->from);
	if (!router) {
		lose(one);
		return;
	}
	if (is_over(&envelope)) {
		free(one);
		return;
	}
	one->next = NULL;
	*router->held_last = one;
	router->held_last = &one->next;
}

static void leave(struct trp_router *router, troupe_ref ref)
{
	trp_router_members_remove(&router->former, ref);
	if (!trp_router_members_remove(&router->members, ref) && !router->held)
		return;
	if (router->held)
		trp_rescue_again(router);
}

/* Called before calls to the dead complete: some go on. */
static void ended(const struct troupe_end *end, uint64_t taken)
{
	struct trp_rescued **link = &rescued, *one;

	if (end->will_restart)
		return;
	if (!trp_ref_is_elsewhere(end->ref))
		trp_mailbox_let_go(&trp_self.mailbox, trp_ref_slot(end->ref),
				   trp_ref_generation(end->ref));
	while ((one = *link)) {
		if (one->from != end->ref) {
			link = &one->next;
			continue;
		}
		*link = one->next;
		if (one->position < taken)
			free(one);
		else
			hold(one);
	}
	last = link;
	trp_router_table_each(leave, end->ref);
}

void trp_rescue_begin(void)
{
	static struct trp_target_listener listener = { .ended = ended,
						       .is_first = true };

	trp_target_watch_listen(&listener);
	trp_self.mailbox.dropped = take;
}
