/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The keeper of the mail actor, a module of the supervisor: a node in a mesh
 * whose bus carries mail has one, restarted in place.
 */

#include "runtime/supervisor/module.h"

extern const struct trp_module trp_mail_module;

/* Whether the bus of these options carries mail: 1, 0, or what is wrong. */
int trp_mail_module_is_wanted(const struct trp_options *options);
