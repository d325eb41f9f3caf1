/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * All processes of a node have the same at the same address: the image that the
 * zygote loaded.  A class is told to a new actor by its address, so that must
 * lie in there, and hold what it held then: an actor is forked from the zygote,
 * and not from the one that spawns it.
 */

#include <stdbool.h>
#include <stddef.h>

/* In the zygote, when all is loaded: keeps a copy of what may be written. */
int trp_image_keep(void);

/* After a fork from it: those bytes are there, and as they were. */
bool trp_image_has(const void *at, size_t size);
