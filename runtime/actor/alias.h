/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The aliases of this actor: references that take its mail until they end,
 * which the sender is not told.  A monitor may have one, and end with it.
 *
 *	number			unique among those of this actor
 *	has_monitor		==> its monitor has the id of that number
 *	!takes_mail		==> has_monitor
 */

#include <stdbool.h>
#include <stdint.h>
#include "runtime/troupe_monitor.h"
#include "serialize/envelope.h"

/* A new one.  0 or -ENOMEM. */
int trp_alias_add(enum troupe_alias_kind kind, uint32_t *ret_number);
bool trp_alias_is_any(void);
void trp_alias_check(void);

/* It takes no more mail, and forgets its monitor.  False: there is none. */
bool trp_alias_end(uint32_t number);

/* The monitor of an alias, whose number is in its id: the report counts.
 * is_last: then both have ended. */
uint64_t trp_alias_monitor(uint32_t number);
bool trp_alias_reports(uint64_t monitor, bool is_last);
bool trp_alias_demonitor(uint64_t monitor);

/* Mail for an alias: true: it is a message now, and may have ended the alias.
 */
bool trp_alias_admits(struct trp_envelope *envelope);

/* A guest leaves. */
void trp_alias_leave(void);
