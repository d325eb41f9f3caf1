/* SPDX-License-Identifier: MIT */
#pragma once

/* The words after `troupe ask`; the exit status. */
int trp_cli_ask(int argc, char **argv);
