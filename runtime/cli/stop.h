/* SPDX-License-Identifier: MIT */
#pragma once

/* The words after `troupe stop`; the exit status. */
int trp_cli_stop(int argc, char **argv);
