/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

/*
 * Two actors, in two threads of this process, send each other records and
 * attachments of many sizes and sleep when idle, so ThreadSanitizer sees both
 * sides of a lane.  With lives, each goes on as its next incarnation after so
 * many records on average, and regions are used again.  Returns 0, or what went
 * wrong: -EILSEQ a record out of order or torn, -ETIMEDOUT a lost wake, or what
 * a send returned.
 */
int exchange(uint64_t seed, unsigned lives);
