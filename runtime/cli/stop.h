/* SPDX-License-Identifier: MIT */
#pragma once

/* troupe stop: ends a node in order, and waits until it has ended.  The words
 * after it; the exit status. */
int trp_cli_stop(int argc, char **argv);
