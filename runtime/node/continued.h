/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A process that a signal had stopped (a job of a shell, by ^Z) and that goes
 * on: CLOCK_MONOTONIC has gone on meanwhile, and nobody could answer.  So what
 * was waited for then has its whole time again.
 */

#include <stdint.h>

/* From now on, in this process and those that it forks. */
void trp_continued_begin(void);

/*
 * When what began at `from` and was to end at `until` is to end, both on
 * CLOCK_MONOTONIC in ns; INT64_MAX is never.
 */
int64_t trp_continued_until(int64_t from, int64_t until);
