/* SPDX-License-Identifier: MIT */
/* Other nodes as actors see them. */
#include "runtime/mesh/node_api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/actor/away.h"
#include "runtime/actor/orders.h"
#include "runtime/actor/request.h"
#include "runtime/actor/self.h"
#include "runtime/mail/exports.h"
#include "runtime/mail/service.pb-c.h"
#include "runtime/mesh/nodes.pb-c.h"
#include "runtime/node/ref.h"
#include "runtime/node/options.h"
#include "runtime/node/types.h"
#include "runtime/troupe_ask.h"
#include "runtime/troupe_mesh.h"
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

/* The answer's type is known: also in a guest, which has no module's types.
 * A large one is its own attachment. */
static int ask(troupe_ref mail, const ProtobufCMessage *question,
	       const ProtobufCMessageDescriptor *type,
	       struct troupe_time deadline, const void **ret_answer)
{
	struct troupe_message answer = { 0 };
	ProtobufCMessage *whole = NULL;
	int r = trp_types_add(type);

	if (r == 0)
		r = troupe_ask(mail, question, deadline, &answer);
	if (r < 0)
		return r;
	if (answer.type != type)
		return -EBADMSG;
	*ret_answer = answer.body;
	if (!answer.attachment)
		return 0;
	r = trp_message_unpack(type, answer.attachment, answer.attachment_size,
			       &trp_self.scratch, &whole);
	*ret_answer = whole;
	return r;
}

static int find(troupe_ref mail, const ProtobufCMessage *question,
		struct troupe_time deadline, troupe_ref *ret_ref)
{
	const Troupe__Service__Found *found;
	const void *answer;
	int r = ask(mail, question, &troupe__service__found__descriptor,
		    deadline, &answer);

	if (r < 0)
		return r;
	found = answer;
	if (found->result == 0 && !found->ref)
		return -EBADMSG;
	if (found->result == 0 && ret_ref)
		*ret_ref = found->ref;
	return found->result < 0 ? found->result : 0;
}

int troupe_whereis_at(const char *node, const char *name,
		      struct troupe_time deadline, troupe_ref *ret_ref)
{
	Troupe__Service__Find wish = TROUPE__SERVICE__FIND__INIT;
	troupe_ref mail;
	int r;

	if (!node || !name || strlen(name) >= TROUPE_ADDRESS_SIZE)
		return -EINVAL;
	r = resolve(node, deadline, &mail);
	if (r < 0)
		return r;
	if (mail == TRP_REF_SUPERVISOR)
		return name[0] == '/' ? trp_orders_lookup(name, ret_ref)
				      : troupe_whereis(name, ret_ref);
	wish.name = (char *)name;
	return find(mail, &wish.base, deadline, ret_ref);
}

int trp_mesh_node_api_look(const char *node, struct troupe_time deadline,
			   const Troupe__Service__Shown **ret_shown)
{
	Troupe__Service__Show wish = TROUPE__SERVICE__SHOW__INIT;
	const void *answer = NULL;
	troupe_ref mail;
	int r = resolve(node, deadline, &mail);

	if (r == 0 && mail == TRP_REF_SUPERVISOR)
		r = -EINVAL;
	if (r == 0)
		r = ask(mail, &wish.base, &troupe__service__shown__descriptor,
			deadline, &answer);
	if (r == 0)
		*ret_shown = answer;
	return r == 0 ? (*ret_shown)->result : r;
}

/* ---- the trees of other nodes -------------------------------------------- */

enum { PATIENCE_MS = 5000 };

/* No name of an actor ends with a colon. */
int troupe_lookup(const char *address, troupe_ref *ret_ref)
{
	const char *slash = address ? strchr(address, '/') : NULL;
	char node[TROUPE_NODE_SIZE];
	size_t length;

	if (!slash || slash == address || slash[-1] != ':')
		return trp_orders_lookup(address, ret_ref);
	length = (size_t)(slash - address) - 1;
	if (length >= sizeof(node))
		return -EINVAL;
	memcpy(node, address, length);
	node[length] = '\0';
	return troupe_whereis_at(node, slash, troupe_in_ms(PATIENCE_MS),
				 ret_ref);
}

int troupe_address(troupe_ref ref, char *buffer, size_t size)
{
	Troupe__Service__Address wish = TROUPE__SERVICE__ADDRESS__INIT;
	const Troupe__Service__Found *found;
	const void *answer;
	int r, length;

	if (!trp_away_has(ref))
		return trp_orders_address(ref, buffer, size);
	wish.ref = ref;
	r = ask(trp_away_mail_of(trp_ref_node(ref)), &wish.base,
		&troupe__service__found__descriptor, troupe_in_ms(PATIENCE_MS),
		&answer);
	if (r < 0)
		return r;
	found = answer;
	if (found->result < 0)
		return found->result;
	length = snprintf(NULL, 0, "%s:%s", found->node, found->address);
	if (length >= (int)size || length >= TROUPE_ADDRESS_SIZE)
		return -ENAMETOOLONG;
	snprintf(buffer, size, "%s:%s", found->node, found->address);
	return 0;
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
		r = find(mail, &start.base, deadline, ret_ref);
	free(start.arguments.data);
	return r;
}
