/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Watches of actors of other nodes: monitors, waits, targets of calls, links.
 * The mail actor of the other node watches for us, and its report is taken as
 * one of the supervisor.  Here is a list of them, so that no more is believed
 * than was asked for, and all of a node that is lost can be told.
 */

#include "runtime/node/away.pb-c.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/troupe.h"

/* id: of node/watch.h.  0, -ENOMEM, -EHOSTUNREACH. */
int trp_away_watch_add(troupe_ref ref, uint64_t id, uint64_t tag);
/* False: there is none. */
bool trp_away_watch_remove(uint64_t id);

/* An order for an actor of another node, to its mail actor.  As a send. */
int trp_away_watch_order(troupe_ref ref, const ProtobufCMessage *order);

/* ---- what the mail actor tells ------------------------------------------- */

void trp_away_watch_ended(Troupe__Control__Ended *ended);
void trp_away_watch_linked(troupe_ref other);
void trp_away_watch_unlinked(troupe_ref other);
/* All of that node, 0: of each other, are over, or will be after its mail. */
void trp_away_watch_lost(const Troupe__Away__Lost *news);

/* A guest leaves. */
void trp_away_watch_leave(void);
