/* SPDX-License-Identifier: MIT */
#include "serialize/value.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int rank_of[] = {
	[TRP_VALUE_NONE] = 0, [TRP_VALUE_BOOL] = 1, [TRP_VALUE_INT] = 1,
	[TRP_VALUE_REAL] = 1, [TRP_VALUE_TEXT] = 2, [TRP_VALUE_BYTES] = 3,
	[TRP_VALUE_RAW] = 4,
};

struct trp_value trp_value_text(const char *text)
{
	struct trp_value value = { .type = TRP_VALUE_TEXT };

	value.span.data = text;
	value.span.length = strlen(text);
	return value;
}

bool trp_value_has_span(const struct trp_value *value)
{
	return rank_of[value->type] >= rank_of[TRP_VALUE_TEXT];
}

/* long double holds every int64_t and every double (x86-64, AArch64). */
static long double number_of(const struct trp_value *value)
{
	if (value->type == TRP_VALUE_BOOL)
		return value->flag;
	if (value->type == TRP_VALUE_INT)
		return value->integer;
	return value->real;
}

static int compare_numbers(long double a, long double b)
{
	if (isnan(a) || isnan(b))
		return !isnan(a) - !isnan(b);
	return (a > b) - (a < b);
}

static int compare_spans(const struct trp_value *a, const struct trp_value *b)
{
	size_t shorter = a->span.length < b->span.length ? a->span.length
							 : b->span.length;
	int order = shorter ? memcmp(a->span.data, b->span.data, shorter) : 0;

	if (order)
		return order;
	return (a->span.length > b->span.length) -
	       (a->span.length < b->span.length);
}

int trp_value_compare(const struct trp_value *a, const struct trp_value *b)
{
	int by_rank = rank_of[a->type] - rank_of[b->type];

	if (by_rank || a->type == TRP_VALUE_NONE)
		return by_rank;
	if (trp_value_has_span(a))
		return compare_spans(a, b);
	return compare_numbers(number_of(a), number_of(b));
}

int trp_value_copy(struct trp_value *to, const struct trp_value *from)
{
	struct trp_value copy = *from;
	char *data;

	if (trp_value_has_span(from)) {
		data = malloc(from->span.length + 1);
		if (!data)
			return -ENOMEM;
		if (from->span.length)
			memcpy(data, from->span.data, from->span.length);
		copy.span.data = data;
	}
	trp_value_fini(to);
	*to = copy;
	return 0;
}

void trp_value_fini(struct trp_value *value)
{
	if (trp_value_has_span(value))
		free((char *)value->span.data);
	*value = (struct trp_value) { .type = TRP_VALUE_NONE };
}
