/* SPDX-License-Identifier: MIT */
/* The probe: what it spawns, sends and expects. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/test/ends.h"
#include "runtime/test/failure.h"
#include "runtime/test/node.h"
#include "runtime/test/order.pb-c.h"
#include "runtime/test/patience.h"
#include "runtime/test/told.h"
#include "runtime/troupe_test.h"
#include "serialize/message.h"

static struct troupe_message latest;

const struct troupe_message *troupe_test_message(void)
{
	return &latest;
}

/* For people, of what a function returned. */
static const char *explain(int r)
{
	return r == -ESRCH	 ? "it is gone"
	       : r == -EAGAIN	 ? "its mailbox is full"
	       : r == -ESHUTDOWN ? "no node runs, or the probe has ended"
				 : strerror(-r);
}

/* ---- spawns -------------------------------------------------------------- */

static int put_arguments(const ProtobufCMessage *arguments,
			 Troupe__Test__Spawn *order)
{
	if (!arguments)
		return 0;
	if (!trp_message_is_valid(arguments))
		return -EINVAL;
	order->type = (uintptr_t)arguments->descriptor;
	return trp_message_to_bytes(arguments, &order->arguments);
}

static int spawn(troupe_ref root, const char *name,
		 const struct troupe_class *klass,
		 const ProtobufCMessage *arguments, troupe_ref *ret_ref)
{
	const struct troupe_pattern answer = {
		.type = &troupe__test__spawned__descriptor, .sender = root
	};
	Troupe__Test__Spawn order = TROUPE__TEST__SPAWN__INIT;
	const Troupe__Test__Spawned *spawned;
	struct troupe_message message;
	int r = put_arguments(arguments, &order);

	order.klass = (uintptr_t)klass;
	order.name = (char *)(name ? name : "");
	if (r == 0)
		r = troupe_send(root, &order.base);
	free(order.arguments.data);
	if (r >= 0)
		r = trp_patience_receive(&answer, 1, 0, &message);
	if (r < 0)
		return r;
	spawned = message.body;
	*ret_ref = spawned->actor;
	return spawned->result < 0 ? spawned->result : trp_ends_watch(*ret_ref);
}

static troupe_ref spawn_there(troupe_ref root, const char *name,
			      const struct troupe_class *klass,
			      const ProtobufCMessage *arguments)
{
	troupe_ref ref = 0;
	int r = klass ? spawn(root, name, klass, arguments, &ref) : -EINVAL;

	if (r == 0)
		return ref;
	trp_failure_tell("cannot spawn %s: %s",
			 name			? name
			 : klass && klass->name ? klass->name
						: "an actor",
			 strerror(-r));
	return 0;
}

troupe_ref(troupe_test_spawn_named)(const char *name,
				    const struct troupe_class *klass,
				    const ProtobufCMessage *arguments)
{
	return spawn_there(trp_test_node_root(), name, klass, arguments);
}

troupe_ref(troupe_test_spawn)(const struct troupe_class *klass,
			      const ProtobufCMessage *arguments)
{
	return spawn_there(trp_test_node_root(), NULL, klass, arguments);
}

troupe_ref(troupe_test_spawn_at)(const char *node, const char *name,
				 const struct troupe_class *klass,
				 const ProtobufCMessage *arguments)
{
	troupe_ref root = trp_test_node_root_of(node);

	if (root)
		return spawn_there(root, name, klass, arguments);
	trp_failure_tell("this test has no node \"%s\": it is other_node of "
			 "the options",
			 node ? node : "");
	return 0;
}

/* ---- sends --------------------------------------------------------------- */

int(troupe_test_send)(troupe_ref to, const ProtobufCMessage *message)
{
	int r = troupe_send(to, message);
	char text[TRP_TOLD_SIZE];

	if (r < 0)
		trp_failure_tell("cannot send %s to %s: %s",
				 trp_message_is_valid(message)
					 ? message->descriptor->name
					 : "that",
				 trp_told_actor(to, text), explain(r));
	return r;
}

/* ---- messages ------------------------------------------------------------ */

/* Told as "a shop.Bill"; `whose`: that may say why nothing came. */
static void tell_missing(const char *what, int r, int64_t ms, troupe_ref whose)
{
	char text[TRP_TOLD_SIZE];

	if (r >= 0)
		trp_failure_tell("expected %s; there came %s", what,
				 trp_told_message(&latest, text));
	else if (r == -ETIMEDOUT)
		trp_failure_tell("expected %s; nothing came within %lld ms%s",
				 what, (long long)trp_patience_ms(ms),
				 trp_told_state(whose, text));
	else
		trp_failure_tell("expected %s: %s", what, explain(r));
}

/* The next message of `sender` (0: of anybody), as that pattern wants it. */
static const void *expect(struct troupe_pattern wanted, troupe_ref sender,
			  int64_t ms, const char *what)
{
	const struct troupe_pattern patterns[] = { wanted,
						   { .sender = sender } };
	int r = trp_patience_receive(patterns, 2, ms, &latest);

	if (r == 0)
		return latest.body;
	tell_missing(what, r, ms, sender);
	return NULL;
}

static const void *expect_type(const ProtobufCMessageDescriptor *type,
			       troupe_ref sender, int64_t ms)
{
	char what[256];

	snprintf(what, sizeof(what), "a message %s", type->name);
	return expect(
		(struct troupe_pattern) { .type = type, .sender = sender },
		sender, ms, what);
}

const void *(troupe_test_expect)(const ProtobufCMessageDescriptor *type,
				 int64_t ms)
{
	return expect_type(type, 0, ms);
}

const void *(troupe_test_expect_like)(const ProtobufCMessage *example,
				      int64_t ms)
{
	const struct troupe_message it = { .body = example,
					   .type = example->descriptor,
					   .sender = troupe_self() };
	char what[TRP_TOLD_SIZE];

	trp_told_message(&it, what);
	/* Of nobody yet. */
	if (strlen(what) > strlen(" of the probe"))
		what[strlen(what) - strlen(" of the probe")] = '\0';
	return expect((struct troupe_pattern) { .example = example }, 0, ms,
		      what);
}

const void *(troupe_test_ask)(troupe_ref to, const ProtobufCMessage *question,
			      const ProtobufCMessageDescriptor *type,
			      int64_t ms)
{
	return (troupe_test_send)(to, question) < 0 ? NULL
						    : expect_type(type, to, ms);
}

int(troupe_test_expect_silence)(int64_t ms)
{
	char text[TRP_TOLD_SIZE];
	int r = trp_patience_receive(NULL, 0, ms, &latest);

	if (r == -ETIMEDOUT)
		return 0;
	if (r < 0)
		trp_failure_tell("expected silence: %s", explain(r));
	else
		trp_failure_tell("expected no message within %lld ms; there "
				 "came %s",
				 (long long)trp_patience_ms(ms),
				 trp_told_message(&latest, text));
	return r < 0 ? r : -EEXIST;
}
