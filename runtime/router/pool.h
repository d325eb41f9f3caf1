/* SPDX-License-Identifier: MIT */
#pragma once

/* A router's own children, as many as have work. */

#include "runtime/router/table.h"

/* Starts `least` of them.  0, -EINVAL, or as troupe_spawn(). */
int trp_pool_open(struct trp_router *router);

/* Before a send: starts one more where all have something to do. */
void trp_pool_prepare(struct trp_router *router);

/* They end when they have handled what they got. */
void trp_pool_close(struct trp_router *router);
