/* SPDX-License-Identifier: MIT */
#pragma once

/* Stopping in order: actors are told, and killed when their grace is over. */

#include <stdbool.h>
#include <stdint.h>

struct trp_supervisor;

void trp_supervisor_stop(struct trp_supervisor *supervisor, uint32_t slot);
void trp_supervisor_stop_children(struct trp_supervisor *supervisor,
				  uint32_t slot);

/*
 * Its grace time runs from now on; while it waits for its children to stop,
 * which have their own, its time stands still.
 */
void trp_supervisor_stop_grace(struct trp_supervisor *supervisor,
			       uint32_t slot);

/* A signal to end the node has come: is it a second one, which kills? */
bool trp_supervisor_stop_is_repeated(struct trp_supervisor *supervisor);

/* Stops the node; once is as good as twice. */
void trp_supervisor_stop_node(struct trp_supervisor *supervisor);
