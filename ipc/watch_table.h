/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which watch a completion belongs to.  A watch is the caller's memory and may
 * be gone when a late completion for it arrives; so the kernel gets a serial,
 * never an address:
 *
 *	serial = count << 20 | index		no serial is given twice
 */

#include <stddef.h>
#include <stdint.h>

struct trp_watch;

enum { TRP_WATCH_INDEX_BITS = 20 };

/* No watch has a serial below this one: backends use them for themselves. */
#define TRP_SERIAL_FIRST (UINT64_C(1) << TRP_WATCH_INDEX_BITS)

struct trp_watch_table {
	struct trp_watch **watches;
	uint32_t size;
	uint32_t lowest; /* no index below it is free */
	uint32_t taken;
	uint64_t count;
};

/* Gives watch->serial.  Returns 0, -ENOMEM or -EMFILE (2^20 of them). */
int trp_watch_table_take(struct trp_watch_table *table,
			 struct trp_watch *watch);

/* Nothing when `watch` has no index. */
void trp_watch_table_leave(struct trp_watch_table *table,
			   struct trp_watch *watch);

/* NULL: the watch with this serial is gone. */
struct trp_watch *trp_watch_table_find(const struct trp_watch_table *table,
				       uint64_t serial);

void trp_watch_table_check(const struct trp_watch_table *table);
void trp_watch_table_fini(struct trp_watch_table *table);
