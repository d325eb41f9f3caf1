/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The bus actor: the only process of a node that sees the bytes of others.  It
 * decodes and checks them; to the supervisor go small messages of ours, at
 * most so many a second, whatever a broker sends.  It may block in a client
 * library, crash or be killed: the supervisor starts another one.
 */

#include "runtime/troupe.h"

/* It finds its options in trp_node. */
extern const struct troupe_class trp_mesh_bus_actor;
