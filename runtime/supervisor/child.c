/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/child.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/arena.h"
#include "runtime/node/watch.h"
#include "runtime/supervisor/child_address.h"

/* PID_MAX_LIMIT of the kernel; its pid_max may be raised while we run. */
enum { PID_MAX = 4 << 20 };
static_assert(TRP_SLOTS_MAX <= UINT16_MAX, "slot_of[] has 16 bits for each");

int trp_child_init(struct trp_child_table *table, uint32_t slots)
{
	*table =
		(struct trp_child_table) { .slots = slots,
					   .generations = TRP_GENERATION_LAST };
	table->child = calloc(slots, sizeof(*table->child));
	table->free = calloc(slots, sizeof(*table->free));
	table->slot_of = calloc(PID_MAX + 1, sizeof(uint16_t));
	for (table->buckets = 64; table->buckets < slots;)
		table->buckets *= 2;
	table->bucket = calloc(table->buckets, sizeof(*table->bucket));
	if (!table->child || !table->free || !table->slot_of ||
	    !table->bucket) {
		trp_child_fini(table);
		return -ENOMEM;
	}
	/* The lowest are given away first. */
	for (uint32_t slot = slots - 1; slot > 0; slot--)
		table->free[table->free_count++] = slot;
	table->child[0].state = CHILD_RUNNING;
	table->child[0].generation = 1;
	strcpy(table->child[0].label, "supervisor");
	return 0;
}

void trp_child_begin_at(struct trp_child_table *table, uint32_t generation)
{
	assert(generation && generation <= table->generations);
	for (uint32_t slot = 1; slot < table->slots; slot++)
		table->child[slot].generation = generation - 1;
}

static void free_watchers(struct trp_child_table *table, uint32_t slot)
{
	while (table->child[slot].watchers)
		trp_watcher_free(&table->watchers, table->child[slot].watchers);
}

void trp_child_fini(struct trp_child_table *table)
{
	for (uint32_t slot = 0; table->child && slot < table->slots; slot++)
		free_watchers(table, slot);
	free(table->child);
	free(table->free);
	free(table->slot_of);
	free(table->watchers.bucket);
	free(table->bucket);
	*table = (struct trp_child_table) { 0 };
}

static uint32_t check_children(const struct trp_child_table *table,
			       uint32_t parent)
{
	const struct trp_child *child, *of = &table->child[parent];
	uint32_t slot, previous = 0, count = 0;

	for (slot = of->first; slot; slot = child->next, count++) {
		child = &table->child[slot];
		assert(child->parent == parent && child->previous == previous);
		assert(trp_child_is_alive(child));
		previous = slot;
	}
	assert(of->count == count);
	assert(!count || trp_child_is_alive(of));
	return count;
}

void trp_child_check(const struct trp_child_table *table)
{
	uint32_t listed = 0, alive = 0, spare = 0;

	for (uint32_t slot = 0; slot < table->slots; slot++) {
		const struct trp_child *child = &table->child[slot];

		listed += check_children(table, slot);
		spare += child->state == CHILD_NONE;
		if (!slot || !trp_child_is_alive(child))
			continue;
		alive++;
		assert((child->state == CHILD_RUNNING) == (child->pid > 0));
		assert(!child->is_due || child->state == CHILD_DOWN);
		assert(!child->pid || table->slot_of[child->pid] == slot);
	}
	assert(listed == alive && table->alive == alive);
	assert(table->free_count <= spare); /* others are not offered yet */
	for (uint32_t i = 0; i < table->free_count; i++)
		assert(table->child[table->free[i]].state == CHILD_NONE);
	trp_child_address_check(table);
}

static void link_child(struct trp_child_table *table, uint32_t slot,
		       uint32_t parent)
{
	struct trp_child *child = &table->child[slot];
	struct trp_child *of = &table->child[parent];

	assert(slot && trp_child_is_alive(child) && trp_child_is_alive(of));
	child->parent = parent;
	child->previous = 0;
	child->next = of->first;
	if (child->next)
		table->child[child->next].previous = slot;
	of->first = slot;
	of->count++;
}

static void unlink_child(struct trp_child_table *table, uint32_t slot)
{
	struct trp_child *child = &table->child[slot];
	struct trp_child *of = &table->child[child->parent];

	assert(of->count > 0 && (child->previous || of->first == slot));
	if (child->previous)
		table->child[child->previous].next = child->next;
	else
		of->first = child->next;
	if (child->next)
		table->child[child->next].previous = child->previous;
	of->count--;
	child->parent = child->next = child->previous = 0;
}

uint32_t trp_child_add(struct trp_child_table *table, uint32_t parent)
{
	struct trp_child *child;
	uint32_t slot, generation;

	if (!table->free_count)
		return 0;
	slot = table->free[--table->free_count];
	child = &table->child[slot];
	assert(child->state == CHILD_NONE && !child->watchers);
	generation = child->generation + 1;
	assert(generation <= table->generations);
	*child = (struct trp_child) { .state = CHILD_ORDERED,
				      .generation = generation };
	link_child(table, slot, parent);
	table->alive++;
	return slot;
}

void trp_child_born(struct trp_child_table *table, uint32_t slot, pid_t pid)
{
	struct trp_child *child = &table->child[slot];

	assert(child->state == CHILD_ORDERED);
	assert(pid > 0 && pid <= PID_MAX);
	child->state = CHILD_RUNNING;
	child->pid = pid;
	table->slot_of[pid] = (uint16_t)slot;
}

int64_t trp_child_seen(struct trp_child *child, uint64_t number, int64_t now_ns)
{
	if (child->number != number || !child->number_since)
		child->number_since = now_ns;
	child->number = number;
	return now_ns - child->number_since;
}

struct trp_child *trp_child_find(struct trp_child_table *table, troupe_ref ref)
{
	uint32_t slot = trp_ref_slot(ref);
	struct trp_child *child;

	if (!trp_ref_is_here(ref) || slot == 0 || slot >= table->slots)
		return NULL;
	child = &table->child[slot];
	if (!trp_child_is_alive(child) ||
	    child->generation != trp_ref_generation(ref))
		return NULL;
	return child;
}

uint32_t trp_child_by_pid(const struct trp_child_table *table, pid_t pid)
{
	if (pid <= 0 || pid > PID_MAX)
		return 0;
	return table->slot_of[pid];
}

/*
 * The process of that child has gone, and all that it wanted with it.  Its
 * links go when the other sides are told (trp_child_unlink()).
 */
static void forget_process(struct trp_child_table *table,
			   struct trp_child *child)
{
	struct trp_watcher *watcher, *next;

	for (watcher = child->watching; watcher; watcher = next) {
		next = watcher->in[TRP_WATCHER_OF_WATCHER].next;
		if (trp_watch_kind(watcher->id) != TRP_WATCH_LINK)
			trp_watcher_free(&table->watchers, watcher);
	}
	if (child->pid)
		table->slot_of[child->pid] = 0;
}

bool trp_child_has_any(const struct trp_child_table *table, uint32_t slot)
{
	uint32_t of = table->child[slot].first;

	while (of && table->child[of].is_parked)
		of = table->child[of].next;
	return of;
}

void trp_child_down(struct trp_child_table *table, uint32_t slot)
{
	struct trp_child *child = &table->child[slot];

	assert(slot != 0 && trp_child_is_alive(child));
	forget_process(table, child);
	child->state = CHILD_DOWN;
	child->pid = 0;
	child->is_told = child->is_doomed = child->is_due = false;
	child->is_ready = child->has_ended = false;
	child->stop_children = 0;
	TRP_CHECK(trp_child_check(table));
}

void trp_child_again(struct trp_child_table *table, uint32_t slot)
{
	struct trp_child *child = &table->child[slot];

	assert(child->state == CHILD_DOWN && !trp_child_has_any(table, slot));
	child->state = CHILD_ORDERED;
	child->is_parked = child->is_sleepy = false;
	child->incarnation += !child->is_unborn;
	child->is_unborn = false;
	child->starts++;
	child->number_since = 0;
}

void trp_child_ended(struct trp_child_table *table, uint32_t slot)
{
	struct trp_child *child = &table->child[slot];
	struct trp_watcher *watcher;
	uint32_t first;

	assert(slot != 0 && trp_child_is_alive(child));
	forget_process(table, child);
	while ((watcher = child->watching)) {
		trp_child_unlink(table, watcher->watcher, watcher->target);
		assert(child->watching != watcher);
	}
	for (watcher = child->watchers; watcher;
	     watcher = watcher->in[TRP_WATCHER_OF_TARGET].next)
		trp_watcher_target_ended(&table->watchers, watcher);
	trp_child_address_unlist(table, slot);
	while ((first = child->first)) {
		trp_child_address_unlist(table, first);
		unlink_child(table, first);
		link_child(table, first, 0);
	}
	unlink_child(table, slot);
	child->state = CHILD_DEAD;
	table->alive--;
	TRP_CHECK(trp_child_check(table));
}

void trp_child_free(struct trp_child_table *table, uint32_t slot)
{
	struct trp_child *child = &table->child[slot];

	assert(child->state == CHILD_DEAD);
	free_watchers(table, slot);
	assert(!child->watching && !child->first && !child->is_listed);
	child->state = CHILD_NONE;
}

void trp_child_offer(struct trp_child_table *table, uint32_t slot,
		     struct troupe_time now)
{
	struct trp_child *child = &table->child[slot];

	assert(child->state == CHILD_NONE);
	assert(table->free_count < table->slots - 1);
	if (child->generation < table->generations) {
		table->free[table->free_count++] = slot;
		return;
	}
	child->generation = 0;
	child->rests_until = now.ns + TRP_SLOT_REST;
	child->next = 0;
	if (table->rest_last)
		table->child[table->rest_last].next = slot;
	else
		table->rest_first = slot;
	table->rest_last = slot;
}

void trp_child_end_rest(struct trp_child_table *table, struct troupe_time now)
{
	uint32_t slot;

	assert(!table->free_count);
	while ((slot = table->rest_first) &&
	       table->child[slot].rests_until <= now.ns) {
		table->rest_first = table->child[slot].next;
		if (!table->rest_first)
			table->rest_last = 0;
		trp_child_offer(table, slot, now);
	}
}

static int compare_slots(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x < *y) - (*x > *y);
}

void trp_child_offer_lowest(struct trp_child_table *table)
{
	qsort(table->free, table->free_count, sizeof(*table->free),
	      compare_slots);
}

int trp_child_watch(struct trp_child_table *table, uint32_t watcher,
		    uint32_t target, uint64_t id)
{
	return trp_child_monitor(table, watcher, target, id, 0, NULL);
}

int trp_child_monitor(struct trp_child_table *table, uint32_t watcher,
		      uint32_t target, uint64_t id, uint64_t tag,
		      const char *name)
{
	const struct trp_watcher entry = {
		.watcher = trp_child_ref(table, watcher),
		.target = trp_child_ref(table, target),
		.id = id,
		.tag = tag,
		.name = name,
	};

	assert(trp_child_is_alive(&table->child[target]));
	assert(trp_child_is_alive(&table->child[watcher]));
	return trp_watcher_add(&table->watchers, &entry,
			       &table->child[target].watchers,
			       &table->child[watcher].watching);
}

bool trp_child_unwatch(struct trp_child_table *table, uint32_t watcher,
		       uint64_t id)
{
	struct trp_watcher *entry = trp_watcher_find(
		&table->watchers, trp_child_ref(table, watcher), id);

	if (entry)
		trp_watcher_free(&table->watchers, entry);
	return entry;
}

int trp_child_link(struct trp_child_table *table, uint32_t a, uint32_t b)
{
	const uint64_t of_a = trp_watch_link(trp_child_ref(table, b));
	int r;

	if (a == b ||
	    trp_watcher_find(&table->watchers, trp_child_ref(table, a), of_a))
		return 0;
	r = trp_child_watch(table, a, b, of_a);
	if (r == 0)
		r = trp_child_watch(table, b, a,
				    trp_watch_link(trp_child_ref(table, a)));
	if (r < 0)
		trp_child_unwatch(table, a, of_a);
	return r;
}

static void unlink_one(struct trp_child_table *table, troupe_ref a,
		       troupe_ref b)
{
	struct trp_watcher *half =
		trp_watcher_find(&table->watchers, a, trp_watch_link(b));

	if (half)
		trp_watcher_free(&table->watchers, half);
}

void trp_child_unlink(struct trp_child_table *table, troupe_ref a, troupe_ref b)
{
	unlink_one(table, a, b);
	unlink_one(table, b, a);
}
