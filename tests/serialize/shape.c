/* SPDX-License-Identifier: MIT */
#include "serialize/shape.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serialize/shape_infer.h"
#include "serialize/json.h"
#include "tests/serialize/full.h"

static struct troupe_shape *compile(const char *text)
{
	struct trp_parse_error mistake = { 0 };
	struct troupe_shape *shape = NULL;

	cr_assert_eq(trp_shape_new(text, strlen(text), &shape, &mistake), 0,
		     "%s: at %zu: %s", text, mistake.offset, mistake.text);
	trp_shape_check(shape);
	return shape;
}

static struct troupe_value *read_value(const char *json)
{
	struct troupe_value *value = NULL;

	cr_assert_eq(trp_json_read(json, strlen(json), &value, NULL), 0, "%s",
		     json);
	return value;
}

static bool matches(const char *text, const char *json)
{
	struct troupe_shape *shape = compile(text);
	struct troupe_value *value = read_value(json);
	bool result = troupe_shape_matches(shape, value);

	troupe_value_free(value);
	troupe_shape_free(shape);
	return result;
}

static const char *const samples[] = {
	"null", "true", "1", "1.0", "\"a\"", "{\"$bytes\": \"AA==\"}",
	"[]",	"{}",
};
enum { SAMPLES = sizeof(samples) / sizeof(samples[0]) };

/* Which samples it matches, as their initials: n t i d s b l m. */
static void check_kinds(const char *text, const char *expected)
{
	static const char initials[] = "ntidsblm";
	char found[SAMPLES + 1] = "";
	size_t i, n = 0;

	for (i = 0; i < SAMPLES; i++)
		if (matches(text, samples[i]))
			found[n++] = initials[i];
	cr_assert_str_eq(found, expected, "%s", text);
}

Test(shape, a_word_matches_its_kinds_and_no_other)
{
	check_kinds("any", "ntidsblm");
	check_kinds("null", "n");
	check_kinds("bool", "t");
	check_kinds("int", "i");
	check_kinds("double", "d");
	check_kinds("number", "id");
	check_kinds("str", "s");
	check_kinds("bytes", "b");
	check_kinds("list", "l");
	check_kinds("map", "m");
}

Test(shape, a_constant_is_of_the_same_kind_and_equal)
{
	check_kinds("true", "t");
	check_kinds("false", "");
	check_kinds("1", "i");
	check_kinds("1.0", "d");
	check_kinds("\"a\"", "s");
	cr_assert(matches("\"\\u00e9\"", "\"\303\251\""));
	cr_assert(matches("-9223372036854775808", "-9223372036854775808"));
	cr_assert_not(matches("2", "1"));
	cr_assert_not(matches("\"1\"", "1"));
}

Test(shape, a_map_has_the_listed_keys_and_may_have_others)
{
	cr_assert(matches("{\"name\": int}", "{\"name\": 1}"));
	cr_assert(matches("{\"name\": int}", "{\"x\": 0, \"name\": 1}"));
	cr_assert_not(matches("{\"name\": int}", "{\"name\": \"1\"}"));
	cr_assert_not(matches("{\"name\": any}", "{\"Name\": 1}"));
	cr_assert(matches("{\"name\": any}", "{\"name\": null}"));
	cr_assert(matches("{event: str, \"data\": any}",
			  "{\"event\": \"opened\", \"data\": [1]}"));
	cr_assert(matches("{}", "{\"a\": 1}"));
	cr_assert_not(matches("{}", "[]"));
}

Test(shape, one_in_brackets_is_each_of_a_list_and_an_empty_one_matches)
{
	cr_assert(matches("[str]", "[]"));
	cr_assert(matches("[str]", "[\"a\", \"b\"]"));
	cr_assert_not(matches("[str]", "[\"a\", 1]"));
	cr_assert_not(matches("[str]", "\"a\""));
	cr_assert(matches("[any]", "[1, null]"));
	cr_assert(matches("[1]", "[1, 1]"));
}

Test(shape, two_in_brackets_or_any_in_parentheses_are_that_many)
{
	cr_assert(matches("[\"data\", str]", "[\"data\", \"x\"]"));
	cr_assert_not(matches("[\"data\", str]", "[\"data\"]"));
	cr_assert_not(matches("[\"data\", str]", "[\"data\", \"x\", 1]"));
	cr_assert_not(matches("[\"data\", str]", "[\"tada\", \"x\"]"));
	cr_assert(matches("(int, str)", "[1, \"x\"]"));
	cr_assert(matches("(int)", "[1]"));
	cr_assert_not(matches("(int)", "[]"));
	cr_assert_not(matches("(int)", "[1, 2]"));
	cr_assert(matches("[]", "[]"));
	cr_assert_not(matches("[]", "[1]"));
	cr_assert(matches("()", "[]"));
}

Test(shape, nests)
{
	const char *shape = "{\"people\": [{name: str, at: (number, number)}], "
			    "\"kind\": [\"v\", 1]}";

	cr_assert(matches(shape,
			  "{\"kind\": [\"v\", 1], \"people\": [{\"name\": "
			  "\"Ann\", \"at\": [1, 2.5], \"age\": 3}, "
			  "{\"at\": [0, 0], \"name\": \"\"}]}"));
	cr_assert_not(matches(shape,
			      "{\"kind\": [\"v\", 1], \"people\": [{\"name\": "
			      "\"Ann\", \"at\": [1, 2.5, 3]}]}"));
	cr_assert(matches(" { a :\n[ ( int ,str ) ] } ",
			  "{\"a\": [[1, \"\"], [2, \"\"]]}"));
}

static void check_mistake(const char *text, size_t offset, const char *expected)
{
	struct trp_parse_error mistake = { 0 };
	struct troupe_shape *shape = NULL;

	cr_assert_eq(trp_shape_new(text, strlen(text), &shape, &mistake),
		     -EINVAL, "%s", text);
	cr_assert_null(shape);
	cr_assert_eq(mistake.offset, offset, "%s: at %zu: %s", text,
		     mistake.offset, mistake.text);
	cr_assert(strstr(mistake.text, expected), "%s: %s", text, mistake.text);
	cr_assert_eq(trp_shape_new(text, strlen(text), &shape, NULL), -EINVAL);
}

Test(shape, an_ill_formed_one_is_an_error_with_its_place)
{
	check_mistake("", 0, "expected any, null");
	check_mistake("  ", 2, "expected any, null");
	check_mistake("integer", 0, "expected any, null");
	check_mistake("{\"name\": integer}", 9, "expected any, null");
	check_mistake("{\"name\" int}", 8, "expected ':'");
	check_mistake("{name: int", 10, "expected ',' or '}'");
	check_mistake("{name: int]", 10, "expected ',' or '}'");
	check_mistake("{name: int,}", 11, "expected a key");
	check_mistake("{1: int}", 1, "expected a key");
	check_mistake("{a: int, \"a\": str}", 9, "twice");
	check_mistake("[int", 4, "expected ',' or ']'");
	check_mistake("[int,]", 5, "expected any, null");
	check_mistake("(int]", 4, "expected ',' or ')'");
	check_mistake("int str", 4, "expected the end");
	check_mistake("[int] ]", 6, "expected the end");
	check_mistake("<int>", 0, "expected any, null");
	check_mistake("-", 1, "");
	check_mistake("{a: \"\\q\"}", 7, "");
	check_mistake("[99999999999999999999]", 21, "");
	check_mistake("{a: \"open}", 10, "");
}

Test(shape, nesting_and_size_are_bounded_with_their_place)
{
	static char text[TRP_SHAPE_MAX + 2];

	memset(text, '[', sizeof(text) - 1);
	check_mistake(text, TRP_SHAPE_MAX, "65536");
	text[TRP_SHAPE_MAX] = '\0';
	check_mistake(text, TRP_VALUE_DEPTH, "32 levels");
	memset(text + TRP_VALUE_DEPTH, ']', TRP_VALUE_DEPTH);
	text[(size_t)2 * TRP_VALUE_DEPTH] = '\0';
	troupe_shape_free(compile(text));
}

Test(shape, no_two_have_one_id)
{
	struct troupe_shape *a = compile("int"), *b = compile("int");
	uint64_t id = trp_shape_id(a);

	cr_assert_neq(id, 0);
	cr_assert_neq(id, trp_shape_id(b));
	troupe_shape_free(a);
	a = compile("int");
	cr_assert_neq(trp_shape_id(a), id);
	troupe_shape_free(a);
	troupe_shape_free(b);
	troupe_shape_free(NULL);
}

Test(shape, a_key_that_came_twice_is_the_last)
{
	struct troupe_shape *shape = compile("{a: int}");
	struct troupe_value *map = troupe_value_map();

	trp_value_add(map, "a", troupe_value_int(1));
	cr_assert(troupe_shape_matches(shape, map));
	trp_value_add(map, "a", troupe_value_text(""));
	cr_assert_not(troupe_shape_matches(shape, map));
	troupe_value_free(map);
	troupe_shape_free(shape);
}

/* ---- inferring ----------------------------------------------------------- */

static void check_inferred(const char *json, const char *expected)
{
	struct troupe_value *value = read_value(json);
	char *text = NULL;

	cr_assert_eq(trp_shape_infer(value, &text), 0);
	cr_assert_str_eq(text, expected);
	cr_assert(matches(text, json));
	free(text);
	troupe_value_free(value);
}

Test(infer, the_shape_of_a_value_matches_it)
{
	check_inferred("1", "int");
	check_inferred("1.0", "double");
	check_inferred("{\"$bytes\": \"\"}", "bytes");
	check_inferred("[]", "[any]");
	check_inferred("[1, 2, 3]", "[int]");
	check_inferred("[1]", "[int]");
	check_inferred("[1, 2, \"a\", 3]", "[int, int, str, int]");
	check_inferred("{}", "{}");
	check_inferred("{\"a b\": null, \"c\": [{\"d\": true}]}",
		       "{\"a b\": null, \"c\": [{\"d\": bool}]}");
	check_inferred("[[1], []]", "[[int], [any]]");
}

/* A list of lists ... of `width` items each: all of one shape. */
static struct troupe_value *wide(unsigned levels, unsigned width)
{
	struct troupe_value *value;

	if (levels == 0)
		return troupe_value_int(1);
	value = troupe_value_list();
	while (width--)
		troupe_value_append(value, wide(levels - 1, 2));
	return value;
}

Test(infer, deep_and_large_values_are_bounded, .timeout = 20)
{
	struct troupe_value *deep = wide(12, 2), *list = troupe_value_list();
	char *text = NULL;
	int i;

	cr_assert_eq(trp_shape_infer(deep, &text), 0);
	cr_assert_str_eq(text, "[[[[[[[[[[[[int]]]]]]]]]]]]");
	free(text);
	text = NULL;
	troupe_value_free(deep);
	for (i = 0; i < 20000; i++)
		troupe_value_append(list, troupe_value_int(i));
	cr_assert_eq(trp_shape_infer(list, &text), 0);
	cr_assert_str_eq(text, "[int]");
	free(text);
	text = NULL;
	troupe_value_append(list, troupe_value_null());
	cr_assert_eq(trp_shape_infer(list, &text), -EMSGSIZE);
	cr_assert_null(text);
	troupe_value_free(list);
	deep = troupe_value_null();
	for (i = 0; i <= TRP_VALUE_DEPTH; i++) {
		list = troupe_value_list();
		troupe_value_append(list, deep);
		deep = list;
	}
	cr_assert_eq(trp_shape_infer(deep, &text), -EINVAL);
	troupe_value_free(deep);
}

Test(infer, a_key_that_is_longer_than_a_shape_may_be_is_too_large)
{
	static char key[TRP_SHAPE_MAX + 1];
	struct troupe_value *map = troupe_value_map();
	char *text = NULL;

	memset(key, 'k', sizeof(key) - 1);
	cr_assert_eq(trp_value_add(map, key, troupe_value_int(1)), 0);
	cr_assert_eq(trp_shape_infer(map, &text), -EMSGSIZE);
	troupe_value_free(map);
}
