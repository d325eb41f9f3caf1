/* SPDX-License-Identifier: MIT */
#pragma once

#include "runtime/troupe.h"

/*
 * This actor is about to sleep until `target` answers the calls that it made
 * since then.  True: that would close a cycle, and `path` says which; else
 * trp_deadlock_end() is called when it has woken.
 */
bool trp_deadlock_begin(troupe_ref target, int64_t since,
			char path[TROUPE_TEXT_SIZE]);
void trp_deadlock_end(void);

/* A call that was made then will be answered by somebody else. */
void trp_deadlock_passed_on(int64_t created);
