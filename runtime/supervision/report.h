/* SPDX-License-Identifier: MIT */
#pragma once

#include "runtime/supervision/supervision.h"

struct trp_supervisor;

/* Logs why an actor that supervises ends, or gives up its children. */
void trp_supervision_report(struct trp_supervisor *supervisor, uint32_t slot,
			    const struct trp_supervision_action *action);
