/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * One beacon, "m", alone with the test: the test is the channel, the clock
 * (seconds since the start) and the dice.  C = 10 s, G = 1.5 s.
 */

#include "runtime/election/beacon.h"

#include <criterion/criterion.h>

struct lone {
	struct trp_beacon *beacon;
	double now_s;
	double draw;		 /* what randomness gives, always */
	struct trp_scalar value; /* its own */

	/* The last message sent, and how many of each type. */
	struct trp_wire last;
	char last_history[16][16];
	int sent[TRP_WIRE_TYPES];

	/* The last of each event, its names as one text; and how many. */
	struct trp_beacon_event event[TRP_BEACON_EVENTS];
	char node[TRP_BEACON_EVENTS][16];
	char local[64], remote[64];
	int seen[TRP_BEACON_EVENTS];
};

/* Begins with value 50, the config, and hears its init at once. */
void lone_begin(struct lone *lone, const struct trp_wire_config *config);
/* The same, but new only. */
void lone_new(struct lone *lone, const struct trp_beacon_options *options);
/* The same, and not ready. */
void lone_unready(struct lone *lone, const struct trp_beacon_options *options);
void lone_fini(struct lone *lone);

void lone_hear(struct lone *lone, const struct trp_wire *message);
void lone_hear_init(struct lone *lone, const char *node);
/* `names` are separated by blanks; an int value < 0 is none. */
void lone_hear_ping(struct lone *lone, const char *names, int64_t value);
void lone_hear_hist(struct lone *lone, const char *names, int64_t value);
void lone_hear_vers(struct lone *lone, const char *node, int64_t version);

/* Lets time pass, ticking at each deadline, up to and including then. */
void lone_until(struct lone *lone, double when_s);

/* The list, or the history last sent, as one text. */
const char *lone_list(const struct lone *lone);
const char *lone_last(const struct lone *lone);

double lone_deadline(const struct lone *lone);

#define assert_near(a, b) cr_assert_float_eq(a, b, 1e-6, "%f", (double)(a))
