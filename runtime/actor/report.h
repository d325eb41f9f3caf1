/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Ends of others and exit signals, as the user gets them: by a callback of the
 * class, or as a message of a function.  An exit signal that is not trapped is
 * an order to stop, with a reason.
 */

#include "runtime/actor/self.h"

/* Exit signals are handed out and end nothing. */
bool trp_report_traps(void);

/* Not trapped: it ends this actor, unless it is normal and of another actor, or
 * another order to stop came first. */
void trp_report_obey(const struct troupe_end *end);

/* The reason of the order to stop; NULL: it had none. */
const struct troupe_reason *trp_report_reason(void);

/* Consumes it.  As a turn. */
int trp_report_hand_out(struct trp_exit_notice *notice);

/* A callback about the end of another; as a turn. */
int trp_report_run(int (*callback)(const struct troupe_end *end),
		   const struct troupe_end *end);
