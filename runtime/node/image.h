/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The image that the zygote loaded is at the same address in all processes of a
 * node.  A class is passed to a new actor by its address, so it must lie in the
 * image and be unchanged: an actor is forked from the zygote, not from its
 * parent.
 */

#include <stdbool.h>
#include <stddef.h>

/* In the zygote, when all is loaded: keeps a copy of the writable parts. */
int trp_image_keep(void);

/*
 * In the zygote, too: joins the mappings of each object that nobody can write,
 * three in system libraries, as every fork copies each.  Where that is refused
 * they stay as they are.
 */
void trp_image_merge(void);

/* After a fork from it: those bytes are in the image, and unchanged. */
bool trp_image_has(const void *at, size_t size);
