/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * When to ask again, from measured round trips (RFC 6298, with at least four of
 * them, as the other process may have to wait for its processor).
 */

#include <stdbool.h>
#include "ipc/time.h"

struct trp_pace {
	int64_t mean_ns, variance_ns; /* mean 0: nothing was measured */
	int64_t most_ns;
	unsigned int doublings;
};

/* Until something is measured, as long as `most_ns` allows up to 250 ms. */
void trp_pace_init(struct trp_pace *pace, int64_t most_ns);

/* A round trip took so long: of a frame that was sent once. */
void trp_pace_measured(struct trp_pace *pace, int64_t took_ns);

/* An answer has come, or not in time. */
void trp_pace_answered(struct trp_pace *pace);
void trp_pace_missed(struct trp_pace *pace);

int64_t trp_pace_ns(const struct trp_pace *pace);
