/* SPDX-License-Identifier: MIT */
#ifndef TRP_ACTOR_MAIN_H
#define TRP_ACTOR_MAIN_H

#include "runtime/node/node.h"

/* The life of a new process, from the fork to _exit(). */
_Noreturn void trp_actor_main(struct trp_node *node, uint32_t slot,
			      uint32_t generation);

#endif
