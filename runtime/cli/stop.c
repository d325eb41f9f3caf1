/* SPDX-License-Identifier: MIT */
#include "runtime/cli/stop.h"

#include <errno.h>
#include "runtime/cli/query.h"
#include "runtime/control/control.pb-c.h"

/* Actors may take all of their grace time. */
static int wait_for_end(struct trp_client *client)
{
	const ProtobufCMessage *item;
	int r;

	trp_client_patience(client, -1);
	do {
		r = trp_client_next(client, &troupe__guest__done__descriptor, 0,
				    &item);
	} while (r >= 0);
	return r == -ECONNRESET ? 0 : r;
}

static int stop(struct trp_client *client, bool is_json)
{
	Troupe__Guest__End request = TROUPE__GUEST__END__INIT;
	const ProtobufCMessage *item;
	int r = trp_client_get(client, &request.base,
			       &troupe__guest__done__descriptor, &item);

	return r < 0 ? r : wait_for_end(client);
}

int trp_cli_stop(int argc, char **argv)
{
	static const struct trp_query query = {
		.command = "stop",
		.usage = "stop [--node NAME]",
		.run = stop,
	};

	return trp_query_run(&query, argc, argv);
}
