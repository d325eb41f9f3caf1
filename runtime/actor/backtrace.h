/* SPDX-License-Identifier: MIT */
#pragma once

/* Backtraces of failed calls: those of the latest proxies. */

#include <stdbool.h>
#include "runtime/troupe.h"

/* There is one. */
extern bool trp_backtrace_is_kept;

/* Of the call of that proxy that completes; NULL or "": it has none. */
void trp_backtrace_keep(const struct troupe_proxy *proxy, const char *text);
