/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_ELECTION_BEACON_HEAL_H
#define TRP_RUNTIME_ELECTION_BEACON_HEAL_H

#include "runtime/election/beacon_state.h"

/* The own side meets another one, from which `message` comes. */
void trp_beacon_heal(struct trp_beacon *beacon, const struct trp_wire *message,
		     bool is_replaced, struct trp_time now);

#endif
