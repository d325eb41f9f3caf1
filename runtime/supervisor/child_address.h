/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Names among siblings, and the addresses that are made of them.  Pure.  A
 * child whose parent has ended keeps its name and is not listed: it has no
 * address any more.
 */

#include "runtime/node/log.h"
#include "runtime/supervisor/child.h"

/*
 * Names a child among its siblings; it had no name before.  list: 0 or -EEXIST.
 * list_freely: `label` if it is free, else LABEL:SLOT; a '/', a ':' or a
 * control character in it becomes '_'.
 */
int trp_child_address_list(struct trp_child_table *table, uint32_t slot,
			   const char *name);
void trp_child_address_list_freely(struct trp_child_table *table, uint32_t slot,
				   const char *label);
void trp_child_address_unlist(struct trp_child_table *table, uint32_t slot);
void trp_child_address_check(const struct trp_child_table *table);

/*
 * The slot at an address: "/", "/a/b", "//a" of a child of the supervisor, or
 * from `from` on: "b", "./b", "../c", ".".  0, -ENOENT, -EINVAL: ill-formed.
 */
int trp_child_address_walk(const struct trp_child_table *table, uint32_t from,
			   const char *address, uint32_t *ret_slot);

/*
 * The address of a child: "/", "/a/b"; for an unlisted child, or below it, "?"
 * and "?/b/c", which cannot be looked up.  If it is longer than the buffer, it
 * starts with "..." and the result is false.  size: 8 or more.
 */
bool trp_child_address(const struct trp_child_table *table, uint32_t slot,
		       char *buffer, size_t size);

/* The same for logs, where the root has its label; returns title. */
const char *trp_child_address_title(const struct trp_child_table *table,
				    uint32_t slot, char title[TRP_TITLE_SIZE]);
