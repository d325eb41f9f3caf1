/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Finding and making endpoints (README.md, "Endpoints and lanes").
 *
 * Endpoints are numbered from 1; number 0 is none.  Endpoints 1..27 lie in the
 * front, chunk k holds the next 32 << k.  An endpoint never moves or goes away
 * while its owner lives; when a slot changes hands the endpoint is reused.
 * An owner is named by its region, a peer by its slot.
 */

#include "ipc/region.h"

/* Initialises the front, which is populated, without endpoints. */
void trp_endpoint_init(struct trp_region *region);
void trp_endpoint_check(const struct trp_region *region);

/*
 * The owner's side: finds or makes the endpoint for `peer`.
 * Returns 0, -ENOMEM or -ENOBUFS.
 */
int trp_endpoint_make(struct trp_region *region, uint32_t peer,
		      uint32_t *ret_number);

/* The owner's own endpoint of that number; asserts that there is one. */
struct trp_endpoint *trp_endpoint_own(const struct trp_region *region,
				      uint32_t number);

/*
 * The reader's side: owner's endpoint for `peer`, or NULL when there is none
 * (yet).  Everything read is checked: invalid data costs a NULL, never a fault.
 * The region must not be nobody's.
 */
const struct trp_endpoint *trp_endpoint_find(const struct trp_arena *arena,
					     uint32_t owner, uint32_t peer);

/* The number of that endpoint, or 0; the endpoint of that number, or NULL. */
uint32_t trp_endpoint_number(const struct trp_arena *arena, uint32_t owner,
			     uint32_t peer);
const struct trp_endpoint *trp_endpoint_at(const struct trp_arena *arena,
					   uint32_t owner, uint32_t number);
