/* SPDX-License-Identifier: MIT */
#pragma once

/* Lists of entries; a zeroed one is empty. */

#include "runtime/redis/entry.h"

struct trp_redis_list {
	struct trp_redis_entry *first;
	struct trp_redis_entry **last; /* of no meaning when empty */
	size_t count;
	int64_t latest; /* due of the last, or later */
};

void trp_redis_list_append(struct trp_redis_list *list,
			   struct trp_redis_entry *entry);

/* Inserts in order of `due`; equal ones in the order of insertion. */
void trp_redis_list_put(struct trp_redis_list *list,
			struct trp_redis_entry *entry);

/* The link to the entry with that number, or to NULL. */
struct trp_redis_entry **trp_redis_list_find(struct trp_redis_list *list,
					     uint64_t number);

/* Removes the entry at `link`, and returns it; or NULL. */
struct trp_redis_entry *trp_redis_list_take(struct trp_redis_list *list,
					    struct trp_redis_entry **link);

/* Returns how many of it are asked for. */
size_t trp_redis_list_check(const struct trp_redis_list *list, bool is_by_due);
bool trp_redis_list_has(const struct trp_redis_list *list,
			struct trp_redis_id id);
