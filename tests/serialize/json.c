/* SPDX-License-Identifier: MIT */
#include "serialize/json.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serialize/base64.h"
#include "tests/serialize/full.h"

static struct troupe_value *read_all(const char *text)
{
	struct trp_parse_error mistake = { 0 };
	struct troupe_value *value = NULL;

	cr_assert_eq(trp_json_read(text, strlen(text), &value, &mistake), 0,
		     "%s: %zu: %s", text, mistake.offset, mistake.text);
	return value;
}

static char *write_all(const struct troupe_value *value)
{
	char *text = NULL;

	cr_assert_eq(trp_json_write(value, &text), 0);
	return text;
}

static void check_same(const char *text)
{
	struct troupe_value *value = read_all(text);
	char *again = write_all(value);

	cr_assert_str_eq(again, text);
	free(again);
	troupe_value_free(value);
}

Test(json, what_is_read_is_written_the_same)
{
	check_same("null");
	check_same("[true, false, null]");
	check_same("[0, -1, 9223372036854775807, -9223372036854775808]");
	check_same("[1.0, 0.1, -2.5, 1e300, 1.7976931348623157e308, 0.3]");
	check_same("\"quote \\\" back \\\\ line \\n tab \\u0009 \303\251 "
		   "\360\237\216\255\"");
	check_same("\"\\u009b \\u202e \\ufeff \\udb40\\udc41 \u2010\"");
	check_same("{\"name\": \"Ann\", \"list\": [], \"map\": {}, \"\": 1}");
	check_same("{\"a\": {\"b\": [{\"c\": [[1], [2.0]]}]}}");
}

Test(json, a_point_or_an_exponent_makes_a_double)
{
	struct troupe_value *value = read_all("[1, 1.0, 1e0]");

	cr_assert_eq(trp_value_kind(troupe_value_at(value, 0)), TRP_VALUE_INT);
	cr_assert_eq(trp_value_kind(troupe_value_at(value, 1)),
		     TRP_VALUE_DOUBLE);
	cr_assert_eq(trp_value_kind(troupe_value_at(value, 2)),
		     TRP_VALUE_DOUBLE);
	troupe_value_free(value);
}

Test(json, bytes_and_no_numbers_have_a_form_and_come_back)
{
	struct troupe_value *value;

	check_same("{\"$bytes\": \"\"}");
	check_same("{\"$bytes\": \"AAH/\"}");
	check_same(
		"[{\"$double\": \"Infinity\"}, {\"$double\": \"-Infinity\"}]");
	value = read_all("{\"$bytes\": \"AAH_\"}");
	cr_assert_eq(trp_value_kind(value), TRP_VALUE_BYTES);
	cr_assert_arr_eq(value->message.bytes_value.data, "\0\1\377", 3);
	troupe_value_free(value);
	value = read_all("{\"$double\": \"NaN\"}");
	cr_assert(isnan(troupe_value_to_double(value, 0)));
	troupe_value_free(value);
}

Test(json, a_map_that_looks_like_bytes_stays_a_map)
{
	struct troupe_value *map = troupe_value_map(), *again;
	char *text;

	troupe_value_put(map, "$bytes", troupe_value_text("AA=="));
	text = write_all(map);
	cr_assert_str_eq(text, "{\"$$bytes\": \"AA==\"}");
	again = read_all(text);
	cr_assert(troupe_value_equals(map, again));
	free(text);
	troupe_value_free(map);
	troupe_value_free(again);
	check_same("{\"$$$double\": 1}");
	check_same("{\"$ref\": 1}");
	check_same("{\"$bytes\": 1, \"$double\": 2}");
}

static void check_mistake(const char *text, size_t offset)
{
	struct trp_parse_error mistake = { 0 };
	struct troupe_value *value = NULL;

	cr_assert_eq(trp_json_read(text, strlen(text), &value, &mistake),
		     -EINVAL, "%s", text);
	cr_assert_eq(mistake.offset, offset, "%s: at %zu: %s", text,
		     mistake.offset, mistake.text);
	cr_assert(*mistake.text);
	cr_assert_null(value);
	cr_assert_eq(trp_json_read(text, strlen(text), &value, NULL), -EINVAL);
}

Test(json, a_mistake_has_its_place)
{
	check_mistake("", 0);
	check_mistake("{\"a\": 1,}", 9);
	check_mistake("[1, 2", 5);
	check_mistake("[1] 2", 5);
	check_mistake("nul", 3);
	check_mistake("{\"a\": 1, \"a\": 2}", 12);
	check_mistake("99999999999999999999", 20);
	check_mistake("1e999", 5);
	check_mistake("\"\\u0000\"", 8);
	check_mistake("{\"$bytes\": 1}", SIZE_MAX);
	check_mistake("{\"$bytes\": \"A\"}", SIZE_MAX);
	check_mistake("[{\"$double\": \"one\"}]", SIZE_MAX);
}

Test(json, nesting_is_bounded_with_its_place)
{
	char text[8192];

	memset(text, '[', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	check_mistake(text, TRP_VALUE_DEPTH);
	memset(text + TRP_VALUE_DEPTH, ']', TRP_VALUE_DEPTH);
	text[(size_t)2 * TRP_VALUE_DEPTH] = '\0';
	check_same(text);
	/* In text they do not count as levels. */
	memset(text, '[', 100);
	text[0] = text[99] = '"';
	text[100] = '\0';
	check_same(text);
}

Test(json, what_is_not_utf_8_is_written_as_json_all_the_same)
{
	static const char *const bad[] = { "\377",	   "\300\200",
					   "\303",	   "\355\240\200",
					   "\340\200\200", "\364\220\200\200" };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct troupe_value *value = troupe_value_text(bad[i]);
		char *text = write_all(value);

		cr_assert(strncmp(text, "\"\\ufffd", 7) == 0, "%s", text);
		troupe_value_free(value);
		troupe_value_free(read_all(text));
		free(text);
	}
}

Test(json, doubles_come_back_exactly_whatever_the_locale)
{
	unsigned long seed = seed_of("json/doubles_come_back_*");
	int i;

	srand48((long)seed);
	setlocale(LC_ALL, "de_DE.UTF-8"); /* where there is one */
	for (i = 0; i < 20000; i++) {
		double number = ldexp(drand48() - 0.5, (int)(mrand48() % 1000));
		struct troupe_value *value = troupe_value_double(number),
				    *again;
		char *text = write_all(value);

		again = read_all(text);
		cr_assert(troupe_value_equals(value, again), "%s", text);
		free(text);
		troupe_value_free(value);
		troupe_value_free(again);
	}
}

Test(json, a_value_too_deep_to_be_received_is_not_written)
{
	struct troupe_value *value = troupe_value_null();
	char *text = NULL;
	int i;

	for (i = 0; i < 200; i++) {
		struct troupe_value *list = troupe_value_list();

		troupe_value_append(list, value);
		value = list;
	}
	cr_assert_eq(trp_json_write(value, &text), -EINVAL);
	cr_assert_null(text);
	troupe_value_free(value);
}

Test(base64, is_rfc_4648_and_comes_back)
{
	static const char *const vectors[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
	};
	char text[16], bytes[16];
	size_t i, size;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const char *from = vectors[i][0], *to = vectors[i][1];

		trp_base64_encode(from, strlen(from), text);
		cr_assert_str_eq(text, to);
		cr_assert_eq(trp_base64_size(strlen(from)), strlen(to));
		cr_assert_eq(trp_base64_decode(to, bytes, &size), 0);
		cr_assert_eq(size, strlen(from));
		cr_assert_arr_eq(bytes, from, size);
		*strchrnul(text, '=') = '\0';
		cr_assert_eq(trp_base64_decode(text, bytes, &size), 0);
		cr_assert_eq(size, strlen(from));
	}
}

Test(base64, what_it_is_not_is_refused)
{
	static const char *const bad[] = { "A",	    "AAAAA", "AA=",  "AA===",
					   "A===",  "====",  "AB==", "AAB=",
					   "AA==A", "A A=",  "AA\n" };
	char bytes[16];
	size_t i, size;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(trp_base64_decode(bad[i], bytes, &size), -EINVAL,
			     "%s", bad[i]);
}
