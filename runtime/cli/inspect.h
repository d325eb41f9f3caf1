/* SPDX-License-Identifier: MIT */
#pragma once

/* troupe inspect: all that can be seen of one actor. */
int trp_cli_inspect(int argc, char **argv);
