/* SPDX-License-Identifier: MIT */
#pragma once

#include "runtime/election/beacon_state.h"

/* Head's ping or hist came by: nobody need be told of it any more. */
void trp_beacon_notice_cancel(struct trp_beacon *beacon,
			      const struct trp_beacon_peer *head);

/* Says who heads the own list, in its turn among those on it. */
void trp_beacon_notice_add(struct trp_beacon *beacon, size_t place,
			   struct trp_time now);

/* The same, but the head says so by its ping. */
void trp_beacon_notice_repeat(struct trp_beacon *beacon, size_t place,
			      struct trp_time now);

/* The own ping crossed what it lost to, the head: says so in any case. */
void trp_beacon_notice_concede(struct trp_beacon *beacon, struct trp_time now);

/* Those that are due. */
void trp_beacon_notice_send(struct trp_beacon *beacon, struct trp_time now);
void trp_beacon_notice_drop(struct trp_beacon *beacon);

/* Half the gap the later, the further back in the list: 0, .5, .75 ... */
int64_t trp_beacon_notice_stagger_ns(const struct trp_beacon *beacon,
				     size_t place);
