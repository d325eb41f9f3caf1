/* SPDX-License-Identifier: MIT */
#pragma once

/* troupe log: the latest lines of a node, and those to come. */

int trp_cli_log(int argc, char **argv);
