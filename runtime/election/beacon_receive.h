/* SPDX-License-Identifier: MIT */
#pragma once

#include "runtime/election/beacon.h"

/*
 * Takes one message; what makes no sense is counted, no more.  Messages that
 * have come are handed over before trp_beacon_tick() is called.
 */
void trp_beacon_receive(struct trp_beacon *beacon,
			const struct trp_wire *message, struct trp_time now);
