/* SPDX-License-Identifier: MIT */
#pragma once

/* The work of an actor, for people and for programs. */

#include "runtime/look/look.h"
#include "serialize/value.h"

/* S.CC, M:SS or H:MM:SS.  Returns text. */
const char *trp_look_text_time(int64_t ms, char text[32]);
/* The same with its unit: s, min or h. */
const char *trp_look_text_span(int64_t ms, char text[32]);

/*
 * "handles shop.Sale from /till, sent 3.20 s ago", "awaits /bank:
 * bank.Book.Pay, for 3.20 s"; "" for one that does nothing.  Returns text.
 */
const char *trp_look_text_doing(const struct trp_look *look,
				const struct trp_look_actor *actor, char *text,
				size_t size);

/* All that is known of it, as a map; NULL: no memory. */
struct troupe_value *trp_look_text_value(const struct trp_look *look,
					 const struct trp_look_actor *actor);
/* A reference: a text of digits, as in proto3. */
struct troupe_value *trp_look_text_ref(troupe_ref ref);
