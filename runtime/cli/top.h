/* SPDX-License-Identifier: MIT */
#pragma once

/* troupe top: the actors of a node, live in the terminal. */
int trp_cli_top(int argc, char **argv);
