/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The owner of a process whose parent has gone: a mark that all inherit which
 * it forks, at any remove, and that no exec, session or environment removes.
 *
 * It is the soft limit RLIMIT_RSS, which Linux does not apply since 2.4.30, and
 * which everybody may read in /proc.  Its values are beyond any memory.
 */

#include <stdbool.h>
#include <sys/types.h>
#include "runtime/node/ref.h"

/*
 * This process, and all that it forks from now on, is of that actor, in the
 * node of that identity.  None is set where the hard limit is in the way.
 */
void trp_mark_set(uint64_t identity, troupe_ref owner);

/* False: it has none, or one of another node. */
bool trp_mark_get(pid_t pid, uint64_t identity, troupe_ref *ret_owner);
