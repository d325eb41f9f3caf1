/* SPDX-License-Identifier: MIT */
#include "tests/runtime/test/clerk.h"

#include "tests/support/methods.h"

/* ---- the actor ----------------------------------------------------------- */

static int64_t more;

static int begin(const void *arguments)
{
	const Play__Number *first = arguments;

	more = first ? first->value : 0;
	return more < 0 ? (int)more : 0;
}

static int on_number(const struct troupe_message *message)
{
	const Play__Number *asked = message->body;
	Play__Number answer = PLAY__NUMBER__INIT;

	if (!asked->value)
		return 0;
	answer.value = asked->value + 1 + more;
	return troupe_send(message->sender, &answer.base);
}

static int on_text(const struct troupe_message *message)
{
	const Play__Text *text = message->body;

	if (strcmp(text->text, "die") == 0)
		raise(SIGTRAP);
	if (strcmp(text->text, "fail") == 0)
		return -EDOM;
	return troupe_send(troupe_parent(), &text->base);
}

static void silent(Play__Clerk_Service *service, const Play__Number *input,
		   Play__Number_Closure reply, void *call)
{
}

static const Play__Clerk_Service service = {
	PLAY__CLERK__BASE_INIT,
	.twice = clerk_twice,
	.refuse = clerk_refuse,
	.silent = silent,
};

static const struct troupe_handler handlers[] = {
	{ &play__number__descriptor, on_number },
	{ &play__text__descriptor, on_text },
	{ 0 },
};

const struct troupe_class clerk = {
	.name = "clerk",
	.init = begin,
	.handlers = handlers,
	.service = &service.base,
};

/* ---- failures ------------------------------------------------------------ */

char failure[4096];
int failure_line;

void note_failure(const char *file, int line, const char *text)
{
	strncpy(failure, text, sizeof(failure) - 1);
	failure_line = line;
}

const struct troupe_test_options noted = { .failed = note_failure,
					   .patience_ms = 60000 };
