/* SPDX-License-Identifier: MIT */
#pragma once

/* The words after `troupe send`; the exit status. */
int trp_cli_send(int argc, char **argv);
