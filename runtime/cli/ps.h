/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_CLI_PS_H
#define TRP_RUNTIME_CLI_PS_H

/* troupe ps: who is alive in a node, as a tree.  The words after it; the exit
 * status. */
int trp_cli_ps(int argc, char **argv);

#endif
