/* SPDX-License-Identifier: MIT */
#pragma once

/* troupe wait-for: who waits for whom, and in which cycles. */
int trp_cli_wait_for(int argc, char **argv);
