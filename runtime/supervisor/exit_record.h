/* SPDX-License-Identifier: MIT */
#pragma once

/* The traces of an end: its lines in the log, the history, the trace file. */

#include "runtime/troupe.h"

struct trp_supervisor;

/* Neither normal nor ordered. */
bool trp_exit_record_is_worth_a_line(const struct troupe_end *end);

/* Its latest line of the log, into end->said; the end has all else. */
void trp_exit_record_hear(struct troupe_end *end);

/* put_aside: mail that is told of; the outcome of the end is consumed. */
void trp_exit_record(struct trp_supervisor *supervisor, uint32_t slot,
		     const char *title, const struct troupe_end *end,
		     uint32_t put_aside);
