/* SPDX-License-Identifier: MIT */
#ifndef TRP_SERIALIZE_VALUE_H
#define TRP_SERIALIZE_VALUE_H

/*
 * A value as beacon nodes tell each other: one small thing that is comparable
 * with any other.  Lists and maps of other implementations are kept as the
 * bytes they came in (RAW), and go out again unchanged.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trp_value_type {
	TRP_VALUE_NONE,
	TRP_VALUE_BOOL,
	TRP_VALUE_INT,
	TRP_VALUE_REAL,
	TRP_VALUE_TEXT,
	TRP_VALUE_BYTES,
	TRP_VALUE_RAW, /* encoded, in the codec it was read with */
};

struct trp_value {
	enum trp_value_type type;
	union {
		bool flag;
		int64_t integer;
		double real;
		struct {
			const char *data;
			size_t length;
		} span; /* TEXT, BYTES, RAW; no final NUL */
	};
};

/* A TEXT that borrows `text`. */
struct trp_value trp_value_text(const char *text);

/*
 * A total order: none < numbers (by size, true is 1, NaN below all others)
 * < text < bytes < raw (each by its bytes).  Returns <0, 0, >0.
 */
int trp_value_compare(const struct trp_value *a, const struct trp_value *b);

/*
 * Copies `from` into `to`, whose old content is freed.  Returns 0 or -ENOMEM;
 * then `to` is as it was.
 */
int trp_value_copy(struct trp_value *to, const struct trp_value *from);

/* Frees what trp_value_copy() made; afterwards it is NONE. */
void trp_value_fini(struct trp_value *value);

/* TEXT, BYTES or RAW: it has a span. */
bool trp_value_has_span(const struct trp_value *value);

#endif
