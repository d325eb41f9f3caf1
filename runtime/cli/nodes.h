/* SPDX-License-Identifier: MIT */
#pragma once

/* The command `troupe nodes`. */
int trp_cli_nodes(int argc, char **argv);
