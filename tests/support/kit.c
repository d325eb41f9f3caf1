/* SPDX-License-Identifier: MIT */
#include "tests/support/kit.h"

void fail_test(const char *file, int line, const char *text)
{
	cr_assert_fail("%s:%d: %s", file, line, text);
}

const struct troupe_test_options strict = { .failed = fail_test,
					    .patience_ms = 120000 };
const struct troupe_test_options standing = {
	.failed = fail_test,
	.patience_ms = 120000,
	.clock_stands = true,
};

const ProtobufCMessage *number(int64_t value)
{
	static Play__Number message;

	play__number__init(&message);
	message.value = value;
	return &message.base;
}

const ProtobufCMessage *word(const char *text)
{
	static Play__Text message;

	play__text__init(&message);
	message.text = (char *)text;
	return &message.base;
}
