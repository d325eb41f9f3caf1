/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Values as JSON (RFC 8259), for people.  What JSON lacks is a map of one key:
 *
 *	bytes			{"$bytes": "base64"}
 *	NaN, +-infinity		{"$double": "NaN", "Infinity" or "-Infinity"}
 *
 * and a map that looks like this by itself has one '$' more ({"$$bytes": 1}),
 * which is taken off again: what was written is read back as it was.  A number
 * with a point or an exponent is a double, any other an int.
 */

#include <stdio.h>
#include "serialize/parse_error.h"
#include "serialize/value.h"

/*
 * Returns 0; -EINVAL with the parse_error (which may be NULL): no JSON, a key
 * twice, an integer beyond 64 bits, U+0000, or nested deeper than
 * TRP_VALUE_DEPTH; -ENOMEM.
 */
int trp_json_read(const char *text, size_t size,
		  struct troupe_value **ret_value,
		  struct trp_parse_error *parse_error);

/* The same of the string or number with which the text begins; ret_used: its
 * bytes. */
int trp_json_read_first(const char *text, size_t size,
			struct troupe_value **ret_value, size_t *ret_used,
			struct trp_parse_error *parse_error);

/*
 * One line; text for free().  Bytes that are not UTF-8 become U+FFFD; a key
 * that came twice is written twice, and then not read again.  Returns 0;
 * -EINVAL: nested deeper than what can be received; -ENOMEM.
 */
int trp_json_write(const struct troupe_value *value, char **ret_text);

/* Parts of it, for those who write JSON of their own. */
void trp_json_write_text(FILE *out, const char *text);
/* Bytes of the UTF-8 character there; 0: it is none (RFC 3629). */
size_t trp_json_character(const unsigned char *text);
/* One that is not finite as "NaN", "Infinity", "-Infinity".  0 or -ENOMEM. */
int trp_json_write_number(FILE *out, double number);
