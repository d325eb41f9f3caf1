/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The bus actor, which alone sees the bytes of other nodes, and may block in a
 * client library, crash or be killed.  It finds its options in trp_node.
 */

#include "runtime/troupe.h"

extern const struct troupe_class trp_mesh_bus_actor;
