/* SPDX-License-Identifier: MIT */
#pragma once

/* The words after `troupe beacon`; the exit status. */
int trp_cli_beacon(int argc, char **argv);
