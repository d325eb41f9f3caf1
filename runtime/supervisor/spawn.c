/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/spawn.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ipc/mailbox_unread.h"
#include "runtime/node/log.h"
#include "runtime/node/trace.h"
#include "runtime/supervisor/asleep.h"
#include "runtime/supervisor/child_address.h"
#include "runtime/supervisor/function_name.h"
#include "runtime/supervisor/notify.h"
#include "runtime/supervisor/slot.h"
#include "runtime/supervisor/supervisor.h"
#include "runtime/supervisor/watchdog.h"
#include "serialize/printable.h"

int32_t trp_supervisor_spawn_core_ms = 60000;

void trp_supervisor_spawn_flush(struct trp_supervisor *supervisor)
{
	enum { WHOLE = 512 / sizeof(struct trp_order) }; /* PIPE_BUF allows */

	while (supervisor->order_count) {
		size_t count = supervisor->order_count < WHOLE
				       ? supervisor->order_count
				       : WHOLE;
		ssize_t n = write(supervisor->zygote.orders, supervisor->orders,
				  count * sizeof(struct trp_order));

		if (n <= 0)
			return; /* full: retried when births arrive */
		count = (size_t)n / sizeof(struct trp_order);
		supervisor->ordered += count;
		supervisor->order_count -= count;
		memmove(supervisor->orders, supervisor->orders + count,
			supervisor->order_count * sizeof(struct trp_order));
	}
}

static int order(struct trp_supervisor *supervisor, uint32_t slot,
		 uint32_t generation)
{
	struct trp_order *orders = supervisor->orders;
	size_t room = supervisor->order_room;

	int r;

	assert(supervisor->order_count <= room && slot && generation);
	if (supervisor->order_count == room) {
		room = room ? 2 * room : 64;
		orders = reallocarray(orders, room, sizeof(*orders));
		if (!orders)
			return -ENOMEM;
		supervisor->orders = orders;
		supervisor->order_room = room;
	}
	r = trp_memory_budget_promise_birth(&supervisor->mailbox.region.budget,
					    slot);
	if (r < 0)
		return r;
	orders[supervisor->order_count++] = (struct trp_order) {
		slot, generation, supervisor->children.child[slot].incarnation,
		supervisor->children.child[slot].starts
	};
	trp_supervisor_spawn_flush(supervisor);
	return 0;
}

/* Of the child in that slot, by the request. */
static int give_names(struct trp_supervisor *supervisor, uint32_t slot,
		      const Troupe__Control__Spawn *request)
{
	struct trp_child_table *children = &supervisor->children;
	struct trp_child *child = &children->child[slot];
	int r = 0;

	if (request->name[0])
		r = trp_registry_add(&supervisor->registry, request->name,
				     trp_child_ref(children, slot),
				     &child->names);
	if (r < 0)
		return r;
	/* The root has no class; the others are the supervisor's own. */
	if (child->parent == TRP_SLOT_SUPERVISOR && !request->birth->klass)
		return trp_child_address_list(children, slot, "");
	if (!request->child[0])
		trp_child_address_list_freely(children, slot, child->label);
	else if (!trp_registry_is_step(request->child))
		r = -EINVAL;
	else
		r = trp_child_address_list(children, slot, request->child);
	return r;
}

/* A function has no class, but the name that its programmer gave it. */
static void set_label(const struct trp_supervisor *supervisor,
		      const Troupe__Control__Spawn *request,
		      struct trp_child *child)
{
	const char *label = request->birth->label, *of = request->of_class;
	char name[TROUPE_NAME_SIZE];

	if (request->birth->run &&
	    trp_function_name(supervisor->zygote.pid, request->birth->run,
			      name)) {
		of = name;
		if (!*request->name && !*request->child)
			label = name;
	}
	trp_printable(label, child->label, sizeof(child->label));
	trp_printable(*of ? of : label, child->of_class,
		      sizeof(child->of_class));
}

static int tell_birth(struct trp_supervisor *supervisor, uint32_t slot,
		      const Troupe__Control__Birth *request)
{
	Troupe__Control__Birth birth = *request;
	struct trp_child_table *children = &supervisor->children;
	uint32_t above = children->child[slot].parent;
	char title[TRP_TITLE_SIZE], parent[TRP_TITLE_SIZE];

	trp_child_address_title(children, slot, title);
	trp_child_address_title(children, above, parent);
	/* Of a supervised child, nobody else knows it. */
	if (above != TRP_SLOT_SUPERVISOR)
		birth.parent = trp_child_ref(children, above);
	birth.title = title;
	birth.label = children->child[slot].label;
	birth.start = children->child[slot].starts;
	birth.calls = children->child[slot].calls;
	birth.asks = children->child[slot].asks;
	trp_asleep_put(&children->child[slot], &birth);
	if (children->child[slot].has_no_core)
		birth.core_ms = trp_supervisor_spawn_core_ms;
	birth.is_owned |= children->child[slot].owner != NULL;
	trp_trace_spawned(title, parent);
	return trp_notify_tell(supervisor, slot, TRP_MAIL, 0, &birth.base);
}

/* Now and then: a refused actor may ask again at once. */
static void say_full(struct trp_supervisor *supervisor)
{
	enum { PAUSE_NS = 1000000000 };
	int64_t now = trp_time_now().ns;

	if (supervisor->full_at && now - supervisor->full_at < PAUSE_NS)
		return;
	supervisor->full_at = now;
	troupe_log(TROUPE_WARNING,
		   "no slot is free: no actor can be spawned until one has "
		   "ended%s; see --slots",
		   supervisor->children.rest_first
			   ? ", or has rested a day after 16777215 actors"
			   : "");
}

int trp_supervisor_spawn(struct trp_supervisor *supervisor, uint32_t parent,
			 const Troupe__Control__Spawn *request,
			 troupe_ref *ret_ref)
{
	struct trp_child *child;
	uint32_t slot;
	int r;

	if (supervisor->is_ending ||
	    supervisor->children.child[parent].stop_children)
		return -ECANCELED; /* or it is waiting for its last child */
	if (!supervisor->has_zygote)
		return -EAGAIN;
	if (!trp_slot_is_any_free(supervisor)) {
		say_full(supervisor);
		return -EAGAIN;
	}
	slot = trp_child_add(&supervisor->children, parent);
	child = &supervisor->children.child[slot];
	child->restart = supervisor->children.child[parent].restart;
	child->spawned_at = trp_time_now().ns;
	child->klass = request->birth->klass;
	child->grace_ms = request->grace_ms ? request->grace_ms : TRP_GRACE_MS;
	set_label(supervisor, request, child);
	trp_slot_announce(supervisor, slot, request->mailbox_limit,
			  request->when_full);
	r = give_names(supervisor, slot, request);
	if (r == 0)
		r = trp_watchdog_add(supervisor, slot, request);
	if (r == 0)
		r = tell_birth(supervisor, slot, request->birth);
	if (r == 0)
		r = order(supervisor, slot, child->generation);
	if (r < 0) {
		trp_watchdog_remove(supervisor, slot);
		trp_slot_take_back(supervisor, slot);
		return r;
	}
	*ret_ref = trp_child_ref(&supervisor->children, slot);
	return 0;
}

static void say_unread(const struct trp_supervisor *supervisor, uint32_t slot)
{
	const struct trp_child_table *children = &supervisor->children;
	char title[TRP_TITLE_SIZE], reader[TRP_TITLE_SIZE];
	uint32_t by = 1;

	while (by < children->slots - 1 &&
	       !trp_mailbox_unread_bytes(&supervisor->node.arena, by, slot))
		by++;
	troupe_log(TROUPE_WARNING,
		   "%s is restarted when %s has read mail of its last %u "
		   "incarnations",
		   trp_child_address_title(children, slot, title),
		   trp_child_address_title(children, by, reader),
		   (unsigned)children->child[slot].formers + 1);
}

static bool has_to_wait(struct trp_supervisor *supervisor, uint32_t slot)
{
	bool is_unread = trp_slot_is_unread(supervisor, slot);

	if (is_unread && !supervisor->children.child[slot].is_due)
		say_unread(supervisor, slot);
	return is_unread || trp_child_has_any(&supervisor->children, slot);
}

int trp_supervisor_spawn_again(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_child *child = &supervisor->children.child[slot];
	bool is_next = !child->is_unborn;
	int r;

	assert(child->state == CHILD_DOWN);
	if (!supervisor->has_zygote)
		return -EAGAIN;
	child->is_due = has_to_wait(supervisor, slot);
	if (child->is_due)
		return 0;
	if (is_next && !trp_slot_memory_has_more(supervisor, 0))
		return -EAGAIN;
	child->restarts += !trp_asleep_is(child);
	trp_child_again(&supervisor->children, slot);
	child->spawned_at = trp_time_now().ns;
	trp_slot_again(supervisor, slot, is_next);
	r = tell_birth(supervisor, slot, child->spawn->birth);
	if (r == 0)
		r = order(supervisor, slot, child->generation);
	if (r < 0) {
		child->is_unborn = true;
		trp_child_down(&supervisor->children, slot);
		trp_slot_down(supervisor, slot, true);
	}
	return r;
}

int trp_supervisor_spawn_root(struct trp_supervisor *supervisor)
{
	Troupe__Control__Birth birth = TROUPE__CONTROL__BIRTH__INIT;
	Troupe__Control__Spawn request = TROUPE__CONTROL__SPAWN__INIT;
	troupe_ref ref;
	int r;

	birth.label = basename(supervisor->node.argv[0]);
	request.birth = &birth;
	r = trp_supervisor_spawn(supervisor, TRP_SLOT_SUPERVISOR, &request,
				 &ref);
	if (r == 0)
		supervisor->root = trp_ref_slot(ref);
	return r;
}
