/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/requests.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/mailbox_receive.h"
#include "runtime/node/dead_letter.h"
#include "runtime/node/log.h"
#include "runtime/node/status.h"
#include "runtime/node/watch.h"
#include "runtime/supervisor/asleep.h"
#include "runtime/supervisor/child_address.h"
#include "runtime/supervisor/exit.h"
#include "runtime/supervisor/membership.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/supervisor/notify.h"
#include "runtime/supervisor/readiness.h"
#include "runtime/supervisor/restart.h"
#include "runtime/supervisor/revival.h"
#include "runtime/supervisor/spawn.h"
#include "runtime/supervisor/stop.h"
#include "runtime/supervisor/supervisor.h"
#include "runtime/troupe_tree.h"
#include "runtime/troupe_restart.h"
#include "serialize/envelope.h"
#include "serialize/message.h"
#include "serialize/printable.h"

/* Before it can have ended. */
static int join_child(struct trp_request *request,
		      const Troupe__Control__Spawn *spawn)
{
	struct trp_child_table *children = &request->supervisor->children;
	uint32_t slot = trp_ref_slot(request->answer);
	int r = 0;

	if (spawn->watch)
		r = trp_child_monitor(children, request->slot, slot,
				      spawn->watch, spawn->tag, NULL);
	if (r == 0 && spawn->is_linked)
		r = trp_child_link(children, request->slot, slot);
	return r;
}

static int on_spawn(struct trp_request *request)
{
	const Troupe__Control__Spawn *spawn = request->message;
	const struct trp_restart *restart = request->child->restart;
	int r;

	if (!spawn->birth || spawn->restart > TROUPE_RESTART_ALWAYS ||
	    (spawn->watch && trp_watch_kind(spawn->watch) != TRP_WATCH_MONITOR))
		return -EINVAL;
	/* Its addresses are not those of the application. */
	if (request->child->is_guest)
		return -ENOTSUP;
	/* Of the sender's singleton. */
	spawn->birth->fence = restart ? restart->spawn->birth->fence : 0;
	spawn->birth->is_owned =
		spawn->restart || spawn->sleeps || spawn->ready_by;
	r = trp_supervisor_spawn(request->supervisor, request->slot, spawn,
				 &request->answer);
	if (r < 0)
		return r;
	if (spawn->restart || spawn->sleeps)
		r = trp_revival_own(request->supervisor,
				    trp_ref_slot(request->answer), spawn);
	if (r == 0 && spawn->ready_by)
		r = trp_readiness_wait(request->supervisor,
				       trp_ref_slot(request->answer), spawn,
				       request->sender, request->correlation);
	else if (r == 0)
		r = join_child(request, spawn);
	if (r < 0)
		trp_notify_kill(request->supervisor,
				trp_ref_slot(request->answer));
	return r < 0 || !spawn->ready_by ? r : 1;
}

/* NULL: not alive. */
static struct trp_child *find(const struct trp_request *request, troupe_ref ref)
{
	return trp_child_find(&request->supervisor->children, ref);
}

/* One that is asleep begins its next life now, as it is to know something. */
static void wake(struct trp_supervisor *supervisor, uint32_t slot)
{
	const struct trp_child *child = &supervisor->children.child[slot];

	if (trp_asleep_is(child))
		child->owner->mail(supervisor, slot);
}

static int on_stop(struct trp_request *request)
{
	const Troupe__Control__Stop *order = request->message;
	const struct trp_child *child = find(request, order->ref);

	if (!child)
		return -ESRCH;
	if (order->grace_ms >= -1)
		wake(request->supervisor, trp_ref_slot(order->ref));
	if (child->state == CHILD_DOWN &&
	    (order->is_kill || (child->owner && child->owner->keeps)))
		return 0; /* it has no process */
	if (order->grace_ms < -1)
		return -EINVAL;
	if (order->is_kill)
		trp_notify_kill(request->supervisor, trp_ref_slot(order->ref));
	else
		trp_supervisor_stop_with(request->supervisor,
					 trp_ref_slot(order->ref), order);
	return 0;
}

/* Of one that is gone, as long as that is known. */
static void tell_gone(const struct trp_request *request, troupe_ref ref)
{
	const Troupe__Control__Watch *watch = request->message;
	const struct troupe_end *known =
		trp_exit_history_find(&request->supervisor->exit_history, ref);
	struct troupe_end end = { .ref = ref, .reason.cause = TROUPE_NOPROC };

	if (known)
		end = *known;
	trp_exit_name(&end, watch->tag, watch->name);
	trp_exit_tell(request->supervisor, request->sender, &end, watch->id);
}

static int on_watch(struct trp_request *request)
{
	const Troupe__Control__Watch *watch = request->message;
	struct trp_supervisor *supervisor = request->supervisor;
	const char *name = watch->name[0] ? watch->name : NULL;
	troupe_ref ref = name ? trp_registry_find(&supervisor->registry, name)
			      : watch->ref;

	if (!watch->id || trp_watch_kind(watch->id) >= TRP_WATCH_LINK)
		return -EINVAL;
	if (watch->is_over) {
		trp_child_unwatch(&supervisor->children, request->slot,
				  watch->id);
		return 0;
	}
	if (name && !trp_registry_is_valid(name))
		return -EINVAL;
	if (!find(request, ref)) {
		tell_gone(request, ref);
		return 0;
	}
	if (trp_watch_kind(watch->id) == TRP_WATCH_TARGET)
		trp_exit_tell_lost(supervisor, trp_ref_slot(ref),
				   request->sender, watch->id);
	return trp_child_monitor(&supervisor->children, request->slot,
				 trp_ref_slot(ref), watch->id, watch->tag,
				 name);
}

static int on_link(struct trp_request *request)
{
	const Troupe__Control__Link *link = request->message;
	struct trp_supervisor *supervisor = request->supervisor;
	const struct troupe_end nobody = { .ref = link->ref,
					   .reason.cause = TROUPE_NOPROC };

	if (link->is_over)
		trp_child_unlink(&supervisor->children, request->sender,
				 link->ref);
	else if (find(request, link->ref)) {
		wake(supervisor, trp_ref_slot(link->ref));
		return trp_child_link(&supervisor->children, request->slot,
				      trp_ref_slot(link->ref));
	} else
		trp_exit_tell(supervisor, request->sender, &nobody,
			      trp_watch_link(link->ref));
	return 0;
}

/* To one that may not take its mail now; see take_ended() of an actor. */
static int on_exit_signal(struct trp_request *request)
{
	const Troupe__Control__ExitSignal *signal = request->message;
	struct troupe_end end = { .ref = request->sender,
				  .incarnation = signal->incarnation };

	if (signal->cause > TROUPE_NOCONNECTION)
		return -EINVAL;
	end.reason.cause = (enum troupe_cause)signal->cause;
	end.reason.code = signal->code;
	trp_printable(signal->text, end.reason.text, sizeof(end.reason.text));
	if (signal->from &&
	    trp_ref_in_node(request->sender) ==
		    trp_status_mail(&request->supervisor->node.arena))
		end.ref = signal->from;
	trp_exit_tell(request->supervisor, signal->ref, &end,
		      trp_watch_signal(end.ref));
	return 0;
}

static int on_register(struct trp_request *request)
{
	const Troupe__Control__Register *name = request->message;
	struct trp_registry *registry = &request->supervisor->registry;
	struct trp_child *child = find(request, name->ref);

	if (!name->ref)
		return trp_registry_remove(registry, name->name);
	return child ? trp_registry_add(registry, name->name, name->ref,
					&child->names)
		     : trp_status_absent(&request->supervisor->node.arena,
					 name->ref);
}

static int on_whereis(struct trp_request *request)
{
	const Troupe__Control__Whereis *name = request->message;

	request->answer =
		trp_registry_find(&request->supervisor->registry, name->name);
	return request->answer ? 0 : -ENOENT;
}

static int on_lookup(struct trp_request *request)
{
	const Troupe__Control__Lookup *lookup = request->message;
	const struct trp_child_table *children = &request->supervisor->children;
	uint32_t slot;
	int r = trp_child_address_walk(children, request->slot, lookup->address,
				       &slot);

	if (r == 0)
		request->answer = trp_child_ref(children, slot);
	return r;
}

static int on_dead_letters(struct trp_request *request)
{
	const Troupe__Control__DeadLetters *letters = request->message;

	return letters->wanted ? trp_dead_letter_subscribe(request->sender)
			       : trp_dead_letter_unsubscribe(request->sender);
}

static int on_address_of(struct trp_request *request)
{
	char address[TROUPE_ADDRESS_SIZE];
	const Troupe__Control__AddressOf *of = request->message;

	if (!find(request, of->ref))
		return -ESRCH;
	if (!trp_child_address(&request->supervisor->children,
			       trp_ref_slot(of->ref), address, sizeof(address)))
		return -ENAMETOOLONG;
	if (address[0] != '/')
		return -ENOENT;
	request->more.data = (uint8_t *)strdup(address);
	if (!request->more.data)
		return -ENOMEM;
	request->more.len = strlen(address) + 1;
	return 0;
}

/* Positive: answered later. */
static int on_stop_children(struct trp_request *request)
{
	struct trp_child *child = request->child;

	if (!trp_child_has_any(&request->supervisor->children, request->slot))
		return 0;
	child->stop_children = request->correlation;
	trp_readiness_cancel(request->supervisor, request->slot);
	/* Its children have their own; its time continues when they are
	 * gone. */
	trp_timers_cancel(&request->supervisor->timers, &child->grace);
	if (child->group)
		child->group->stop(request->supervisor, request->slot, false);
	else
		trp_supervisor_stop_children(request->supervisor,
					     request->slot);
	return 1;
}

static int on_ready(struct trp_request *request)
{
	trp_readiness_ready(request->supervisor, request->slot);
	return 0;
}

static const struct trp_request_kind own[] = {
	{ &troupe__control__sleep__descriptor, .handle = trp_asleep_on_sleep },
	{ &troupe__control__ready__descriptor, .handle = on_ready },
	{ &troupe__control__spawn__descriptor, .handle = on_spawn },
	{ &troupe__control__stop__descriptor, .handle = on_stop },
	{ &troupe__control__watch__descriptor, .handle = on_watch },
	{ &troupe__control__link__descriptor, .handle = on_link },
	{ &troupe__control__exit_signal__descriptor, .handle = on_exit_signal },
	{ &troupe__control__register__descriptor, .handle = on_register },
	{ &troupe__control__group__descriptor,
	  .handle = trp_membership_on_group },
	{ &troupe__control__whereis__descriptor, .handle = on_whereis },
	{ &troupe__control__dead_letters__descriptor,
	  .handle = on_dead_letters },
	{ &troupe__control__lookup__descriptor, .handle = on_lookup },
	{ &troupe__control__address_of__descriptor, .handle = on_address_of },
	{ &troupe__control__stop_children__descriptor,
	  .handle = on_stop_children },
	{ 0 },
};

static void answer(struct trp_request *request, int result)
{
	Troupe__Control__Answer message = TROUPE__CONTROL__ANSWER__INIT;

	if (!request->correlation || result > 0)
		return;
	message.result = result;
	message.ref = request->answer;
	message.more = request->more;
	trp_notify_tell(request->supervisor, request->slot, TRP_REPLY,
			request->correlation, &message.base);
}

static int handle(struct trp_request *request, uint64_t type, const void *body,
		  size_t size)
{
	struct trp_scratch *scratch = &request->supervisor->scratch;
	struct trp_scratch_mark mark = trp_scratch_mark(scratch);
	const struct trp_module_entry *entry;
	const struct trp_request_kind *kind =
		trp_module_find(request->supervisor, own, type, &entry);
	ProtobufCMessage *message;
	int r = -EPROTO;

	if (entry && !entry->state)
		return -ENOTCONN;
	if (kind && kind->handle)
		r = trp_message_unpack(kind->type, body, size, scratch,
				       &message);
	if (r == 0) {
		request->message = message;
		request->module = entry ? entry->state : NULL;
		r = kind->handle(request);
	}
	trp_scratch_release(scratch, mark);
	return r;
}

/* The sender may be dead already: then only requests without an answer
 * matter. */
static void take(struct trp_supervisor *supervisor, const struct trp_mail *mail)
{
	struct trp_child *child = &supervisor->children.child[mail->sender];
	struct trp_request request = {
		.supervisor = supervisor,
		.sender = trp_child_ref(&supervisor->children, mail->sender),
		.slot = mail->sender,
		.child = child,
	};
	struct trp_envelope envelope;
	char title[TRP_TITLE_SIZE];
	const void *body;
	size_t size;
	int r;

	r = trp_envelope_read(mail->bytes, mail->size, &envelope, &body, &size);
	if (!trp_child_is_alive(child))
		return;
	if (r < 0 || envelope.kind != TRP_CONTROL) {
		troupe_log(TROUPE_WARNING, "%s[%d] sent an invalid request",
			   trp_child_address_title(&supervisor->children,
						   mail->sender, title),
			   (int)child->pid);
		return;
	}
	request.correlation = envelope.correlation;
	answer(&request, handle(&request, envelope.type, body, size));
	free(request.more.data);
}

int trp_supervisor_requests_turn(struct trp_supervisor *supervisor)
{
	struct trp_mail mail;
	int r = trp_mailbox_receive(&supervisor->mailbox, TRP_TAKE_ALL, &mail);

	if (r == 0)
		return 0;
	if (r < 0) {
		troupe_log(TROUPE_WARNING,
			   "the lane of slot %u is damaged; "
			   "its actor is killed",
			   mail.sender);
		trp_notify_kill(supervisor, mail.sender);
		return 1;
	}
	take(supervisor, &mail);
	trp_mailbox_receive_done(&supervisor->mailbox, &mail);
	return 1;
}
