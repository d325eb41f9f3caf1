/* SPDX-License-Identifier: MIT */
/* Other nodes as actors see them. */
#include "runtime/troupe_node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/actor/request.h"
#include "runtime/actor/self.h"
#include "runtime/mail/exports.h"
#include "runtime/mail/service.pb-c.h"
#include "runtime/mesh/nodes.pb-c.h"
#include "runtime/node/ref.h"
#include "runtime/node/options.h"
#include "runtime/node/types.h"
#include "runtime/troupe_ask.h"
#include "runtime/troupe_tree.h"
#include "serialize/message.h"
#include "serialize/type.h"

const char *troupe_node_name(void)
{
	const struct trp_node *node = trp_self.node;

	return !trp_self.is_guest && node && node->options ? node->options->node
							   : "";
}

/* ---- events -------------------------------------------------------------- */

static int monitor(const char *node, bool is_over)
{
	Troupe__Nodes__Monitor request = TROUPE__NODES__MONITOR__INIT;

	if (node && !*node)
		return -EINVAL;
	request.node = (char *)(node ? node : "");
	request.is_over = is_over;
	return trp_actor_request(&request.base, NULL);
}

int troupe_monitor_node(const char *node)
{
	return monitor(node, false);
}

int troupe_demonitor_node(const char *node)
{
	return monitor(node, true);
}

/* ---- questions to the mail actor of a node ------------------------------- */

static int resolve(const char *node, struct troupe_time deadline,
		   troupe_ref *ret_mail)
{
	Troupe__Nodes__Resolve request = TROUPE__NODES__RESOLVE__INIT;

	request.node = (char *)node;
	request.deadline = deadline.ns;
	return trp_actor_request_late(&request.base, ret_mail);
}

/* The answer's type is known: also in a guest, which has no module's types. */
static int ask(troupe_ref mail, const ProtobufCMessage *question,
	       struct troupe_time deadline, troupe_ref *ret_ref)
{
	const ProtobufCMessageDescriptor *type =
		&troupe__service__found__descriptor;
	const Troupe__Service__Found *found;
	struct troupe_message answer = { 0 };
	int r = trp_types_add(type);

	if (r == 0)
		r = troupe_ask(mail, question, deadline, &answer);
	if (r < 0)
		return r;
	found = answer.body;
	if (answer.type != type || (found->result == 0 && !found->ref))
		return -EBADMSG;
	if (found->result == 0)
		*ret_ref = found->ref;
	return found->result < 0 ? found->result : 0;
}

int troupe_whereis_at(const char *node, const char *name,
		      struct troupe_time deadline, troupe_ref *ret_ref)
{
	Troupe__Service__Find find = TROUPE__SERVICE__FIND__INIT;
	troupe_ref mail;
	int r;

	if (!node || !name || strlen(name) >= TROUPE_ADDRESS_SIZE)
		return -EINVAL;
	r = resolve(node, deadline, &mail);
	if (r < 0)
		return r;
	if (mail == TRP_REF_SUPERVISOR)
		return name[0] == '/' ? troupe_lookup(name, ret_ref)
				      : troupe_whereis(name, ret_ref);
	find.name = (char *)name;
	return ask(mail, &find.base, deadline, ret_ref);
}

/* ---- actors on other nodes ----------------------------------------------- */

static int spawn_here(const char *klass, const ProtobufCMessage *arguments,
		      troupe_ref *ret_ref)
{
	const struct troupe_class *found = trp_mail_exports_class(klass);

	return found ? troupe_spawn(found, arguments, ret_ref) : -ENOENT;
}

static int describe(const char *klass, const ProtobufCMessage *arguments,
		    Troupe__Service__Start *start)
{
	start->klass = (char *)klass;
	start->build = trp_mail_exports_build();
	start->caller = troupe_self();
	if (!arguments)
		return 0;
	if (!trp_message_is_valid(arguments))
		return -EINVAL;
	if (!trp_message_is_within(arguments, TRP_MESSAGE_DEPTH) ||
	    trp_message_size(arguments) > TRP_MESSAGE_MAX / 2)
		return -EMSGSIZE;
	start->type = trp_type_of(arguments->descriptor);
	return trp_message_to_bytes(arguments, &start->arguments);
}

int troupe_spawn_at(const char *node, const char *klass,
		    const ProtobufCMessage *arguments,
		    struct troupe_time deadline, troupe_ref *ret_ref)
{
	Troupe__Service__Start start = TROUPE__SERVICE__START__INIT;
	troupe_ref mail;
	int r;

	if (!node || !klass || !*klass)
		return -EINVAL;
	if (trp_self.is_guest)
		return -ENOTSUP;
	r = resolve(node, deadline, &mail);
	if (r < 0)
		return r;
	if (mail == TRP_REF_SUPERVISOR)
		return spawn_here(klass, arguments, ret_ref);
	r = describe(klass, arguments, &start);
	if (r == 0)
		r = ask(mail, &start.base, deadline, ret_ref);
	free(start.arguments.data);
	return r;
}
