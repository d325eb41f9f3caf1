/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The one place that knows how a troupe_ref is laid out:
 *
 *	node:24 | slot:15 | alias:1 | generation:24
 *
 * The node is the number of a run of a node: of this one it is the same in all
 * its processes, and 1 without a mesh.  With one the generations of a slot
 * begin anywhere, so that a reference of an earlier run which had this number
 * names nobody.  An alias is another reference of the actor in that slot, and
 * has a number in place of a generation: for a question that it asks
 * (actor/question.h), or one of its own.  The incarnation of an actor is no
 * part of its reference: it is in the directory.
 */

#include <assert.h>
#include <stdbool.h>
#include "ipc/arena.h"
#include "runtime/troupe.h"

enum {
	TRP_NODE_ALONE = 1, /* without a mesh */
	TRP_REF_SLOT = 25,  /* the lowest bit of each */
	TRP_REF_NODE = 40,
	TRP_GENERATION_LAST = (1 << 24) - 1, /* the least is 1 */
	TRP_REF_TEXT_SIZE = 32,
};
static_assert(TRP_SLOTS_MAX <= 1 << 15, "a slot has 15 bits");

/* The number of this run, in its place. */
extern uint64_t trp_ref_here;

/*
 * Before the first reference is made; fork() hands it on.  0, or -EPROTO: it is
 * no number of 24 bits.
 */
int trp_ref_set_here(uint32_t number);

static inline troupe_ref trp_ref(uint32_t slot, uint32_t generation)
{
	return trp_ref_here | (uint64_t)slot << TRP_REF_SLOT | generation;
}

static inline uint32_t trp_ref_node(troupe_ref ref)
{
	return (uint32_t)(ref >> TRP_REF_NODE);
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

/* Of this run's actors: 0; of their aliases: TRP_ALIAS. */
static inline uint64_t trp_ref_kind(troupe_ref ref)
{
	return (ref ^ trp_ref_here) & (UINT64_MAX << TRP_REF_NODE | TRP_ALIAS);
}

static inline bool trp_ref_is_alias(troupe_ref ref)
{
	return trp_ref_kind(ref) == TRP_ALIAS;
}

/* Of this node, and no alias. */
static inline bool trp_ref_is_here(troupe_ref ref)
{
	return trp_ref_kind(ref) == 0;
}

/* 40 bits that no other reference of its node has, and back. */
static inline uint64_t trp_ref_in_node(troupe_ref ref)
{
	return ref & ((UINT64_C(1) << TRP_REF_NODE) - 1);
}

/* Of a run of another node, or of an earlier one of this. */
static inline bool trp_ref_is_elsewhere(troupe_ref ref)
{
	return trp_ref_node(ref) != 0 &&
	       trp_ref_node(ref) != trp_ref_node(trp_ref_here);
}

/* Of that one; 0: of any other than ours. */
static inline bool trp_ref_is_of_node(troupe_ref ref, uint32_t node)
{
	return node ? trp_ref_node(ref) == node : trp_ref_is_elsewhere(ref);
}

static inline troupe_ref trp_ref_of_node(uint64_t bits)
{
	return trp_ref_here | trp_ref_in_node(bits);
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
