/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Whether body(data) ends by a failed assert: in a process of its own, without
 * a word or a core.
 */

#include <stdbool.h>

bool aborts(void (*body)(void *data), void *data);
