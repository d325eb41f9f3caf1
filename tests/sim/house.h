/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A leadership in each node of a net, as in a supervisor: its record travels as
 * a value or as a note, and a singleton starts and stops by it.
 */

#include "runtime/election/dialect.h"
#include "runtime/election/leadership.h"
#include "tests/sim/net.h"

#define HOUSE_NODES 16

struct house {
	struct trp_leadership at[HOUSE_NODES];
	struct trp_dialect dialect[HOUSE_NODES];
	char text[HOUSE_NODES][128]; /* a letter, and the text */
	struct trp_scalar value[HOUSE_NODES], note[HOUSE_NODES];
	bool ran[HOUSE_NODES];
	int64_t stopped_ns[HOUSE_NODES];
	bool is_dead[HOUSE_NODES]; /* killed: it needs no time to stop */
	uint64_t fence_max;
	int starts, clashes, regressions;
};

extern const struct sim_faults house_quick;

void house_init(struct sim_net *net, struct house *house, uint64_t seed,
		int count, const struct sim_faults *faults);
void house_begin(struct sim_net *net, struct house *house, int number,
		 uint64_t floor, bool is_roving);
/* The same, of a whole net that settles. */
void house_begin_all(struct sim_net *net, struct house *house, uint64_t seed,
		     int count, const struct sim_faults *faults,
		     bool is_roving);
void house_leave(struct sim_net *net, struct house *house, int number);
/* After a call of its leadership. */
void house_note_changes(struct sim_node *node);

int house_running(const struct sim_net *net, int side);
int house_runner(const struct sim_net *net); /* which, or -1 */
/* Leadership may be in transit from one to another. */
void house_until_one_runs(struct sim_net *net);
