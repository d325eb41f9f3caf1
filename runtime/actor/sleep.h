/* SPDX-License-Identifier: MIT */
#pragma once

/* Falling asleep, and the state of the next life. */

#include "runtime/actor/self.h"
#include "runtime/node/system.pb-c.h"

/*
 * Saves the state and ends the process; or returns 0: it stays awake, as
 * something is under way or has come, or as it cannot save.
 */
int trp_sleep_begin(void);

/* Of a predecessor, for load().  0, -EBADMSG, -ENOMEM. */
int trp_sleep_unpack(const Troupe__Control__Birth *birth);
/* As a step. */
int trp_sleep_load(void);
