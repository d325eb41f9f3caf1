/* SPDX-License-Identifier: MIT */
/* troupe ask: a call from a person to an actor. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/cli/command.h"
#include "runtime/troupe_guest.h"
#include "serialize/reflect_write.h"

struct question {
	const char *whom;
	const ProtobufCServiceDescriptor *service;
	unsigned method;
	const ProtobufCMessage *input;
	int64_t timeout_ms;
};

static void take_answer(const ProtobufCMessage *answer, void *data)
{
	char **ret_text = data;

	if (answer && trp_reflect_write(answer, ret_text) < 0)
		*ret_text = NULL;
}

static int explain(const struct question *question, int error,
		   const struct troupe_proxy *proxy)
{
	char buffer[TROUPE_TEXT_SIZE + 64] = "it has ended: ";
	const char *text = proxy->reason.text;
	size_t used = strlen(buffer);

	troupe_reason_text(&proxy->reason, buffer + used,
			   sizeof(buffer) - used);
	if (error == -ENOSYS)
		text = "it has no such method";
	else if (error == -ETIMEDOUT)
		text = "no answer in time";
	else if (error == -ESRCH)
		text = proxy->reason.cause == TROUPE_NOPROC ? "it is gone"
							    : buffer;
	else if (error == -EAGAIN)
		text = "its mailbox is full";
	else if (!*text)
		text = strerror(-error);
	return trp_arguments_fail(
		TRP_COMMAND_FAILED, "ask", "%s, %s: %s", question->whom,
		question->service->methods[question->method].name, text);
}

static int ask(const struct trp_application *application,
	       const struct question *question)
{
	struct troupe_proxy proxy;
	char *text = NULL;
	troupe_ref ref;
	int r = trp_application_join("ask", application, question->whom, &ref);

	if (r != 0)
		return r;
	troupe_proxy_init(&proxy, ref, question->service);
	proxy.timeout_ms = question->timeout_ms;
	proxy.base.invoke(&proxy.base, question->method, question->input,
			  take_answer, &text);
	r = troupe_await(&proxy);
	troupe_leave();
	if (r < 0)
		return explain(question, r, &proxy);
	if (!text)
		return trp_arguments_fail(TRP_COMMAND_FAILED, "ask",
					  "its answer cannot be written");
	puts(text);
	free(text);
	return TRP_COMMAND_OK;
}

/* "2", "0.5"; false: no time. */
static bool parse_seconds(const char *text, int64_t *ret_ms)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds > 0 && seconds < 1e9))
		return false;
	*ret_ms = (int64_t)(seconds * 1000);
	return true;
}

int trp_cli_ask(int argc, char **argv)
{
	static struct trp_application application;
	const char *node = NULL, *seconds = "5";
	const struct trp_command_option options[] = {
		{ "--node", &node, NULL }, { "--timeout", &seconds, NULL }
	};
	struct question question = { 0 };
	int n = trp_arguments_options("ask", argc, argv, options, 2);
	int status;

	if (n < 0)
		return TRP_COMMAND_USAGE;
	argc -= n;
	argv += n;
	if (argc < 2 || argc > 3)
		return trp_arguments_fail(TRP_COMMAND_USAGE, "ask",
					  "wants WHOM [SERVICE.]METHOD "
					  "['{JSON}']");
	if (!parse_seconds(seconds, &question.timeout_ms))
		return trp_arguments_fail(TRP_COMMAND_USAGE, "ask",
					  "--timeout takes seconds, not %s",
					  seconds);
	status = trp_application_load("ask", node, &application);
	if (status != 0)
		return status;
	question.whom = argv[0];
	question.service = trp_application_method("ask", &application, argv[1],
						  &question.method);
	if (question.service)
		question.input = trp_application_message(
			"ask", question.service->methods[question.method].input,
			argc > 2 ? argv[2] : "{}");
	return question.input ? ask(&application, &question)
			      : TRP_COMMAND_USAGE;
}
