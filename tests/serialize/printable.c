/* SPDX-License-Identifier: MIT */
#include "serialize/printable.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct {
	const char *text, *shown;
} cases[] = {
	{ "", "" },
	{ "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8e\xad", NULL },
	{ "a\\b/c", NULL },
	{ "\x1b[2J", "\\x1b[2J" },
	{ "a\nb\rc", "a\\x0ab\\x0dc" },
	{ "\x7f", "\\x7f" },
	/* CSI as one byte, and as the character of that number. */
	{ "\x9b"
	  "2J",
	  "\\x9b2J" },
	{ "\xc2\x9b"
	  "2J",
	  "\\xc2\\x9b2J" },
	{ "\xc2\xa0", NULL },
	/* Turned round, without width, a separator, a mark, a tag. */
	{ "a\u202eb\u2066", "a\\xe2\\x80\\xaeb\\xe2\\x81\\xa6" },
	{ "\u200b\u200d", "\\xe2\\x80\\x8b\\xe2\\x80\\x8d" },
	{ "\u2028\ufeff", "\\xe2\\x80\\xa8\\xef\\xbb\\xbf" },
	{ "\U000e0041", "\\xf3\\xa0\\x81\\x81" },
	{ "\u200a\u2010\u202f\u205f\u2070\ufefe\uff00", NULL },
	/* Cut off, too long a form, a surrogate. */
	{ "\xc3", "\\xc3" },
	/* Bytes that only go on. */
	{ "\x80", "\\x80" },
	{ "a\xbf", "a\\xbf" },
	{ "\xc0\xaf", "\\xc0\\xaf" },
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
};

Test(printable, what_is_not_text_is_shown_by_its_bytes)
{
	char shown[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *wanted =
			cases[i].shown ? cases[i].shown : cases[i].text;

		cr_expect_str_eq(
			trp_printable(cases[i].text, shown, sizeof(shown)),
			wanted);
		cr_expect_eq(trp_printable_is(cases[i].text),
			     strcmp(cases[i].text, wanted) == 0, "%zu", i);
	}
	cr_expect_str_eq(trp_printable("a\tb", shown, sizeof(shown)), "a\tb");
	cr_expect_not(trp_printable_is("a\tb"));
}

Test(printable, it_is_cut_between_two_characters)
{
	char shown[8];

	cr_expect_str_eq(trp_printable("123456\xc3\xa9", shown, sizeof(shown)),
			 "123456");
	cr_expect_str_eq(trp_printable("12345\xc3\xa9", shown, sizeof(shown)),
			 "12345\xc3\xa9");
	cr_expect_str_eq(trp_printable("1234\x1b", shown, sizeof(shown)),
			 "1234");
	cr_expect_str_eq(trp_printable("123\x1b", shown, sizeof(shown)),
			 "123\\x1b");
}
