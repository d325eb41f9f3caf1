/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The one place that knows how a troupe_ref is laid out:
 *
 *	node:24 | slot:15 | alias:1 | generation:24
 *
 * Node 1 is this node, and the only one without a mesh.  An alias is another
 * reference of the actor in that slot, and has a number in place of a
 * generation: for a question that it asks (actor/question.h), or one of its
 * own.  The incarnation of an actor is no part of its reference: it is in the
 * directory.
 */

#include <assert.h>
#include <stdbool.h>
#include "ipc/arena.h"
#include "runtime/troupe.h"

enum {
	TRP_NODE_HERE = 1,
	TRP_REF_SLOT = 25, /* the lowest bit of each */
	TRP_REF_NODE = 40,
	TRP_GENERATION_LAST = (1 << 24) - 1, /* the first is 1 */
	TRP_REF_TEXT_SIZE = 32,
};
static_assert(TRP_SLOTS_MAX <= 1 << 15, "a slot has 15 bits");

static inline troupe_ref trp_ref(uint32_t slot, uint32_t generation)
{
	return (uint64_t)TRP_NODE_HERE << TRP_REF_NODE |
	       (uint64_t)slot << TRP_REF_SLOT | generation;
}

static inline uint32_t trp_ref_slot(troupe_ref ref)
{
	return (uint32_t)(ref >> TRP_REF_SLOT) & 0x7fff;
}

static inline uint32_t trp_ref_generation(troupe_ref ref)
{
	return (uint32_t)ref & TRP_GENERATION_LAST;
}

enum {
	TRP_ALIAS = 1 << 24,
	TRP_ALIAS_IS_QUESTION = 1 << 23, /* of the number */
	TRP_ALIAS_NUMBER = TRP_ALIAS_IS_QUESTION - 1,
};

static inline troupe_ref trp_ref_alias(uint32_t slot, uint32_t number)
{
	return trp_ref(slot, TRP_ALIAS | number);
}

static inline bool trp_ref_is_alias(troupe_ref ref)
{
	return trp_ref_alias(trp_ref_slot(ref), trp_ref_generation(ref)) == ref;
}

/* Of this node, and no alias. */
static inline bool trp_ref_is_here(troupe_ref ref)
{
	return trp_ref(trp_ref_slot(ref), trp_ref_generation(ref)) == ref;
}

/* 40 bits that no other reference of its node has, and back. */
static inline uint64_t trp_ref_in_node(troupe_ref ref)
{
	return ref & ((UINT64_C(1) << TRP_REF_NODE) - 1);
}

static inline troupe_ref trp_ref_of_node(uint64_t bits)
{
	return (uint64_t)TRP_NODE_HERE << TRP_REF_NODE | trp_ref_in_node(bits);
}

/* The supervisor: slot 0, generation 1. */
#define TRP_REF_SUPERVISOR trp_ref(0, 1)

/*
 * SLOT.GENERATION, as ps shows it; of another node NODE.SLOT.GENERATION.  The
 * generation of an alias is printed with its bit.  Returns text.
 */
const char *trp_ref_print(troupe_ref ref, char text[static TRP_REF_TEXT_SIZE]);

/* As printed, or the number itself, as in JSON.  False: it is neither. */
bool trp_ref_parse(const char *text, troupe_ref *ret_ref);
