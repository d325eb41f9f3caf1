/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_ELECTION_BEACON_SLOT_H
#define TRP_RUNTIME_ELECTION_BEACON_SLOT_H

#include "runtime/election/beacon_state.h"

/* The own turn is this many gaps after the end of a cycle. */
double trp_beacon_slot(struct trp_beacon *beacon);

#endif
