/* SPDX-License-Identifier: MIT */
#pragma once

#include "runtime/election/beacon_state.h"

/* The head's ping or hist was heard: no notice is needed any more. */
void trp_beacon_notice_cancel(struct trp_beacon *beacon,
			      const struct trp_beacon_peer *head);

/* Announces the head of our list, in turn with its other members. */
void trp_beacon_notice_add(struct trp_beacon *beacon, size_t place,
			   struct trp_time now);

/* The same, but the head does it by its ping. */
void trp_beacon_notice_repeat(struct trp_beacon *beacon, size_t place,
			      struct trp_time now);

/* Our ping crossed that of the head, and lost: sends the head's hist in any
 * case. */
void trp_beacon_notice_concede(struct trp_beacon *beacon, struct trp_time now);

/* Those that are due. */
void trp_beacon_notice_send(struct trp_beacon *beacon, struct trp_time now);
void trp_beacon_notice_drop(struct trp_beacon *beacon);

/* The delay by place in the list, in half gaps: 0, .5, .75 ... */
int64_t trp_beacon_notice_stagger_ns(const struct trp_beacon *beacon,
				     size_t place);
