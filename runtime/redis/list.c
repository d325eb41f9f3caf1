/* SPDX-License-Identifier: MIT */
#include "runtime/redis/list.h"

#include <assert.h>

void trp_redis_list_append(struct trp_redis_list *list,
			   struct trp_redis_entry *entry)
{
	entry->next = NULL;
	if (!list->first)
		list->last = &list->first;
	*list->last = entry;
	list->last = &entry->next;
	list->count++;
}

/* Mostly it is the last. */
void trp_redis_list_put(struct trp_redis_list *list,
			struct trp_redis_entry *entry)
{
	struct trp_redis_entry **link = &list->first;

	if (!list->first || entry->due >= list->latest) {
		trp_redis_list_append(list, entry);
		list->latest = entry->due;
		return;
	}
	while (*link && (*link)->due <= entry->due)
		link = &(*link)->next;
	entry->next = *link;
	*link = entry;
	if (!entry->next)
		list->last = &entry->next;
	list->count++;
}

struct trp_redis_entry **trp_redis_list_find(struct trp_redis_list *list,
					     uint64_t number)
{
	struct trp_redis_entry **link = &list->first;

	while (*link && (*link)->number != number)
		link = &(*link)->next;
	return link;
}

struct trp_redis_entry *trp_redis_list_take(struct trp_redis_list *list,
					    struct trp_redis_entry **link)
{
	struct trp_redis_entry *entry = *link;

	if (!entry)
		return NULL;
	*link = entry->next;
	if (!entry->next)
		list->last = link;
	assert(list->count > 0);
	list->count--;
	return entry;
}

size_t trp_redis_list_check(const struct trp_redis_list *list, bool is_by_due)
{
	struct trp_redis_entry *const *link = &list->first;
	size_t count = 0, asked = 0;

	for (; *link; link = &(*link)->next, count++) {
		assert(!is_by_due || !(*link)->next ||
		       (*link)->due <= (*link)->next->due);
		asked += (*link)->is_asked;
	}
	assert(list->count == count && (!count || list->last == link));
	return asked;
}

bool trp_redis_list_has(const struct trp_redis_list *list,
			struct trp_redis_id id)
{
	const struct trp_redis_entry *entry = list->first;

	while (entry && (entry->id.ms != id.ms || entry->id.seq != id.seq))
		entry = entry->next;
	return entry;
}
