/* SPDX-License-Identifier: MIT */
#pragma once

/* Ends of actors, which the probe monitors. */

#include "runtime/troupe_types.h"

/* Its ends are kept from now on.  0, also if they are already; or as
 * troupe_monitor(). */
int trp_ends_watch(troupe_ref ref);

/* With the node they have gone. */
void trp_ends_forget(void);
