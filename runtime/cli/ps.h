/* SPDX-License-Identifier: MIT */
#pragma once

/* troupe ps: who is alive in a node, as a tree.  The words after it; the exit
 * status. */
int trp_cli_ps(int argc, char **argv);
