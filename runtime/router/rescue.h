/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Mail of members that have died before they took it, for others.
 */

#include "runtime/router/table.h"

/* From now on: for the first router of this actor. */
void trp_rescue_begin(void);

/* A member has come: mail may wait for it. */
void trp_rescue_again(struct trp_router *router);

/* The router is closed: what waits is lost. */
void trp_rescue_give_up(struct trp_router *router);
