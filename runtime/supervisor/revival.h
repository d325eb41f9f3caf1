/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The owner of children whose class or parent asks for restarts: it keeps them
 * down for the pauses of the policy, until that gives them up (README.md).
 */

#include "runtime/node/ref.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/supervisor/restart_policy.h"

struct trp_supervisor;

/* The rules of all; a test may set others. */
extern const struct trp_restart_rules *trp_revival_rules;

/* Of a child that was spawned so, just now.  0 or -ENOMEM. */
int trp_revival_own(struct trp_supervisor *supervisor, uint32_t slot,
		    const Troupe__Control__Spawn *spawn);

/* init() of that child has returned. */
void trp_revival_ready(struct trp_supervisor *supervisor, uint32_t slot);
