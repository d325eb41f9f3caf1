/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A node listens before it says its name, as the init of a second one of that
 * name ends an original.
 */

#include "runtime/election/beacon_state.h"

void trp_beacon_listen_begin(struct trp_beacon *beacon, struct trp_time now);

/* Other settings are in force: their cycle counts. */
void trp_beacon_listen_longer(struct trp_beacon *beacon, struct trp_time now);

/* While LISTENING: a ping or a hist.  A ping of its own name ends it. */
void trp_beacon_listen_hear(struct trp_beacon *beacon,
			    const struct trp_wire *message,
			    struct trp_beacon_peer *sender,
			    struct trp_time now);
