/* SPDX-License-Identifier: MIT */
#pragma once

#include "runtime/troupe.h"

/*
 * Blocks until `pending` is 0, the calls of proxies first[0..count - 1].  0,
 * also when they have failed; -ECANCELED.
 */
int trp_await(const struct troupe_proxy *first, size_t count,
	      const unsigned *pending);
