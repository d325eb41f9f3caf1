/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * troupe complete -- WORD...: what the shell may put in place of the last word
 * (which may be empty), a line each; made of the tables of the help.  Nothing
 * where it knows nothing, or the node does not answer at once.  Returns 1 where
 * the shell is to offer files.
 */
int trp_cli_complete(int argc, char **argv);
