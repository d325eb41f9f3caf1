/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The owner of a process whose parent is gone: a mark that all its descendants
 * inherit, and that no exec, session or environment removes.  It is the soft
 * limit RLIMIT_RSS, which Linux has not enforced since 2.4.30, and which all
 * can read in /proc.  Its values are beyond any memory.
 */

#include <stdbool.h>
#include <sys/types.h>
#include "runtime/node/ref.h"

/*
 * Marks this process, and all that it forks from now on, as that actor's, in
 * the node of that identity.  No mark is set if the hard limit is in the way.
 */
void trp_mark_set(uint64_t identity, troupe_ref owner, uint32_t incarnation);

/* Of the incarnation the low bits.  False: it has no mark, or one of another
 * node. */
bool trp_mark_get(pid_t pid, uint64_t identity, troupe_ref *ret_owner,
		  uint8_t *ret_incarnation);
