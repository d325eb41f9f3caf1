/* SPDX-License-Identifier: MIT */
#pragma once

/* Orderly stops: actors get the order, and are killed after their grace
 * time. */

#include <stdbool.h>
#include <stdint.h>
#include "runtime/node/system.pb-c.h"

struct trp_supervisor;

void trp_supervisor_stop(struct trp_supervisor *supervisor, uint32_t slot);
/* With a reason, and another grace time: also of one that was told before. */
void trp_supervisor_stop_with(struct trp_supervisor *supervisor, uint32_t slot,
			      const Troupe__Control__Stop *with);
void trp_supervisor_stop_children(struct trp_supervisor *supervisor,
				  uint32_t slot);

/*
 * Its grace time runs from now on; while it waits for its children to stop,
 * which have their own, it is suspended.
 */
void trp_supervisor_stop_grace(struct trp_supervisor *supervisor,
			       uint32_t slot);

/* A signal to end the node: is it a second one, which kills? */
bool trp_supervisor_stop_is_repeated(struct trp_supervisor *supervisor);

/* Stops the node; a repeated call has no effect. */
void trp_supervisor_stop_node(struct trp_supervisor *supervisor);
