/* SPDX-License-Identifier: MIT */
/* The states of other actors, and the children of any. */
#include "runtime/troupe_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/actor/request.h"
#include "runtime/actor/self.h"
#include "runtime/node/image.h"

int troupe_state_of(troupe_ref ref, struct troupe_state *ret_state)
{
	if (!ret_state)
		return -EINVAL;
	return trp_self.ref
		       ? trp_status_state(&trp_self.node->arena, ref, ret_state)
		       : -ESHUTDOWN;
}

static int ask(troupe_ref parent, Troupe__Control__ChildList **ret_list)
{
	Troupe__Control__ListChildren request =
		TROUPE__CONTROL__LIST_CHILDREN__INIT;
	ProtobufCBinaryData bytes;
	int r;

	if (!trp_self.ref)
		return -ESHUTDOWN;
	request.parent = parent;
	r = trp_actor_request_more(&request.base, &bytes);
	if (r < 0)
		return r;
	*ret_list = troupe__control__child_list__unpack(NULL, bytes.len,
							bytes.data);
	free(bytes.data);
	return *ret_list ? 0 : -ENOMEM;
}

/* A guest has another image. */
static const struct troupe_class *class_at(uint64_t address)
{
	const struct troupe_class *klass = (const void *)(uintptr_t)address;

	return klass && !trp_self.is_guest &&
			       trp_image_has(klass, sizeof(*klass))
		       ? klass
		       : NULL;
}

static struct troupe_child child_of(
	const Troupe__Control__ChildList__Entry *entry)
{
	struct troupe_child child = {
		.ref = entry->ref,
		.state = (enum troupe_child_state)entry->state,
		.restarts = entry->restarts,
		.pid = entry->pid,
		.klass = class_at(entry->klass),
		.supervises = entry->supervises,
	};

	strncpy(child.id, entry->id, sizeof(child.id) - 1);
	strncpy(child.name, entry->name, sizeof(child.name) - 1);
	return child;
}

int troupe_children(troupe_ref parent, struct troupe_child *ret, size_t room,
		    size_t *ret_count)
{
	Troupe__Control__ChildList *list;
	int r = ret_count && (ret || !room) ? ask(parent, &list) : -EINVAL;

	if (r < 0)
		return r;
	for (size_t i = 0; i < list->n_child && i < room; i++)
		ret[i] = child_of(list->child[i]);
	*ret_count = list->n_child;
	troupe__control__child_list__free_unpacked(list, NULL);
	return 0;
}

int troupe_children_count(troupe_ref parent,
			  struct troupe_child_counts *ret_counts)
{
	struct troupe_child_counts counts = { 0 };
	Troupe__Control__ChildList *list;
	int r = ret_counts ? ask(parent, &list) : -EINVAL;

	if (r < 0)
		return r;
	for (size_t i = 0; i < list->n_child; i++) {
		counts.all++;
		counts.active += list->child[i]->pid != 0;
		counts.supervisors += list->child[i]->supervises;
	}
	counts.workers = counts.all - counts.supervisors;
	*ret_counts = counts;
	troupe__control__child_list__free_unpacked(list, NULL);
	return 0;
}
