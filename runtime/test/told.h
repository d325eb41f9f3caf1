/* SPDX-License-Identifier: MIT */
#pragma once

/* Messages and actors as text, for failures.  Each returns `text`. */

#include "runtime/troupe.h"

enum { TRP_TOLD_SIZE = 1024 };

/* "/shop": its address, or its reference. */
char *trp_told_actor(troupe_ref ref, char text[TRP_TOLD_SIZE]);

/* "shop.Bill {"sum": 12} of /shop" */
char *trp_told_message(const struct troupe_message *message,
		       char text[TRP_TOLD_SIZE]);

/* "; /shop: handles shop.Order"; "": of no actor. */
char *trp_told_state(troupe_ref ref, char text[TRP_TOLD_SIZE]);
