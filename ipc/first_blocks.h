/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The first blocks of a process, allocated before its fork.  So one that has
 * just begun, and sends and receives a little, does not call malloc(): its code
 * is three page faults, and its own data a page that the process would copy.
 */

#include <stddef.h>

/* Before the forks: one block, cleared, if there is room for one more. */
void trp_first_blocks_add(size_t size);

/* One of that very size, cleared, or a new one; NULL: no memory.  For free().
 */
void *trp_first_blocks_take(size_t size);
