/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Other nodes and their runs: a module of the supervisor.  The mail actor tells
 * what it hears of those that somebody here asks for, and this module tells
 * the askers.
 */

#include "runtime/supervisor/module.h"

extern const struct trp_module trp_mesh_nodes_module;
