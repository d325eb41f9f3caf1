/* SPDX-License-Identifier: MIT */
#pragma once

#include "runtime/node/node.h"

/* The life of a new process, from the fork to _exit(); start: the number of its
 * Birth. */
_Noreturn void trp_actor_main(struct trp_node *node, uint32_t slot,
			      uint32_t generation, uint32_t start);
