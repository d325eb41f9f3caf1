/* SPDX-License-Identifier: MIT */
#pragma once

/* A line of `troupe doctor`, and advice below it unless all is well. */

enum trp_finding { TRP_FINDING_FINE, TRP_FINDING_WORSE, TRP_FINDING_BROKEN };

/* Returns `finding`. */
enum trp_finding trp_finding_say(enum trp_finding finding, const char *subject,
				 const char *found, const char *advice);
