/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/requests.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/node/dead_letter.h"
#include "runtime/node/log.h"
#include "runtime/supervisor/child_address.h"
#include "runtime/supervisor/exit.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/supervisor/notify.h"
#include "runtime/supervisor/restart.h"
#include "runtime/supervisor/spawn.h"
#include "runtime/supervisor/stop.h"
#include "runtime/supervisor/supervisor.h"
#include "runtime/troupe_tree.h"
#include "serialize/envelope.h"
#include "serialize/message.h"

/* Of the singleton that the sender is, or belongs to. */
static uint64_t fence_of(const struct trp_request *request)
{
	const struct trp_restart *restart =
		request->supervisor->children.child[request->sender].restart;

	return restart ? restart->fence : 0;
}

static int on_spawn(struct trp_request *request)
{
	const Troupe__Control__Spawn *spawn_order =
		(const Troupe__Control__Spawn *)request->message;

	if (!spawn_order->birth)
		return -EINVAL;
	/* Its addresses are not those of the application. */
	if (request->supervisor->children.child[request->sender].is_guest)
		return -ENOTSUP;
	spawn_order->birth->fence = fence_of(request);
	return trp_supervisor_spawn(request->supervisor, request->sender,
				    spawn_order, &request->answer);
}

static int find_slot(struct trp_request *request, troupe_ref ref,
		     uint32_t *ret_slot)
{
	if (!trp_child_find(&request->supervisor->children, ref))
		return -ESRCH;
	*ret_slot = trp_ref_slot(ref);
	return 0;
}

static int on_stop(struct trp_request *request)
{
	uint32_t slot;
	int r = find_slot(
		request, ((const Troupe__Control__Stop *)request->message)->ref,
		&slot);

	if (r == 0)
		trp_supervisor_stop(request->supervisor, slot);
	return r;
}

static int on_kill(struct trp_request *request)
{
	uint32_t slot;
	int r = find_slot(
		request, ((const Troupe__Control__Kill *)request->message)->ref,
		&slot);

	if (r == 0)
		trp_notify_kill(request->supervisor, slot);
	return r;
}

static int on_watch(struct trp_request *request)
{
	const Troupe__Control__Watch *watch =
		(const Troupe__Control__Watch *)request->message;
	struct trp_supervisor *supervisor = request->supervisor;
	const struct trp_child *sender =
		&supervisor->children.child[request->sender];
	const struct troupe_end unknown = { .ref = watch->ref,
					    .reason.cause = TROUPE_NOPROC };
	const struct troupe_end *end = NULL;
	uint32_t slot;

	if (!watch->id)
		return -EINVAL;
	if (find_slot(request, watch->ref, &slot) == 0)
		return trp_child_watch(&supervisor->children, request->sender,
				       slot, watch->id);
	if (watch->post_mortem)
		end = trp_exit_history_find(&supervisor->exit_history,
					    watch->ref);
	trp_exit_tell(supervisor, trp_ref(request->sender, sender->generation),
		      end ? end : &unknown, watch->id);
	return 0;
}

static int on_unwatch(struct trp_request *request)
{
	trp_child_unwatch(
		&request->supervisor->children, request->sender,
		((const Troupe__Control__Unwatch *)request->message)->id);
	return 0;
}

static int on_register(struct trp_request *request)
{
	const Troupe__Control__Register *name =
		(const Troupe__Control__Register *)request->message;
	uint32_t slot;
	int r = find_slot(request, name->ref, &slot);

	if (r < 0)
		return r;
	return trp_registry_add(
		&request->supervisor->registry, name->name, name->ref,
		&request->supervisor->children.child[slot].names);
}

static int on_unregister(struct trp_request *request)
{
	return trp_registry_remove(
		&request->supervisor->registry,
		((const Troupe__Control__Unregister *)request->message)->name);
}

static int on_whereis(struct trp_request *request)
{
	request->answer = trp_registry_find(
		&request->supervisor->registry,
		((const Troupe__Control__Whereis *)request->message)->name);
	return request->answer ? 0 : -ENOENT;
}

static int on_lookup(struct trp_request *request)
{
	const struct trp_child_table *children = &request->supervisor->children;
	uint32_t slot;
	int r = trp_child_address_walk(
		children, request->sender,
		((const Troupe__Control__Lookup *)request->message)->address,
		&slot);

	if (r == 0)
		request->answer =
			trp_ref(slot, children->child[slot].generation);
	return r;
}

static int on_dead_letters(struct trp_request *request)
{
	const struct trp_child *child =
		&request->supervisor->children.child[request->sender];
	troupe_ref ref = trp_ref(request->sender, child->generation);

	return ((const Troupe__Control__DeadLetters *)request->message)->wanted
		       ? trp_dead_letter_subscribe(ref)
		       : trp_dead_letter_unsubscribe(ref);
}

static int on_address_of(struct trp_request *request)
{
	static char address[TROUPE_ADDRESS_SIZE];
	const Troupe__Control__AddressOf *of =
		(const Troupe__Control__AddressOf *)request->message;
	uint32_t slot;
	int r = find_slot(request, of->ref, &slot);

	if (r < 0)
		return r;
	if (!trp_child_address(&request->supervisor->children, slot, address,
			       sizeof(address)))
		return -ENAMETOOLONG;
	if (address[0] != '/')
		return -ENOENT;
	request->answer_text = address;
	return 0;
}

/* Positive: answered later. */
static int on_stop_children(struct trp_request *request)
{
	struct trp_supervisor *supervisor = request->supervisor;
	struct trp_child *child = &supervisor->children.child[request->sender];

	if (!child->first)
		return 0;
	child->stop_children = request->correlation;
	/* Its children have their own; its time goes on when they are gone. */
	trp_timers_cancel(&supervisor->timers, &child->grace);
	trp_supervisor_stop_children(supervisor, request->sender);
	return 1;
}

static const struct trp_request_kind own[] = {
	{ &troupe__control__spawn__descriptor, .handle = on_spawn },
	{ &troupe__control__stop__descriptor, .handle = on_stop },
	{ &troupe__control__kill__descriptor, .handle = on_kill },
	{ &troupe__control__watch__descriptor, .handle = on_watch },
	{ &troupe__control__unwatch__descriptor, .handle = on_unwatch },
	{ &troupe__control__register__descriptor, .handle = on_register },
	{ &troupe__control__unregister__descriptor, .handle = on_unregister },
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
	if (request->answer_text)
		message.text = request->answer_text;
	trp_notify_tell(request->supervisor, request->sender, TRP_REPLY,
			request->correlation, &message.base);
}

static int handle(struct trp_request *request, uint64_t type, const void *body,
		  size_t size)
{
	struct trp_scratch *scratch = &request->supervisor->scratch;
	struct trp_scratch_mark mark = trp_scratch_mark(scratch);
	ProtobufCMessage *message;
	const struct trp_request_kind *kind = trp_module_find(
		request->supervisor, own, type, &request->module);
	int r = -EPROTO;

	if (kind && kind->handle)
		r = trp_message_unpack(kind->type, body, size, scratch,
				       &message);
	if (r == 0) {
		request->message = message;
		r = kind->handle(request);
	}
	trp_scratch_release(scratch, mark);
	return r;
}

/* The sender may be dead already: then only what needs no answer matters. */
static void take(struct trp_supervisor *supervisor, const struct trp_mail *mail)
{
	struct trp_child *child = &supervisor->children.child[mail->sender];
	struct trp_request request = { .supervisor = supervisor,
				       .sender = mail->sender };
	struct trp_envelope envelope;
	char title[TRP_TITLE_SIZE];
	const void *body;
	size_t size;
	int r;

	r = trp_envelope_read(mail->bytes, mail->size, &envelope, &body, &size);
	if (!trp_child_is_alive(child))
		return;
	if (r < 0 || envelope.kind != TRP_CONTROL) {
		troupe_log(TROUPE_WARNING, "%s[%d] sent what is no request",
			   trp_child_address_title(&supervisor->children,
						   mail->sender, title,
						   sizeof(title)),
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
	int r = trp_mailbox_next(&supervisor->mailbox, TRP_TAKE_ALL, &mail);

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
	trp_mailbox_done(&supervisor->mailbox, &mail);
	return 1;
}
