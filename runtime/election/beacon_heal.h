/* SPDX-License-Identifier: MIT */
#pragma once

#include "runtime/election/beacon_state.h"

/* This side meets another one, from which `message` is. */
void trp_beacon_heal(struct trp_beacon *beacon, const struct trp_wire *message,
		     bool is_replaced, struct trp_time now);
