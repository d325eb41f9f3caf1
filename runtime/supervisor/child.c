/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/child.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int trp_child_init(struct trp_child_table *family, uint32_t slots,
		   uint32_t pid_max)
{
	uint32_t slot;

	*family =
		(struct trp_child_table) { .slots = slots, .pid_max = pid_max };
	family->child = calloc(slots, sizeof(*family->child));
	family->free = calloc(slots, sizeof(*family->free));
	family->slot_of = calloc((size_t)pid_max + 1, sizeof(uint16_t));
	for (family->buckets = 64; family->buckets < slots;)
		family->buckets *= 2;
	family->bucket = calloc(family->buckets, sizeof(*family->bucket));
	if (!family->child || !family->free || !family->slot_of ||
	    !family->bucket) {
		trp_child_fini(family);
		return -ENOMEM;
	}
	/* The lowest slots are given away first. */
	for (slot = slots - 1; slot > 0; slot--)
		family->free[family->free_count++] = slot;
	family->child[0].state = CHILD_RUNNING;
	family->child[0].generation = 1;
	strcpy(family->child[0].label, "supervisor");
	return 0;
}

static void free_watchers(struct trp_watcher *watcher)
{
	while (watcher) {
		struct trp_watcher *next = watcher->next_of_target;

		free(watcher);
		watcher = next;
	}
}

void trp_child_fini(struct trp_child_table *family)
{
	uint32_t slot;

	for (slot = 0; family->child && slot < family->slots; slot++)
		free_watchers(family->child[slot].watchers);
	free(family->child);
	free(family->free);
	free(family->slot_of);
	free(family->bucket);
	*family = (struct trp_child_table) { 0 };
}

static void link_child(struct trp_child_table *family, uint32_t slot,
		       uint32_t parent)
{
	struct trp_child *child = &family->child[slot];
	struct trp_child *mother = &family->child[parent];

	child->parent = parent;
	child->previous = 0;
	child->next = mother->first;
	if (child->next)
		family->child[child->next].previous = slot;
	mother->first = slot;
	mother->count++;
}

static void unlink_child(struct trp_child_table *family, uint32_t slot)
{
	struct trp_child *child = &family->child[slot];
	struct trp_child *mother = &family->child[child->parent];

	if (child->previous)
		family->child[child->previous].next = child->next;
	else
		mother->first = child->next;
	if (child->next)
		family->child[child->next].previous = child->previous;
	mother->count--;
	child->parent = child->next = child->previous = 0;
}

uint32_t trp_child_add(struct trp_child_table *family, uint32_t parent)
{
	struct trp_child *child;
	uint32_t slot, generation;

	if (!family->free_count)
		return 0;
	slot = family->free[--family->free_count];
	child = &family->child[slot];
	assert(child->state == CHILD_NONE && !child->watchers);
	generation = child->generation + 1;
	*child = (struct trp_child) { .state = CHILD_ORDERED,
				      .generation =
					      generation ? generation : 1 };
	link_child(family, slot, parent);
	family->alive++;
	return slot;
}

void trp_child_born(struct trp_child_table *family, uint32_t slot, pid_t pid)
{
	struct trp_child *child = &family->child[slot];

	assert(child->state == CHILD_ORDERED);
	assert(pid > 0 && (uint32_t)pid <= family->pid_max);
	child->state = CHILD_RUNNING;
	child->pid = pid;
	family->slot_of[pid] = (uint16_t)slot;
}

static bool is_alive(const struct trp_child *child)
{
	return child->state == CHILD_ORDERED || child->state == CHILD_RUNNING;
}

struct trp_child *trp_child_find(struct trp_child_table *family, troupe_ref ref)
{
	uint32_t slot = trp_ref_slot(ref);
	struct trp_child *child;

	if (!trp_ref_is_here(ref) || slot == 0 || slot >= family->slots)
		return NULL;
	child = &family->child[slot];
	if (!is_alive(child) || child->generation != trp_ref_generation(ref))
		return NULL;
	return child;
}

uint32_t trp_child_by_pid(const struct trp_child_table *family, pid_t pid)
{
	if (pid <= 0 || (uint32_t)pid > family->pid_max)
		return 0;
	return family->slot_of[pid];
}

static void unlink_from_target(struct trp_child_table *family,
			       struct trp_watcher *watcher)
{
	struct trp_child *target = trp_child_find(family, watcher->target);
	struct trp_watcher **link;

	if (!target)
		return;
	for (link = &target->watchers; *link; link = &(*link)->next_of_target) {
		if (*link != watcher)
			continue;
		*link = watcher->next_of_target;
		return;
	}
}

static void unlink_from_watcher(struct trp_child_table *family,
				struct trp_watcher *watcher)
{
	struct trp_child *child = trp_child_find(family, watcher->watcher);
	struct trp_watcher **link;

	if (!child)
		return;
	for (link = &child->watching; *link; link = &(*link)->next_of_watcher) {
		if (*link != watcher)
			continue;
		*link = watcher->next_of_watcher;
		return;
	}
}

void trp_child_bury(struct trp_child_table *family, uint32_t slot)
{
	struct trp_child *child = &family->child[slot];
	struct trp_watcher *watcher;
	uint32_t orphan;

	assert(slot != 0 && is_alive(child));
	while ((watcher = child->watching)) {
		child->watching = watcher->next_of_watcher;
		unlink_from_target(family, watcher);
		free(watcher);
	}
	for (watcher = child->watchers; watcher;
	     watcher = watcher->next_of_target)
		unlink_from_watcher(family, watcher);
	trp_child_address_unlist(family, slot);
	while ((orphan = child->first)) {
		trp_child_address_unlist(family, orphan);
		unlink_child(family, orphan);
		link_child(family, orphan, 0);
	}
	unlink_child(family, slot);
	if (child->pid)
		family->slot_of[child->pid] = 0;
	child->state = CHILD_BURIED;
	family->alive--;
}

void trp_child_forget(struct trp_child_table *family, uint32_t slot)
{
	struct trp_child *child = &family->child[slot];

	assert(child->state == CHILD_BURIED);
	free_watchers(child->watchers);
	child->watchers = NULL;
	child->state = CHILD_NONE;
	family->free[family->free_count++] = slot;
}

int trp_child_watch(struct trp_child_table *family, uint32_t watcher,
		    uint32_t target, uint64_t id)
{
	struct trp_child *of = &family->child[target];
	struct trp_child *by = &family->child[watcher];
	struct trp_watcher *entry = malloc(sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	*entry = (struct trp_watcher) {
		.next_of_target = of->watchers,
		.next_of_watcher = by->watching,
		.watcher = trp_ref(watcher, by->generation),
		.target = trp_ref(target, of->generation),
		.id = id,
	};
	of->watchers = entry;
	by->watching = entry;
	return 0;
}

bool trp_child_unwatch(struct trp_child_table *family, uint32_t watcher,
		       uint64_t id)
{
	struct trp_watcher **link = &family->child[watcher].watching;
	struct trp_watcher *entry;

	for (; (entry = *link); link = &entry->next_of_watcher) {
		if (entry->id != id)
			continue;
		*link = entry->next_of_watcher;
		unlink_from_target(family, entry);
		free(entry);
		return true;
	}
	return false;
}
