/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The keeper of the mail actor, a module of the supervisor: a node in a mesh
 * whose bus carries mail has one, restarted in place.
 */

#include "runtime/supervisor/module.h"

extern const struct trp_module trp_mail_module;
