/* SPDX-License-Identifier: MIT */
#pragma once

/* The tracer of a process: a debugger, strace(1). */

#include <stdbool.h>
#include <sys/types.h>

bool trp_tracer_is_there(pid_t pid);

/* It holds the process, as at a breakpoint. */
bool trp_tracer_holds(pid_t pid);
