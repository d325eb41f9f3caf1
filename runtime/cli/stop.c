/* SPDX-License-Identifier: MIT */
/* troupe stop: ends a node in order, and waits until it has ended. */
#include <errno.h>
#include "runtime/cli/command.h"
#include "runtime/control/control.pb-c.h"
#include "runtime/control/client.h"

/* Actors may take as long as they are allowed to. */
static int wait_for_end(struct trp_client *visit)
{
	const ProtobufCMessage *item;
	int r;

	trp_client_patience(visit, -1);
	do {
		r = trp_client_next(visit, &troupe__guest__done__descriptor, 0,
				    &item);
	} while (r >= 0);
	return r == -ECONNRESET ? 0 : r;
}

int trp_cli_stop(int argc, char **argv)
{
	static struct trp_client visit;
	Troupe__Guest__End request = TROUPE__GUEST__END__INIT;
	const char *node = NULL;
	const struct trp_command_option options[] = { { "--node", &node,
							NULL } };
	const ProtobufCMessage *item;
	int r = trp_arguments_options("stop", argc, argv, options, 1);

	if (r < 0)
		return TRP_COMMAND_USAGE;
	if (r < argc)
		return trp_arguments_fail(
			TRP_COMMAND_USAGE, "stop",
			"what is %s? A node is named by --node "
			"NAME",
			argv[r]);
	r = trp_client_open(&visit, node);
	if (r < 0)
		return trp_arguments_fail(trp_arguments_status(r), "stop", "%s",
					  visit.why);
	r = trp_client_get(&visit, &request.base,
			   &troupe__guest__done__descriptor, &item);
	if (r == 0)
		r = wait_for_end(&visit);
	trp_client_close(&visit);
	return r < 0 ? trp_arguments_fail(TRP_COMMAND_FAILED, "stop", "%s",
					  visit.why)
		     : TRP_COMMAND_OK;
}
