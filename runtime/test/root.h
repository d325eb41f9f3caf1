/* SPDX-License-Identifier: MIT */
#pragma once

/* The root actor of a node under test, which obeys the probe (order.proto). */

int trp_root_main(int argc, char **argv);
