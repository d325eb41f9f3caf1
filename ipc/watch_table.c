/* SPDX-License-Identifier: MIT */
#include "ipc/watch_table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "ipc/wait.h"

enum { WATCHES_MAX = 1 << TRP_WATCH_INDEX_BITS };

static uint32_t index_of(uint64_t serial)
{
	return (uint32_t)(serial & (WATCHES_MAX - 1));
}

/* Each is at its index, and those of `lowest` and `taken` are right. */
void trp_watch_table_check(const struct trp_watch_table *table)
{
	uint32_t taken = 0;

	assert(table->lowest <= table->size && table->size <= WATCHES_MAX);
	for (uint32_t index = 0; index < table->size; index++) {
		const struct trp_watch *watch = table->watches[index];

		assert(watch || index >= table->lowest);
		assert(!watch || index_of(watch->serial) == index);
		assert(!watch ||
		       watch->serial >> TRP_WATCH_INDEX_BITS <= table->count);
		taken += watch != NULL;
	}
	assert(table->taken == taken);
}

static int grow(struct trp_watch_table *table)
{
	uint32_t size = table->size ? table->size * 2 : 8;
	struct trp_watch **more;

	if (size > WATCHES_MAX)
		return -EMFILE;
	more = realloc(table->watches, size * sizeof(*more));
	if (!more)
		return -ENOMEM;
	for (uint32_t index = table->size; index < size; index++)
		more[index] = NULL;
	table->watches = more;
	table->size = size;
	return 0;
}

int trp_watch_table_take(struct trp_watch_table *table, struct trp_watch *watch)
{
	uint32_t index = table->lowest;
	int r;

	while (index < table->size && table->watches[index])
		index++;
	if (index == table->size) {
		r = grow(table);
		if (r < 0)
			return r;
	}
	watch->serial = ++table->count << TRP_WATCH_INDEX_BITS | index;
	table->watches[index] = watch;
	table->lowest = index + 1;
	table->taken++;
	assert(watch->serial >= TRP_SERIAL_FIRST &&
	       table->lowest <= table->size);
	TRP_CHECK(trp_watch_table_check(table));
	return 0;
}

void trp_watch_table_leave(struct trp_watch_table *table,
			   struct trp_watch *watch)
{
	uint32_t index = index_of(watch->serial);

	if (trp_watch_table_find(table, watch->serial) != watch)
		return;
	assert(table->taken > 0);
	table->watches[index] = NULL;
	table->taken--;
	if (index < table->lowest)
		table->lowest = index;
	watch->serial = 0;
	TRP_CHECK(trp_watch_table_check(table));
}

struct trp_watch *trp_watch_table_find(const struct trp_watch_table *table,
				       uint64_t serial)
{
	uint32_t index = index_of(serial);

	if (index >= table->size || !table->watches[index] ||
	    table->watches[index]->serial != serial)
		return NULL;
	return table->watches[index];
}

void trp_watch_table_fini(struct trp_watch_table *table)
{
	free(table->watches);
	*table = (struct trp_watch_table) { 0 };
}
