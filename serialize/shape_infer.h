/* SPDX-License-Identifier: MIT */
#pragma once

/* The shape of a given value, as a text to be compiled or shown. */

#include "serialize/value.h"

/*
 * The narrowest shape without constants that the value matches: maps with their
 * keys, [T] if all items of a list have one shape T, else item by item.  An
 * empty list is [any].  A key that is not UTF-8 cannot be in a text.  For
 * free().
 * Returns 0; -EINVAL: nested deeper than TRP_VALUE_DEPTH; -EMSGSIZE: larger
 * than TRP_SHAPE_MAX; -ENOMEM.
 */
int trp_shape_infer(const struct troupe_value *value, char **ret_text);
