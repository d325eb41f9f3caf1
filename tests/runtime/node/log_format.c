/* SPDX-License-Identifier: MIT */
/* One record is one line, in each style, whatever its text has. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "runtime/node/log_format.h"
#include "runtime/troupe.h"
#include "tests/support/ipc_kit.h"

static struct trp_log_line line;
static char text[TRP_LOG_WIDTH];

static void set_up(void)
{
	setenv("TZ", "UTC-1", 1);
	tzset();
	line = (struct trp_log_line) { .at_ns = INT64_C(1700000000123456789),
				       .pid = 42,
				       .level = TROUPE_WARNING,
				       .title = "/a/b",
				       .text = "one\n<0>/x[1] \"two\"\\" };
}

TestSuite(log_format, .init = set_up);

static const char *format(enum trp_log_style style, bool is_colored)
{
	cr_expect_eq(trp_log_format(&line, style, is_colored, text),
		     strlen(text));
	cr_expect_eq(strchr(text, '\n'), text + strlen(text) - 1, "%s", text);
	return text;
}

Test(log_format, a_short_line_has_the_time_of_day)
{
	cr_expect_str_eq(format(TRP_LOG_SHORT, false),
			 "23:13:20.123 warning /a/b[42] "
			 "one\\x0a<0>/x[1] \"two\"\\\n");
}

Test(log_format, an_iso_line_has_the_date_and_the_zone)
{
	cr_expect_str_eq(format(TRP_LOG_ISO, false),
			 "2023-11-14T23:13:20.123+0100 warning /a/b[42] "
			 "one\\x0a<0>/x[1] \"two\"\\\n");
}

Test(log_format, a_line_for_the_journal_begins_with_its_priority)
{
	static const char *const begins[] = { "<7>", "<6>", "<4>", "<2>",
					      "<2>" };

	cr_expect_str_eq(format(TRP_LOG_JOURNAL, true),
			 "<4>/a/b[42] one\\x0a<0>/x[1] \"two\"\\\n");
	for (uint32_t level = 0; level < 5; level++) {
		line.level = level;
		cr_expect_eq(strncmp(format(TRP_LOG_JOURNAL, false),
				     begins[level], 3),
			     0);
	}
}

Test(log_format, a_warning_is_colored_where_that_is_asked)
{
	cr_expect(strstr(format(TRP_LOG_SHORT, true), "\x1b[33mwarning"));
	cr_expect(strstr(text, "\x1b[0m\n"));
	line.level = TROUPE_INFO;
	cr_expect_null(strchr(format(TRP_LOG_SHORT, true), '\x1b'));
}

/* jansson refuses what is no JSON. */
static json_t *parsed(void)
{
	json_t *object = json_loads(format(TRP_LOG_JSON, true), 0, NULL);

	cr_assert_not_null(object, "%s", text);
	return object;
}

static const char *get(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

Test(log_format, a_json_line_keeps_the_text)
{
	json_t *object = parsed();

	cr_expect_str_eq(get(object, "time"), "2023-11-14T22:13:20.123Z");
	cr_expect_str_eq(get(object, "level"), "warning");
	cr_expect_str_eq(get(object, "actor"), line.title);
	cr_expect_str_eq(get(object, "text"), line.text);
	cr_expect_eq(json_integer_value(json_object_get(object, "pid")), 42);
	json_decref(object);
}

Test(log_format, any_bytes_make_one_line_in_each_style)
{
	uint64_t seed = kit_seed("log_format");
	json_t *object;

	for (int i = 0; i < 2000; i++) {
		for (size_t k = 0; k < sizeof(line.text) - 1; k++)
			line.text[k] = (char)(1 + kit_random(&seed) % 255);
		line.text[kit_random(&seed) % sizeof(line.text)] = '\0';
		line.text[sizeof(line.text) - 1] = '\0';
		for (int style = 0; style < TRP_LOG_STYLES; style++)
			format((enum trp_log_style)style, i % 2);
		object = parsed();
		json_decref(object);
	}
}
