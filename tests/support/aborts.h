/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What an assert catches: whether body(data) ends by one, in a process of its
 * own, and without a word or a core.
 */

#include <stdbool.h>

bool aborts(void (*body)(void *data), void *data);
