/* SPDX-License-Identifier: MIT */
#pragma once

/* `troupe stop`, `start`, `restart` and `remove`: of one actor, or of a node.
 */

int trp_cli_order_stop(int argc, char **argv);
int trp_cli_order_start(int argc, char **argv);
int trp_cli_order_restart(int argc, char **argv);
int trp_cli_order_remove(int argc, char **argv);
