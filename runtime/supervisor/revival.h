/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Restarts by the policy, for any owner; and the owner of children whose class
 * or parent asks for them: it keeps them down for the pauses of the policy,
 * until that gives them up (README.md).
 */

#include "runtime/node/ref.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/supervisor/restart_policy.h"

struct trp_child;
struct trp_supervisor;

/* The rules of all; a test may set others. */
extern const struct trp_restart_rules *trp_revival_rules;

/* Of a child that was spawned so, just now.  0 or -ENOMEM. */
int trp_revival_own(struct trp_supervisor *supervisor, uint32_t slot,
		    const Troupe__Control__Spawn *spawn);

/* Its restart type asks for a restart after such an end. */
bool trp_revival_is_due(const struct trp_child *child,
			const struct troupe_end *end);
/* One that is UP or STARTING has ended now: see trp_restart_policy_ended(). */
int64_t trp_revival_pause(struct trp_supervisor *supervisor,
			  struct trp_restart_entry *entry);
/* Starts all whose time has come. */
void trp_revival_due(struct trp_supervisor *supervisor);
