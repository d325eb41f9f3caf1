/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The mail actor: the one process of a node that hears frames of others.  It
 * finds its options in trp_node.
 */

#include "runtime/troupe.h"

extern const struct troupe_class trp_mail_actor;
