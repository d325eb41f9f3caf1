/* SPDX-License-Identifier: MIT */
#include "runtime/test/root.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "runtime/test/order.pb-c.h"
#include "runtime/troupe.h"
#include "runtime/troupe_ask.h"
#include "runtime/troupe_restart.h"
#include "runtime/troupe_state.h"

/* ---- spawns -------------------------------------------------------------- */

static int spawn(const Troupe__Test__Spawn *order, troupe_ref *ret_ref)
{
	const struct troupe_spawn_options options = {
		.name = *order->name ? order->name : NULL
	};
	const ProtobufCMessageDescriptor *type =
		(const ProtobufCMessageDescriptor *)(uintptr_t)order->type;
	ProtobufCMessage *arguments = NULL;
	int r;

	if (type) {
		arguments = protobuf_c_message_unpack(type, NULL,
						      order->arguments.len,
						      order->arguments.data);
		if (!arguments)
			return -EINVAL;
	}
	r = troupe_spawn_with(
		&options, (const struct troupe_class *)(uintptr_t)order->klass,
		arguments, ret_ref);
	if (arguments)
		protobuf_c_message_free_unpacked(arguments, NULL);
	return r;
}

static int obey_spawn(const struct troupe_message *message)
{
	Troupe__Test__Spawned spawned = TROUPE__TEST__SPAWNED__INIT;

	spawned.result = spawn(message->body, &spawned.actor);
	return troupe_send(message->sender, &spawned.base);
}

/* ---- the end ------------------------------------------------------------- */

static bool is_in_order(const struct troupe_reason *reason)
{
	return reason->cause == TROUPE_NORMAL ||
	       reason->cause == TROUPE_SHUTDOWN ||
	       reason->cause == TROUPE_NOPROC;
}

/* Waits for one; text: of the first that was not in order. */
static int await(const struct troupe_child *child, char *text, size_t size)
{
	struct troupe_end end;
	char reason[192];
	int r = troupe_wait(child->ref, TROUPE_NEVER, &end);

	if (r == 0 && !*text && !is_in_order(&end.reason))
		snprintf(text, size, "/%s, when told to stop: %s", child->id,
			 troupe_reason_text(&end.reason, reason,
					    sizeof(reason)));
	return r;
}

/* All stop at once; those with a reference run. */
static int stop_children(char *text, size_t size)
{
	struct troupe_child *child = NULL;
	size_t count = 0, there;
	int r = troupe_children(troupe_self(), NULL, 0, &count);

	if (r < 0)
		return r;
	child = calloc(count + 1, sizeof(*child));
	if (!child)
		return -ENOMEM;
	r = troupe_children(troupe_self(), child, count, &there);
	count = there < count ? there : count;
	for (size_t i = 0; i < count && r == 0; i++)
		if (child[i].ref)
			troupe_stop(child[i].ref);
	for (size_t i = 0; i < count && r == 0; i++)
		if (child[i].ref)
			r = await(&child[i], text, size);
	free(child);
	return r;
}

static int obey_finish(const struct troupe_message *message)
{
	Troupe__Test__Finished finished = TROUPE__TEST__FINISHED__INIT;
	troupe_ref probe = message->sender;
	char text[512] = "";
	int r = stop_children(text, sizeof(text));

	finished.text = text;
	return r < 0 ? r : troupe_send(probe, &finished.base);
}

/* ---- its life ------------------------------------------------------------ */

/*
 * The sender of the first order is the probe.  It stops us when it has read our
 * last answer, as nobody can read in a node that has ended.
 */
int trp_root_main(int argc, char **argv)
{
	const struct troupe_pattern orders[] = {
		{ .type = &troupe__test__spawn__descriptor },
		{ .type = &troupe__test__finish__descriptor },
		{ 0 },
	};
	troupe_ref probe = 0;

	for (;;) {
		struct troupe_message message;
		int r = troupe_receive(orders, 3, TROUPE_NEVER, &message);

		if (r < 0)
			return r;
		if (r < 2)
			probe = message.sender;
		if (r == 0)
			obey_spawn(&message);
		else if (r == 1)
			obey_finish(&message);
		else if (probe)
			troupe_forward_message(&message, probe);
	}
}
