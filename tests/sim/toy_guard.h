/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A guard that is quick, and that keeps nobody out who reads its code: enough
 * to see that frames are sealed by the right keys, and that no nonce is used
 * twice with one.
 */

#include "runtime/session/guard.h"

struct trp_guard *toy_guard_new(uint64_t secret);
void toy_guard_free(struct trp_guard *guard);
