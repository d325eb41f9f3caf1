/* SPDX-License-Identifier: MIT */
/* A test without a framework: main() and assert() alone; `plain fail` fails. */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <troupe_test.h>
#include "parlour.pb-c.h"

/* The actor under test: adds up, tells its parent when that is too much. */
static int64_t sum;

static int add(const struct troupe_message *message)
{
	const Parlour__Number *number = message->body;
	Parlour__Number answer = PARLOUR__NUMBER__INIT;
	Parlour__Words words = PARLOUR__WORDS__INIT;

	sum += number->value;
	answer.value = sum;
	words.text = "too much";
	return sum > 10 ? troupe_send(troupe_parent(), &words.base)
			: troupe_send(message->sender, &answer.base);
}

static const struct troupe_handler handlers[] = {
	{ &parlour__number__descriptor, add },
	{ 0 },
};
static const struct troupe_class adder = { .name = "adder",
					   .handlers = handlers };

int main(int argc, char **argv)
{
	Parlour__Number number = PARLOUR__NUMBER__INIT;
	const Parlour__Number *answer;
	const Parlour__Words *words;
	troupe_ref ref;

	assert(troupe_test_begin(NULL) == 0);
	ref = troupe_test_spawn(&adder, NULL);
	number.value = 6;
	answer = troupe_test_ask(ref, &number.base,
				 &parlour__number__descriptor, 0);
	assert(answer->value == 6);
	troupe_test_send(ref, &number.base);
	if (argc > 1)
		troupe_test_expect(&parlour__number__descriptor, 0);
	words = troupe_test_expect(&parlour__words__descriptor, 0);
	assert(strcmp(words->text, "too much") == 0);
	troupe_stop(ref);
	troupe_test_expect_end(ref, TROUPE_SHUTDOWN, 0);
	assert(troupe_test_end() == 0);
	puts("all is well");
	return 0;
}
