/* SPDX-License-Identifier: MIT */
#pragma once

/* An end as it is seen from outside. */

#include "runtime/node/ref.h"

enum trp_exit_kind {
	TRP_EXIT_UNBORN,   /* no process; code: -errno of its fork */
	TRP_EXIT_STATUS,   /* code: the exit status */
	TRP_EXIT_SIGNAL,   /* code: the signal */
	TRP_EXIT_GONE,	   /* a guest's connection has ended; code: 0 */
	TRP_EXIT_EXPELLED, /* a guest was expelled; code: 0 */
};

/* The end as seen from outside, of an actor that is not known yet. */
struct troupe_end trp_exit_seen(enum trp_exit_kind kind, int code);
