/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The contents of the page of `troupe web`, as JSON: a look at the node each
 * second, and some sums of it over time.  A node that ends, hangs or comes back
 * is no failure: the text says so, and the next look tries anew.
 */

#include <stdio.h>
#include "runtime/look/look.h"

enum { TRP_WEB_STATE_SAMPLES = 300, TRP_WEB_STATE_ACTORS = 2000 };

/* Of a second; the restarts are those since the node began. */
struct trp_web_sample {
	double received, unread;
	uint64_t restarts;
};

struct trp_web_state {
	struct trp_look look;
	bool is_open, may_control;
	char node[TRP_NODE_NAME_SIZE]; /* once it was found */
	uint64_t number;	       /* of looks */
	char *text;		       /* JSON, on one line; owned */
	size_t samples;
	struct trp_web_sample sample[TRP_WEB_STATE_SAMPLES]; /* a ring */
};

/* 0; or as trp_look_open(), with state->look.client.why. */
int trp_web_state_open(struct trp_web_state *state, const char *node);

/* Looks; the text is new in any case.  0 or -ENOMEM. */
int trp_web_state_take(struct trp_web_state *state);

/* All about one actor, a name, an address or a reference: JSON for free(), or
 * NULL: there is none. */
char *trp_web_state_actor(const struct trp_web_state *state, const char *whom);

/* stop, start or restart.  0, or negative with `why`, borrowed. */
int trp_web_state_order(struct trp_web_state *state, const char *what,
			const char *whom, const char **ret_why);
