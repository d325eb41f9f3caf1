/* SPDX-License-Identifier: MIT */
#pragma once

/* Children for actors that supervise, in nodes of tests. */

#include "runtime/troupe_supervise.h"
#include "tests/support/stage.h"

/* They note their starts and stops, as "a+" and "a-". */
void staff_note(const char *what);
void staff_expect_notes(const char *expected);

/*
 * Of numbers: adds up on the board (value 0; 1 counts them).  13: crashes; 0:
 * ends; below 0: ends with that error.
 */
extern const struct troupe_handler staff_handlers[];
extern const struct troupe_class staff_a, staff_b, staff_c;
extern const struct troupe_child_spec staff_three[]; /* by their names */

struct troupe_child staff_child_of(troupe_ref supervisor, const char *id);
/* Waits until it is in that state, after that many restarts. */
struct troupe_child staff_await(troupe_ref supervisor, const char *id,
				enum troupe_child_state state,
				uint32_t restarts);
/* Spawns it and waits until its child c is up. */
troupe_ref staff_begin(const struct troupe_class *klass);
/* By hand, when its supervisor is back and has stopped what it stops. */
void staff_start(troupe_ref supervisor, const char *id);
