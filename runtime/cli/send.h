/* SPDX-License-Identifier: MIT */
#pragma once

/* troupe send: a message from a person to an actor.  The words after it; the
 * exit status. */
int trp_cli_send(int argc, char **argv);
