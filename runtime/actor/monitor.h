/* SPDX-License-Identifier: MIT */
#pragma once

/* The ends of other actors, reported or waited for. */

#include <stdint.h>

/* The id of a new monitor. */
uint64_t trp_monitor_id(void);
