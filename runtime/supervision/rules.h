/* SPDX-License-Identifier: MIT */
#pragma once

/* Rules and orders, as actors have sent them; the defaults. */

#include "runtime/node/system.pb-c.h"
#include "runtime/supervision/supervision.h"
#include "runtime/supervisor/restart_policy.h"

/* ret_options->has_above is false.  0 or -EINVAL. */
int trp_supervision_rules_read(const Troupe__Control__Supervise *wish,
			       struct trp_supervision_options *ret_options,
			       struct trp_restart_rules *ret_pauses);

/* As supervision.h says of each; -EINVAL: no such order. */
int trp_supervision_rules_obey(struct trp_supervision *supervision,
			       struct trp_supervised *child,
			       Troupe__Control__ChildOrder what);
