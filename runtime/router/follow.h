/* SPDX-License-Identifier: MIT */
#pragma once

/* Routers whose members are those of a group. */

#include "runtime/router/table.h"

/* As troupe_router_follow(). */
int trp_follow_begin(struct trp_router *router, const char *group);

/* Takes what the supervisor has told of groups by now. */
void trp_follow_catch_up(const struct trp_router *router);

/* It is being closed; still in the table. */
void trp_follow_end(struct trp_router *router);
