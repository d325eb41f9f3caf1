/* SPDX-License-Identifier: MIT */
#pragma once

/* A memory cgroup of a test's own, below the one that it is in. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * With that limit; of either version of cgroups, whichever lets us.  False: no
 * such group may be made here, or nobody may enter it.
 */
bool memory_group_make(uint64_t limit);

/* The calling process goes into it, and all that it forks from then on. */
bool memory_group_enter(void);

/* How many processes the kernel has killed there; -1: it does not tell. */
long memory_group_killed(void);

/* Once all that were in it have ended; waits for the kernel to see that. */
void memory_group_remove(void);
