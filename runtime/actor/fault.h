/* SPDX-License-Identifier: MIT */
#pragma once

#include "runtime/node/system.pb-c.h"

/*
 * A fault that a test injects.  It replaces the routes and the class of this
 * process, so the path of messages has no place that asks for faults.  A
 * successor has none.
 */
void trp_fault_take(const Troupe__Control__Fault *fault);
