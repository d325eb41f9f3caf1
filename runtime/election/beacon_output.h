/* SPDX-License-Identifier: MIT */
#pragma once

#include "runtime/election/beacon_state.h"

void trp_beacon_output_send(struct trp_beacon *beacon,
			    const struct trp_wire *message);
/* The settings, with the note of this node, if it has one. */
void trp_beacon_output_vers(struct trp_beacon *beacon);
/* The settings alone, which do not name this node. */
void trp_beacon_output_config(struct trp_beacon *beacon);
/* The note, if there is one. */
void trp_beacon_output_note(struct trp_beacon *beacon);
void trp_beacon_output_say(struct trp_beacon *beacon,
			   const struct trp_scalar *said);

/* `peers` are the names, head first; cut to the size of a message. */
void trp_beacon_output_list(struct trp_beacon *beacon, enum trp_wire_type type,
			    struct trp_beacon_peer *const *peers, size_t count);

void trp_beacon_output_event(struct trp_beacon *beacon,
			     const struct trp_beacon_event *event);

/* In [0, 1). */
double trp_beacon_output_draw(struct trp_beacon *beacon);

/* Gets the value from the owner, if it has that callback.  0, -ENOMEM,
 * -EMSGSIZE. */
int trp_beacon_output_ask_value(struct trp_beacon *beacon, bool may_become_it);
