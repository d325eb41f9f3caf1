/* SPDX-License-Identifier: MIT */
#pragma once

/* troupe children: those of one actor, with their states, and their number. */
int trp_cli_children(int argc, char **argv);
