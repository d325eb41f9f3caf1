/* SPDX-License-Identifier: MIT */
#include "runtime/cli/send.h"

#include <errno.h>
#include <string.h>
#include "runtime/cli/application.h"
#include "runtime/cli/looker.h"
#include "runtime/troupe_guest.h"

static int send(const struct trp_application *application,
		const ProtobufCMessage *message)
{
	char work[1024] = "";
	troupe_ref ref;
	int r = trp_application_join(application, &ref);

	if (r != 0)
		return r;
	r = troupe_send_wait(ref, message, troupe_in_ms(5000));
	troupe_leave();
	if (r == 0)
		return TRP_ARGUMENTS_OK;
	if (r == -EAGAIN)
		trp_looker_tell(application->node, application->whom, work,
				sizeof(work));
	return trp_arguments_fail(TRP_ARGUMENTS_FAILED, "send", "%s: %s%s%s",
				  application->whom, trp_application_error(r),
				  work[0] ? ": " : "", work);
}

int trp_cli_send(int argc, char **argv)
{
	static struct trp_application application = {
		.command = "send",
		.wants = "WHOM TYPE ['{JSON}']",
	};
	const ProtobufCMessageDescriptor *type;
	const ProtobufCMessage *message;
	int status =
		trp_application_words(&application, argc, argv, NULL, 0, 2);

	if (status == 0)
		status = trp_application_load(&application);
	if (status != 0)
		return status;
	type = trp_application_type(&application);
	message = type ? trp_application_message(&application, type) : NULL;
	return message ? send(&application, message) : TRP_ARGUMENTS_USAGE;
}
