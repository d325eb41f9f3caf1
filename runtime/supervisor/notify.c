/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/notify.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include "runtime/node/log.h"
#include "runtime/node/post.h"
#include "runtime/supervisor/child_address.h"
#include "runtime/supervisor/supervisor.h"

static int post(struct trp_supervisor *supervisor, uint32_t slot,
		enum trp_stream stream, struct trp_envelope envelope,
		const ProtobufCMessage *message)
{
	envelope.deadline = INT64_MAX;
	envelope.created = trp_time_now().ns;
	return trp_node_post(&supervisor->mailbox,
			     trp_child_ref(&supervisor->children, slot), stream,
			     &envelope, message, NULL, NULL);
}

int trp_notify_tell(struct trp_supervisor *supervisor, uint32_t slot,
		    enum trp_stream stream, uint64_t correlation,
		    const ProtobufCMessage *message)
{
	struct trp_child *child = &supervisor->children.child[slot];
	const struct trp_envelope envelope = {
		.sender = TRP_REF_SUPERVISOR,
		.correlation = correlation,
		.kind = TRP_CONTROL,
	};
	int r = post(supervisor, slot, stream, envelope, message);
	char title[TRP_TITLE_SIZE];

	/* No notice may be dropped: an actor that misses one must not go on. */
	if (r < 0 && r != -ESRCH && child->state == CHILD_RUNNING) {
		troupe_log(TROUPE_WARNING,
			   "%s[%d] cannot be notified (%s) and is killed",
			   trp_child_address_title(&supervisor->children, slot,
						   title),
			   (int)child->pid, strerror(-r));
		trp_notify_kill(supervisor, slot);
	}
	return r;
}

int trp_notify_send(struct trp_supervisor *supervisor, uint32_t slot,
		    const ProtobufCMessage *message)
{
	const struct trp_envelope envelope = { .kind = TRP_MESSAGE };

	return post(supervisor, slot, TRP_MAIL, envelope, message);
}

void trp_notify_kill(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_child *child = &supervisor->children.child[slot];

	if (!trp_child_is_alive(child) || child->has_ended)
		return;
	/* It has not been reaped, so the pid is still its own. */
	if (child->state == CHILD_DOWN) {
		child->is_told = true;
		child->grace.fired(&child->grace);
	} else if (child->expel) {
		child->expel(child->guest);
	} else if (child->pid) {
		kill(child->pid, SIGKILL);
	} else {
		child->is_doomed = true;
		/* Born first, by a zygote that may have been stopped. */
		if (supervisor->zygote.pid > 0)
			kill(supervisor->zygote.pid, SIGCONT);
	}
}
