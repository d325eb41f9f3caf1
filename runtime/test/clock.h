/* SPDX-License-Identifier: MIT */
#pragma once

/* The clock of the node under test, and the rest of its actors. */

#include <stdbool.h>
#include <stdint.h>

/* Before the fork of the node, of so many slots; it goes.  0 or -ENOMEM. */
int trp_clock_begin(uint32_t slots);

/* From now on it stands, or goes on from where it stood. */
void trp_clock_stand(void);
void trp_clock_go(void);

/* After trp_clock_begin(), or without it: the machine's clock again. */
void trp_clock_end(void);
