/* SPDX-License-Identifier: MIT */
#include "runtime/mail/service.h"

#include <errno.h>
#include <stdlib.h>
#include "runtime/actor/orders.h"
#include "runtime/actor/self.h"
#include "runtime/mail/exports.h"
#include "runtime/mail/post.h"
#include "runtime/mail/service.pb-c.h"
#include "runtime/node/options.h"
#include "runtime/node/ref.h"
#include "runtime/node/types.h"
#include "runtime/troupe_tree.h"
#include "serialize/message.h"

/* Actors that others have started: each is stopped when its caller ends. */
struct started {
	struct started *next;
	troupe_ref child, caller;
};
static struct started *all;

static int answer(const struct troupe_message *message, int result,
		  troupe_ref ref)
{
	Troupe__Service__Found found = TROUPE__SERVICE__FOUND__INIT;

	found.result = result;
	found.ref = result < 0 ? 0 : ref;
	troupe_send(message->sender, &found.base);
	return 0; /* one that cannot be told waits for its deadline */
}

int trp_mail_service_find(const struct troupe_message *message)
{
	const Troupe__Service__Find *wish = message->body;
	troupe_ref ref = 0;
	int r;

	if (wish->name[0] == '/')
		r = trp_orders_lookup(wish->name, &ref);
	else
		r = troupe_whereis(wish->name, &ref);
	return answer(message, r, ref);
}

int trp_mail_service_address(const struct troupe_message *message)
{
	const Troupe__Service__Address *wish = message->body;
	Troupe__Service__Found found = TROUPE__SERVICE__FOUND__INIT;
	char address[TROUPE_ADDRESS_SIZE];

	found.result = trp_orders_address(wish->ref, address, sizeof(address));
	if (found.result == 0)
		found.address = address;
	found.node = (char *)trp_self.node->options->node;
	troupe_send(message->sender, &found.base);
	return 0;
}

/* ---- actors for others --------------------------------------------------- */

static int unpack(const Troupe__Service__Start *wish,
		  ProtobufCMessage **ret_arguments)
{
	const ProtobufCMessageDescriptor *type;

	*ret_arguments = NULL;
	if (!wish->type)
		return 0;
	type = trp_types_find(wish->type);
	if (!type)
		return -EPROTO;
	return trp_message_unpack_private(type, wish->arguments.data,
					  wish->arguments.len,
					  &trp_self.scratch, ret_arguments);
}

static int spawn(const Troupe__Service__Start *wish,
		 const struct troupe_class *klass, troupe_ref *ret_ref)
{
	struct trp_scratch_mark mark = trp_scratch_mark(&trp_self.scratch);
	ProtobufCMessage *arguments;
	int r = unpack(wish, &arguments);

	if (r == 0)
		r = troupe_spawn(klass, arguments, ret_ref);
	trp_scratch_release(&trp_self.scratch, mark);
	return r;
}

/* The mail actor there tells of the caller's end (watches.h). */
static int start(const Troupe__Service__Start *wish,
		 const struct troupe_class *klass, troupe_ref *ret_ref)
{
	struct started *started = calloc(1, sizeof(*started));
	int r = started ? trp_sessions_watch(trp_mail_post.sessions,
					     trp_ref_node(wish->caller),
					     trp_time_now())
			: -ENOMEM;

	if (r == 0)
		r = spawn(wish, klass, &started->child);
	if (r < 0) {
		free(started);
		return r;
	}
	started->caller = wish->caller;
	started->next = all;
	all = started;
	*ret_ref = started->child;
	return 0;
}

int trp_mail_service_start(const struct troupe_message *message)
{
	const Troupe__Service__Start *wish = message->body;
	const struct troupe_class *klass = trp_mail_exports_class(wish->klass);
	troupe_ref ref = 0;
	int r;

	if (trp_ref_node(wish->caller) != trp_ref_node(message->sender))
		r = -EINVAL;
	else if (!wish->build || wish->build != trp_mail_exports_build())
		r = -EPROTO;
	else
		r = klass ? start(wish, klass, &ref) : -ENOENT;
	return answer(message, r, ref);
}

void trp_mail_service_caller_ended(troupe_ref caller, uint32_t number)
{
	struct started *started;

	for (started = all; started; started = started->next)
		if (caller ? started->caller == caller
			   : trp_ref_node(started->caller) == number)
			troupe_stop(started->child);
}

int trp_mail_service_child_stopped(const struct troupe_end *end)
{
	struct started **link = &all, *started;

	while ((started = *link) && started->child != end->ref)
		link = &started->next;
	if (!started || end->will_restart)
		return 0;
	*link = started->next;
	free(started);
	return 0;
}
