/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_MONITOR_H
#define TROUPE_MONITOR_H

/* Monitors, and aliases; as troupe.h. */

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
 * An alias is a reference of this actor that ends before it: put it into a
 * request, and what this actor takes from its lanes by then arrives as any
 * message.  Mail that it takes later is dropped, also if it was sent before,
 * and its senders are not told, unless the actor is gone.  An alias takes
 * messages and questions alone: calls, troupe_close() and troupe_exit_signal()
 * return -EINVAL, and for links, monitors and waits it is an actor that is gone
 * (TROUPE_NOPROC).  A successor has no aliases.
 */
enum troupe_alias_kind {
	TROUPE_ALIAS_NONE,
	TROUPE_ALIAS_EXPLICIT,	/* until troupe_unalias() */
	TROUPE_ALIAS_REPLY,	/* until then, or for one message */
	TROUPE_ALIAS_DEMONITOR, /* ends with its monitor: by troupe_demonitor()
				 * or its last report */
	TROUPE_ALIAS_REPLY_DEMONITOR, /* the same; one message ends both */
};

/* EXPLICIT or REPLY.  0, -EINVAL, -ENOMEM. */
TROUPE_API int troupe_alias(enum troupe_alias_kind kind, troupe_ref *ret_alias);
/* 1: it has ended now; 0: it had before; -EINVAL: not an alias of this actor.
 */
TROUPE_API int troupe_unalias(troupe_ref alias);

/*
 * The same with options, each of which may be 0; NULL: none.
 * name: of the actor that is registered under it, in place of `ref`; the
 *	reports have this name.  If nobody is: a report with TROUPE_NOPROC; one
 *	that nobody could have is -EINVAL.
 * tag: a number of one's own, which the reports have.
 * alias: of any kind, stored in ret_alias; one without the other is -EINVAL.
 */
struct troupe_monitor_options {
	const char *name;
	uint64_t tag;
	enum troupe_alias_kind alias;
	troupe_ref *ret_alias;
};
TROUPE_API int troupe_monitor_with(troupe_ref ref,
				   const struct troupe_monitor_options *options,
				   uint64_t *ret_monitor);

#ifdef __cplusplus
}
#endif

#endif
