/* SPDX-License-Identifier: MIT */
/* What the supervisor says to actors, and orders. */
#include "runtime/supervisor/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "runtime/node/dead_letter.h"
#include "runtime/node/post.h"
#include "runtime/mesh/mesh.h"
#include "runtime/node/trace.h"

/* ---- saying -------------------------------------------------------------- */

static int post(struct trp_supervisor *supervisor, uint32_t slot,
		enum trp_stream stream, struct trp_envelope envelope,
		const ProtobufCMessage *message)
{
	uint32_t generation = supervisor->family.child[slot].generation;

	envelope.deadline = INT64_MAX;
	envelope.created = trp_now().ns;
	return trp_node_post(&supervisor->box, trp_ref(slot, generation),
			     stream, &envelope, message, NULL);
}

int trp_office_tell(struct trp_supervisor *supervisor, uint32_t slot,
		    enum trp_stream stream, uint64_t correlation,
		    const ProtobufCMessage *message)
{
	struct trp_child *child = &supervisor->family.child[slot];
	const struct trp_envelope envelope = {
		.sender = TRP_REF_SUPERVISOR,
		.correlation = correlation,
		.kind = TRP_CONTROL,
	};
	int r = post(supervisor, slot, stream, envelope, message);
	char title[TRP_TITLE_SIZE];

	/* Nothing may be dropped: one that cannot be told must not go on. */
	if (r < 0 && r != -ESRCH && child->state == CHILD_RUNNING) {
		troupe_log(TROUPE_WARNING,
			   "%s[%d] cannot be told (%s) and is "
			   "killed",
			   trp_child_address_title(&supervisor->family, slot,
						   title, sizeof(title)),
			   (int)child->pid, strerror(-r));
		trp_office_kill(supervisor, slot);
	}
	return r;
}

int trp_office_send(struct trp_supervisor *supervisor, uint32_t slot,
		    const ProtobufCMessage *message)
{
	const struct trp_envelope envelope = { .kind = TRP_MESSAGE };

	return post(supervisor, slot, TRP_MAIL, envelope, message);
}

/* ---- spawning ------------------------------------------------------------ */

void trp_office_flush_orders(struct trp_supervisor *supervisor)
{
	enum { WHOLE = 512 / sizeof(struct trp_order) }; /* PIPE_BUF allows */

	while (supervisor->order_count) {
		size_t count = supervisor->order_count < WHOLE
				       ? supervisor->order_count
				       : WHOLE;
		ssize_t n = write(supervisor->zygote.orders, supervisor->orders,
				  count * sizeof(struct trp_order));

		if (n <= 0)
			return; /* full: tried again when births arrive */
		count = (size_t)n / sizeof(struct trp_order);
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

	if (supervisor->order_count == room) {
		room = room ? 2 * room : 64;
		orders = reallocarray(orders, room, sizeof(*orders));
		if (!orders)
			return -ENOMEM;
		supervisor->orders = orders;
		supervisor->order_room = room;
	}
	orders[supervisor->order_count++] =
		(struct trp_order) { slot, generation };
	trp_office_flush_orders(supervisor);
	return 0;
}

void trp_office_announce(struct trp_supervisor *supervisor, uint32_t slot,
			 uint32_t limit, uint32_t when_full)
{
	struct trp_slot *line = trp_arena_slot(&supervisor->node.arena, slot);
	struct trp_child *child = &supervisor->family.child[slot];

	memcpy(line->name, child->label, sizeof(line->name));
	atomic_store_explicit(&line->parent, child->parent,
			      memory_order_relaxed);
	atomic_store_explicit(&line->limit, limit, memory_order_relaxed);
	atomic_store_explicit(&line->note, when_full, memory_order_relaxed);
	atomic_store_explicit(&line->pid, 0, memory_order_relaxed);
	atomic_store_explicit(&line->incarnation, 1, memory_order_relaxed);
	/* Pairs with the load in trp_mailbox_reserve(). */
	atomic_store_explicit(&line->life,
			      trp_life(child->generation, TRP_LIVE),
			      memory_order_release);
}

/* Never ordered: as if it had not been. */
static void take_back(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_slot *line = trp_arena_slot(&supervisor->node.arena, slot);
	struct trp_child *child = &supervisor->family.child[slot];

	trp_registry_remove_all(&supervisor->names, &child->names);
	atomic_store_explicit(&line->life,
			      trp_life(child->generation, TRP_FREE),
			      memory_order_release);
	trp_child_bury(&supervisor->family, slot);
	trp_child_forget(&supervisor->family, slot);
}

/* Of the child in that slot, by the request. */
static int give_names(struct trp_supervisor *supervisor, uint32_t slot,
		      const Troupe__Control__Spawn *request)
{
	struct trp_child_table *family = &supervisor->family;
	struct trp_child *child = &family->child[slot];
	int r = 0;

	if (request->name[0])
		r = trp_registry_add(&supervisor->names, request->name,
				     trp_ref(slot, child->generation),
				     &child->names);
	if (r < 0)
		return r;
	/* The root has no class; the others are the supervisor's own. */
	if (child->parent == TRP_SLOT_SUPERVISOR && !request->birth->klass)
		return trp_child_address_list(family, slot, "");
	if (!request->child[0])
		trp_child_address_list_freely(family, slot, child->label);
	else if (!trp_registry_is_step(request->child))
		r = -EINVAL;
	else
		r = trp_child_address_list(family, slot, request->child);
	return r;
}

static int tell_birth(struct trp_supervisor *supervisor, uint32_t slot,
		      const Troupe__Control__Birth *request)
{
	Troupe__Control__Birth birth = *request;
	struct trp_child_table *family = &supervisor->family;
	char title[TRP_TITLE_SIZE], parent[TRP_TITLE_SIZE];

	trp_child_address_title(family, slot, title, sizeof(title));
	trp_child_address_title(family, family->child[slot].parent, parent,
				sizeof(parent));
	birth.title = title;
	trp_trace_spawned(title, parent);
	return trp_office_tell(supervisor, slot, TRP_MAIL, 0, &birth.base);
}

/* Now and then: who is refused may ask again at once. */
static void say_full(struct trp_supervisor *supervisor)
{
	enum { PAUSE_NS = 1000000000 };
	int64_t now = trp_now().ns;

	if (supervisor->full_at && now - supervisor->full_at < PAUSE_NS)
		return;
	supervisor->full_at = now;
	troupe_log(TROUPE_WARNING,
		   "no slot is free: no actor can be spawned until one has "
		   "ended; see --slots");
}

int trp_office_spawn(struct trp_supervisor *supervisor, uint32_t parent,
		     const Troupe__Control__Spawn *request, troupe_ref *ret_ref)
{
	struct trp_child *child;
	uint32_t slot;
	int r;

	if (supervisor->is_ending ||
	    supervisor->family.child[parent].stop_children)
		return -ECANCELED; /* or it is waiting for its last child */
	if (!supervisor->has_zygote)
		return -EAGAIN;
	if (!supervisor->family.free_count)
		trp_funeral_sweep(supervisor);
	slot = trp_child_add(&supervisor->family, parent);
	if (!slot) {
		say_full(supervisor);
		return -EAGAIN;
	}
	child = &supervisor->family.child[slot];
	child->keeper = supervisor->family.child[parent].keeper;
	child->spawned_at = trp_now().ns;
	child->grace_ms = request->grace_ms ? request->grace_ms : TRP_GRACE_MS;
	snprintf(child->label, sizeof(child->label), "%s",
		 request->birth->label);
	trp_office_announce(supervisor, slot, request->mailbox_limit,
			    request->when_full);
	r = give_names(supervisor, slot, request);
	if (r == 0)
		r = tell_birth(supervisor, slot, request->birth);
	if (r == 0)
		r = order(supervisor, slot, child->generation);
	if (r < 0) {
		take_back(supervisor, slot);
		return r;
	}
	*ret_ref = trp_ref(slot, child->generation);
	return 0;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int trp_office_spawn_root(struct trp_supervisor *supervisor)
{
	Troupe__Control__Birth birth = TROUPE__CONTROL__BIRTH__INIT;
	Troupe__Control__Spawn request = TROUPE__CONTROL__SPAWN__INIT;
	char label[TROUPE_NAME_SIZE];
	troupe_ref ref;
	int r;

	snprintf(label, sizeof(label), "%s",
		 base_name(supervisor->node.argv[0]));
	birth.label = label;
	request.birth = &birth;
	r = trp_office_spawn(supervisor, TRP_SLOT_SUPERVISOR, &request, &ref);
	if (r == 0)
		supervisor->root = trp_ref_slot(ref);
	return r;
}

/* ---- stopping ------------------------------------------------------------ */

static void kill_child(struct trp_child *child)
{
	if (child->state != CHILD_ORDERED && child->state != CHILD_RUNNING)
		return;
	/* It has not been reaped, so the pid is still its own. */
	if (child->is_guest)
		trp_guests_expel(child->guest);
	else if (child->pid)
		kill(child->pid, SIGKILL);
	else
		child->is_doomed = true;
}

void trp_office_kill(struct trp_supervisor *supervisor, uint32_t slot)
{
	kill_child(&supervisor->family.child[slot]);
}

static int grace_is_over(struct troupe_timer *timer)
{
	struct trp_supervisor *supervisor = timer->data;
	struct trp_child *child =
		(void *)((char *)timer - offsetof(struct trp_child, grace));
	char title[TRP_TITLE_SIZE];

	troupe_log(TROUPE_WARNING,
		   "%s[%d] did not stop within %d ms and is killed",
		   trp_child_address_title(
			   &supervisor->family,
			   (uint32_t)(child - supervisor->family.child), title,
			   sizeof(title)),
		   (int)child->pid, child->grace_ms);
	kill_child(child);
	return 0;
}

void trp_office_begin_grace(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_child *child = &supervisor->family.child[slot];

	if (child->grace_ms < 0)
		return;
	child->grace.fired = grace_is_over;
	child->grace.data = supervisor;
	if (trp_timers_start(&supervisor->timers, &child->grace,
			     troupe_in_ms(child->grace_ms)) < 0)
		kill_child(child);
}

void trp_office_stop(struct trp_supervisor *supervisor, uint32_t slot)
{
	Troupe__Control__Order stop = TROUPE__CONTROL__ORDER__INIT;
	struct trp_child *child = &supervisor->family.child[slot];

	if (child->is_told)
		return;
	child->is_told = true;
	if (trp_office_tell(supervisor, slot, TRP_MAIL, 0, &stop.base) < 0) {
		kill_child(child);
		return;
	}
	trp_office_begin_grace(supervisor, slot);
}

void trp_office_stop_children(struct trp_supervisor *supervisor, uint32_t slot)
{
	uint32_t child = supervisor->family.child[slot].first;

	if (slot == TRP_SLOT_SUPERVISOR) {
		trp_dead_letter_silence();
		trp_mesh_leave(supervisor);
	}
	for (; child; child = supervisor->family.child[child].next)
		trp_office_stop(supervisor, child);
}
