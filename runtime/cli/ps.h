/* SPDX-License-Identifier: MIT */
#pragma once

/* The words after `troupe ps`; the exit status. */
int trp_cli_ps(int argc, char **argv);
