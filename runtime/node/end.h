/* SPDX-License-Identifier: MIT */
#pragma once

/* An end as the supervisor reports it: struct troupe_end as control.Ended. */

#include <sys/resource.h>
#include "runtime/node/system.pb-c.h"
#include "runtime/troupe.h"

/* Borrows the texts and the outcome of `end`.  watch: see node/watch.h. */
void trp_end_write(const struct troupe_end *end, uint64_t watch,
		   Troupe__Control__Ended *ret_ended);

/* Without its outcome. */
void trp_end_read(const Troupe__Control__Ended *ended,
		  struct troupe_end *ret_end);

/* The usage of its process, as from waitid(2). */
void trp_end_set_usage(struct troupe_end *end, const struct rusage *usage);
