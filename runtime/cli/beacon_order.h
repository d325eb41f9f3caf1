/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

/* troupe beacon value | ready | enable | disable | configure | say */
bool trp_cli_beacon_order_is(int argc, char **argv);
int trp_cli_beacon_order(int argc, char **argv);
