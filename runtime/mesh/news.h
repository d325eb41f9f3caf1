/* SPDX-License-Identifier: MIT */
#pragma once

/* Messages of the beacon that are news to applications by themselves. */

#include "serialize/beacon/wire.h"

struct trp_mesh;

/* A message was heard, and the beacon has not taken it yet: tells subscribers
 * what a node has said, and which nodes have values if this one has none. */
void trp_mesh_news_hear(struct trp_mesh *mesh, const struct trp_wire *message);
