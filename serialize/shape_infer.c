/* SPDX-License-Identifier: MIT */
#include "serialize/shape_infer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serialize/json.h"
#include "serialize/shape.h"
#include "serialize/text_buffer.h"

static int infer(const struct troupe_value *value, unsigned levels,
		 char **ret_text);

/* r: of what was written. */
static int finish(struct trp_text_buffer *text, int r, char **ret_text)
{
	r = trp_text_buffer_close(text, r, ret_text);
	if (r < 0 || text->size <= TRP_SHAPE_MAX)
		return r;
	free(*ret_text);
	return -EMSGSIZE;
}

static int write_entry(FILE *out, const char *key,
		       const struct troupe_value *value, unsigned levels)
{
	char *text;
	int r = infer(value, levels, &text);

	if (r < 0)
		return r;
	trp_json_write_text(out, key);
	fprintf(out, ": %s", text);
	free(text);
	return 0;
}

static int infer_map(const struct troupe_value *map, unsigned levels,
		     char **ret_text)
{
	size_t i, count = troupe_value_count(map);
	const char *separator = "";
	struct trp_text_buffer text;
	int r;

	/* An entry is at least "a": int.  Looking for a key twice is quadratic.
	 */
	if (count > TRP_SHAPE_MAX / 8)
		return -EMSGSIZE;
	r = trp_text_buffer_open(&text);
	if (r < 0)
		return r;
	putc('{', text.out);
	for (i = 0; i < count && r == 0; i++) {
		const char *key = troupe_value_key_at(map, i);
		const struct troupe_value *item = troupe_value_at(map, i);

		if (troupe_value_get(map, key) != item)
			continue;
		fputs(separator, text.out);
		separator = ", ";
		r = write_entry(text.out, key, item, levels);
	}
	putc('}', text.out);
	return finish(&text, r, ret_text);
}

/* A list of which items 0 to i - 1 have one shape, and i has another. */
static int write_first(FILE *out, const char *first, size_t i)
{
	if (i > TRP_SHAPE_MAX / strlen(first))
		return -EMSGSIZE;
	for (size_t j = 0; j < i; j++)
		fprintf(out, "%s%s", j ? ", " : "", first);
	return 0;
}

/* ret_first: the shape of all, or of the first items; NULL: of none. */
static int write_items(FILE *out, const struct troupe_value *list,
		       unsigned levels, char **ret_first)
{
	size_t i, count = troupe_value_count(list);
	bool is_one = true;
	char *text;
	int r;

	for (i = 0; i < count; i++) {
		r = infer(troupe_value_at(list, i), levels, &text);
		if (r < 0)
			return r;
		if (!*ret_first) {
			*ret_first = text;
			continue;
		}
		if (is_one && strcmp(*ret_first, text) != 0) {
			is_one = false;
			r = write_first(out, *ret_first, i);
		}
		if (!is_one)
			fprintf(out, ", %s", text);
		free(text);
		if (r == 0 && ftell(out) > TRP_SHAPE_MAX)
			r = -EMSGSIZE;
		if (r < 0)
			return r;
	}
	if (is_one)
		fputs(*ret_first ? *ret_first : "any", out);
	return 0;
}

static int infer_list(const struct troupe_value *list, unsigned levels,
		      char **ret_text)
{
	struct trp_text_buffer text;
	char *first = NULL;
	int r = trp_text_buffer_open(&text);

	if (r < 0)
		return r;
	putc('[', text.out);
	r = write_items(text.out, list, levels, &first);
	putc(']', text.out);
	free(first);
	return finish(&text, r, ret_text);
}

static int infer(const struct troupe_value *value, unsigned levels,
		 char **ret_text)
{
	static const char *const names[] = {
		[TRP_VALUE_NULL] = "null", [TRP_VALUE_BOOL] = "bool",
		[TRP_VALUE_INT] = "int",   [TRP_VALUE_DOUBLE] = "double",
		[TRP_VALUE_TEXT] = "str",  [TRP_VALUE_BYTES] = "bytes",
		[TRP_VALUE_LIST] = "list", [TRP_VALUE_MAP] = "map",
	};
	enum trp_value_kind kind = trp_value_kind(value);
	char *text;

	if (kind == TRP_VALUE_LIST || kind == TRP_VALUE_MAP) {
		if (levels == 0)
			return -EINVAL;
		return kind == TRP_VALUE_LIST
			       ? infer_list(value, levels - 1, ret_text)
			       : infer_map(value, levels - 1, ret_text);
	}
	text = strdup(names[kind]);
	if (!text)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}

int trp_shape_infer(const struct troupe_value *value, char **ret_text)
{
	return infer(value, TRP_VALUE_DEPTH, ret_text);
}
