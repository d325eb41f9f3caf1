/* SPDX-License-Identifier: MIT */
#pragma once

#include "runtime/troupe.h"

/*
 * This actor is about to sleep until `target` answers the calls that it made
 * since then.  True: that would close a cycle, in `path`; otherwise call
 * trp_deadlock_end() after the sleep.
 */
bool trp_deadlock_begin(troupe_ref target, int64_t since,
			char path[TROUPE_TEXT_SIZE]);
void trp_deadlock_end(void);

/* Another actor will answer a call that was made then. */
void trp_deadlock_passed_on(int64_t created);
