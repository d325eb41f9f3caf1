/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The largest arena that this process has address space for.  `ulimit -s
 * unlimited` leaves no hole of 62 TiB (mappings then begin at a third of the
 * address space), a machine with 39 bits of addresses or RLIMIT_AS far less.
 */

#include "ipc/arena.h"

/* The supervisor's heap needs as much: it has a lane to every actor. */
enum { TRP_ARENA_FIT_HEAP_FOR_A_SLOT = 4096 };

/*
 * slots, heap_size: as wanted; 0: the maximum, or what fits.  Smaller heaps are
 * tried before fewer slots.  Returns as trp_arena_create().
 */
int trp_arena_fit(struct trp_arena *arena, uint32_t slots, uint64_t heap_size);
