/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_CLI_SEND_H
#define TRP_RUNTIME_CLI_SEND_H

/* troupe send: a message from a person to an actor.  The words after it; the
 * exit status. */
int trp_cli_send(int argc, char **argv);

#endif
