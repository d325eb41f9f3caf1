/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_CLI_STOP_H
#define TRP_RUNTIME_CLI_STOP_H

/* troupe stop: ends a node in order, and waits until it has ended.  The words
 * after it; the exit status. */
int trp_cli_stop(int argc, char **argv);

#endif
