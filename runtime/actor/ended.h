/* SPDX-License-Identifier: MIT */
#pragma once

/* Reports of ends, and announced signals, into the queue of exits. */

#include "runtime/node/system.pb-c.h"

void trp_ended_take(const Troupe__Control__Ended *ended);
