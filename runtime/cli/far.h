/* SPDX-License-Identifier: MIT */
#pragma once

/* The actors of a node of another machine, which shows them itself. */

#include "runtime/look/look.h"

/*
 * By way of the node of this machine that trp_client_open() finds.  Sets all of
 * the look, but neither its client nor its memory.  0; or a negative errno,
 * with look->client.why.
 */
int trp_far_look(struct trp_look *look, const char *node);
