/* SPDX-License-Identifier: MIT */
/* troupe send: a message from a person to an actor. */
#include <errno.h>
#include <string.h>
#include "runtime/cli/command.h"
#include "runtime/troupe_guest.h"

static int send(const struct trp_application *application, const char *whom,
		const ProtobufCMessage *message)
{
	troupe_ref ref;
	int r = trp_application_join("send", application, whom, &ref);

	if (r != 0)
		return r;
	r = troupe_send_wait(ref, message, troupe_in_ms(5000));
	troupe_leave();
	if (r == 0)
		return TRP_COMMAND_OK;
	return trp_arguments_fail(TRP_COMMAND_FAILED, "send", "%s: %s", whom,
				  r == -ESRCH	 ? "is gone"
				  : r == -EAGAIN ? "its mailbox is full"
						 : strerror(-r));
}

int trp_cli_send(int argc, char **argv)
{
	static struct trp_application application;
	const char *node = NULL;
	const struct trp_command_option options[] = { { "--node", &node,
							NULL } };
	const ProtobufCMessageDescriptor *type;
	const ProtobufCMessage *message;
	int n = trp_arguments_options("send", argc, argv, options, 1);
	int status;

	if (n < 0)
		return TRP_COMMAND_USAGE;
	argc -= n;
	argv += n;
	if (argc < 2 || argc > 3)
		return trp_arguments_fail(TRP_COMMAND_USAGE, "send",
					  "wants WHOM TYPE ['{JSON}']");
	status = trp_application_load("send", node, &application);
	if (status != 0)
		return status;
	type = trp_application_type("send", argv[1]);
	message = type ? trp_application_message("send", type,
						 argc > 2 ? argv[2] : "{}")
		       : NULL;
	return message ? send(&application, argv[0], message)
		       : TRP_COMMAND_USAGE;
}
