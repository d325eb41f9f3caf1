/* SPDX-License-Identifier: MIT */
#include "runtime/cli/order.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "runtime/cli/application.h"
#include "runtime/control/client.h"
#include "runtime/control/control.pb-c.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/troupe_guest.h"

/* ---- a whole node -------------------------------------------------------- */

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

static int end_node(struct trp_client *client)
{
	Troupe__Guest__End request = TROUPE__GUEST__END__INIT;
	const ProtobufCMessage *item;
	int r = trp_client_get(client, &request.base,
			       &troupe__guest__done__descriptor, &item);

	return r < 0 ? r : wait_for_end(client);
}

/* ---- one actor ----------------------------------------------------------- */

int trp_cli_order_give(struct trp_client *client, const char *whom,
		       uint32_t what)
{
	Troupe__Guest__Order request = TROUPE__GUEST__ORDER__INIT;
	const ProtobufCMessage *item;

	request.whom = (char *)whom;
	request.what = what;
	return trp_client_get(client, &request.base,
			      &troupe__guest__done__descriptor, &item);
}

/* NODE:NAME or NODE:/ADDRESS of the mesh. */
static int stop_elsewhere(const char *node, const char *whom)
{
	struct trp_application application = { .command = "stop",
					       .whom = whom };
	troupe_ref ref;
	int r;

	snprintf(application.node, sizeof(application.node), "%s", node);
	r = trp_application_join(&application, &ref);
	if (r != 0)
		return r;
	r = troupe_stop(ref);
	troupe_leave();
	return r == 0 ? TRP_ARGUMENTS_OK
		      : trp_arguments_fail(TRP_ARGUMENTS_FAILED, "stop",
					   "%s: %s", whom,
					   trp_application_error(r));
}

/* whom: NULL: the node. */
static int obey(const char *command, const char *node, const char *whom,
		uint32_t what)
{
	static struct trp_client client;
	int r = trp_client_open_any(&client, node);

	if (r < 0)
		return trp_arguments_fail(trp_arguments_status(r), command,
					  "%s", client.why);
	r = whom ? trp_cli_order_give(&client, whom, what) : end_node(&client);
	trp_client_close(&client);
	if (r == 0)
		return TRP_ARGUMENTS_OK;
	if (r == -ENOENT && whom && whom[0] != '/' && strchr(whom, ':'))
		return what == TROUPE__CONTROL__CHILD_ORDER__STOP_CHILD
			       ? stop_elsewhere(client.node, whom)
			       : trp_arguments_fail(TRP_ARGUMENTS_FAILED,
						    command,
						    "%s: only `troupe stop` "
						    "reaches actors of other "
						    "nodes",
						    whom);
	return trp_arguments_fail(TRP_ARGUMENTS_FAILED, command, "%s%s%s",
				  whom ? whom : "", whom ? ": " : "",
				  client.why[0] ? client.why : strerror(-r));
}

static int run(const char *command, uint32_t what, int argc, char **argv)
{
	const char *node = NULL;
	const struct trp_arguments_option option = { "--node", &node, NULL };
	bool is_stop = what == TROUPE__CONTROL__CHILD_ORDER__STOP_CHILD;
	int n = trp_arguments_words(command, argc, argv, &option, 1);

	if (n < 0)
		return TRP_ARGUMENTS_USAGE;
	if (n > 1)
		return trp_arguments_fail(TRP_ARGUMENTS_USAGE, command,
					  "what is \"%s\"? one actor at a time",
					  argv[1]);
	if (n == 0 && !is_stop)
		return trp_arguments_fail(TRP_ARGUMENTS_USAGE, command,
					  "which actor? %s [--node NAME] WHOM",
					  command);
	if (n && !argv[0][0])
		return trp_arguments_fail(TRP_ARGUMENTS_USAGE, command,
					  "which actor? the name is empty");
	return obey(command, node, n ? argv[0] : NULL, what);
}

int trp_cli_order_stop(int argc, char **argv)
{
	return run("stop", TROUPE__CONTROL__CHILD_ORDER__STOP_CHILD, argc,
		   argv);
}

int trp_cli_order_start(int argc, char **argv)
{
	return run("start", TROUPE__CONTROL__CHILD_ORDER__START_CHILD, argc,
		   argv);
}

int trp_cli_order_remove(int argc, char **argv)
{
	return run("remove", TROUPE__CONTROL__CHILD_ORDER__REMOVE_CHILD, argc,
		   argv);
}

int trp_cli_order_restart(int argc, char **argv)
{
	return run("restart", TROUPE__CONTROL__CHILD_ORDER__RESTART_CHILD, argc,
		   argv);
}
