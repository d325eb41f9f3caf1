/* SPDX-License-Identifier: MIT */
#ifndef TRP_IPC_WAIT_EPOLL_H
#define TRP_IPC_WAIT_EPOLL_H

#include "ipc/wait_backend.h"

extern const struct trp_wait_backend trp_wait_epoll;

#endif
