/* SPDX-License-Identifier: MIT */
#pragma once

/* Supervisors as data: the module, for the program's list. */

#include "runtime/supervisor/module.h"

extern const struct trp_module trp_supervision_module;
