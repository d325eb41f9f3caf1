/* SPDX-License-Identifier: MIT */
#include "serialize/beacon/scalar.h"

#include <assert.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int rank_of[] = {
	[TRP_SCALAR_NONE] = 0, [TRP_SCALAR_BOOL] = 1, [TRP_SCALAR_INT] = 1,
	[TRP_SCALAR_REAL] = 1, [TRP_SCALAR_TEXT] = 2, [TRP_SCALAR_BYTES] = 3,
	[TRP_SCALAR_RAW] = 4,
};

struct trp_scalar trp_scalar_text(const char *text)
{
	struct trp_scalar value = { .type = TRP_SCALAR_TEXT };

	value.span.data = text;
	value.span.length = strlen(text);
	return value;
}

bool trp_scalar_has_span(const struct trp_scalar *value)
{
	return rank_of[value->type] >= rank_of[TRP_SCALAR_TEXT];
}

_Static_assert(LDBL_MANT_DIG >= 63, "exact for both");

/* long double holds every int64_t and every double (x86-64, AArch64). */
static long double number_of(const struct trp_scalar *value)
{
	if (value->type == TRP_SCALAR_BOOL)
		return value->flag;
	if (value->type == TRP_SCALAR_INT)
		return value->integer;
	assert(value->type == TRP_SCALAR_REAL);
	return value->real;
}

static int compare_numbers(long double a, long double b)
{
	if (isnan(a) || isnan(b))
		return !isnan(a) - !isnan(b);
	return (a > b) - (a < b);
}

static int compare_spans(const struct trp_scalar *a, const struct trp_scalar *b)
{
	size_t shorter = a->span.length < b->span.length ? a->span.length
							 : b->span.length;
	int order = shorter ? memcmp(a->span.data, b->span.data, shorter) : 0;

	if (order)
		return order;
	return (a->span.length > b->span.length) -
	       (a->span.length < b->span.length);
}

int trp_scalar_compare(const struct trp_scalar *a, const struct trp_scalar *b)
{
	int by_rank = rank_of[a->type] - rank_of[b->type];

	if (by_rank || a->type == TRP_SCALAR_NONE)
		return by_rank;
	if (trp_scalar_has_span(a))
		return compare_spans(a, b);
	return compare_numbers(number_of(a), number_of(b));
}

int trp_scalar_copy(struct trp_scalar *to, const struct trp_scalar *from)
{
	struct trp_scalar copy = *from;
	char *data;

	assert(to != from);
	if (trp_scalar_has_span(from)) {
		data = malloc(from->span.length + 1);
		if (!data)
			return -ENOMEM;
		if (from->span.length)
			memcpy(data, from->span.data, from->span.length);
		copy.span.data = data;
	}
	trp_scalar_fini(to);
	*to = copy;
	return 0;
}

void trp_scalar_fini(struct trp_scalar *value)
{
	if (trp_scalar_has_span(value))
		free((char *)value->span.data);
	*value = (struct trp_scalar) { .type = TRP_SCALAR_NONE };
}
