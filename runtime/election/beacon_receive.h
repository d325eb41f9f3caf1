/* SPDX-License-Identifier: MIT */
#pragma once

#include "runtime/election/beacon.h"

/*
 * Takes one message; an invalid one is only counted.  Pass in all received
 * messages before calling trp_beacon_tick().
 */
void trp_beacon_receive(struct trp_beacon *beacon,
			const struct trp_wire *message, struct trp_time now);
