/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Numbers of calls, which no incarnation of an actor uses twice: a late answer
 * to a predecessor is never taken for that to a call of its successor.  They
 * are reserved in blocks, whose end the status block shows.
 */

#include <stdbool.h>
#include <stdint.h>

/* 1, 2, ...; in a successor those beyond the blocks of its predecessors. */
uint64_t trp_call_number_next(void);

/* A successor begins; first: the largest end that a predecessor has shown. */
void trp_call_number_begin(uint64_t first);

/* It was a predecessor's. */
bool trp_call_number_is_old(uint64_t number);
