/* SPDX-License-Identifier: MIT */
#pragma once

/* troupe trace: a trace of a running node, of some seconds. */
int trp_cli_trace(int argc, char **argv);
