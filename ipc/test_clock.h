/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A clock that a test moves, in memory that all processes of its node share.
 * While it stands no sleep ends by time: the mover rings all sleepers.
 *
 *	time = stands_at		if that is not 0
 *	     = the machine's + ahead	otherwise
 *
 * Outside of tests there is none: time.h asks for it only where it reads the
 * kernel's clock, and wait.h before a system call.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct trp_test_clock {
	_Atomic int64_t stands_at;
	_Atomic int64_t ahead;
	uint32_t slots;
	/* By slot: the deadline of the latest sleep; INT64_MAX: none. */
	_Atomic int64_t until[];
};

/* For this process and those that it forks; NULL: none.  Borrowed. */
void trp_test_clock_use(struct trp_test_clock *clock);
bool trp_test_clock_is_used(void);

/* The time of the test when that is the machine's. */
int64_t trp_test_clock_at(int64_t machine);

/*
 * When the machine ends a sleep of that slot until `deadline`, which has not
 * passed; not later than the alarm of this process.
 */
int64_t trp_test_clock_sleep(uint32_t slot, int64_t deadline);

/* The machine's time at which each sleep of this process ends; INT64_MAX. */
void trp_test_clock_alarm(int64_t machine);
