/* SPDX-License-Identifier: MIT */
/*
 *	nothing under way -> save() -> Sleep, answered -> no mail -> exit record
 *
 * The supervisor has the state from its answer on.  Mail that comes later is
 * unread when it reaps this process, and so begins the next one.
 */
#include "runtime/actor/sleep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/mailbox_receive.h"
#include "runtime/actor/alias.h"
#include "runtime/actor/call_table.h"
#include "runtime/actor/fd_passing.h"
#include "runtime/actor/input.h"
#include "runtime/actor/method.h"
#include "runtime/actor/overflow.h"
#include "runtime/actor/request.h"
#include "runtime/actor/take.h"
#include "runtime/node/image.h"
#include "runtime/node/log.h"
#include "runtime/troupe_sleep.h"
#include "serialize/message.h"

static bool has_mail(void)
{
	return trp_self.exits.first ||
	       !trp_mailbox_receive_is_empty(&trp_self.mailbox, TRP_TAKE_ALL);
}

/* Something that would be lost with the process. */
static bool is_needed(void)
{
	const struct trp_status *status = trp_self.status;

	return trp_self.is_stopping || trp_self.is_closing ||
	       trp_self.held & ~(unsigned)TRP_HOLD_OLD ||
	       trp_self.children > 0 || trp_self.timers.count > 0 ||
	       trp_load_relaxed(&status->put_aside) > 0 ||
	       trp_load_relaxed(&status->shelved) > 0 ||
	       trp_call_table.pending > 0 || trp_method_is_in_work() ||
	       trp_input_is_any() || trp_alias_is_any() ||
	       trp_overflow_is_any() || trp_fd_passing_is_any();
}

/* 0 with bytes for free(); -EMSGSIZE, -EINVAL, -ENOMEM. */
static int pack(const ProtobufCMessage *state, Troupe__Control__Sleep *request)
{
	if (!trp_message_is_valid(state) ||
	    !trp_image_has(state->descriptor, sizeof(*state->descriptor)))
		return -EINVAL;
	if (!trp_message_is_within(state, TRP_MESSAGE_DEPTH) ||
	    trp_message_size(state) > TROUPE_SAVED_SIZE)
		return -EMSGSIZE;
	request->state_type = (uintptr_t)state->descriptor;
	return trp_message_to_bytes(state, &request->state);
}

static int save(void)
{
	Troupe__Control__Sleep request = TROUPE__CONTROL__SLEEP__INIT;
	const ProtobufCMessage *state = NULL;
	int r = trp_self.klass->save(&state);

	if (r == 0 && state)
		r = pack(state, &request);
	if (r == 0)
		r = trp_actor_request(&request.base, NULL);
	free(request.state.data);
	return r;
}

int trp_sleep_begin(void)
{
	int r;

	if (!trp_self.klass->save || is_needed() || has_mail())
		return 0;
	r = save();
	if (r < 0 && r != -EBUSY && r != -ECANCELED)
		troupe_log(TROUPE_WARNING,
			   "it stays awake, as its state cannot be saved: %s",
			   strerror(-r));
	/* Its answer is not mail, but there may be reports and orders. */
	while (r == 0 && trp_take(TRP_TAKE_CONTROL) == TRP_STEP_DONE)
		;
	if (r < 0 || is_needed() || has_mail())
		return 0;
	trp_self_exit(TROUPE_NORMAL, TRP_STATUS_ASLEEP, NULL);
}

int trp_sleep_unpack(const Troupe__Control__Birth *birth)
{
	const ProtobufCMessageDescriptor *type =
		(const ProtobufCMessageDescriptor *)(uintptr_t)
			birth->state_type;

	/* Never released: it is valid for the actor's life. */
	return type ? trp_message_unpack_private(
			      type, birth->state.data, birth->state.len,
			      &trp_self.scratch, &trp_self.saved)
		    : 0;
}

int trp_sleep_load(void)
{
	int r;

	if (!trp_self.saved || !trp_self.klass->load)
		return TRP_STEP_DONE;
	trp_self_begin(TROUPE_DOING_INIT);
	r = trp_self.klass->load(trp_self.saved);
	trp_self_end();
	return trp_self_result(r);
}
