/* SPDX-License-Identifier: MIT */
#pragma once

/* The idle timeout of a class. */

#include <stdint.h>

/* There is nothing to do: it is armed, where it is not. */
void trp_idle_begin(void);

/* A message or a call of that type was taken: does it count? */
void trp_idle_taken(uint64_t type);
