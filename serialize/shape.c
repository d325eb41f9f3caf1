/* SPDX-License-Identifier: MIT */
#include "serialize/shape.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "serialize/json.h"

enum kind {
	WORD,	  /* a set of kinds */
	CONSTANT, /* one value */
	MAP,	  /* keys[i] matches items[i] */
	EACH,	  /* a list; items[0] for each item */
	TUPLE,	  /* a list; items[i] for item i, and no more */
};

struct troupe_shape {
	enum kind kind;
	uint64_t id;	/* 0: not a whole shape */
	unsigned kinds; /* 1 << enum trp_value_kind each */
	struct troupe_value *constant;
	size_t count;
	char **keys;
	struct troupe_shape **items;
};

static const struct word {
	const char *name;
	unsigned kinds;
} words[] = {
	{ "any", ~0U },
	{ "null", 1U << TRP_VALUE_NULL },
	{ "bool", 1U << TRP_VALUE_BOOL },
	{ "int", 1U << TRP_VALUE_INT },
	{ "double", 1U << TRP_VALUE_DOUBLE },
	{ "number", 1U << TRP_VALUE_INT | 1U << TRP_VALUE_DOUBLE },
	{ "str", 1U << TRP_VALUE_TEXT },
	{ "bytes", 1U << TRP_VALUE_BYTES },
	{ "list", 1U << TRP_VALUE_LIST },
	{ "map", 1U << TRP_VALUE_MAP },
};

static const char expected_shape[] =
	"expected any, null, bool, int, double, number, str, bytes, list, map, "
	"a constant, {, [ or (";

struct parsing {
	const char *text;
	size_t size;
	size_t at;
	struct trp_parse_error *error;
};

/* ---- parts --------------------------------------------------------------- */

static struct troupe_shape *new_shape(enum kind kind)
{
	struct troupe_shape *shape = calloc(1, sizeof(*shape));

	if (shape)
		shape->kind = kind;
	return shape;
}

static void check_map(const struct troupe_shape *map)
{
	for (size_t i = 0; i < map->count; i++)
		for (size_t j = 0; j < i; j++)
			assert(strcmp(map->keys[i], map->keys[j]) != 0);
}

void trp_shape_check(const struct troupe_shape *shape)
{
	assert((shape->kind == WORD) == (shape->kinds != 0));
	assert((shape->kind == CONSTANT) == (shape->constant != NULL));
	assert(shape->kind != EACH || shape->count == 1);
	assert((shape->kind == MAP && shape->count) == (shape->keys != NULL));
	assert(shape->kind >= MAP || !shape->count);
	if (shape->kind == MAP)
		check_map(shape);
	for (size_t i = 0; i < shape->count; i++) {
		assert(!shape->items[i]->id);
		trp_shape_check(shape->items[i]);
	}
}

void troupe_shape_free(struct troupe_shape *shape)
{
	if (!shape)
		return;
	for (size_t i = 0; i < shape->count; i++) {
		troupe_shape_free(shape->items[i]);
		if (shape->keys)
			free(shape->keys[i]);
	}
	free(shape->items);
	free(shape->keys);
	troupe_value_free(shape->constant);
	free(shape);
}

/* Consumes key (NULL: none) and item, also on failure. */
static int add(struct troupe_shape *shape, char *key, struct troupe_shape *item)
{
	size_t count = shape->count + 1;
	struct troupe_shape **items;
	char **keys;

	assert((shape->kind == MAP) == (key != NULL));
	items = reallocarray(shape->items, count, sizeof(*items));
	if (!items)
		goto fail;
	shape->items = items;
	if (key) {
		keys = reallocarray(shape->keys, count, sizeof(*keys));
		if (!keys)
			goto fail;
		shape->keys = keys;
		keys[shape->count] = key;
	}
	items[shape->count] = item;
	shape->count = count;
	return 0;
fail:
	troupe_shape_free(item);
	free(key);
	return -ENOMEM;
}

/* ---- parsing ------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next character that is not blank; '\0': none, or an invalid one. */
static char peek(struct parsing *parsing)
{
	while (parsing->at < parsing->size &&
	       is_blank(parsing->text[parsing->at]))
		parsing->at++;
	return parsing->at < parsing->size ? parsing->text[parsing->at] : '\0';
}

static bool take(struct parsing *parsing, char c)
{
	if (peek(parsing) != c)
		return false;
	parsing->at++;
	return true;
}

static int fail_at(const struct parsing *parsing, size_t at, const char *text)
{
	trp_parse_error_at(parsing->error, at, "%s", text);
	return -EINVAL;
}

static int fail(const struct parsing *parsing, const char *text)
{
	return fail_at(parsing, parsing->at, text);
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Bytes of the word that starts here; 0: there is none. */
static size_t word_size(struct parsing *parsing)
{
	size_t end;

	if (!is_letter(peek(parsing)))
		return 0;
	for (end = parsing->at; end < parsing->size; end++)
		if (!is_letter(parsing->text[end]) &&
		    !is_digit(parsing->text[end]))
			break;
	return end - parsing->at;
}

static bool is_word(const struct parsing *parsing, size_t size,
		    const char *word)
{
	return size == strlen(word) &&
	       memcmp(parsing->text + parsing->at, word, size) == 0;
}

static int parse_string(struct parsing *parsing,
			struct troupe_value **ret_value)
{
	size_t begin = parsing->at, used;
	int r = trp_json_read_first(parsing->text + begin,
				    parsing->size - begin, ret_value, &used,
				    parsing->error);

	if (r == -EINVAL && parsing->error)
		parsing->error->offset += begin;
	if (r == 0)
		parsing->at += used;
	return r;
}

static int parse_constant(struct parsing *parsing,
			  struct troupe_value *constant,
			  struct troupe_shape **ret_shape)
{
	struct troupe_shape *shape = constant ? new_shape(CONSTANT) : NULL;

	if (!shape) {
		troupe_value_free(constant);
		return -ENOMEM;
	}
	shape->constant = constant;
	*ret_shape = shape;
	return 0;
}

static int parse_word(struct parsing *parsing, struct troupe_shape **ret_shape)
{
	size_t i, size = word_size(parsing);
	bool is_true = is_word(parsing, size, "true");

	if (is_true || is_word(parsing, size, "false")) {
		parsing->at += size;
		return parse_constant(parsing, troupe_value_bool(is_true),
				      ret_shape);
	}
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!is_word(parsing, size, words[i].name))
			continue;
		*ret_shape = new_shape(WORD);
		if (!*ret_shape)
			return -ENOMEM;
		(*ret_shape)->kinds = words[i].kinds;
		parsing->at += size;
		return 0;
	}
	return fail(parsing, expected_shape);
}

static int parse(struct parsing *parsing, unsigned levels,
		 struct troupe_shape **ret_shape);

static int parse_key(struct parsing *parsing, char **ret_key)
{
	size_t size = word_size(parsing);
	struct troupe_value *value;
	int r;

	if (size > 0) {
		*ret_key = strndup(parsing->text + parsing->at, size);
		parsing->at += size;
		return *ret_key ? 0 : -ENOMEM;
	}
	if (peek(parsing) != '"')
		return fail(parsing, "expected a key");
	r = parse_string(parsing, &value);
	if (r < 0)
		return r;
	*ret_key = strdup(troupe_value_to_text(value, ""));
	troupe_value_free(value);
	return *ret_key ? 0 : -ENOMEM;
}

static bool has_key(const struct troupe_shape *map, const char *key)
{
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->keys[i], key) == 0)
			return true;
	return false;
}

static int parse_entry(struct parsing *parsing, unsigned levels,
		       struct troupe_shape *map)
{
	struct troupe_shape *item;
	size_t begin;
	char *key = NULL;
	int r;

	peek(parsing);
	begin = parsing->at;
	r = parse_key(parsing, &key);
	if (r < 0)
		return r;
	if (has_key(map, key))
		r = fail_at(parsing, begin, "this key is there twice");
	else if (!take(parsing, ':'))
		r = fail(parsing, "expected ':'");
	else
		r = parse(parsing, levels, &item);
	if (r < 0) {
		free(key);
		return r;
	}
	return add(map, key, item);
}

/* Up to `end`; the opening character is taken already. */
static int parse_entries(struct parsing *parsing, unsigned levels,
			 struct troupe_shape *map)
{
	int r;

	if (take(parsing, '}'))
		return 0;
	do {
		r = parse_entry(parsing, levels, map);
		if (r < 0)
			return r;
	} while (take(parsing, ','));
	return take(parsing, '}') ? 0 : fail(parsing, "expected ',' or '}'");
}

static int parse_items(struct parsing *parsing, unsigned levels, char end,
		       struct troupe_shape *list)
{
	struct troupe_shape *item;
	int r;

	if (take(parsing, end))
		return 0;
	do {
		r = parse(parsing, levels, &item);
		if (r == 0)
			r = add(list, NULL, item);
		if (r < 0)
			return r;
	} while (take(parsing, ','));
	if (!take(parsing, end))
		return fail(parsing, end == ']' ? "expected ',' or ']'"
						: "expected ',' or ')'");
	if (end == ']' && list->count == 1)
		list->kind = EACH;
	return 0;
}

static int parse_nested(struct parsing *parsing, unsigned levels, char open,
			struct troupe_shape **ret_shape)
{
	struct troupe_shape *shape;
	int r;

	if (levels == 0) {
		trp_parse_error_at(parsing->error, parsing->at,
				   "nested deeper than %d levels",
				   TRP_VALUE_DEPTH);
		return -EINVAL;
	}
	assert(levels <= TRP_VALUE_DEPTH);
	shape = new_shape(open == '{' ? MAP : TUPLE);
	if (!shape)
		return -ENOMEM;
	parsing->at++;
	if (open == '{')
		r = parse_entries(parsing, levels - 1, shape);
	else
		r = parse_items(parsing, levels - 1, open == '[' ? ']' : ')',
				shape);
	if (r < 0) {
		troupe_shape_free(shape);
		return r;
	}
	*ret_shape = shape;
	return 0;
}

static int parse(struct parsing *parsing, unsigned levels,
		 struct troupe_shape **ret_shape)
{
	struct troupe_value *constant;
	char c = peek(parsing);
	int r;

	if (c == '{' || c == '[' || c == '(')
		return parse_nested(parsing, levels, c, ret_shape);
	if (is_letter(c))
		return parse_word(parsing, ret_shape);
	if (c != '"' && c != '-' && !is_digit(c))
		return fail(parsing, expected_shape);
	r = parse_string(parsing, &constant);
	if (r < 0)
		return r;
	return parse_constant(parsing, constant, ret_shape);
}

int trp_shape_new(const char *text, size_t size,
		  struct troupe_shape **ret_shape,
		  struct trp_parse_error *error)
{
	static _Atomic uint64_t last_id;
	struct parsing parsing = { text, size, 0, error };
	struct troupe_shape *shape;
	int r;

	if (size > TRP_SHAPE_MAX) {
		trp_parse_error_at(error, TRP_SHAPE_MAX,
				   "expected no more than %d bytes",
				   TRP_SHAPE_MAX);
		return -EINVAL;
	}
	r = parse(&parsing, TRP_VALUE_DEPTH, &shape);
	if (r < 0)
		return r;
	peek(&parsing);
	if (parsing.at < size) {
		troupe_shape_free(shape);
		return fail(&parsing, "expected the end");
	}
	shape->id =
		atomic_fetch_add_explicit(&last_id, 1, memory_order_relaxed) +
		1;
	TRP_CHECK(trp_shape_check(shape));
	*ret_shape = shape;
	return 0;
}

uint64_t trp_shape_id(const struct troupe_shape *shape)
{
	return shape->id;
}

/* ---- matching ------------------------------------------------------------ */

static bool matches_map(const struct troupe_shape *shape,
			const struct troupe_value *value)
{
	if (trp_value_kind(value) != TRP_VALUE_MAP)
		return false;
	for (size_t i = 0; i < shape->count; i++) {
		const struct troupe_value *item =
			troupe_value_get(value, shape->keys[i]);

		if (!item || !troupe_shape_matches(shape->items[i], item))
			return false;
	}
	return true;
}

static bool matches_list(const struct troupe_shape *shape,
			 const struct troupe_value *value)
{
	size_t i, count = troupe_value_count(value);

	if (trp_value_kind(value) != TRP_VALUE_LIST)
		return false;
	if (shape->kind == TUPLE && count != shape->count)
		return false;
	for (i = 0; i < count; i++)
		if (!troupe_shape_matches(
			    shape->items[shape->kind == TUPLE ? i : 0],
			    troupe_value_at(value, i)))
			return false;
	return true;
}

bool troupe_shape_matches(const struct troupe_shape *shape,
			  const struct troupe_value *value)
{
	switch (shape->kind) {
	case WORD:
		return shape->kinds >> trp_value_kind(value) & 1;
	case CONSTANT:
		return troupe_value_equals(shape->constant, value);
	case MAP:
		return matches_map(shape, value);
	case EACH:
	case TUPLE:
		return matches_list(shape, value);
	}
	return false;
}
