/* SPDX-License-Identifier: MIT */
#pragma once

#include "runtime/election/beacon_state.h"

/* This node's turn is this many gaps after the end of a cycle. */
double trp_beacon_slot(struct trp_beacon *beacon);
