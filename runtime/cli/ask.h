/* SPDX-License-Identifier: MIT */
#pragma once

/* troupe ask: a call from a person to an actor.  The words after it; the exit
 * status. */
int trp_cli_ask(int argc, char **argv);
