/* SPDX-License-Identifier: MIT */
#pragma once

/* `troupe web`: a page on loopback that shows a running node. */

int trp_cli_web(int argc, char **argv);
