/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/control_requests.h"

#include <errno.h>
#include <unistd.h>
#include "runtime/control/control.pb-c.h"
#include "runtime/node/status.h"
#include "runtime/node/types.h"
#include "runtime/supervisor/child_address.h"
#include "runtime/supervisor/log_requests.h"
#include "runtime/supervisor/stop.h"
#include "runtime/supervisor/supervisor.h"
#include "runtime/supervisor/tracing.h"
#include "runtime/troupe_tree.h"
#include "serialize/message.h"

/* ---- the node ------------------------------------------------------------ */

static int on_hello(struct trp_control_session *session, const void *message)
{
	struct trp_supervisor *supervisor = session->supervisor;
	Troupe__Guest__Node node = TROUPE__GUEST__NODE__INIT;
	Troupe__Guest__GivenUp given_up[TRP_GIVEN_UP], *list[TRP_GIVEN_UP];
	char reason[TRP_GIVEN_UP][TROUPE_TEXT_SIZE + 32];

	node.name = supervisor->control.node;
	node.version = TROUPE_VERSION;
	node.pid = getpid();
	node.run = trp_ref_node(trp_ref_here);
	node.application = supervisor->application;
	node.actors = supervisor->children.alive;
	node.slots = supervisor->children.slots;
	node.unwoken = trp_status_read(&supervisor->unwoken);
	node.given_up = list;
	while (node.n_given_up < TRP_GIVEN_UP &&
	       node.n_given_up < supervisor->given_up_count) {
		size_t i = node.n_given_up++;
		struct trp_given_up *of = &supervisor->given_up[i];

		list[i] = &given_up[i];
		troupe__guest__given_up__init(list[i]);
		list[i]->ref = of->end.ref;
		list[i]->address = of->title;
		list[i]->restarts = of->end.incarnation;
		list[i]->reason = troupe_reason_text(&of->end.reason, reason[i],
						     sizeof(reason[i]));
	}
	return trp_control_server_say(session, &node.base);
}

/* ---- the live actors ----------------------------------------------------- */

enum { NAMES_MAX = 16 };

static Troupe__Guest__State state_of(const struct trp_child *child)
{
	if (child->state == CHILD_ORDERED)
		return TROUPE__GUEST__STATE__STARTING;
	if (child->state == CHILD_DOWN)
		return child->owner && child->owner->state
			       ? (Troupe__Guest__State)child->owner->state(
					 child)
			       : TROUPE__GUEST__STATE__DOWN;
	if (child->state == CHILD_DEAD)
		return TROUPE__GUEST__STATE__DEAD;
	return child->is_told ? TROUPE__GUEST__STATE__STOPPING
			      : TROUPE__GUEST__STATE__RUNNING;
}

static void put_status(struct trp_supervisor *supervisor,
		       const struct trp_status *status,
		       Troupe__Guest__Actor *actor, char *text, size_t size)
{
	struct trp_child *child =
		&supervisor->children.child[trp_ref_slot(actor->ref)];
	struct trp_activity activity;

	actor->received = trp_status_read(&status->received);
	actor->sent = trp_status_read(&status->sent);
	actor->refused = trp_status_read(&status->refused);
	actor->dropped = trp_status_read(&status->dropped);
	actor->unwoken = trp_status_read(&status->unwoken);
	if (!trp_status_look(&supervisor->node.arena, actor->ref, &activity))
		return;
	actor->doing_ms =
		trp_child_seen(child, activity.number, trp_time_now().ns) /
		1000000;
	/* One that waits for any mail is idle, in receive() or not. */
	if (activity.doing ||
	    (activity.waits && activity.waits != TROUPE_WAITS_MESSAGE))
		actor->doing = trp_status_text(&activity, text, size);
}

/* The history has the latest ends of all, so an old one may be gone. */
static void put_last_end(struct trp_supervisor *supervisor,
			 Troupe__Guest__Actor *actor, char *text, size_t size)
{
	const struct troupe_end *end =
		actor->restarts || actor->state == TROUPE__GUEST__STATE__DOWN ||
				actor->state >= TROUPE__GUEST__STATE__STOPPED
			? trp_exit_history_find(&supervisor->exit_history,
						actor->ref)
			: NULL;

	if (end)
		actor->last_end =
			(char *)troupe_reason_text(&end->reason, text, size);
}

static int say_actor(struct trp_control_session *session, uint32_t slot)
{
	struct trp_supervisor *supervisor = session->supervisor;
	const struct trp_child *child = &supervisor->children.child[slot];
	const struct trp_status *status;
	Troupe__Guest__Actor actor = TROUPE__GUEST__ACTOR__INIT;
	const struct trp_registered *name;
	char *names[NAMES_MAX], address[TROUPE_ADDRESS_SIZE];
	char doing[2 * TROUPE_TEXT_SIZE], last_end[TROUPE_TEXT_SIZE + 32];

	trp_child_address(&supervisor->children, slot, address,
			  sizeof(address));
	/* A guest is in no tree; its label describes it. */
	actor.address = child->is_guest ? (char *)child->label : address;
	actor.ref = trp_child_ref(&supervisor->children, slot);
	if (child->parent)
		actor.parent =
			trp_child_ref(&supervisor->children, child->parent);
	actor.pid = child->pid;
	actor.label = (char *)child->label;
	actor.of_class =
		(char *)(child->is_guest ? child->label : child->of_class);
	actor.names = names;
	for (name = child->names; name && actor.n_names < NAMES_MAX;
	     name = name->next_of_holder)
		names[actor.n_names++] = (char *)name->name;
	actor.state = state_of(child);
	actor.is_guest = child->is_guest;
	actor.restarts = child->restarts;
	actor.klass = child->klass;
	actor.grace_ms = child->grace_ms;
	put_last_end(supervisor, &actor, last_end, sizeof(last_end));
	status = child->state == CHILD_RUNNING
			 ? trp_status_of(&supervisor->node.arena, actor.ref)
			 : NULL;
	if (status)
		put_status(supervisor, status, &actor, doing, sizeof(doing));
	return trp_control_server_say(session, &actor.base);
}

static int more_actors(struct trp_control_session *session)
{
	const struct trp_child_table *children = &session->supervisor->children;
	int r;

	while (++session->cursor < children->slots) {
		if (children->child[session->cursor].state == CHILD_NONE)
			continue;
		r = say_actor(session, session->cursor);
		return r < 0 ? r : TRP_CONTROL_MORE;
	}
	return 0;
}

static int on_list(struct trp_control_session *session, const void *message)
{
	session->cursor = TRP_SLOT_SUPERVISOR;
	session->more = more_actors;
	return TRP_CONTROL_MORE;
}

/* ---- for a looker -------------------------------------------------------- */

static int on_look(struct trp_control_session *session, const void *message)
{
	const struct trp_arena *arena = &session->supervisor->node.arena;
	Troupe__Guest__Memory memory = TROUPE__GUEST__MEMORY__INIT;

	memory.slots = arena->slots;
	memory.heap_size = arena->heap_size;
	return trp_control_server_say_with(session, &memory.base, &arena->fd,
					   1);
}

/* cursor: the bytes that were sent. */
static int more_names(struct trp_control_session *session)
{
	enum { PART = 32 * 1024 };
	Troupe__Guest__Names names = TROUPE__GUEST__NAMES__INIT;
	size_t size;
	const char *text = trp_types_learnt(&size);
	size_t left = text ? size - session->cursor : 0;
	int r;

	if (!left)
		return 0;
	names.text.data = (uint8_t *)text + session->cursor;
	names.text.len = left < PART ? left : PART;
	session->cursor += (uint32_t)names.text.len;
	r = trp_control_server_say(session, &names.base);
	return r < 0 ? r : TRP_CONTROL_MORE;
}

static int on_names(struct trp_control_session *session, const void *message)
{
	session->cursor = 0;
	session->more = more_names;
	return TRP_CONTROL_MORE;
}

/* ---- what was counted ---------------------------------------------------- */

static int more_totals(struct trp_control_session *session)
{
	struct trp_totals *totals = &session->supervisor->totals;
	Troupe__Guest__Total total = TROUPE__GUEST__TOTAL__INIT;
	struct trp_totals_entry *entry = &totals->entry[session->cursor];
	int r;

	if (session->cursor >= totals->count)
		return 0;
	session->cursor++;
	total.kind = (Troupe__Guest__Total__Kind)entry->kind;
	total.label = entry->label;
	total.count = entry->told;
	total.n_count = TRP_TOTALS;
	r = trp_control_server_say(session, &total.base);
	return r < 0 ? r : TRP_CONTROL_MORE;
}

static int on_totals(struct trp_control_session *session, const void *message)
{
	trp_totals_take(session->supervisor);
	session->cursor = 0;
	session->more = more_totals;
	return TRP_CONTROL_MORE;
}

/* ---- guests -------------------------------------------------------------- */

static int on_join(struct trp_control_session *session, const void *message)
{
	int r = trp_supervisor_guest_join(session, message);

	if (r == -EEXIST)
		session->why = "this process is an actor of that node already";
	else if (r == -ESHUTDOWN)
		session->why = "the node is ending";
	else if (r == -EAGAIN)
		session->why = "no slot is free in that node";
	return r;
}

/* ---- orders -------------------------------------------------------------- */

static int on_end(struct trp_control_session *session, const void *message)
{
	troupe_log(TROUPE_INFO, "told to stop by process %d",
		   (int)session->pid);
	session->is_waiting = true;
	trp_supervisor_stop_node(session->supervisor);
	return 0;
}

static const struct trp_request_kind own[] = {
	{ &troupe__guest__hello__descriptor, .ask = on_hello },
	{ &troupe__guest__list__descriptor, .ask = on_list },
	{ &troupe__guest__look__descriptor, .ask = on_look },
	{ &troupe__guest__list_names__descriptor, .ask = on_names },
	{ &troupe__guest__trace__descriptor, .ask = trp_tracing_request },
	{ &troupe__guest__totals__descriptor, .ask = on_totals },
	{ &troupe__guest__join__descriptor, .ask = on_join },
	{ &troupe__guest__end__descriptor, .ask = on_end },
	{ &troupe__guest__log__descriptor, .ask = trp_log_requests_lines },
	{ &troupe__guest__log_level__descriptor,
	  .ask = trp_log_requests_level },
	{ 0 },
};

int trp_control_requests_ask(struct trp_control_session *session, uint64_t type,
			     const void *body, size_t size)
{
	struct trp_scratch *scratch = &session->supervisor->scratch;
	struct trp_scratch_mark mark = trp_scratch_mark(scratch);
	const struct trp_module_entry *entry;
	const struct trp_request_kind *kind =
		trp_module_find(session->supervisor, own, type, &entry);
	ProtobufCMessage *message;
	int r;

	if (!kind || !kind->ask) {
		session->why = "this node does not know that request; does it "
			       "run another version?";
		return -ENOSYS;
	}
	if (entry && !entry->state) {
		session->why = entry->module->closed;
		return -ENOTCONN;
	}
	session->module = entry ? entry->state : NULL;
	r = trp_message_unpack(kind->type, body, size, scratch, &message);
	if (r == 0)
		r = kind->ask(session, message);
	trp_scratch_release(scratch, mark);
	return r;
}
