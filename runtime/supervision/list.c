/* SPDX-License-Identifier: MIT */
#include "runtime/supervision/list.h"

#include <errno.h>
#include <stdlib.h>
#include "runtime/node/status.h"
#include "runtime/supervision/tree.h"
#include "runtime/supervisor/asleep.h"
#include "runtime/supervisor/registry.h"
#include "runtime/supervisor/requests.h"
#include "runtime/supervisor/supervisor.h"
#include "serialize/message.h"

/* All that is known of one with a slot. */
static void put_child(const struct trp_supervisor *supervisor, uint32_t slot,
		      Troupe__Control__ChildList__Entry *ret_entry)
{
	const struct trp_child *child = &supervisor->children.child[slot];

	ret_entry->ref = trp_child_ref(&supervisor->children, slot);
	ret_entry->pid = child->state == CHILD_ORDERED
				 ? trp_status_pid(&supervisor->node.arena,
						  ret_entry->ref)
				 : child->pid;
	ret_entry->klass = child->klass;
	if (child->names)
		ret_entry->name = (char *)child->names->name;
}

static Troupe__Control__ChildList__Entry *add(
	Troupe__Control__ChildList *list,
	Troupe__Control__ChildList__Entry *entries)
{
	Troupe__Control__ChildList__Entry *next = &entries[list->n_child];

	troupe__control__child_list__entry__init(next);
	list->child[list->n_child++] = next;
	return next;
}

static void put_member(const struct trp_supervisor *supervisor,
		       const struct trp_member *member,
		       Troupe__Control__ChildList__Entry *ret_entry)
{
	if (member->slot)
		put_child(supervisor, member->slot, ret_entry);
	ret_entry->id = (char *)member->id;
	ret_entry->klass = member->spawn->birth->klass;
	ret_entry->supervises = member->spawn->supervises;
	ret_entry->state = trp_member_state(member);
	ret_entry->restarts = member->starts ? member->starts - 1 : 0;
}

static enum troupe_child_state state_of(const struct trp_child *child)
{
	switch (child->state) {
	case CHILD_ORDERED:
		return TROUPE_CHILD_STARTING;
	case CHILD_RUNNING:
		return child->is_told ? TROUPE_CHILD_STOPPING : TROUPE_CHILD_UP;
	case CHILD_DOWN:
		return trp_asleep_is(child) ? TROUPE_CHILD_ASLEEP
					    : TROUPE_CHILD_WAITING;
	case CHILD_NONE:
	case CHILD_DEAD:
		break;
	}
	return TROUPE_CHILD_DOWN;
}

/* One that was spawned. */
static void put_other(const struct trp_supervisor *supervisor, uint32_t slot,
		      Troupe__Control__ChildList__Entry *ret_entry)
{
	const struct trp_child *child = &supervisor->children.child[slot];

	put_child(supervisor, slot, ret_entry);
	ret_entry->id = (char *)child->name;
	ret_entry->supervises = child->group != NULL;
	ret_entry->state = state_of(child);
	ret_entry->restarts = child->restarts;
}

/* The list of siblings begins with the latest. */
static void put_others(const struct trp_supervisor *supervisor, uint32_t first,
		       Troupe__Control__ChildList *list,
		       Troupe__Control__ChildList__Entry *entries)
{
	const struct trp_child *children = supervisor->children.child;
	uint32_t slot = first;

	while (slot && children[slot].next)
		slot = children[slot].next;
	for (; slot; slot = children[slot].previous)
		if (!trp_supervision_tree_member(&children[slot]))
			put_other(supervisor, slot, add(list, entries));
}

int trp_supervision_list_make(struct trp_supervisor *supervisor, troupe_ref of,
			      ProtobufCBinaryData *ret_bytes)
{
	const struct trp_child *parent =
		trp_child_find(&supervisor->children, of);
	Troupe__Control__ChildList list = TROUPE__CONTROL__CHILD_LIST__INIT;
	const struct trp_supervision_tree *tree =
		parent ? trp_supervision_tree_of(parent) : NULL;
	struct trp_supervised *first = tree ? tree->rules.first : NULL;
	Troupe__Control__ChildList__Entry *entries;
	size_t room = 1;
	int r = -ENOMEM;

	if (!parent)
		return trp_status_absent(&supervisor->node.arena, of);
	for (struct trp_supervised *next = first; next; next = next->next)
		room++;
	room += parent->count;
	entries = calloc(room, sizeof(*entries));
	list.child = calloc(room, sizeof(*list.child));
	if (!entries || !list.child)
		goto out;
	for (; first; first = first->next)
		put_member(supervisor, trp_member_of(first),
			   add(&list, entries));
	put_others(supervisor, parent->first, &list, entries);
	r = trp_message_to_bytes(&list.base, ret_bytes);
out:
	free(entries);
	free(list.child);
	return r;
}

int trp_supervision_list_handle(struct trp_request *request)
{
	const Troupe__Control__ListChildren *wish = request->message;

	return trp_supervision_list_make(request->supervisor, wish->parent,
					 &request->more);
}
