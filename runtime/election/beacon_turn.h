/* SPDX-License-Identifier: MIT */
#pragma once

#include "runtime/election/beacon_state.h"

void trp_beacon_turn_enter(struct trp_beacon *beacon,
			   enum trp_beacon_state state, struct trp_time due);

/* Delays our turn by that time, if it can wait. */
void trp_beacon_turn_hold(struct trp_beacon *beacon, int64_t duration_ns,
			  struct trp_time now);

/* Drops what it was to do. */
void trp_beacon_turn_rest(struct trp_beacon *beacon,
			  enum trp_beacon_state state);

/* Leaves WAITING, or IT with that event. */
void trp_beacon_turn_yield(struct trp_beacon *beacon,
			   enum trp_beacon_event_type type, const char *winner);

/* `sender` is the head now: waits for our turn, reports the ping. */
void trp_beacon_turn_accept(struct trp_beacon *beacon,
			    struct trp_beacon_peer *sender,
			    struct trp_time now);

void trp_beacon_turn_ping(struct trp_beacon *beacon, struct trp_time now);
void trp_beacon_turn_fail(struct trp_beacon *beacon, int error);

/* Starts with an empty list and an immediate ping. */
void trp_beacon_turn_begin(struct trp_beacon *beacon, struct trp_time now);

/* Says the name: STARTING. */
void trp_beacon_turn_greet(struct trp_beacon *beacon, struct trp_time now);
void trp_beacon_turn_send_init(struct trp_beacon *beacon, struct trp_time now);

/* Does what is due. */
void trp_beacon_turn_tick(struct trp_beacon *beacon, struct trp_time now);
