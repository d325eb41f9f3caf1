/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_MONITOR_H
#define TROUPE_MONITOR_H

/* Monitors; as troupe.h. */

#include "troupe_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Calls down() once when `ref` ends; if it is gone already, with a report as
 * from troupe_wait().  Each monitor has a report of its own, however many there
 * are of one actor.  ret_monitor may be NULL.  0, -EINVAL, -ENOMEM.
 */
TROUPE_API int troupe_monitor(troupe_ref ref, uint64_t *ret_monitor);

/*
 * Afterwards down() is not called for it, even if a report was on its way.  0,
 * also for one that has reported; -EINVAL: not a monitor of this actor.
 */
TROUPE_API int troupe_demonitor(uint64_t monitor);

/*
 * The same with options, each of which may be 0.
 * name: of the actor that is registered under it, in place of `ref`; the
 *	reports have this name.  If nobody is: a report with TROUPE_NOPROC.
 * tag: a number of one's own, which the reports have.
 */
struct troupe_monitor_options {
	const char *name;
	uint64_t tag;
};
TROUPE_API int troupe_monitor_with(troupe_ref ref,
				   const struct troupe_monitor_options *options,
				   uint64_t *ret_monitor);

#ifdef __cplusplus
}
#endif

#endif
