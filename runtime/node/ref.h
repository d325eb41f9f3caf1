/* SPDX-License-Identifier: MIT */
#pragma once

/* A troupe_ref taken apart: node:16 slot:16 generation:32.  Node 1 is this
 * node. */

#include <stdbool.h>
#include "runtime/troupe.h"

enum { TRP_NODE_HERE = 1 };

static inline troupe_ref trp_ref(uint32_t slot, uint32_t generation)
{
	return (uint64_t)TRP_NODE_HERE << 48 | (uint64_t)slot << 32 |
	       generation;
}

static inline uint32_t trp_ref_slot(troupe_ref ref)
{
	return (uint32_t)(ref >> 32) & 0xffff;
}

static inline uint32_t trp_ref_generation(troupe_ref ref)
{
	return (uint32_t)ref;
}

static inline bool trp_ref_is_here(troupe_ref ref)
{
	return ref >> 48 == TRP_NODE_HERE;
}

/* The supervisor: slot 0, generation 1. */
#define TRP_REF_SUPERVISOR trp_ref(0, 1)
