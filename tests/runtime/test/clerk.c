/* SPDX-License-Identifier: MIT */
#include "tests/runtime/test/clerk.h"

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

static void twice(Play__Clerk_Service *service, const Play__Number *input,
		  Play__Number_Closure reply, void *call)
{
	Play__Number answer = PLAY__NUMBER__INIT;

	answer.value = 2 * input->value;
	reply(&answer, call);
}

static void refuse(Play__Clerk_Service *service, const Play__Number *input,
		   Play__Number_Closure reply, void *call)
{
	troupe_fail(call, -EDOM, "not that number");
}

static void silent(Play__Clerk_Service *service, const Play__Number *input,
		   Play__Number_Closure reply, void *call)
{
}

static const Play__Clerk_Service service = {
	.base = { .descriptor = &play__clerk__descriptor,
		  .invoke = protobuf_c_service_invoke_internal },
	.twice = twice,
	.refuse = refuse,
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

void fail_test(const char *file, int line, const char *text)
{
	cr_assert_fail("%s:%d: %s", file, line, text);
}

const struct troupe_test_options noted = { .failed = note_failure,
					   .patience_ms = 60000 };
const struct troupe_test_options strict = { .failed = fail_test,
					    .patience_ms = 60000 };

/* ---- messages ------------------------------------------------------------ */

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
