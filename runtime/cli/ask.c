/* SPDX-License-Identifier: MIT */
#include "runtime/cli/ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/cli/application.h"
#include "runtime/cli/looker.h"
#include "runtime/cli/types.h"
#include "runtime/troupe_guest.h"
#include "serialize/reflect_write.h"

struct question {
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

static int explain(const struct trp_application *application,
		   const struct question *question, int error,
		   const struct troupe_proxy *proxy)
{
	char buffer[TROUPE_TEXT_SIZE + 64] = "it has ended: ";
	char work[1024] = "";
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
	else if (error == -EAGAIN || error == -ESHUTDOWN || error == -ECANCELED)
		text = trp_application_error(error);
	else if (!*text)
		text = strerror(-error);
	if (error == -ETIMEDOUT || error == -EAGAIN)
		trp_looker_tell(application->node, application->whom, work,
				sizeof(work));
	return trp_arguments_fail(
		TRP_ARGUMENTS_FAILED, "ask", "%s, %s: %s%s%s",
		application->whom,
		question->service->methods[question->method].name, text,
		work[0] ? ": " : "", work);
}

static int ask(const struct trp_application *application,
	       const struct question *question)
{
	struct troupe_proxy proxy;
	char *text = NULL;
	troupe_ref ref;
	int r = trp_application_join(application, &ref);

	if (r != 0)
		return r;
	troupe_proxy_init(&proxy, ref, question->service);
	proxy.timeout_ms = question->timeout_ms;
	proxy.base.invoke(&proxy.base, question->method, question->input,
			  take_answer, &text);
	r = troupe_await(&proxy);
	troupe_leave();
	if (r < 0)
		return explain(application, question, r, &proxy);
	if (!text)
		return trp_arguments_fail(TRP_ARGUMENTS_FAILED, "ask",
					  "its answer cannot be written");
	puts(text);
	free(text);
	return TRP_ARGUMENTS_OK;
}

/* "2", "0.5"; false: not a time. */
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
	static struct trp_application application = {
		.command = "ask",
		.wants = "WHOM [[SERVICE.]METHOD ['{JSON}']]",
	};
	const char *seconds = "5";
	bool is_json = false;
	const struct trp_arguments_option more[] = {
		{ "--timeout", &seconds, NULL }, { "--json", NULL, &is_json }
	};
	struct question question = { 0 };
	int status =
		trp_application_words(&application, argc, argv, more, 2, 1);

	if (status != 0)
		return status;
	if (!application.member)
		return trp_cli_types_of(application.named, application.whom,
					is_json);
	if (!parse_seconds(seconds, &question.timeout_ms))
		return trp_arguments_fail(TRP_ARGUMENTS_USAGE, "ask",
					  "--timeout takes seconds, not %s",
					  seconds);
	status = trp_application_load(&application);
	if (status != 0)
		return status;
	question.service =
		trp_application_method(&application, &question.method);
	if (question.service)
		question.input = trp_application_message(
			&application,
			question.service->methods[question.method].input);
	return question.input ? ask(&application, &question)
			      : TRP_ARGUMENTS_USAGE;
}
