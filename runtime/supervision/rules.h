/* SPDX-License-Identifier: MIT */
#pragma once

/* The rules of an actor that supervises, as it has sent them; its defaults. */

#include "runtime/node/system.pb-c.h"
#include "runtime/supervision/supervision.h"
#include "runtime/supervisor/restart_policy.h"

/* ret_options->has_above is false.  0 or -EINVAL. */
int trp_supervision_rules_read(const Troupe__Control__Supervise *wish,
			       struct trp_supervision_options *ret_options,
			       struct trp_restart_rules *ret_pauses);
