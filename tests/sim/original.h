/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A node with the rules of asyncactor 0.26.4, defects included, for networks in
 * which such nodes and ours take turns.  Always ready, and without the
 * improvements that election/README.md lists.
 */

#include "runtime/election/beacon.h"

struct original;

/* Enabled, and ready; of the events there are TAG, UNTAG, DETAG, RECOVER and
 * FAILED. */
struct original *original_new(const char *node,
			      const struct trp_wire_config *config,
			      const struct trp_beacon_calls *calls, void *user);
void original_free(struct original *original);

void original_start(struct original *original, struct trp_time now);
void original_receive(struct original *original, const struct trp_wire *message,
		      struct trp_time now);
void original_tick(struct original *original, struct trp_time now);
struct trp_time original_deadline(const struct original *original);

/* The name at that place of its list; NULL: there are no more. */
const char *original_listed(const struct original *original, size_t place);
