/* SPDX-License-Identifier: MIT */
#pragma once

/* Handovers to an actor that is yet to be started, with that as an argument. */

#include "runtime/troupe_io.h"

/* As troupe_handover_give(); its bearer may take it. */
int trp_fd_passing_prepare(int fd, struct troupe_handover *ret_handover);

/* True: one was given, and not taken yet. */
bool trp_fd_passing_is_any(void);

/* Only that actor from now on; 0: nobody, and the descriptor is the caller's.
 */
void trp_fd_passing_aim(const struct troupe_handover *handover, troupe_ref to);
