/* SPDX-License-Identifier: MIT */
#pragma once

/* Shared by the tests of links and of exit signals: peers, each of which links
 * itself to one and does as it is told. */

#include "runtime/troupe_link.h"
#include "runtime/troupe_restart.h"
#include "tests/support/stage.h"

enum { LONG_MS = 60000 };
/* Places on the board. */
enum {
	SIGNALS = 100,
	FROM = 101,
	CODE = 102,
	GO = 103,
	CAUSES = 110,
	NOTES = 200
};
/* Numbers that are orders: below 0, it fails with that. */
enum { END = 0, ABORT = 1, COUNT = 2, HOLD = 3, NOTE = 10 };

extern const struct troupe_class link_peer;
extern const struct troupe_class link_trapper;
extern const struct troupe_class link_phoenix; /* is restarted always */
int link_note_signal(const struct troupe_end *end);

/* Linked to `to`, if any, when this returns. */
troupe_ref link_start(const struct troupe_class *klass, troupe_ref to);

bool link_ends_with(troupe_ref ref, enum troupe_cause cause, int code);

/* It has handled all that it got before: it counts, and lives. */
void link_check_lives(troupe_ref ref);

/* A signal of that one, as a message to this function. */
struct troupe_end link_next_signal(troupe_ref from);

bool link_has_signal(void);
int link_send_signal(troupe_ref to, enum troupe_cause cause, int code);
