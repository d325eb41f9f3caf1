/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Values as JSON (RFC 8259), for people.  What JSON lacks is a map of one key:
 *
 *	bytes			{"$bytes": "base64"}
 *	NaN, +-infinity		{"$double": "NaN", "Infinity" or "-Infinity"}
 *
 * and a map that already looks like this gets one more '$' ({"$$bytes": 1}),
 * which the reader removes: values are read back as written.  A number with a
 * point or an exponent is a double, any other an int.
 */

#include <stdio.h>
#include "serialize/parse_error.h"
#include "serialize/value.h"

/*
 * Returns 0; -EINVAL with the parse_error (which may be NULL): no JSON, a
 * duplicate key, an integer beyond 64 bits, U+0000, or nested deeper than
 * TRP_VALUE_DEPTH; -ELIBACC with it: libjansson is not here; -ENOMEM.
 */
int trp_json_read(const char *text, size_t size,
		  struct troupe_value **ret_value,
		  struct trp_parse_error *parse_error);

/* The same for the string or number at the start of the text; ret_used: its
 * bytes. */
int trp_json_read_first(const char *text, size_t size,
			struct troupe_value **ret_value, size_t *ret_used,
			struct trp_parse_error *parse_error);

/*
 * One line; text for free().  Bytes that are not UTF-8 become U+FFFD; a
 * duplicate key is written twice, and cannot be read again.  Returns 0;
 * -EINVAL: nested deeper than a receiver allows; -ENOMEM; -ELIBACC.
 */
int trp_json_write(const struct troupe_value *value, char **ret_text);

/* Parts of it, for other writers of JSON. */
void trp_json_write_text(FILE *out, const char *text);
/* One that is not finite as "NaN", "Infinity", "-Infinity".  0, -ENOMEM,
 * -ELIBACC. */
int trp_json_write_number(FILE *out, double number);
