/* SPDX-License-Identifier: MIT */
#pragma once

/* Waits of the probe, by the clock of the machine. */

#include "ipc/time.h"
#include "runtime/troupe_receive.h"

/* Of functions that are told to wait for 0 ms. */
void trp_patience_begin(int64_t ms);

/* ms, or the patience where that is 0.  To wait a negative time is -EINVAL. */
int64_t trp_patience_ms(int64_t ms);

/*
 * As troupe_receive(), within trp_patience_ms(ms).  The index of the pattern;
 * -ETIMEDOUT; or its other errors.
 */
int trp_patience_receive(const struct troupe_pattern *patterns, size_t count,
			 int64_t ms, struct troupe_message *ret_message);

/* Until `*is_done`, and closures of calls run meanwhile.  0 or likewise. */
int trp_patience_until(const bool *is_done, int64_t ms);

/* Takes what has come to the probe, for a later receive. */
void trp_patience_take(void);
