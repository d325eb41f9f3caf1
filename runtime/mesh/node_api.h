/* SPDX-License-Identifier: MIT */
#pragma once

/* Other nodes as the command line sees them. */

#include "runtime/mail/service.pb-c.h"
#include "runtime/troupe_node.h"

/*
 * The actors of another node, as it sees them: borrowed as the answer of
 * troupe_ask().  0; -EACCES: that node does not allow it; -EBUSY: it shows them
 * to others; or as troupe_whereis_at().
 */
int trp_mesh_node_api_look(const char *node, struct troupe_time deadline,
			   const Troupe__Service__Shown **ret_shown);
