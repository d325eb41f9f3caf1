/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A class that supervises, in the actor: it tells the supervisor its children
 * and rules once its init() has returned.  All that follows is decided there
 * (runtime/supervision).
 */

#include "runtime/troupe.h"

/* 0, also for a class that does not supervise; or as troupe_spawn(). */
int trp_supervise_begin(const struct troupe_class *klass);
