/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * How a process that a zygote has forked leaves.  By _exit(2), as a child that
 * shares its beginning with others: the handlers of exit(3) and the destructors
 * were registered before the fork, once for all, and would run in each.  Where
 * that is wanted, for coverage and tools that report at the exit, by exit(3).
 */

#include <stdbool.h>

/* In the zygote: reads TROUPE_EXIT_HANDLERS for all. */
void trp_exit_handlers_begin(void);

/* asks: its class wants them. */
_Noreturn void trp_exit_handlers_leave(int status, bool asks);

/*
 * A LeakSanitizer in this process, which checks those that end by exit(3), has
 * found a leak now, and printed it.
 */
bool trp_exit_handlers_find_leaks(void);
