/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * How a node of ours states its value.  Its value is a text, and the original
 * dies when it compares a text with a number.  So a node begins without a
 * value, which can be compared with any, and listens.  Where others have texts,
 * or all are of ours, it states the text as its value; where one has a number,
 * it states a value of that kind or none, and the text goes beside it as a note
 * (serialize/beacon/wire.h).  A note begins with a letter that tells which of
 * these its node does.  Pure.
 */

#include "runtime/election/beacon.h"

enum trp_dialect_kind {
	TRP_DIALECT_OPEN,  /* no value; it does not know yet */
	TRP_DIALECT_TEXT,  /* the text */
	TRP_DIALECT_PLAIN, /* a number or none, for as long as it runs */
};

struct trp_dialect {
	enum trp_dialect_kind kind;
	bool has_odd; /* it has heard a value that no number compares with */
};

/* A message was heard: the RAW event of `beacon`. */
void trp_dialect_hear(struct trp_dialect *dialect, struct trp_beacon *beacon,
		      const struct trp_wire *message);

/* The node forgets what it heard, as it starts again. */
void trp_dialect_begin(struct trp_dialect *dialect);

/* Until its end: an original with a number may come at any moment. */
void trp_dialect_stay_plain(struct trp_dialect *dialect,
			    struct trp_beacon *beacon);

/* Whether its value in this ping is the text. */
bool trp_dialect_is_text(struct trp_dialect *dialect,
			 const struct trp_beacon *beacon, bool may_become_it);

/* Of a note: its letter. */
char trp_dialect_letter(const struct trp_dialect *dialect);

/* The text of a node: its value, or its note; NULL: it has none. */
const struct trp_scalar *trp_dialect_text(const struct trp_scalar *value,
					  const struct trp_scalar *note,
					  struct trp_scalar *space);
