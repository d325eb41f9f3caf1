/* SPDX-License-Identifier: MIT */
#pragma once

#include "ipc/wait_backend.h"

extern const struct trp_wait_backend trp_wait_uring; /* URING and SOCKET */

/* Whether io_uring can be used here; `why` in one line, for people. */
int trp_wait_uring_probe(bool *ret_has_futex, char ret_why[160]);
