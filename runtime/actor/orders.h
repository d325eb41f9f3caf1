/* SPDX-License-Identifier: MIT */
#pragma once

/* The tree of this node; troupe_tree.h has those of all nodes. */

#include "runtime/troupe_tree.h"

/* As troupe_lookup() and troupe_address(). */
int trp_orders_lookup(const char *address, troupe_ref *ret_ref);
int trp_orders_address(troupe_ref ref, char *buffer, size_t size);
