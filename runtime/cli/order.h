/* SPDX-License-Identifier: MIT */
#pragma once

/* `troupe stop`, `start` and `restart`: of one actor, or of a whole node. */

int trp_cli_order_stop(int argc, char **argv);
int trp_cli_order_start(int argc, char **argv);
int trp_cli_order_restart(int argc, char **argv);
