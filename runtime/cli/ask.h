/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_CLI_ASK_H
#define TRP_RUNTIME_CLI_ASK_H

/* troupe ask: a call from a person to an actor.  The words after it; the exit
 * status. */
int trp_cli_ask(int argc, char **argv);

#endif
