/* SPDX-License-Identifier: MIT */
#pragma once

#include "runtime/control/client.h"

/* `troupe stop`, `start`, `restart` and `remove`: of one actor, or of a node.
 */

int trp_cli_order_stop(int argc, char **argv);
int trp_cli_order_start(int argc, char **argv);
int trp_cli_order_restart(int argc, char **argv);
int trp_cli_order_remove(int argc, char **argv);

/* An order of troupe.control.ChildOrder to one actor.  0, or as
 * trp_client_get(). */
int trp_cli_order_give(struct trp_client *client, const char *whom,
		       uint32_t what);
