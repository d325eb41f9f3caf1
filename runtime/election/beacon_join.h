/* SPDX-License-Identifier: MIT */
#pragma once

#include "runtime/election/beacon_state.h"

/* The own init was heard, or one by a node of the same name. */
void trp_beacon_join_echo(struct trp_beacon *beacon, struct trp_time now);

/*
 * A ping heard before this node's init collides with its first ping, which is
 * still to come; it is not repeated.
 */
void trp_beacon_join_rival(struct trp_beacon *beacon,
			   const struct trp_wire *message,
			   struct trp_beacon_peer *sender);
