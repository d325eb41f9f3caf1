/* SPDX-License-Identifier: MIT */
#pragma once

#include "runtime/supervision/supervision.h"
#include "runtime/troupe_types.h"

struct trp_supervisor;

/*
 * Why all children are down, with the child that it is due to and the end of
 * that; ret_code: its error, or 0.  Returns text.
 */
char *trp_supervision_report_why(const struct trp_supervision_action *action,
				 char text[TROUPE_TEXT_SIZE], int *ret_code);

/* Logs why an actor that supervises ends, or gives up its children. */
void trp_supervision_report(struct trp_supervisor *supervisor, uint32_t slot,
			    const struct trp_supervision_action *action);
