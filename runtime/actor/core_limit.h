/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

/*
 * A successor of one that has crashed writes no core at first, or a loop of
 * crashes would fill the disk.  By a soft limit of one byte: 0 would not keep
 * the kernel from passing a core to a program (core(5)).
 */
void trp_core_limit_begin(int64_t milliseconds);
